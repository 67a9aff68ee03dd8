"""Makes a set of modules small for firmware whose code lies in RAM: less names, less code, the same behaviour.

In frozen code each name that the firmware does not have already costs its length and eight bytes. Names that nobody
outside of the set can know are replaced by names that the firmware has anyway, of things that the set does not use:
they cost nothing. What others know stays: the documentation's names (PascalCase, camelCase), names of modules,
parameters of documented functions, and whatever stands as a string. Besides, module constants become const().

A comment after the head of a function says what may be left out:

    def positive(value, name):  # small: a check
    def is_foreign(self):  # small: False without threads

    def call(self, function):  # small: calls it without threads

The first only refuses values, or returns the one that it is given: its calls are left out, and a property whose setter
does no more than that is made a plain attribute. So is an `if` that only raises ValueError with a text that begins by
the name of what was given, in quotation marks. Calls of the second are False on a board that is without what is named;
those of the third call its argument then.
"""

import ast
import builtins
import collections
import itertools
import keyword
import re

from tools import folding, inlining, merging

_TYPES = (
    object,
    type,
    str,
    bytes,
    bytearray,
    memoryview,
    list,
    tuple,
    dict,
    set,
    frozenset,
    int,
    BaseException,
    OSError,
    property,
)
_REFUSAL = '''ValueError('"'''  # how a text begins that names what was given
_BUILT_IN = ('sys', 'gc', 'time')  # modules in C: a name that the firmware and one of these may have, it has
_TAKEN = set(dir(builtins)).union(*(dir(kind) for kind in _TYPES), keyword.kwlist, ('const', 'value', 'errno'))


def port_names(text):
    """Return the names that a firmware has, of the text of its genhdr/qstrdefs.generated.h."""
    return set(re.findall(r'^QDEF\d\(MP_QSTR_\w+, \d+, \d+, "(\w+)"\)', text, re.MULTILINE))


def shrink(sources, known, without=(), nothing=(), keys=(), lacks=(), merged=(), mute=()):
    """Return the sources made small: a dict of module path to text, as given.

    `sources`: the whole set, by module path as 'MicroWebSrv2/libs/urlUtils.py'. `known`: the firmware's names.
    `without`: functions and 'Class.method's that are left out, with their properties' setters.
    `nothing`: attributes that are always None there. `keys`: those left out of dicts that are written out in modules
    and classes, and of bytes with a key and what it stands for in each line.
    `lacks`: what the board is without, as marks of functions name it.
    `merged`: pairs of a module's path and how the paths of those begin that are made one with it: tools/merging.py.
    `mute`: functions and classes whose calls get an empty str for each text that is written out.
    Raise SyntaxError for what is no Python, ValueError for something lacking that no function is marked by.
    """
    sources = folding.fold(sources, all_go=True)
    trees = {path: _without_docstrings(ast.parse(text, path)) for path, text in sources.items()}
    defined = known.union(*(_defined_attributes(tree) for tree in trees.values()))
    checks = _marked(sources, trees, 'a check')
    never, direct = set(), set()
    for name in lacks:
        never_here = _marked(sources, trees, f'False without {name}')
        direct_here = _marked(sources, trees, f'calls it without {name}')
        if not never_here | direct_here:
            raise ValueError(f'no function is marked "# small: False without {name}"')
        never |= never_here
        direct |= direct_here
    for path, tree in trees.items():
        folder = Folder(path, sources, known, nothing, defined, never, direct)
        folder.visit(tree)
        if _put_none(tree):
            folder.visit(tree)
        _leave_out(tree, without)
        _leave_out_keys(tree, keys)
    inner = [node for path, tree in trees.items() if path.startswith(folding.INNER) for node in tree.body]
    for target, starts in merged:
        merging.merge(trees, target, [path for path in trees if path.startswith(starts) and path != target])
    plain = _plain_properties(trees.values(), checks)
    for tree in trees.values():
        _make_plain(tree, plain, checks)
    idle = _idle_functions(trees.values())
    for tree in trees.values():
        Unchecker(checks, idle, mute).visit(tree)
    while _leave_out_imports(trees) or _leave_out_unused(trees, inner) or _leave_out_unread(trees.values()):
        pass
    for tree in trees.values():
        Tidier().visit(tree)
    while inlining.inline(list(trees.values()), _is_ours):
        pass
    seen = Names()
    for tree in trees.values():
        _make_constants(tree, trees)
        seen.visit(tree)
    fixed = seen.outside | seen.strings | seen.constants | known
    for path in trees:
        fixed.update(path.removesuffix('.py').split('/'))
    renamer = Renamer(*_tables(seen, fixed, known))
    return {path: ast.unparse(ast.fix_missing_locations(renamer.visit(tree))) + '\n' for path, tree in trees.items()}


