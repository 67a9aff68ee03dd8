// The C part of tools/rom_objects.py: what the constants are, and the wrappers that use them. What is known of the
// modules comes in the place of the line that says so.

#include "genhdr/moduledefs.h"

// As mp_obj_fun_bc_t without default values; that has an array at its end, so that there can be no array of it.
typedef struct _rom_function_t {
    mp_obj_base_t base;
    const mp_module_context_t *context;
    struct _mp_raw_code_t *const *child_table;
    const byte *bytecode;
    #if MICROPY_PY_SYS_SETTRACE
    const struct _mp_raw_code_t *rc;
    #endif
} rom_function_t;

_Static_assert(sizeof(rom_function_t) == sizeof(mp_obj_fun_bc_t), "another layout");
_Static_assert(offsetof(rom_function_t, context) == offsetof(mp_obj_fun_bc_t, context), "another layout");
_Static_assert(offsetof(rom_function_t, child_table) == offsetof(mp_obj_fun_bc_t, child_table), "another layout");
_Static_assert(offsetof(rom_function_t, bytecode) == offsetof(mp_obj_fun_bc_t, bytecode), "another layout");

#if MICROPY_PY_SYS_SETTRACE
#define ROM_FUNCTION(kind, place, children, name) {{&kind}, &rom_contexts[place], (void *)children, fun_data_##name, \
    (const void *)&proto_fun_##name}
#else
#define ROM_FUNCTION(kind, place, children, name) {{&kind}, &rom_contexts[place], (void *)children, fun_data_##name}
#endif

// As in objproperty.c.
typedef struct _rom_property_t {
    mp_obj_base_t base;
    mp_rom_obj_t proxy[3];
} rom_property_t;

// The global names of a module: those on the heap, and constants; NULL where all have come to the heap.
typedef struct _rom_globals_t {
    mp_obj_dict_t dict;
    const mp_obj_dict_t *constants;
} rom_globals_t;

typedef struct _rom_module_t {
    mp_proto_fun_t code;
    const rom_function_t *functions;
    size_t length;
    rom_globals_t *globals;
    const mp_obj_dict_t *constants;
} rom_module_t;

// A class without a base class, or with one that has no protocol of C's.
typedef struct _rom_type_t {
    void *words[(offsetof(mp_obj_type_t, slots) + 11 * sizeof(void *)) / sizeof(void *)];
} rom_type_t;

typedef struct _rom_class_t {
    const rom_function_t *body;
    const mp_obj_dict_t *dict;
    rom_type_t *place;
} rom_class_t;

#define ROM_DICT(ordered, length, slots) {{&mp_type_dict}, {.all_keys_are_qstrs = 1, .is_fixed = 1, \
    .is_ordered = ordered, .used = length, .alloc = MP_ARRAY_SIZE(slots), .table = (void *)slots}}

// THE CONSTANTS

// The builtins that somebody has set, NULL before that.
#if MICROPY_CAN_OVERRIDE_BUILTINS
#define ROM_NEW_BUILTINS MP_STATE_VM(mp_module_builtins_override_dict)
#else
#define ROM_NEW_BUILTINS NULL
#endif

static MP_ALWAYSINLINE inline rom_globals_t *rom_globals_of(const void *dict) {
    uintptr_t offset = (uintptr_t)dict - (uintptr_t)rom_globals;
    return offset < sizeof(rom_globals) && ((rom_globals_t *)dict)->constants != NULL ? (rom_globals_t *)dict : NULL;
}

static MP_ALWAYSINLINE inline mp_obj_t rom_constant(const rom_globals_t *globals, mp_obj_t name) {
    const mp_map_t *map = &globals->constants->map;
    #if MICROPY_OPT_MAP_LOOKUP_CACHE
    // The first that mp_map_lookup() does, here without a call: nearly always it is enough.
    size_t place = MP_STATE_VM(map_lookup_cache)[((uintptr_t)name >> 2) % MICROPY_OPT_MAP_LOOKUP_CACHE_SIZE];
    const mp_map_elem_t *slot = &map->table[place % map->alloc];
    if (slot->key == name) {
        return slot->value;
    }
    #endif
    mp_map_elem_t *found = mp_map_lookup((mp_map_t *)map, name, MP_MAP_LOOKUP);
    return found == NULL ? MP_OBJ_NULL : found->value;
}

// Whether a constant is the builtin of its name, which the module uses but does not have.
static bool rom_is_builtin(mp_obj_t name, mp_obj_t value) {
    mp_map_elem_t *found = mp_map_lookup((mp_map_t *)&mp_module_builtins_globals.map, name, MP_MAP_LOOKUP);
    return found != NULL && found->value == value;
}

