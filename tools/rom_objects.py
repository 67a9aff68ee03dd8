"""Freezes modules as MicroPython's makemanifest.py does, and puts their functions and classes into flash as well.

    python3 tools/rom_objects.py <MicroPython>/tools/makemanifest.py <its arguments>

Frozen bytecode lies in flash, but importing a frozen module makes objects on the heap: one of four words for each
function, one for each property, and each class has a dict of them. Nearly all that is in them is known when the image
is built. So the C file that makemanifest.py writes gets constant objects, and three wrappers:

- around the function that makes function objects: a `def` of a frozen module gets the constant. What is not known is
  the module's context, which has its globals: the constants have the address of one in static RAM, and when a module's
  code begins, its context is copied there.
- around the begin of a collection: these contexts keep the modules' globals, as function objects on the heap would.
- around the function that a `class` statement calls: a class of this project whose body only defines functions,
  properties, static methods and constants gets its dict as a constant. Such a class takes no new attributes; those of
  others, as of applications, are made as ever.

The port must be linked with `-Wl,--wrap=mp_make_function_from_proto_fun -Wl,--wrap=mp_load_build_class
-Wl,--wrap=gc_collect_start`. The layouts are those of MicroPython 1.25: what is built from another one makes these
objects on the heap, as without this.
"""

import ast
import os
import re
import runpy
import sys
from pathlib import Path

if __name__ == '__main__':  # run by path, from a makefile
    sys.path.insert(0, str(Path(__file__).parents[1]))

from tools import folding

MARK = '\n// ---- objects in flash: by tools/rom_objects.py\n'
OWN = ('MicroWebSrv2_', 'firmware_')  # how the names of the modules begin whose classes become constants
FOLDED = ('MicroWebSrv2/', 'firmware/')  # how the paths of the modules begin that are folded first

_MODULE = re.compile(
    r'^static const mp_frozen_module_t frozen_module_(\w+) = \{.*?\.proto_fun = &proto_fun_(\w+),\n', re.M | re.S
)
_FUNCTION = re.compile(r'^static const mp_raw_code_truncated_t proto_fun_(\w+) = \{\n(.*?)^\};', re.M | re.S)
_FIELD = re.compile(r'^    \.(\w+) = (?:\(void \*\)&)?(\w+),$', re.M)
_CODE = re.compile(r'^static const byte fun_data_(\w+)\[\d+\] = \{\n(.*?)^\};', re.M | re.S)
_INSTRUCTION = re.compile(r'^    0x.*?, // ([A-Z]\w*)(?: (.*))?$', re.M)
_CHILDREN = re.compile(r'^static const mp_raw_code_t \*const children_(\w+)\[\] = \{\n(.*?)^\};', re.M | re.S)
_CONSTANTS = re.compile(r'^static const mp_rom_obj_t const_obj_table_data_(\w+)\[\d+\] = \{\n(.*?)^\};', re.M | re.S)

_DECLARATIONS = """\
#include "py/builtin.h"
#include "py/gc.h"
#include "py/objfun.h"
#include "py/runtime.h"

mp_obj_t __real_mp_make_function_from_proto_fun(mp_proto_fun_t code, const mp_module_context_t *context,
    const mp_obj_t *def_args);
mp_obj_t __wrap_mp_make_function_from_proto_fun(mp_proto_fun_t code, const mp_module_context_t *context,
    const mp_obj_t *def_args);
mp_obj_t __real_mp_load_build_class(void);
mp_obj_t __wrap_mp_load_build_class(void);
void __real_gc_collect_start(void);
void __wrap_gc_collect_start(void);

"""

# For another MicroPython: the linker has been told that there are wrappers.
_WITHOUT = """\
mp_obj_t __wrap_mp_make_function_from_proto_fun(mp_proto_fun_t code, const mp_module_context_t *context,
    const mp_obj_t *def_args) {
    return __real_mp_make_function_from_proto_fun(code, context, def_args);
}

mp_obj_t __wrap_mp_load_build_class(void) {
    return __real_mp_load_build_class();
}

void __wrap_gc_collect_start(void) {
    __real_gc_collect_start();
}
"""