def _marked(sources, trees, mark):
    """Return the names of the functions with a mark."""
    found = set()
    for path, tree in trees.items():
        lines = sources[path].splitlines()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                head = lines[node.lineno - 1 : getattr(node.body[0], 'lineno', node.end_lineno)]
                if any(line.partition('# small: ')[2] == mark for line in head):
                    found.add(node.name)
    return found


def _tables(seen, fixed, known):
    """Return what variables become, and what attributes become, as two dicts of names.

    A name that is both becomes the same as both. What only variables and only attributes become may be the same.
    """
    free = sorted((name for name in known if _is_free(name, seen)), key=lambda name: (not name.isupper(), name))
    supply = itertools.chain(free, (name for name in _short_names() if _is_free(name, seen)))
    both, variables, attributes = (
        sorted(name for name in names - fixed if _is_ours(name))
        for names in (
            seen.variables & seen.attributes,
            seen.variables - seen.attributes,
            seen.attributes - seen.variables,
        )
    )
    common = dict(zip(both, supply))
    rest = list(itertools.islice(supply, max(len(variables), len(attributes))))
    return {**common, **dict(zip(variables, rest))}, {**common, **dict(zip(attributes, rest))}


def _short_names():
    """Give names of two letters, for when the firmware has no more to give."""
    letters = 'abcdefghijklmnopqrstuvwxyz'
    return (first + second for first in letters for second in letters)


def _is_ours(name):
    """Tell whether a name is written as those that the documentation does not know: snake_case, or with an
    underscore first.
    """
    if name.startswith('__') or len(name) < 2 or name in _TAKEN:
        return False
    return name.startswith('_') or name == name.lower()


def _is_free(name, seen):
    """Tell whether a name of the firmware can stand for one of ours."""
    used = name in seen.variables | seen.attributes | seen.outside | seen.strings | _TAKEN
    return name.isidentifier() and not name.startswith('_') and not used


