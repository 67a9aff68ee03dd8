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
- around those that load and store names: a module of this project has two dicts, one in flash for names that stand for
  constants (tools/rom_names.py) and one on the heap for others. To store what is there already stores nothing; to
  store another value for such a name, or to delete it, brings all names of the module to the heap; so does a new
  builtin of the name of one that the module uses. `module.name` finds both; `module.__dict__` shows what is on the
  heap.

The C text of all this is tools/rom_objects.c. The port must be linked with a --wrap of each function in WRAPPED. The
layouts are those of MicroPython 1.25: what is built from another one makes these objects on the heap, as without this.
"""

import ast
import os
import re
import runpy
import sys
from pathlib import Path

if __name__ == '__main__':  # run by path, from a makefile
    sys.path.insert(0, str(Path(__file__).parents[1]))

from tools import folding, rom_names

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
_FILE = re.compile(r'^// - frozen file name: (.*)$', re.M)
_CONSTANTS = re.compile(r'^static const mp_rom_obj_t const_obj_table_data_(\w+)\[\d+\] = \{\n(.*?)^\};', re.M | re.S)

# What the linker wraps (boards/lib/rom_objects.mk): what each returns, its name, its parameters, and their names.
WRAPPED = (
    (
        'mp_obj_t',
        'mp_make_function_from_proto_fun',
        'mp_proto_fun_t code, const mp_module_context_t *context, const mp_obj_t *def_args',
        'code, context, def_args',
    ),
    ('mp_obj_t', 'mp_load_build_class', 'void', ''),
    ('mp_obj_t', 'mp_load_name', 'qstr name', 'name'),
    ('mp_obj_t', 'mp_load_global', 'qstr name', 'name'),
    ('mp_obj_t', 'mp_obj_dict_store', 'mp_obj_t dict, mp_obj_t key, mp_obj_t value', 'dict, key, value'),
    ('mp_obj_t', 'mp_obj_dict_delete', 'mp_obj_t dict, mp_obj_t key', 'dict, key'),
    ('void', 'mp_import_all', 'mp_obj_t module', 'module'),
    ('void', 'gc_collect_start', 'void', ''),
)

_DECLARATIONS = """\
#include "py/builtin.h"
#include "py/gc.h"
#include "py/objfun.h"
#include "py/objtype.h"
#include "py/runtime.h"

""" + ''.join(
    f'{kind} __real_{name}({parameters});\n{kind} __wrap_{name}({parameters});\n'
    for kind, name, parameters, _ in WRAPPED
)

# For another MicroPython: the linker has been told that there are wrappers.
_WITHOUT = '\n'.join(
    f'{kind} __wrap_{name}({parameters}) {{\n    {"return " if kind != "void" else ""}__real_{name}({values});\n}}\n'
    for kind, name, parameters, values in WRAPPED
)

_C = Path(__file__).with_suffix('.c')
_PLACE = '// THE CONSTANTS\n'  # in _C


class Runtime(Exception):
    """A class body does what only the device can do."""


class Module:
    """A frozen module. name: as in C. code: name of its code. functions: names of those with constants, in order.
    classes: names of the bodies of the classes whose dicts are constants.
    """

    def __init__(self, name, code):
        self.name = name
        self.code = code
        self.functions = {}  # name: initialiser
        self.extra = []  # C text of the constants for its classes
        self.classes = []

    def function(self, name):
        """Return the address of a function's constant, as a C expression. Raise Runtime if it has none."""
        if name not in self.functions:
            raise Runtime(name)
        return f'&rom_functions_{self.name}[{list(self.functions).index(name)}]'

    def has_class(self, body):
        """Return bool: whether the class that a function is the body of has a constant dict."""
        return body in self.classes

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


