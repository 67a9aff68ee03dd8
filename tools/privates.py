"""Counts how often a module of the server or the harness reaches for another module's private attributes.

`python -m tools.privates` lists them; `make lint` fails where they are more than the limits here.

An access counts when the object is neither `self` nor `cls`, the name has one leading underscore, and the module that
it stands in does not make an attribute of that name itself, or other modules make one too.
"""

import ast
import collections
import sys
from dataclasses import dataclass

from tools.common import ROOT

# How many there may be, and how many of these write: what was reached. Only ever lowered.
MOST = 0
MOST_WRITES = 0

# Modules that are no objects of ours: `asyncio.core._x`, imported under these names.
_MODULES = ('asyncio', '_core')


@dataclass(frozen=True)
class Access:
    """An access to a private attribute from outside: where, of what, and whether it writes."""

    place: str
    text: str
    writes: bool


def sources():
    """Return the sources of the server and the harness: a dict of path from the project's root to text."""
    paths = [*ROOT.glob('modules/**/*.py'), *ROOT.glob('firmware/**/*.py')]
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted(paths)}


def accesses(texts):
    """Return the Accesses from outside in sources, a dict of path to text."""
    trees = {path: ast.parse(text, path) for path, text in texts.items()}
    owners = _owners(trees)
    found = []
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and _is_private(node.attr) and not _is_own(node.value):
                if owners[node.attr] != {path}:
                    writes = isinstance(node.ctx, (ast.Store, ast.Del))
                    found.append(Access(f'{path}:{node.lineno}', ast.unparse(node), writes))
    return found


def faults(found):
    """Return a line for each limit that Accesses cross."""
    writes = [access for access in found if access.writes]
    rows = (('accesses', found, MOST), ('writes', writes, MOST_WRITES))
    return [
        f'{len(those)} {what} to private attributes of other modules, {most} at most: offer a name without underscore'
        for what, those, most in rows
        if len(those) > most
    ]


def _owners(trees):
    """Return the modules that make an attribute, by its name: they set it on `self`, or define a method of the name."""
    owners = collections.defaultdict(set)
    for path, tree in trees.items():
        for owner in ast.walk(tree):
            if not isinstance(owner, ast.ClassDef):
                continue
            for node in ast.walk(owner):
                if isinstance(node, ast.FunctionDef) and _is_private(node.name):
                    owners[node.name].add(path)
                elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_own(node.value):
                    owners[node.attr].add(path)
    return owners


def _is_private(name):
    return name.startswith('_') and not name.startswith('__')


def _is_own(node):
    return isinstance(node, ast.Name) and node.id in ('self', 'cls', *_MODULES)


def main():
    """Print each access, those that write marked by `=`."""
    found = accesses(sources())
    for access in found:
        print(f'{access.place}: {access.text}{" =" if access.writes else ""}')
    print(f'{len(found)} accesses, {sum(access.writes for access in found)} of them write')


if __name__ == '__main__':
    sys.exit(main())