def _defined_attributes(tree):
    """Return the names of the attributes that a module gives to its objects."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Store):
            names.add(node.attr if isinstance(node, ast.Attribute) else node.id)
    return names


def _truth(test):
    """Return a condition made simpler by an operand at its end that is certain: as a condition it is the same."""
    if not (isinstance(test, ast.BoolOp) and isinstance(test.values[-1], ast.Constant)):
        return test
    rest, last = test.values[:-1], bool(test.values[-1].value)
    if last == isinstance(test.op, ast.And):
        return rest[0] if len(rest) == 1 else ast.BoolOp(test.op, rest)
    does_something = any(isinstance(node, ast.Call) for value in rest for node in ast.walk(value))
    return test if does_something else ast.Constant(last)


class Folder(ast.NodeTransformer):
    """Decides at once what is certain on the firmware: it is MicroPython, and modules that are not there cannot be
    imported.
    """

    def __init__(self, path, sources, known, nothing, defined, never, direct):
        self._nothing, self._defined, self._never, self._direct = nothing, defined, never, direct
        self._package = path.split('/')[:-1]
        self._sources, self._known = sources, known

    def visit_Attribute(self, node):
        """Read None where an attribute never holds anything else."""
        self.generic_visit(node)
        is_none = node.attr in self._nothing and isinstance(node.ctx, ast.Load)
        return ast.Constant(None) if is_none else node

    def visit_Call(self, node):
        """Decide hasattr() and getattr() for what neither the set nor the firmware has, and what never is."""
        self.generic_visit(node)
        if _name_of(node) in self._never:
            return ast.Constant(False)
        if _name_of(node) in self._direct:
            function = node.args[0]
            return function.body if isinstance(function, ast.Lambda) else ast.Call(function, [], [])
        if ast.unparse(node.func) == 'hasattr' and isinstance(node.args[1], ast.Constant):
            if ast.unparse(node.args[0]) in _BUILT_IN and node.args[1].value in self._known:
                return ast.Constant(True)
            if node.args[1].value not in self._defined:
                return ast.Constant(False)
        if ast.unparse(node.func) == 'getattr' and len(node.args) == 3 and isinstance(node.args[1], ast.Constant):
            return node if node.args[1].value in self._defined else node.args[2]
        return node

    def visit_Compare(self, node):
        """Decide whether the implementation is MicroPython, and whether None is None."""
        self.generic_visit(node)
        if len(node.ops) != 1:
            return node
        left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
        if (left, right) == ('None', '()'):
            return ast.Constant(isinstance(node.ops[0], (ast.NotEq, ast.IsNot)))
        if (left, right) in (('sys.implementation.name', "'micropython'"), ('None', 'None')):
            return ast.Constant(isinstance(node.ops[0], (ast.Eq, ast.Is)))
        return node

    def visit_UnaryOp(self, node):
        """Decide `not` of what is certain."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Constant):
            return ast.Constant(not node.operand.value)
        return node

    def visit_BoolOp(self, node):
        """Leave out operands that are certain and do not decide; what follows one that does."""
        self.generic_visit(node)
        decides = isinstance(node.op, ast.Or)
        values = []
        for value in node.values:
            if isinstance(value, ast.Constant) and bool(value.value) != decides and value is not node.values[-1]:
                continue
            values.append(value)
            if isinstance(value, ast.Constant) and bool(value.value) == decides:
                break
        if len(values) > 1:
            node.values = values
            return node
        return values[0]

    def visit_If(self, node):
        """Take the branch that is certain."""
        self.generic_visit(node)
        node.test = _truth(node.test)
        if isinstance(node.test, ast.Constant):
            return (node.body if node.test.value else node.orelse) or ast.Pass()
        return node

    def visit_IfExp(self, node):
        """Take the value that is certain."""
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        return node

    def visit_Try(self, node):
        """Take what is done when a module cannot be imported, where it is not there."""
        self.generic_visit(node)
        handler = node.handlers[0] if node.handlers else None
        if handler is None or handler.type is None or ast.unparse(handler.type) != 'ImportError' or handler.name:
            return node
        if self._is_missing(node.body[0]):
            return [*handler.body, *node.finalbody]
        return node.body if len(node.body) == 1 and self._is_built_in(node.body[0]) else node

    def _is_built_in(self, node):
        """Tell whether a statement imports from a module in C names that the firmware all has."""
        if not isinstance(node, ast.ImportFrom) or node.level or self._has([node.module]):
            return False
        return self._known.issuperset([node.module, *(alias.name for alias in node.names)])

    def _is_missing(self, node):
        if isinstance(node, ast.Import):
            return any(self._has_not(alias.name.split('.')) for alias in node.names)
        if not isinstance(node, ast.ImportFrom):
            return False
        parts = node.module.split('.') if node.module else []
        if not node.level:
            return self._has_not(parts)
        place = self._package[: len(self._package) + 1 - node.level] + parts
        if not self._has(place):
            return True
        # `from . import name`: the name may be a module.
        return not parts and any(not self._has([*place, alias.name]) for alias in node.names)

    def _has(self, parts):
        path = '/'.join(parts)
        return f'{path}.py' in self._sources or any(other.startswith(f'{path}/') for other in self._sources)

    def _has_not(self, parts):
        return parts[0] not in self._known and not self._has(parts[:1])


