"""The boards: `names()`, `load(name)`, and the Context that a board's target.py works with (docs/architecture.md, A board)."""

import importlib.util
import os

from tools import common, sources
from tools.common import BUILD, ROOT, Failure

# Debian packages that every board's build needs.
PACKAGES = ('gcc', 'libc6-dev', 'make', 'xz-utils', 'bzip2', 'dpkg-dev', 'debian-archive-keyring')


def names():
    """Returns the names of all boards, UNIX first, then in alphabetical order."""
    found = (path.parent.name for path in ROOT.glob('boards/*/target.py'))
    return sorted(found, key=lambda name: (name != 'UNIX', name))


def load(name):
    """Returns the module boards/NAME/target.py. Raises Failure for a board that is not there."""
    if name not in names():
        raise Failure(f'there is no board {name}: BOARD is one of {", ".join(names())}')
    spec = importlib.util.spec_from_file_location(f'boards.{name}.target', ROOT / 'boards' / name / 'target.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def can(target, what):
    """Returns the function `what` of a board's target module. Raises Failure when this board has none."""
    function = getattr(target, what, None)
    if function is None:
        raise Failure(f'the board {target.NAME} has no `{what}`, see boards/{target.NAME}/README.md')
    return function


class Context:
    """What a board's target.py gets to work with: places, sources, compilers, and running programs."""

    def __init__(self, name, variables=None):
        """`name` is the board's; `variables` the make variables given, as a dict of strings."""
        self.name = name
        self.root = ROOT
        self.variables = dict(variables or {})
        self.board = ROOT / 'boards' / name
        self.build = BUILD / name
        self.log = self.build / 'build.log'

    def say(self, text):
        """Prints one line of progress, with the board's name before it."""
        common.say(f'{self.name}: {text}')

    def run(self, command, cwd=None, env=None, what='the build', show=False):
        """Runs a program with its output in build/NAME/build.log; returns the output.

        Raises Failure with the first error line. `env` is added to an environment that is cleaned of make's state.
        """
        environment = {'SOURCE_DATE_EPOCH': str(sources.EPOCH), **(env or {})}
        return common.run(command, what, self.log, cwd=cwd, env=environment, show=show)

    def sources(self):
        """Returns tools.sources.Sources, fetched on the first call. Raises Failure."""
        return sources.get(self.variables)

    def mpy_cross(self):
        """Returns the Path of mpy-cross, built on the first call. Raises Failure."""
        return sources.mpy_cross(self.variables)

    def make_flags(self):
        """Returns the arguments for a MicroPython port's make that make its build repeatable and offline."""
        tree = self.sources()
        tag = 'v' + '.'.join(str(part) for part in tree.version)
        flags = [
            f'-j{os.cpu_count() or 1}',
            f'MICROPY_GIT_TAG={tag}',
            f'MICROPY_GIT_HASH={"upstream" if tree.upstream else "debian"}',
            f'MPY_LIB_DIR={tree.library}',
            f'MICROPY_MPYCROSS={self.mpy_cross()}',
            'MICROPY_MPYCROSS_DEPENDENCY=',
        ]
        return flags
