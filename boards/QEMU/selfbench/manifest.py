# The self-benchmark's image: the server as the board's image has it, and this folder's main.py for the harness.
include('../../manifest.py', harness=False, asyncio=False, workers=False, native=True)
module('main.py')