def _put_none(tree):
    """Put None where a local variable that never holds anything else is read. Return whether there was one."""
    found = False
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        stores = [node.id for node in names if not isinstance(node.ctx, ast.Load)]
        for statement in list(function.body):
            name = getattr(statement.targets[0], 'id', None) if isinstance(statement, ast.Assign) else None
            is_none = name and len(statement.targets) == 1 and ast.unparse(statement.value) == 'None'
            if is_none and stores.count(name) == 1 and not any(isinstance(n, ast.Global) for n in ast.walk(function)):
                function.body.remove(statement)
                function.body = function.body or [ast.Pass()]
                Replacer(name, ast.Constant(None)).visit(function)
                found = True
    return found


class Replacer(ast.NodeTransformer):
    """Puts an expression in the place of a variable."""

    def __init__(self, name, value):
        self._name, self._value = name, value

    def visit_Name(self, node):
        """Put it there."""
        return self._value if node.id == self._name else node


class Unchecker(ast.NodeTransformer):
    """Leaves out calls of functions that only refuse values, and of those that do nothing."""

    def __init__(self, checks, idle, mute):
        self._checks, self._idle, self._mute = checks, idle, mute

    def visit_Call(self, node):
        """Put a value in the place of its check."""
        self.generic_visit(node)
        if _name_of(node) in self._mute:
            node.args = [ast.Constant('') if _is_text(value) else value for value in node.args]
        return node.args[0] if _name_of(node) in self._checks and node.args else node

    def visit_Expr(self, node):
        """Leave out a check whose value nobody uses."""
        name = _name_of(node.value) if isinstance(node.value, ast.Call) else None
        if name in self._checks:
            return ast.Pass()
        self.generic_visit(node)
        if name not in self._idle:
            return node
        return [ast.Expr(value) for value in node.value.args if isinstance(value, ast.Call)] or ast.Pass()

    def visit_If(self, node):
        """Leave out what raises ValueError, and names what was given."""
        only = node.body[0] if len(node.body) == 1 and not node.orelse else None
        is_check = isinstance(only, ast.Raise) and only.exc and ast.unparse(only.exc).startswith(_REFUSAL)
        return ast.Pass() if is_check else self.generic_visit(node)


def _is_text(node):
    """Tell whether an expression is a text that is written out, also one that values are put into by `%`."""
    is_format = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)
    return isinstance(getattr(node.left if is_format else node, 'value', None), str)


def _idle_functions(trees):
    """Return the names of our functions that do nothing, wherever they are defined."""
    idle, busy = set(), set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                does_nothing = all(isinstance(statement, ast.Pass) for statement in node.body)
                (idle if does_nothing and _is_ours(node.name) else busy).add(node.name)
    return idle - busy


class Tidier(ast.NodeTransformer):
    """Leaves out what does nothing: `pass` beside other statements, and what cannot be reached."""

    def generic_visit(self, node):
        """Leave it out of the bodies of a statement."""
        super().generic_visit(node)
        for part in ('body', 'orelse', 'finalbody'):
            body = getattr(node, part, None)
            if isinstance(body, list) and body:
                ends = (ast.Return, ast.Raise, ast.Continue, ast.Break)
                end = next((i for i, statement in enumerate(body) if isinstance(statement, ends)), len(body))
                kept = [statement for statement in body[: end + 1] if not isinstance(statement, ast.Pass)]
                setattr(node, part, kept or ([ast.Pass()] if part == 'body' else []))
        return node


def _class_statements(node):
    """Give the statements of a class body, also those in branches."""
    for statement in node.body + getattr(node, 'orelse', []):
        if isinstance(statement, ast.If):
            yield from _class_statements(statement)
        else:
            yield statement


