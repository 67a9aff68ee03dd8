include('../manifest.py', boot=False)
module('board.py')
