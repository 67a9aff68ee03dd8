include('../manifest.py', network=('net_lan',), workers=False)
module('board.py')
module('_boot.py')
