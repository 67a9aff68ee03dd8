include('../manifest.py', network=('net_wlan',))
module('board.py')
# The port's own start: it mounts the partition vfs, and makes the file system on a new flash.
for file in ('_boot.py', 'flashbdev.py', 'inisetup.py'):
    module(file, base_path='$(MPY_DIR)/ports/esp32/modules')