class Names(ast.NodeVisitor):
    """The names in modules: `variables` and `attributes` may be renamed if they look like ours, those `outside` not."""

    def __init__(self):
        self.variables, self.attributes, self.outside = set(), set(), set()
        self.strings, self.constants = set(), set()

    def visit_Name(self, node):
        """Take a variable."""
        self.variables.add(node.id)

    def visit_Attribute(self, node):
        """Take an attribute."""
        self.attributes.add(node.attr)
        self.generic_visit(node)

    def visit_keyword(self, node):
        """Take the name of an argument in a call."""
        if node.arg:
            self.variables.add(node.arg)
        self.generic_visit(node)

    def visit_Global(self, node):
        """Take the names of a global statement."""
        self.variables.update(node.names)

    def visit_ClassDef(self, node):
        """Take the name of a class; what is defined in it is an attribute too."""
        self.variables.add(node.name)
        for statement in _class_statements(node):
            if isinstance(statement, ast.FunctionDef):
                statement.is_method = True
                self.attributes.add(statement.name)
                continue
            for inner in ast.walk(statement):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    self.attributes.add(inner.id)
        self.generic_visit(node)

    def visit_FunctionDef(self, node):
        """Take the names of a function and its parameters; those of a documented function are known outside."""
        if not hasattr(node, 'is_method'):
            self.variables.add(node.name)
        documented = node.name[0].isupper() or node.name == '__init__'
        every = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
        (self.outside if documented else self.variables).update(argument.arg for argument in every)
        self.generic_visit(node)

    def visit_Import(self, node):
        """Take the names of imported modules."""
        for alias in node.names:
            self.outside.update(alias.name.split('.'))
            if alias.asname:
                self.variables.add(alias.asname)

    def visit_ImportFrom(self, node):
        """Take the names of modules, and what is imported from them: variables here, attributes there."""
        self.outside.update((node.module or '').split('.'))
        for alias in node.names:
            self.variables.update(filter(None, (alias.name, alias.asname)))

    def visit_Constant(self, node):
        """Take a string that is a name: getattr() and the like may look for it."""
        if isinstance(node.value, str) and node.value.isidentifier():
            self.strings.add(node.value)

    def visit_Assign(self, node):
        """Take the names of const(): they cost nothing, as long as they begin with an underscore."""
        if _is_const(node):
            self.constants.add(node.targets[0].id)
        self.generic_visit(node)


class Renamer(ast.NodeTransformer):
    """Replaces names of variables and of attributes by tables."""

    def __init__(self, variables, attributes):
        self._variables, self._attributes = variables, attributes

    def _new(self, name):
        return self._variables.get(name, name)

    def visit_Name(self, node):
        """Rename a variable."""
        node.id = self._new(node.id)
        return node

    def visit_Attribute(self, node):
        """Rename an attribute."""
        node.attr = self._attributes.get(node.attr, node.attr)
        return self.generic_visit(node)

    def visit_arg(self, node):
        """Rename a parameter."""
        node.arg = self._new(node.arg)
        return node

    def visit_keyword(self, node):
        """Rename an argument in a call."""
        node.arg = node.arg and self._new(node.arg)
        return self.generic_visit(node)

    def visit_Global(self, node):
        """Rename the names of a global statement."""
        node.names = [self._new(name) for name in node.names]
        return node

    visit_Nonlocal = visit_Global

    def visit_ClassDef(self, node):
        """Rename a class."""
        node.name = self._new(node.name)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node):
        """Rename a function."""
        table = self._attributes if hasattr(node, 'is_method') else self._variables
        node.name = table.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_ExceptHandler(self, node):
        """Rename the variable of an exception."""
        node.name = node.name and self._new(node.name)
        return self.generic_visit(node)

    def visit_alias(self, node):
        """Rename what is imported."""
        node.name = self._new(node.name)
        node.asname = node.asname and self._new(node.asname)
        return node


