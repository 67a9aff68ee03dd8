# The port's mpconfigport.mk switches these on; they need libraries that this firmware has no use for. FAT and LittleFS stay: tests
# run the boards' file systems on the desk.
MICROPY_PY_BTREE = 0
MICROPY_PY_FFI = 0
MICROPY_VFS_LFS1 = 0

PROG = firmware

# The linker's build id is a hash that takes in the debug information, and with it the folder of the build; the image has an id of its
# own (module build_info).
LDFLAGS_EXTRA += -Wl,--build-id=none

# Machine code of this computer's kind for the frozen modules that have some.
MPY_CROSS_FLAGS += -march=host

include $(VARIANT_DIR)/../lib/rom_objects.mk
LDFLAGS_EXTRA += $(ROM_OBJECTS_LDFLAGS)
