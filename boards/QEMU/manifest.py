include('../manifest.py', network=('net_lan',), workers=False, native=True)
module('board.py')
module('_boot.py')
