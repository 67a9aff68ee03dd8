"""Finds which names of frozen modules stand for constants, for tools/rom_objects.py.

A module's names are a dict on the heap, two words and more for each; most are functions, classes, and names imported
from other modules of the same set. What a module's code stores once, whatever happens, is known when the image is
built if it is one of these, or a number, a text, bytes or a tuple of such. With them go the builtins that the module
uses: they are found at once then, and not after a search of the module's own names.
"""

import ast
import builtins
import re

_INSTRUCTION = re.compile(r'^    (0x.*?), // ([A-Z]\w*)(?: (.*))?$', re.M)
_JUMPS = ('JUMP', 'SETUP', 'FOR_ITER', 'POP_JUMP', 'POP_EXCEPT_JUMP', 'UNWIND_JUMP')
_CLASS = '(&rom_types['
_BUILTIN = re.compile(r'^    \{ MP_ROM_QSTR\(MP_QSTR_(\w+)\), (MP_ROM_\w+\(&mp_\w+\)) \},$')
_ROOT = 'MicroWebSrv2/__init__.py'


class Code:
    """The instructions of a module's code: `steps`, a list of (name, argument text, whether it is surely executed).

    What is for another implementation than MicroPython is none of them.
    """

    def __init__(self, text):
        self.steps = []
        place = reach = dead = 0
        taken = set()  # ends of the branches that are surely taken
        for octets, name, argument in _INSTRUCTION.findall(text):
            place += octets.count('0x')
            if place <= dead:
                continue
            end = place + int(argument.split()[0]) if name.startswith(_JUMPS) else 0
            answer = self._asks_for_micropython() if name == 'POP_JUMP_IF_FALSE' else None
            self.steps.append((name, argument, place > reach))
            if name == 'JUMP' and place in taken or answer is False:
                dead = end
            elif answer:
                taken.add(end)
            else:
                reach = max(reach, end)

    def _asks_for_micropython(self):
        """Return what the last steps compute, if they compare the implementation's name; else None."""
        last = [argument for _, argument, _ in self.steps[-5:]]
        if last[1:4] != ["'implementation'", "'name'", "'micropython'"]:
            return None
        return {'2 __eq__': True, '3 __ne__': False}.get(last[4])

    def stored(self):
        """Give (name, index of its step) of what is stored once, and surely."""
        names = [ast.literal_eval(argument) for name, argument, _ in self.steps if name == 'STORE_NAME']
        for index, (name, argument, is_sure) in enumerate(self.steps):
            if name == 'STORE_NAME' and is_sure and names.count(ast.literal_eval(argument)) == 1:
                yield ast.literal_eval(argument), index

    def bound(self):
        """Return the set of names that may be stored."""
        return {ast.literal_eval(argument) for name, argument, _ in self.steps if name == 'STORE_NAME'}

    def imports(self):
        """Give (module as written, level) of the imports that are surely executed."""
        for index, (name, _, is_sure) in enumerate(self.steps):
            if name == 'IMPORT_NAME' and is_sure:
                yield self.imported(index)

    def imported(self, index):
        """Return (module as written, level) of the last import before a step, or at it."""
        while self.steps[index][0] != 'IMPORT_NAME':
            index -= 1
        module = ast.literal_eval(self.steps[index][1])
        index -= 1
        if self.steps[index][0] == 'BUILD_TUPLE':
            index -= int(self.steps[index][1])
        return module, int(self.steps[index - 1][1])


