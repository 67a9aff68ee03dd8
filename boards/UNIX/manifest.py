include('../manifest.py', boot=False, native=True)
module('board.py')
