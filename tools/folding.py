"""Takes out of a set of modules what costs a device memory and means nothing there. Lines stay where they are.

- `__slots__`: MicroPython gives each object all attributes.
- Names of numbers. A module constant, as `_MAX_FIELDS = 100`, takes a place in its module's dict, another in that of
  each module that imports it, and a look-up at each use: the number itself takes none of them.

A name is left alone where somebody outside of the set may want it: one without an underscore at its start is folded
only in INNER folders, and stays in its own module unless all are said to go. It is left alone, too, where something
else has that name, and where it is read as an attribute.
"""

import ast

INNER = ('MicroWebSrv2/libs/', 'MicroWebSrv2/mods/')
_LARGEST = 1 << 29  # what is an object of no memory on 32 bits, with one bit to spare for what it is added to


def fold(sources, all_go=False):
    """Return the sources without these names: a dict of module path to text, as given.

    `sources`: the whole set, by module path as 'MicroWebSrv2/libs/urlUtils.py'. `all_go`: bool, whether nobody beside
    the set imports numbers from it. Raise SyntaxError for what is no Python.
    """
    trees = {path: ast.parse(text, path) for path, text in sources.items()}
    users = _Users(trees)
    edits = {path: [] for path in sources}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                edits[path] += [(item, 'pass') for item in node.body if _target(item) == '__slots__']
        for name, (statement, value) in _numbers(tree).items():
            if users.can_fold(path, name):
                if all_go or name.startswith('_'):
                    edits[path].append((statement, 'pass'))
                for user, local in [(path, name), *users.importers(path, name)]:
                    loads = (node for node in ast.walk(trees[user]) if isinstance(node, ast.Name) and node.id == local)
                    edits[user] += [(node, value) for node in loads if isinstance(node.ctx, ast.Load)]
                    users.folded.add((user, local))
    for path, statement, text in users.remaining_imports():
        edits[path].append((statement, text))
    return {path: _edited(text, edits[path]) for path, text in sources.items()}


def _target(statement):
    """Return the name that a statement assigns to, None for one that does anything else."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return getattr(statement.targets[0], 'id', None)
    return None


def _numbers(tree):
    """Return the module constants that are numbers: a dict of name to (statement, text of the number)."""
    found, values = {}, {}
    for statement in tree.body:
        name = _target(statement)
        if name and name == name.upper() and not name.startswith('__'):
            value = _value(statement.value, values)
            if value is not None and abs(value) < _LARGEST:
                values[name] = value
                found[name] = (statement, str(value) if value >= 0 else f'({value})')
    return found


def _value(node, values):
    """Return the int that an expression is on MicroPython, None for any other. values: dict of names known so far."""
    if isinstance(node, ast.IfExp) and ast.unparse(node.test) == "sys.implementation.name == 'micropython'":
        node = node.body
    names = [inner for inner in ast.walk(node) if not isinstance(inner, (ast.operator, ast.unaryop, ast.Load))]
    for inner in names:
        known = isinstance(inner, ast.Name) and inner.id in values
        number = isinstance(inner, ast.Constant) and type(inner.value) is int
        if not (known or number or isinstance(inner, (ast.BinOp, ast.UnaryOp))):
            return None
    value = eval(compile(ast.Expression(node), 'a constant', 'eval'), {'__builtins__': {}}, values)
    return value if type(value) is int else None


class _Users:
    """Who uses which names of the modules of a set. folded: set of (module path, name) that go."""

    def __init__(self, trees):
        self.folded = set()
        self._imports = []  # (module path, statement, alias, path of the module that is imported from)
        self._uses = {}  # module path: list of the names that are bound in it, anywhere
        self._attributes, self._starred = set(), set()
        for path, tree in trees.items():
            self._uses[path] = bound = []
            for node in ast.walk(tree):
                self._note(path, node, bound, trees)

    def _note(self, path, node, bound, trees):
        if isinstance(node, ast.Attribute):
            self._attributes.add(node.attr)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.append(node.id)
        elif isinstance(node, ast.arg):
            bound.append(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.append(node.name)
        elif isinstance(node, ast.Global):
            bound += node.names
        elif isinstance(node, ast.Import):
            bound += [alias.asname or alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            source = _source(path, node, trees)
            for alias in node.names:
                bound.append(alias.asname or alias.name)
                self._imports.append((path, node, alias, source))
                if alias.name == '*':
                    self._starred.add(source)

    def importers(self, path, name):
        """Return list of (module path, local name) of those that import a name."""
        return [
            (user, alias.asname or alias.name)
            for user, _, alias, source in self._imports
            if source == path and alias.name == name
        ]

    def can_fold(self, path, name):
        """Return bool: whether nobody needs a constant but by its value."""
        if path in self._starred or name in self._attributes or not (name.startswith('_') or path.startswith(INNER)):
            return False
        users = self.importers(path, name)
        return all(
            self._uses[user].count(local) == 1
            and user not in self._starred
            and not user.endswith('__init__.py')
            and (user == path or not self.importers(user, local))
            for user, local in [(path, name), *users]
        )

    def remaining_imports(self):
        """Give (module path, statement, text) for the imports that some name goes of."""
        statements = {id(node): (path, node) for path, node, alias, _ in self._imports}
        for path, node in statements.values():
            kept = [alias for alias in node.names if (path, alias.asname or alias.name) not in self.folded]
            if len(kept) < len(node.names):
                rest = ast.ImportFrom(node.module, kept, node.level)
                yield path, node, ast.unparse(rest) if kept else 'pass'


def _source(path, node, trees):
    """Return the path of the module of the set that a statement imports from, None for another."""
    parts = node.module.split('.') if node.module else []
    if node.level:
        parts = path.split('/')[: -node.level] + parts
    place = '/'.join(parts)
    return next((found for found in (f'{place}.py', f'{place}/__init__.py') if found in trees), None)


def _edited(text, edits):
    """Return a text with the places of nodes written anew, on as many lines. edits: list of (node, str)."""
    lines = [line.encode() for line in text.split('\n')]
    for node, new in sorted(edits, key=lambda edit: (edit[0].lineno, edit[0].col_offset), reverse=True):
        first, last = node.lineno - 1, node.end_lineno - 1
        rest = lines[last][node.end_col_offset :]
        lines[first : last + 1] = [
            lines[first][: node.col_offset] + new.encode() + (b'' if last > first else rest),
            *([b''] * (last - first - 1)),
            *([rest] if last > first else []),
        ]
    return '\n'.join(line.decode() for line in lines)
