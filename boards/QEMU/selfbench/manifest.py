# The self-benchmark's image: the server as the board's image has it, and this folder's modules for the harness.
include('../../manifest.py', harness=False, asyncio=False, workers=False, native=True)
module('selfbench_client.py')
module('main.py')
