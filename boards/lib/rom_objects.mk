# Puts the functions and classes of frozen modules into flash: tools/rom_objects.py says how. To be included by the makefiles of a port
# behind py/mkenv.mk; what is linked gets ROM_OBJECTS_LDFLAGS.
comma := ,
ROM_OBJECTS := $(dir $(lastword $(MAKEFILE_LIST)))../../tools/rom_objects.py
MAKE_MANIFEST = $(PYTHON) $(ROM_OBJECTS) $(TOP)/tools/makemanifest.py
ROM_OBJECTS_LDFLAGS = $(addprefix -Wl$(comma)--wrap=,mp_make_function_from_proto_fun mp_load_build_class mp_load_name mp_load_global \
  mp_obj_dict_store mp_obj_dict_delete mp_import_all gc_collect_start)

# The modules in C are among the names that stand for constants.
$(BUILD)/frozen_content.c: $(BUILD)/genhdr/moduledefs.h