def _without_docstrings(tree):
    """Take the docstrings out of a tree: their words are no names. Return it."""
    for node in ast.walk(tree):
        if (
            isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _leave_out(tree, without):
    """Take functions out of a module, and methods out of its classes."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef)):
            prefix = f'{node.name}.' if isinstance(node, ast.ClassDef) else ''
            node.body = [
                statement
                for statement in node.body
                if not (isinstance(statement, ast.FunctionDef) and prefix + statement.name in without)
            ] or [ast.Pass()]


def _leave_out_keys(tree, keys):
    """Take items out of the dicts that are written out in a module or its classes, and lines that begin with a key and
    a space out of the bytes.
    """
    starts = tuple(f'{key} '.encode() for key in keys)
    for owner in ast.walk(tree):
        if not isinstance(owner, (ast.Module, ast.ClassDef)):
            continue
        for statement in owner.body:
            table = getattr(statement, 'value', None)
            if isinstance(statement, ast.Assign) and isinstance(getattr(table, 'value', None), bytes):
                lines = table.value.splitlines(True)
                table.value = b''.join(line for line in lines if not line.startswith(starts))
            if isinstance(statement, ast.Assign) and isinstance(table, ast.Dict):
                kept = [
                    (key, value)
                    for key, value in zip(table.keys, table.values)
                    if getattr(key, 'value', None) not in keys
                ]
                table.keys, table.values = map(list, zip(*kept)) if kept else ([], [])


def _leave_out_unused(trees, inner):
    """Take private functions and methods out that nothing in the set names, but themselves, and such classes
    of `inner`; return whether there were any. A module is asked for the class of its name (LoadModule()).
    """
    used = collections.Counter(name for tree in trees.values() for name in _named(tree))
    used.update(path.split('/')[-1].removesuffix('.py') for path in trees)

    def is_unused(node):
        is_function = isinstance(node, ast.FunctionDef) and _is_ours(node.name)
        if not is_function and not (isinstance(node, ast.ClassDef) and node in inner):
            return False
        return used[node.name] == sum(name == node.name for name in _named(node))

    found = False
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef)) and any(map(is_unused, node.body)):
                node.body = [statement for statement in node.body if not is_unused(statement)] or [ast.Pass()]
                found = True
    return found


def _leave_out_imports(trees):
    """Take private names out of imports whose module neither uses them nor hands them on; return whether there were
    any.
    """
    imports = [
        (path, node) for path, tree in trees.items() for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    ]
    handed_on = {(merging.source(path, node), alias.name) for path, node in imports for alias in node.names}
    found = False
    for path, node in imports:
        used = {inner.id for inner in ast.walk(trees[path]) if isinstance(inner, ast.Name)}
        used.update(name for place, name in handed_on if place == path.removesuffix('.py'))
        kept = [alias for alias in node.names if not _is_ours(alias.name) or (alias.asname or alias.name) in used]
        if len(kept) < len(node.names):
            found = True
            node.names = kept
    for tree in trees.values():
        tree.body = [item for item in tree.body if not (isinstance(item, ast.ImportFrom) and not item.names)]
    return found


def _named(tree):
    """Give the names that a tree uses, each as often as it does; what it defines is not used by that."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.alias):
            yield from {node.name, node.asname}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _leave_out_unread(trees):
    """Take statements out that set private attributes that nothing reads; return whether there were any."""
    read = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute):
                read.add(node.target.attr)
            elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Store):
                read.add(node.attr)
            elif isinstance(node, ast.Name):
                read.add(node.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                read.add(node.value)
    unread = Unread(read)
    for tree in trees:
        unread.visit(tree)
    return unread.found


class Unread(ast.NodeTransformer):
    """Leaves out what sets private attributes that are not in `read`, to what costs nothing to know."""

    def __init__(self, read):
        self._read = read
        self.found = False

    def visit_Assign(self, node):
        """Leave out those of the targets."""
        is_empty = ast.unparse(node.value) in ('[]', '{}')
        if not (is_empty or isinstance(node.value, (ast.Constant, ast.Name))):
            return node
        kept = [target for target in node.targets if not self._is_unread(target)]
        if len(kept) < len(node.targets):
            self.found = True
            node.targets = kept
        return node if kept else ast.Pass()

    def _is_unread(self, target):
        return isinstance(target, ast.Attribute) and _is_ours(target.attr) and target.attr not in self._read


def _plain_properties(trees, checks):
    """Return the properties that only hand an attribute on: a dict of the attribute's name to the property's.

    A property counts when it is that, over the same attribute, wherever its name is defined; what its setter checks
    is given up. `checks`: the functions that only refuse values.
    """
    held, spoiled = {}, set()
    for tree in trees:
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef):
                continue
            for statement in _class_statements(node):
                name = getattr(statement, 'name', None)
                attribute = _handed_on(statement, checks)
                if attribute is None:
                    stores = [
                        n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
                    ]
                    spoiled.update([name] if name else stores)
                elif held.setdefault(name, attribute) != attribute:
                    spoiled.add(name)
    taken = list(held.values())
    return {
        attribute: name
        for name, attribute in held.items()
        if name not in spoiled and attribute not in spoiled and taken.count(attribute) == 1
    }


