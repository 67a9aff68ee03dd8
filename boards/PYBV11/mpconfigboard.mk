# The PYBV11 of MicroPython's stm32 port as a web server; the same file works with MicroPython 1.25 and newer.
include $(TOP)/ports/stm32/boards/PYBV11/mpconfigboard.mk

# These choose sources: a define alone is not enough.
MICROPY_PY_LWIP = 1
MICROPY_PY_NETWORK_WIZNET5K = 5500

FROZEN_MANIFEST = $(BOARD_DIR)/manifest.py

include $(BOARD_DIR)/../lib/rom_objects.mk
LDFLAGS += $(ROM_OBJECTS_LDFLAGS)
