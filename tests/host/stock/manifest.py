# A stock firmware for the emulated board, for the tests of `make deploy`: nothing of this project is frozen.
include('$(MPY_DIR)/extmod/asyncio')
module('_boot.py')