def _handed_on(node, checks):
    """Return the attribute that a getter returns, or that a setter sets to what it is given; None for anything
    else.
    """
    if not isinstance(node, ast.FunctionDef) or len(node.decorator_list) != 1:
        return None
    last = node.body[-1]
    parameters = [argument.arg for argument in node.args.args]
    if ast.unparse(node.decorator_list[0]) == 'property':
        found = last.value if len(node.body) == 1 and isinstance(last, ast.Return) else None
    else:
        only = all(_is_check(statement, checks) for statement in node.body[:-1])
        sets = isinstance(last, ast.Assign) and len(parameters) == 2 and _is_value(last.value, parameters[1], checks)
        found = last.targets[0] if only and sets else None
    if isinstance(found, ast.Attribute) and ast.unparse(found.value) == 'self' and found.attr.startswith('_'):
        return found.attr
    return None


def _is_check(node, checks):
    """Tell whether a statement of a setter only refuses a value: it raises, or calls a function of `checks`."""
    if isinstance(node, ast.If):
        return not node.orelse and all(isinstance(inner, ast.Raise) or _is_check(inner, checks) for inner in node.body)
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Name)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _name_of(node.value) in checks


def _is_value(node, parameter, checks):
    """Tell whether an expression is the parameter, as it is or checked by a function that returns it."""
    if isinstance(node, ast.Call) and _name_of(node) in checks and node.args:
        node = node.args[0]
    return ast.unparse(node) == parameter


def _name_of(call):
    """Return the name of the function or method that is called, None for what has none."""
    return getattr(call.func, 'attr', getattr(call.func, 'id', None))


def _make_plain(tree, plain, checks):
    """Take properties out, and gives their names to the attributes."""
    names = set(plain.values())
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            node.body = [
                statement
                for statement in node.body
                if _handed_on(statement, checks) is None or statement.name not in names
            ]
            node.body = node.body or [ast.Pass()]
        if isinstance(node, ast.Attribute):
            node.attr = plain.get(node.attr, node.attr)


def _make_constants(tree, trees):
    """Make const() of module constants: private names that hold an int, are set once, and that no other module
    imports.
    """
    stores = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)]
    imported = {
        alias.name
        for other in trees.values()
        for node in ast.walk(other)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    attributes = {node.attr for other in trees.values() for node in ast.walk(other) if isinstance(node, ast.Attribute)}
    for node in tree.body:
        if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)):
            continue
        name = node.targets[0].id
        private = name.startswith('_') and name not in imported and name not in attributes
        if (
            private
            and stores.count(name) == 1
            and isinstance(node.value, ast.Constant)
            and type(node.value.value) is int
        ):
            node.value = ast.Call(ast.Name('const', ast.Load()), [node.value], [])


def _is_const(node):
    """Tell whether an assignment is NAME = const(...)."""
    return (
        isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == 'const'
        and isinstance(node.targets[0], ast.Name)
    )