def addition(text, tools, c_modules):
    """Return the C text that puts functions and classes into flash.

    text: str, what makemanifest.py wrote. tools: MicroPython's module makeqstrdata. c_modules: str, of the port's
    genhdr/moduledefs.h. Raise ValueError, KeyError or
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
    names, places = _find_names(text, modules, tools, c_modules)
    begin, _, end = _C.read_text().partition(_PLACE)
    with_objects = ''.join([begin, *_tables(modules, names, places, tools), end])
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
                module.classes.append(name)


def _find_names(text, modules, tools, c_modules):
    """Return what tools/rom_names.py finds: the constant names by C name of a module, and the classes in static RAM."""
    files = dict(zip((module.name for module in modules), _FILE.findall(text)))
    own = {files[module.name]: module for module in modules if module.name.startswith(OWN)}
    children = {name: re.findall(r'&proto_fun_(\w+),', body) for name, body in _CHILDREN.findall(text)}
    constants = {name: re.findall(r'^    (.*),$', body, re.M) for name, body in _CONSTANTS.findall(text)}
    bodies = dict(_CODE.findall(text))
    names = rom_names.Names(
        own,
        {path: rom_names.Code(bodies[module.code]) for path, module in own.items()},
        {path: children.get(module.code, ()) for path, module in own.items()},
        {path: constants.get(module.name, ()) for path, module in own.items()},
        {path: _used(module, bodies) for path, module in own.items()},
        (
            rom_names.builtins_of((Path(tools.__file__).parent / 'modbuiltins.c').read_text()),
            rom_names.modules_of(c_modules),
        ),
        tools.qstr_escape,
    )
    found = names.find()
    return {module.name: found[path] for path, module in own.items()}, names.classes


def _used(module, bodies):
    """Return the global names that functions of a module load, and those that they store or delete: two sets."""
    steps = [step for name in module.functions for step in _INSTRUCTION.findall(bodies[name])]
    return tuple(
        {ast.literal_eval(argument) for kind, argument in steps if kind in kinds}
        for kinds in (('LOAD_GLOBAL',), ('STORE_GLOBAL', 'DELETE_GLOBAL'))
    )


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


def _tables(modules, names, places, tools):
    """Yield the C text of the constants; each module's begins with the line that tools/size.py looks for.

    names: dict of module name to its constant names. places: names of the bodies of the classes in static RAM.
    """
    yield f'static mp_module_context_t rom_contexts[{len(modules)}];\n'
    yield f'static rom_globals_t rom_globals[{max(len(names), 1)}];\n'
    if places:
        yield f'static rom_type_t rom_types[{len(places)}];\n'
    for module in modules:
        if module.functions:
            rows = ''.join(f'    {initialiser},\n' for initialiser in module.functions.values())
            yield f'\n// frozen module {module.name}\n'
            yield f'static const rom_function_t rom_functions_{module.name}[] = {{\n{rows}}};\n'
            yield from module.extra
    for module in modules:
        if module.name in names:
            yield f'\n// frozen module {module.name}\n'
            yield _dict(f'rom_names_{module.name}', names[module.name], tools)
    yield '\n// frozen modules together\n'
    yield f'static const rom_module_t rom_modules[{len(modules)}] = {{\n'
    own = list(names)
    for module in modules:
        functions = f'rom_functions_{module.name}' if module.functions else 'NULL'
        found = 'NULL, NULL'
        if module.name in names:
            found = f'&rom_globals[{own.index(module.name)}], &rom_names_{module.name}'
        yield f'    {{&proto_fun_{module.code}, {functions}, {len(module.functions)}, {found}}},\n'
    yield '};\n\nstatic const rom_class_t rom_classes[] = {\n'
    for module in modules:
        for name in module.classes:
            place = f'&rom_types[{places.index(name)}]' if name in places else 'NULL'
            yield f'    {{{module.function(name)}, &rom_dict_{name}, {place}}},\n'
    yield '    {NULL, NULL, NULL},\n};\n'


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
        c_modules = (Path(sys.argv[sys.argv.index('-b') + 1]) / 'genhdr' / 'moduledefs.h').read_text()
        added = addition(own, makeqstrdata, c_modules)
    except (OSError, ValueError, KeyError, IndexError) as error:
        print(f'{path} is not as MicroPython 1.25 writes it ({error!r}): functions and classes take heap')
        added = _DECLARATIONS + _WITHOUT
    wanted = own + MARK + added
    if wanted != text:
        path.write_text(wanted)


if __name__ == '__main__':
    main()