class Names:
    """The constant names of a set of modules: find() fills them in. classes: those that get a place in static RAM.

    modules: rom_objects.Module of each that may have such names, by path as 'MicroWebSrv2/libs/urlUtils.py'.
    codes: Code of each. children: names of the functions that each makes, in order. constants: C expressions of the
    constant objects of each. used: pair of sets of names that functions of each load, and store. builtins: what the
    firmware has, and its modules in C, two dicts of name to C expression. escape: function that makes of a str the end
    of its MP_QSTR_ name.
    """

    def __init__(self, modules, codes, children, constants, used, builtins, escape):
        self.classes = []
        self._modules, self._codes, self._children = modules, codes, children
        self._constants, self._used, self._builtins, self._escape = constants, used, builtins, escape
        self._found = {}
        self._always = set()

    def find(self):
        """Return dict of path to the constant names of the module, a dict of str to C expression."""
        self._note_always(_ROOT)
        for path in self._modules:
            self._names_of(path)
        return self._found

    def _note_always(self, path):
        """Note which modules are imported with the server, whatever the board."""
        if path in self._modules and path not in self._always:
            self._always.add(path)
            for imported in self._codes[path].imports():
                self._note_always(self._path(path, *imported))

    def _names_of(self, path):
        if path not in self._found:
            names = self._found[path] = {'__file__': self._text(path)}
            loaded, stored = self._used[path]
            for name, index in self._codes[path].stored():
                value = None if name in stored else self._value(path, index, names)
                if value:
                    names[name] = value
            for name in sorted(loaded & set(self._builtins[0]) - stored - self._codes[path].bound()):
                names[name] = self._builtins[0][name]
        return self._found[path]

    def _text(self, text):
        return f'MP_ROM_QSTR(MP_QSTR_{self._escape(text)})'

    def _value(self, path, index, names):
        """Return the C expression of what a step stores, None for what is no constant."""
        kind, argument, is_sure = self._codes[path].steps[index - 1]
        if not is_sure:  # the end of `a if b else c`
            return None
        if kind == 'MAKE_FUNCTION':
            function = self._children[path][int(argument)]
            module = self._modules[path]  # machine code is made on the heap
            return f'MP_ROM_PTR({module.function(function)})' if function in module.functions else None
        if kind == 'CALL_FUNCTION':
            return self._class(path, index - 1, names)
        if kind == 'IMPORT_NAME':
            module, level = self._codes[path].imported(index - 1)
            return None if level else self._builtins[1].get(module)
        if kind == 'IMPORT_FROM':
            source = self._path(path, *self._codes[path].imported(index - 1))
            return self._names_of(source).get(ast.literal_eval(argument)) if source in self._modules else None
        if kind == 'LOAD_CONST_STRING':
            return self._text(ast.literal_eval(argument))
        if kind == 'LOAD_CONST_SMALL_INT':
            return f'MP_ROM_INT({argument})'
        if kind == 'LOAD_CONST_OBJ':
            value = self._constants[path][int(argument)]
            return value if value.startswith(('MP_ROM_PTR', 'MP_ROM_QSTR')) else None
        return {'LOAD_CONST_NONE': 'MP_ROM_NONE', 'LOAD_CONST_TRUE': 'MP_ROM_TRUE'}.get(kind)

    def _class(self, path, index, names):
        """Return the expression of a class whose dict is a constant, and whose base class is known to be small."""
        steps = self._codes[path].steps
        first = index - int(steps[index][1]) - 1
        kinds = ['LOAD_BUILD_CLASS', 'MAKE_FUNCTION', 'LOAD_CONST_STRING'] + ['LOAD_NAME'] * (index - first - 3)
        if path not in self._always or [step[0] for step in steps[first:index]] != kinds:
            return None
        bases = [ast.literal_eval(argument) for _, argument, _ in steps[first + 3 : index]]
        body = self._children[path][int(steps[first + 1][1])]
        if len(bases) > 1 or not all(_is_exception(base) or _CLASS in names.get(base, '') for base in bases):
            return None
        if not self._modules[path].has_class(body):
            return None
        self.classes.append(body)
        return f'MP_ROM_PTR(&rom_types[{len(self.classes) - 1}])'

    def _path(self, path, module, level):
        """Return the path of the module of the set that an import in the module `path` names, None for another."""
        parts = module.split('.') if module else []
        if level:
            parts = path.split('/')[:-level] + parts
        place = '/'.join(parts)
        return next((found for found in (f'{place}.py', f'{place}/__init__.py') if found in self._modules), None)


def _is_exception(name):
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)


def modules_of(text):
    """Return the modules in C of a firmware, a dict of name to C expression. text: str, of genhdr/moduledefs.h."""
    return dict(re.findall(r'MP_QSTR_(\w+)\), (MP_ROM_PTR\(&\w+\)) \},$', text, re.M))


def builtins_of(text):
    """Return what a firmware has whatever its settings: a dict of name to C expression.

    text: str, of MicroPython's py/modbuiltins.c.
    """
    found, depth = {}, 0
    for line in text.partition('mp_module_builtins_globals_table[] = {\n')[2].partition('\n};')[0].splitlines():
        words = line.split()
        if words[:1] in (['#if'], ['#ifdef'], ['#ifndef']):
            depth += 1
        elif words[:1] == ['#endif']:
            depth -= 1
        elif not depth and (builtin := _BUILTIN.match(line)):
            found[builtin.group(1)] = builtin.group(2)
    return found
