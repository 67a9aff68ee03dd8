"""Puts functions that are called in one place only, and do one thing, into that place: each costs a board its frame.

The modules of a set are given as syntax trees. A function counts when it is one `return`, one assignment or one
expression, and is named nowhere but where it is called, with arguments that are names, attributes and constants:
reading these again, or later, is the same.
"""

import ast
import copy


def inline(trees, is_ours):
    """Put functions where they are called; return whether there were any.

    trees: list of ast.Module; are changed. is_ours: tells whether nobody outside of the set can know a name.
    """
    uses, functions = {}, {}
    for tree in trees:
        for node in ast.walk(tree):
            name = getattr(node, 'id', getattr(node, 'attr', getattr(node, 'name', None)))
            if isinstance(name, str) and not isinstance(node, ast.FunctionDef):
                uses.setdefault(name, []).append(node)
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                uses.setdefault(node.value, []).append(node)
            for inner in getattr(node, 'body', ()) if isinstance(node, (ast.Module, ast.ClassDef)) else ():
                if isinstance(inner, ast.FunctionDef):
                    functions.setdefault(inner.name, []).append((node, inner))
    found = False
    for name, places in functions.items():
        owner, function = places[0]
        if len(places) == 1 and len(uses.get(name, ())) == 1 and is_ours(name) and _is_simple(function):
            if any(_Place(function, isinstance(owner, ast.ClassDef), uses[name][0]).put(tree) for tree in trees):
                owner.body.remove(function)
                owner.body = owner.body or [ast.Pass()]
                found = True
                break  # what was put elsewhere may be called elsewhere now: look again
    return found


def _is_simple(function):
    arguments = function.args
    more = (arguments.posonlyargs, arguments.kwonlyargs, arguments.vararg, arguments.kwarg, arguments.defaults)
    if any(more) or function.decorator_list or len(function.body) != 1:
        return False
    only = function.body[0]
    if isinstance(only, ast.Assign):
        return len(only.targets) == 1 and isinstance(only.targets[0], ast.Attribute)
    return isinstance(only, ast.Expr) or isinstance(only, ast.Return) and only.value is not None


def _is_plain(node):
    """Tell whether an expression only reads names and attributes."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, (ast.Name, ast.Constant))


class _Place(ast.NodeTransformer):
    """The place where a function is called. use: the node that names it."""

    def __init__(self, function, is_method, use):
        self._only = function.body[0]
        self._parameters = [argument.arg for argument in function.args.args]
        self._is_method, self._use = is_method, use
        self._scopes = []
        self._done = False

    def put(self, tree):
        """Put the function there. Return bool, False where this is not the tree, or not the place for it."""
        self.visit(tree)
        return self._done

    def visit_FunctionDef(self, node):
        """Note in whose function the place is."""
        self._scopes.append(node)
        self.generic_visit(node)
        self._scopes.pop()
        return node

    def visit_Lambda(self, node):
        """Leave functions within functions alone: what they read may change before they are called."""
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_Lambda

    def visit_Expr(self, node):
        """Put a statement there."""
        if isinstance(node.value, ast.Call) and node.value.func is self._use and not isinstance(self._only, ast.Return):
            return self._placed(node.value) or node
        return self.generic_visit(node)

    def visit_Call(self, node):
        """Put an expression there."""
        if node.func is self._use and isinstance(self._only, ast.Return):
            placed = self._placed(node)
            return placed.value if placed else node
        return self.generic_visit(node)

    def _placed(self, call):
        given = ([call.func.value] if self._is_method and isinstance(call.func, ast.Attribute) else []) + call.args
        if call.keywords or len(given) != len(self._parameters) or not all(map(_is_plain, given)):
            return None
        free = {node.id for node in ast.walk(self._only) if isinstance(node, ast.Name)} - set(self._parameters)
        for scope in self._scopes:
            stored = {node.id for node in ast.walk(scope) if isinstance(node, ast.Name) and _is_stored(node)}
            if free & (stored | {node.arg for node in ast.walk(scope) if isinstance(node, ast.arg)}):
                return None
        if any(isinstance(node, (ast.Lambda, ast.comprehension)) for node in ast.walk(self._only)):
            return None
        self._done = True
        return _Arguments(dict(zip(self._parameters, given))).visit(copy.deepcopy(self._only))


def _is_stored(name):
    return not isinstance(name.ctx, ast.Load)


class _Arguments(ast.NodeTransformer):
    """Puts arguments in the place of parameters."""

    def __init__(self, arguments):
        self._arguments = arguments

    def visit_Name(self, node):
        """Put one there."""
        return copy.deepcopy(self._arguments.get(node.id, node))