static bool rom_is_own(const mp_map_t *constants, size_t i) {
    return mp_map_slot_is_filled(constants, i)
           && !rom_is_builtin(constants->table[i].key, constants->table[i].value);
}

// Bring all names to the heap: one of them is to become another.
static void rom_give_up(rom_globals_t *globals) {
    const mp_map_t *constants = &globals->constants->map;
    for (size_t i = 0; i < constants->alloc; ++i) {
        if (rom_is_own(constants, i)) {
            mp_map_elem_t *place = mp_map_lookup(&globals->dict.map, constants->table[i].key,
                MP_MAP_LOOKUP_ADD_IF_NOT_FOUND);
            place->value = constants->table[i].value;
        }
    }
    globals->constants = NULL;
}

static void rom_module_attr(mp_obj_t self_in, qstr name, mp_obj_t *dest) {
    rom_globals_t *globals = rom_globals_of(mp_obj_module_get_globals(self_in));
    if (globals != NULL && dest[0] == MP_OBJ_NULL) {
        mp_obj_t value = rom_constant(globals, MP_OBJ_NEW_QSTR(name));
        if (value != MP_OBJ_NULL && !rom_is_builtin(MP_OBJ_NEW_QSTR(name), value)) {
            dest[0] = value;
            return;
        }
    }
    MP_OBJ_TYPE_GET_SLOT(&mp_type_module, attr)(self_in, name, dest);
}

static void rom_module_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    rom_globals_t *globals = rom_globals_of(mp_obj_module_get_globals(self_in));
    mp_obj_t file = globals == NULL ? MP_OBJ_NULL : rom_constant(globals, MP_OBJ_NEW_QSTR(MP_QSTR___file__));
    if (file == MP_OBJ_NULL) {
        MP_OBJ_TYPE_GET_SLOT(&mp_type_module, print)(print, self_in, kind);
    } else {
        mp_obj_t name = mp_obj_dict_get(MP_OBJ_FROM_PTR(&globals->dict), MP_OBJ_NEW_QSTR(MP_QSTR___name__));
        mp_printf(print, "<module '%s' from '%s'>", mp_obj_str_get_str(name), mp_obj_str_get_str(file));
    }
}

static MP_DEFINE_CONST_OBJ_TYPE(rom_type_module, MP_QSTR_module, MP_TYPE_FLAG_NONE,
    print, rom_module_print, attr, rom_module_attr);

// A module's code begins: from now on it has its names in two dicts.
static void rom_begin_module(size_t place, mp_module_context_t *context) {
    rom_globals_t *globals = rom_modules[place].globals;
    if (globals != NULL) {
        mp_obj_dict_t *dict = context->module.globals;
        globals->dict = *dict;
        globals->constants = rom_modules[place].constants;
        #if MICROPY_PY___FILE__
        mp_map_lookup(&globals->dict.map, MP_OBJ_NEW_QSTR(MP_QSTR___file__), MP_MAP_LOOKUP_REMOVE_IF_FOUND);
        #endif
        context->module.globals = &globals->dict;
        context->module.base.type = &rom_type_module;
        if (ROM_NEW_BUILTINS != NULL) {
            rom_give_up(globals);
        }
        if (mp_globals_get() == dict && mp_locals_get() == dict) {
            mp_globals_set(&globals->dict);
            mp_locals_set(&globals->dict);
        }
    }
    rom_contexts[place] = *context;
}

mp_obj_t __wrap_mp_load_global(qstr name) {
    const rom_globals_t *globals = rom_globals_of(mp_globals_get());
    mp_obj_t value = globals == NULL ? MP_OBJ_NULL : rom_constant(globals, MP_OBJ_NEW_QSTR(name));
    return value == MP_OBJ_NULL ? __real_mp_load_global(name) : value;
}

mp_obj_t __wrap_mp_load_name(qstr name) {
    mp_obj_dict_t *locals = mp_locals_get();
    if (locals != mp_globals_get() && mp_map_lookup(&locals->map, MP_OBJ_NEW_QSTR(name), MP_MAP_LOOKUP) != NULL) {
        return __real_mp_load_name(name);
    }
    return __wrap_mp_load_global(name);
}

static void rom_forget_builtin(mp_obj_t name) {
    for (size_t i = 0; i < MP_ARRAY_SIZE(rom_globals); ++i) {
        if (rom_globals[i].constants != NULL && rom_constant(&rom_globals[i], name) != MP_OBJ_NULL) {
            rom_give_up(&rom_globals[i]);
        }
    }
}

