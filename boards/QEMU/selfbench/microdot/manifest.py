# The peer's image: microdot on this board, as its users would freeze it, with the same client.
include('../../../../tests/bench/manifest.py')
include('$(MPY_DIR)/extmod/asyncio')
module('selfbench_client.py', base_path='..')
module('main.py')
# What brings the network up where the image serves, as in the board's own.
package('firmware', ('__init__.py', 'net_lan.py'), base_path='../../../..')
module('board.py', base_path='../..')
