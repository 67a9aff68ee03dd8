# The port's mpconfigport.mk switches these on; they need libraries that this firmware has no use for. FAT and LittleFS stay: tests
# run the boards' file systems on the desk.
MICROPY_PY_BTREE = 0
MICROPY_PY_FFI = 0
MICROPY_VFS_LFS1 = 0

PROG = firmware
