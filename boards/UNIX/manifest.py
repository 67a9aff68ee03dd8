include('../manifest.py', boot=False, native=True, sessions=True, login=True, csrf=True, rate_limit=True)
module('board.py')