_BEGIN = """\
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
#define ROM_FUNCTION(kind, place, children, name) {{&kind}, &rom_contexts[place], (void *)children, fun_data_##name, \\
    (const void *)&proto_fun_##name}
#else
#define ROM_FUNCTION(kind, place, children, name) {{&kind}, &rom_contexts[place], (void *)children, fun_data_##name}
#endif

// As in objproperty.c.
typedef struct _rom_property_t {
    mp_obj_base_t base;
    mp_rom_obj_t proxy[3];
} rom_property_t;

typedef struct _rom_module_t {
    mp_proto_fun_t code;
    const rom_function_t *functions;
    size_t length;
} rom_module_t;

typedef struct _rom_class_t {
    const rom_function_t *body;
    const mp_obj_dict_t *dict;
} rom_class_t;

#define ROM_DICT(ordered, length, slots) {{&mp_type_dict}, {.all_keys_are_qstrs = 1, .is_fixed = 1, \\
    .is_ordered = ordered, .used = length, .alloc = MP_ARRAY_SIZE(slots), .table = (void *)slots}}
"""

_END = """\

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
                rom_contexts[i] = *context;
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
            return mp_obj_new_type(mp_obj_str_get_qstr(args[1]), bases, MP_OBJ_FROM_PTR(rom_classes[i].dict));
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
}
"""


class Runtime(Exception):
    """A class body does what only the device can do."""


class Module:
    """A frozen module. name: as in C. code: name of its code. functions: names of those with constants, in order."""

    def __init__(self, name, code):
        self.name = name
        self.code = code
        self.functions = {}  # name: initialiser
        self.extra = []  # C text of the constants for its classes
        self.classes = []  # C text of the entries of rom_classes

    def function(self, name):
        """Return the address of a function's constant, as a C expression. Raise Runtime if it has none."""
        if name not in self.functions:
            raise Runtime(name)
        return f'&rom_functions_{self.name}[{list(self.functions).index(name)}]'

    def constant(self, kind, name, initialiser):
        """Define a constant object; return its address."""
        self.extra.append(f'static const {kind} {name} = {initialiser};\n')
        return f'&{name}'


class ClassBody:
    """Executes the body of a class, as far as it can be known: `names` is what it defines, as C expressions.

    module: Module. name: str, of its code. children: names of its functions. constants: C expressions of the module's
    constant objects. escape: function that makes of a str the end of its MP_QSTR_ name.
    """

    def __init__(self, module, name, children, constants, escape):
        self.names = {}
        self._module = module
        self._name = name
        self._children = children
        self._constants = constants
        self._escape = escape
        self._stack = []
        self._properties = {}  # address: (getter, setter)
        self._count = 0

    def execute(self, instructions):
        """Execute. instructions: list of (name, argument text). Raise Runtime."""
        for name, argument in instructions:
            method = getattr(self, '_' + name.lower(), None)
            if method is None:
                raise Runtime(name)
            method(argument)
        for value in filter(self._properties.get, self.names.values()):  # not those that a setter has replaced
            getter, setter = self._properties[value]
            initialiser = f'{{{{&mp_type_property}}, {{{getter}, {setter}, MP_ROM_NONE}}}}'
            self._module.constant('rom_property_t', value[len('MP_ROM_PTR(&') : -1], initialiser)

    def _new_name(self, kind):
        self._count += 1
        return f'rom_{kind}_{self._name}_{self._count}'

    def _pop(self, count):
        values = self._stack[len(self._stack) - count :]
        del self._stack[len(self._stack) - count :]
        return values

    def _load_const_string(self, argument):
        self._stack.append(f'MP_ROM_QSTR(MP_QSTR_{self._escape(ast.literal_eval(argument))})')

    def _load_const_small_int(self, argument):
        self._stack.append(f'MP_ROM_INT({argument})')

    def _load_const_none(self, _):
        self._stack.append('MP_ROM_NONE')

    def _load_const_true(self, _):
        self._stack.append('MP_ROM_TRUE')

    def _load_const_false(self, _):
        self._stack.append('MP_ROM_FALSE')

    def _load_const_obj(self, argument):
        self._stack.append(self._constants[int(argument)])

    def _load_null(self, _):
        self._stack.append(None)

    def _dup_top(self, _):
        self._stack.append(self._stack[-1])

    def _build_tuple(self, argument):
        self._stack.append(self._pop(int(argument)) or 'MP_ROM_PTR(&mp_const_empty_tuple_obj)')

    def _load_name(self, argument):
        name = ast.literal_eval(argument)
        if name not in self.names and name not in ('property', 'staticmethod', '__name__'):
            raise Runtime(name)
        self._stack.append(self.names.get(name, name))

    def _store_name(self, argument):
        name, value = ast.literal_eval(argument), self._stack.pop()
        if not isinstance(value, str) or not value.startswith('MP_ROM_') and name != '__module__':
            raise Runtime(name)
        self.names[name] = value

    def _make_function(self, argument):
        self._stack.append(f'MP_ROM_PTR({self._module.function(self._children[int(argument)])})')

    def _make_function_defargs(self, argument):
        values, keywords = self._pop(2)
        name = self._children[int(argument)]
        if keywords is not None or not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise Runtime(name)
        self._module.function(name)
        kind = f'struct {{ rom_function_t function; mp_rom_obj_t values[{len(values)}]; }}'
        initialiser = f'{{{self._module.functions[name]}, {{{", ".join(values)}}}}}'
        self._stack.append(f'MP_ROM_PTR({self._module.constant(kind, self._new_name("function"), initialiser)})')

    def _load_attr(self, argument):
        value = self._stack.pop()
        if ast.literal_eval(argument) != 'setter' or value not in self._properties:
            raise Runtime(argument)
        self._stack.append(self._properties[value][0])
        self._stack.append('setter')

    def _call_function(self, argument):
        if argument != '1' or len(self._stack) < 2:
            raise Runtime(argument)
        called, function = self._pop(2)
        if called == 'setter':
            self._stack.append(self._property(self._stack.pop(), function))
        elif called == 'property':
            self._stack.append(self._property(function, 'MP_ROM_NONE'))
        elif called == 'staticmethod':
            kind, initialiser = 'mp_rom_obj_static_class_method_t', f'{{{{&mp_type_staticmethod}}, {function}}}'
            self._stack.append(f'MP_ROM_PTR({self._module.constant(kind, self._new_name("static"), initialiser)})')
        else:
            raise Runtime(called)

    def _property(self, getter, setter):
        value = f'MP_ROM_PTR(&{self._new_name("property")})'
        self._properties[value] = (getter, setter)
        return value

    def _return_value(self, _):
        self._stack.pop()


