include('../manifest.py', network=('net_lan', 'net_wlan'), boot=False, asyncio=False)
module('board.py')
