# The PYBV11 of MicroPython's stm32 port as a web server; the same file works with MicroPython 1.25 and newer.
include $(TOP)/ports/stm32/boards/PYBV11/mpconfigboard.mk

# These choose sources: a define alone is not enough.
MICROPY_PY_LWIP = 1
MICROPY_PY_NETWORK_WIZNET5K = 5500

FROZEN_MANIFEST = $(BOARD_DIR)/manifest.py

# The frozen modules' functions and classes lie in flash: tools/rom_objects.py says how.
MAKE_MANIFEST = $(PYTHON) $(BOARD_DIR)/../../tools/rom_objects.py $(TOP)/tools/makemanifest.py
LDFLAGS += -Wl,--wrap=mp_make_function_from_proto_fun -Wl,--wrap=mp_load_build_class -Wl,--wrap=gc_collect_start