def addition(text, tools):
    """Return the C text that puts functions and classes into flash.

    text: str, what makemanifest.py wrote. tools: MicroPython's module makeqstrdata. Raise ValueError, KeyError or
    IndexError when the text has another form than that of MicroPython 1.25.
    """
    ends = [(found.start(), Module(found.group(1), found.group(2))) for found in _MODULE.finditer(text)]
    if not ends:
        raise ValueError('it has no frozen modules')
    place = 0
    for found in _FUNCTION.finditer(text):
        while found.start() > ends[place][0]:
            place += 1
        _add_function(ends[place][1], place, found.group(1), dict(_FIELD.findall(found.group(2))))
    modules = [module for _, module in ends]
    _add_classes(text, modules, tools)
    with_objects = ''.join([_BEGIN, *_tables(modules), _END])
    is_known = 'MICROPY_VERSION_MAJOR == 1 && MICROPY_VERSION_MINOR == 25'
    return f'{_DECLARATIONS}#if {is_known}\n{with_objects}#else\n{_WITHOUT}#endif\n'


def _add_function(module, place, name, fields):
    if fields['kind'] == 'MP_CODE_BYTECODE' and name != module.code:
        kind = 'mp_type_gen_wrap' if int(fields['is_generator']) else 'mp_type_fun_bc'
        module.functions[name] = f'ROM_FUNCTION({kind}, {place}, {fields["children"]}, {name})'


def _add_classes(text, modules, tools):
    children = {name: re.findall(r'&proto_fun_(\w+),', body) for name, body in _CHILDREN.findall(text)}
    constants = {name: re.findall(r'^    (.*),$', body, re.M) for name, body in _CONSTANTS.findall(text)}
    owner = {name: module for module in modules for name in module.functions if module.name.startswith(OWN)}
    for name, body in _CODE.findall(text):
        instructions = _INSTRUCTION.findall(body)
        if name in owner and instructions[:2] == [('LOAD_NAME', "'__name__'"), ('STORE_NAME', "'__module__'")]:
            module = owner[name]
            known = len(module.extra)
            executed = ClassBody(module, name, children.get(name, ()), constants.get(module.name), tools.qstr_escape)
            try:
                executed.execute(instructions)
            except Runtime:
                del module.extra[known:]
            else:
                del executed.names['__module__']  # its value is no constant, and nothing asks for it
                module.extra.append(_dict(f'rom_dict_{name}', executed.names, tools))
                module.classes.append(f'    {{{module.function(name)}, &rom_dict_{name}}},\n')


