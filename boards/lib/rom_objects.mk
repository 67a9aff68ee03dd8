# Puts the functions and classes of frozen modules into flash: tools/rom_objects.py says how. To be included by the makefiles of a port
# behind py/mkenv.mk; what is linked gets ROM_OBJECTS_LDFLAGS.
ROM_OBJECTS := $(dir $(lastword $(MAKEFILE_LIST)))../../tools/rom_objects.py
MAKE_MANIFEST = $(PYTHON) $(ROM_OBJECTS) $(TOP)/tools/makemanifest.py
ROM_OBJECTS_LDFLAGS = -Wl,--wrap=mp_make_function_from_proto_fun -Wl,--wrap=mp_load_build_class -Wl,--wrap=gc_collect_start
