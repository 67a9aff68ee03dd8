"""Makes one module of several: each module costs a board its names, its code's frame, and an import of each name.

The modules of a set are given as syntax trees, by path as 'MicroWebSrv2/libs/urlUtils.py'. What a merged module defines
is from then on in the module that it went to: imports by others of the set are led there. Names that two of them give
to different things are made different.
"""

import ast


def merge(trees, target, members):
    """Merge modules into one of them, in the order that their imports want; they go out of the set.

    trees: dict of module path to ast.Module; is changed. target: path. members: paths, target not among them.
    Raise ValueError for what cannot be merged.
    """
    paths = _ordered(trees, [*members, target])
    taken = {}  # name of the merged module -> what it stands for: (module path, name) or the text of an import
    names = {path: _Names(trees, path, set(paths), taken) for path in paths}
    body = []
    for path in paths:
        names[path].name_own()
    for path in paths:
        names[path].name_imported(names)
    for path in paths:
        body += [statement for statement in names[path].visit(trees.pop(path)).body if not _is_nothing(statement)]
    trees[target] = ast.Module(_without_repeats(body), [])
    for path, tree in trees.items():
        _Leader(path, target, names).visit(tree)


def source(path, node):
    """Return the path, without .py, of what a `from` statement in the module `path` imports from."""
    parts = node.module.split('.') if node.module else []
    if node.level:
        parts = path.split('/')[: -node.level] + parts
    return '/'.join(parts)


def _ordered(trees, paths):
    """Return paths, each after those of them that it imports from when it is imported itself."""
    ordered = []

    def add(path, above):
        if path in above:
            raise ValueError(f'{" -> ".join([*above, path])} import each other')
        if path not in ordered:
            for node in _statements(trees[path]):
                if isinstance(node, ast.ImportFrom) and source(path, node) + '.py' in paths:
                    add(source(path, node) + '.py', [*above, path])
            ordered.append(path)

    for path in paths:
        add(path, [])
    return ordered


def _statements(tree):
    """Give the statements that run when a module is imported, also those in branches; not what is in classes."""
    for statement in tree.body:
        yield statement
        for part in ('body', 'orelse', 'finalbody', 'handlers'):
            if not isinstance(statement, (ast.FunctionDef, ast.ClassDef)) and hasattr(statement, part):
                yield from _statements(ast.Module(getattr(statement, part), []))


def _is_nothing(statement):
    return isinstance(statement, ast.Pass)


def _without_repeats(body):
    """Leave out imports that were there before."""
    seen, kept = set(), []
    for statement in body:
        text = ast.unparse(statement) if isinstance(statement, (ast.Import, ast.ImportFrom)) else None
        if text is None or text not in seen:
            kept.append(statement)
        seen.add(text)
    return kept


class _Names(ast.NodeTransformer):
    """What the global names of one module become: `new`, a dict, to be filled by name_own(), then name_imported()."""

    def __init__(self, trees, path, paths, taken):
        self.new = {}
        self._tree, self._path, self._paths, self._taken = trees[path], path, paths, taken
        self._statements = list(_statements(self._tree))
        # What is known by its name elsewhere, too.
        self._fixed = {node.arg for node in ast.walk(self._tree) if isinstance(node, ast.arg)}
        for owner in ast.walk(self._tree):
            if isinstance(owner, ast.ClassDef):
                stores = (
                    node for statement in owner.body for node in ast.walk(statement) if isinstance(node, ast.Name)
                )
                self._fixed.update(node.id for node in stores if isinstance(node.ctx, ast.Store))

    def name_own(self):
        """Decide on what the module defines itself."""
        for node in self._statements:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                self._define(node.name, (self._path, node.name))
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    self._define(alias.asname or alias.name, f'import {alias.name}')
            elif not isinstance(node, ast.ImportFrom):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                        self._define(inner.id, (self._path, inner.id))

    def name_imported(self, names):
        """Decide on what it imports. names: dict of module path to _Names, of all that are merged."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.ImportFrom):
                self._import(node, names)

    def _import(self, node, names):
        place = source(self._path, node)
        for alias in node.names:
            local = alias.asname or alias.name
            if place + '.py' in self._paths:
                self._set(local, names[place + '.py'].new[alias.name])
            else:
                self._define(local, f'from {place} import {alias.name}')

    def _define(self, name, thing):
        new = name
        while self._taken.setdefault(new, thing) != thing:
            new = f'{new}_{self._path.split("/")[-1][:-3]}' if name.startswith('_') else f'_{new}'
        self._set(name, new)

    def _set(self, name, new):
        if name != new and name in self._fixed:
            raise ValueError(
                f'{self._path}: {name} is both a global name, which becomes {new}, and one of a parameter or attribute'
            )
        self.new[name] = new

    def visit_Name(self, node):
        """Rename."""
        node.id = self.new.get(node.id, node.id)
        return node

    def visit_Global(self, node):
        """Rename."""
        node.names = [self.new.get(name, name) for name in node.names]
        return node

    def visit_FunctionDef(self, node):
        """Rename a function of the module."""
        if node in self._statements:
            node.name = self.new[node.name]
        return self.generic_visit(node)

    def visit_ClassDef(self, node):
        """Rename a class. What is in it keeps its name."""
        node.name = self.new.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_Import(self, node):
        """Give the import its new name."""
        locals_ = [alias.asname or alias.name for alias in node.names]
        return ast.Import([_alias(alias.name, self.new.get(name, name)) for alias, name in zip(node.names, locals_)])

    def visit_ImportFrom(self, node):
        """Leave out what has come along; name the rest wholly, as it may stand in another folder now."""
        place = source(self._path, node)
        if place + '.py' in self._paths:
            return ast.Pass()
        rest = [_alias(alias.name, self.new[alias.asname or alias.name]) for alias in node.names]
        return ast.ImportFrom(place.replace('/', '.'), rest, 0)


def _alias(name, local):
    return ast.alias(name, None if local == name else local)


class _Leader(ast.NodeTransformer):
    """Leads the imports of a module outside to where the names are now."""

    def __init__(self, path, target, names):
        self._path, self._target, self._names = path, target, names

    def visit_ImportFrom(self, node):
        """Lead there what is imported from a merged module."""
        old = self._names.get(source(self._path, node) + '.py')
        if old is None or self._path == self._target:
            return node
        aliases = [_alias(old.new[alias.name], alias.asname or alias.name) for alias in node.names]
        return ast.ImportFrom(self._target[:-3].replace('/', '.'), aliases, 0)