mp_obj_t __wrap_mp_obj_dict_store(mp_obj_t dict, mp_obj_t key, mp_obj_t value) {
    if (ROM_NEW_BUILTINS != NULL && MP_OBJ_TO_PTR(dict) == ROM_NEW_BUILTINS) {
        rom_forget_builtin(key);
    }
    rom_globals_t *globals = rom_globals_of(MP_OBJ_TO_PTR(dict));
    mp_obj_t constant = globals == NULL ? MP_OBJ_NULL : rom_constant(globals, key);
    if (constant != MP_OBJ_NULL) {
        if (constant == value) {
            return dict;
        }
        rom_give_up(globals);
    }
    return __real_mp_obj_dict_store(dict, key, value);
}

mp_obj_t __wrap_mp_obj_dict_delete(mp_obj_t dict, mp_obj_t key) {
    rom_globals_t *globals = rom_globals_of(MP_OBJ_TO_PTR(dict));
    if (globals != NULL && rom_constant(globals, key) != MP_OBJ_NULL) {
        rom_give_up(globals);
    }
    return __real_mp_obj_dict_delete(dict, key);
}

void __wrap_mp_import_all(mp_obj_t module) {
    const rom_globals_t *globals = rom_globals_of(mp_obj_module_get_globals(module));
    const mp_map_t *constants = globals == NULL ? NULL : &globals->constants->map;
    for (size_t i = 0; constants != NULL && i < constants->alloc; ++i) {
        if (rom_is_own(constants, i)) {
            qstr name = MP_OBJ_QSTR_VALUE(constants->table[i].key);
            if (*qstr_str(name) != '_') {
                mp_store_name(name, constants->table[i].value);
            }
        }
    }
    __real_mp_import_all(module);
}

static size_t rom_module_of(const mp_module_context_t *context) {
    if (context >= rom_contexts && context < rom_contexts + MP_ARRAY_SIZE(rom_contexts)) {
        return context - rom_contexts;
    }
    size_t i = 0;
    while (i < MP_ARRAY_SIZE(rom_contexts) && rom_contexts[i].constants.qstr_table != context->constants.qstr_table) {
        i++;
    }
    return i;
}

mp_obj_t __wrap_mp_make_function_from_proto_fun(mp_proto_fun_t code, const mp_module_context_t *context,
    const mp_obj_t *def_args) {
    if (def_args == NULL) {
        size_t place = rom_module_of(context);
        if (place < MP_ARRAY_SIZE(rom_contexts)) {
            const byte *bytecode = mp_proto_fun_is_bytecode(code) ? code : ((const mp_raw_code_t *)code)->fun_data;
            const rom_function_t *function = rom_modules[place].functions;
            for (const rom_function_t *end = function + rom_modules[place].length; function < end; ++function) {
                if (function->bytecode == bytecode) {
                    return MP_OBJ_FROM_PTR(function);
                }
            }
        }
        for (size_t i = 0; i < MP_ARRAY_SIZE(rom_contexts); ++i) {
            if (rom_modules[i].code == code) {
                rom_begin_module(i, (mp_module_context_t *)context);
                break;
            }
        }
    }
    return __real_mp_make_function_from_proto_fun(code, context, def_args);
}

// The arguments are the function of the body, the name and the base classes.
static mp_obj_t rom_build_class(size_t n_args, const mp_obj_t *args) {
    for (size_t i = 0; i < MP_ARRAY_SIZE(rom_classes); ++i) {
        if (args[0] == MP_OBJ_FROM_PTR(rom_classes[i].body)) {
            mp_obj_t bases = mp_obj_new_tuple(n_args - 2, args + 2);
            mp_obj_t made = mp_obj_new_type(mp_obj_str_get_qstr(args[1]), bases, MP_OBJ_FROM_PTR(rom_classes[i].dict));
            mp_obj_type_t *place = (mp_obj_type_t *)rom_classes[i].place;
            if (place == NULL) {
                return made;
            }
            memcpy(place, MP_OBJ_TO_PTR(made), offsetof(mp_obj_type_t, slots) + (10 + (n_args > 2)) * sizeof(void *));
            return MP_OBJ_FROM_PTR(place);
        }
    }
    return mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_builtin___build_class___obj), n_args, 0, args);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(rom_build_class_obj, 2, rom_build_class);

mp_obj_t __wrap_mp_load_build_class(void) {
    mp_obj_t function = __real_mp_load_build_class();
    if (function == MP_OBJ_FROM_PTR(&mp_builtin___build_class___obj)) {
        function = MP_OBJ_FROM_PTR(&rom_build_class_obj);
    }
    return function;
}

void __wrap_gc_collect_start(void) {
    __real_gc_collect_start();
    gc_collect_root((void **)rom_contexts, sizeof(rom_contexts) / (sizeof(void *)));
    gc_collect_root((void **)rom_globals, sizeof(rom_globals) / (sizeof(void *)));
}