def _dict(name, items, tools):
    """Return C text that defines a dict: hashed as MicroPython hashes names, or without order where it does not."""

    def entry(key):
        return f'    {{MP_ROM_QSTR(MP_QSTR_{tools.qstr_escape(key)}), {items[key]}}},\n'

    parts = []
    for size in (1, 2):
        slots = [None] * (len(items) * 5 // 4 + 1)
        for key in items:
            slot = tools.compute_hash(key.encode(), size) % len(slots)
            while slots[slot] is not None:
                slot = (slot + 1) % len(slots)
            slots[slot] = key
        rows = ''.join('    {0},\n' if key is None else entry(key) for key in slots)
        parts.append(f'#{"el" if parts else ""}if MICROPY_QSTR_BYTES_IN_HASH == {size}\n')
        parts.append(f'static const mp_rom_map_elem_t {name}_table[] = {{\n{rows}}};\n')
    rows = ''.join(map(entry, items))
    parts.append(f'#else\nstatic const mp_rom_map_elem_t {name}_table[] = {{\n{rows}}};\n#endif\n')
    ordered = 'MICROPY_QSTR_BYTES_IN_HASH != 1 && MICROPY_QSTR_BYTES_IN_HASH != 2'
    parts.append(f'static const mp_obj_dict_t {name} = ROM_DICT({ordered}, {len(items)}, {name}_table);\n')
    return ''.join(parts)


def _tables(modules):
    """Yield the C text of the constants; each module's begins with the line that tools/size.py looks for."""
    yield f'static mp_module_context_t rom_contexts[{len(modules)}];\n'
    for module in modules:
        if module.functions:
            rows = ''.join(f'    {initialiser},\n' for initialiser in module.functions.values())
            yield f'\n// frozen module {module.name}\n'
            yield f'static const rom_function_t rom_functions_{module.name}[] = {{\n{rows}}};\n'
            yield from module.extra
    yield '\n// frozen modules together\n'
    yield f'static const rom_module_t rom_modules[{len(modules)}] = {{\n'
    for module in modules:
        table = f'rom_functions_{module.name}' if module.functions else 'NULL'
        yield f'    {{&proto_fun_{module.code}, {table}, {len(module.functions)}}},\n'
    classes = ''.join(line for module in modules for line in module.classes)
    yield f'}};\n\nstatic const rom_class_t rom_classes[] = {{\n{classes or "    {NULL, NULL},"}}};\n'


def _fold_modules(place):
    """Have makemanifest.py freeze what tools/folding.py makes of the modules. place: Path of a folder for it."""
    import manifestfile

    list_files = manifestfile.ManifestFile.files

    def folded_files(manifest):
        files = list_files(manifest)
        is_own = [
            file.kind == manifestfile.KIND_FREEZE_AS_MPY and file.target_path.startswith(FOLDED) for file in files
        ]
        own = [file for file, folds in zip(files, is_own) if folds]
        made = folding.fold({file.target_path: Path(file.full_path).read_text() for file in own})
        return [_folded(file, place, made) if folds else file for file, folds in zip(files, is_own)]

    manifestfile.ManifestFile.files = folded_files


def _folded(file, place, made):
    """Return a file of a manifest with what it became for its source; that is written where it is another now."""
    path = place / file.target_path
    text = made[file.target_path]
    if not path.is_file() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return file._replace(full_path=str(path), timestamp=path.stat().st_mtime)


def main():
    """Run makemanifest.py, then adds to what it wrote. Raise SystemExit as that does."""
    sys.argv = sys.argv[1:]
    folder = os.path.dirname(sys.argv[0])
    sys.path[:0] = [folder, os.path.join(folder, '..', 'py')]
    if '-b' in sys.argv:
        _fold_modules(Path(sys.argv[sys.argv.index('-b') + 1]) / 'folded')
    runpy.run_path(sys.argv[0], run_name='__main__')
    import makeqstrdata

    path = Path(sys.argv[sys.argv.index('-o') + 1])
    text = path.read_text()
    own = text.partition(MARK)[0]
    try:
        added = addition(own, makeqstrdata)
    except (ValueError, KeyError, IndexError) as error:
        print(f'{path} is not as MicroPython 1.25 writes it ({error!r}): functions and classes take heap')
        added = _DECLARATIONS + _WITHOUT
    wanted = own + MARK + added
    if wanted != text:
        path.write_text(wanted)


if __name__ == '__main__':
    main()
