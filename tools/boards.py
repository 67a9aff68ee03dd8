"""The boards: `names()`, `load(name)`, and the Context that target.py works with (docs/architecture.md, A board)."""

import hashlib
import importlib.util
import os
import re
import shutil

from tools import common, frozen, sources
from tools.common import BUILD, ROOT, Failure

# Variables that change what a build makes: each set of values has a build folder of its own, and a part in the build
# id.
SETTINGS = ('MICROPY_DIR', 'VARIANT', 'RAM_KB', 'STACK_KB')

# Debian packages that every board's build needs.
PACKAGES = ('gcc', 'libc6-dev', 'make', 'xz-utils', 'bzip2', 'dpkg-dev', 'debian-archive-keyring')

# A board's files that configure the port's build.
_CONFIGURES = re.compile(r'^(mpconfig.*|Makefile|sdkconfig.*|.*\.(mk|cmake|csv|ld))$')


def names():
    """Return the names of all boards, UNIX first, then in alphabetical order."""
    found = (path.parent.name for path in ROOT.glob('boards/*/target.py'))
    return sorted(found, key=lambda name: (name != 'UNIX', name))


def load(name):
    """Return the module boards/NAME/target.py. Raise Failure for a board that is not there."""
    if name not in names():
        raise Failure(f'there is no board {name}: BOARD is one of {", ".join(names())}')
    spec = importlib.util.spec_from_file_location(f'boards.{name}.target', ROOT / 'boards' / name / 'target.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def can(target, what):
    """Return the function `what` of a board's target module. Raise Failure when this board has none."""
    function = getattr(target, what, None)
    if function is None:
        raise Failure(f'the board {target.NAME} has no `{what}`, see boards/{target.NAME}/README.md')
    return function


def _digest(data):
    return hashlib.sha256(data).hexdigest()[:8]


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
        """Print one line of progress, with the board's name before it."""
        common.say(f'{self.name}: {text}')

    def run(self, command, cwd=None, env=None, what='the build', show=False):
        """Run a program with its output in build/NAME/build.log; return the output.

        Raise Failure with the first error line. `env` is added to an environment that is cleaned of make's state.
        """
        environment = {'SOURCE_DATE_EPOCH': str(sources.EPOCH), **(env or {})}
        return common.run(
            command, what, self.log, cwd=cwd, env=environment, show=show or self.variables.get('V') == '1'
        )

    def sources(self):
        """Return tools.sources.Sources, fetched on the first call. Raise Failure."""
        return sources.get(self.variables)

    def mpy_cross(self):
        """Return the Path of mpy-cross, built on the first call. Raise Failure."""
        return sources.mpy_cross(self.variables)

    def settings(self):
        """Return the variables given that change what the build makes, as a list of `NAME=value`."""
        return [f'{name}={self.variables[name]}' for name in SETTINGS if name in self.variables]

    def port_folder(self):
        """Return the Path for the port's BUILD: one per set of settings, as make misses changed variables."""
        settings = self.settings()
        return self.build / (f'port-{_digest(" ".join(settings).encode())}' if settings else 'port')

    def prepare(self):
        """Make the port's folder; empty it when the board's configuration changed, as make misses that too."""
        folder = self.port_folder()
        stamp = folder / '.configuration'
        configuration = self._configuration()
        if not stamp.is_file() or stamp.read_text() != configuration:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            common.write_if_changed(stamp, configuration)

    def _configuration(self):
        """Return a text that differs when files of the board do that make does not follow, or the sources."""
        found = [*self.board.rglob('*'), *(ROOT / 'boards' / 'lib').iterdir()]
        files = sorted(path for path in found if _CONFIGURES.search(path.name) and path.is_file())
        lines = [f'{path.relative_to(ROOT)} {_digest(path.read_bytes())}\n' for path in files]
        return ''.join(lines) + self.sources().identity

    def manifest(self):
        """Return the Path of the manifest to build with: the board's, MANIFEST=, and what the build adds."""
        return frozen.prepare(self, load(self.name))

    def output(self, made, name):
        """Put a file that a port's build made at build/NAME/`name`, whole or not at all; return that Path."""
        path = self.build / name
        with common.disk_errors(f'copying {made}'):
            temporary = self.build / f'.{name}.new'
            shutil.copy2(made, temporary)
            temporary.replace(path)
        return path

    def make_flags(self):
        """Return the arguments for a MicroPython port's make that make its build repeatable and offline."""
        tree = self.sources()
        tag = 'v' + '.'.join(str(part) for part in tree.version)
        return [
            f'-j{os.cpu_count() or 1}',
            f'MICROPY_GIT_TAG={tag}',
            f'MICROPY_GIT_HASH={"upstream" if tree.upstream else "debian"}',
            f'MPY_LIB_DIR={tree.library}',
            f'MICROPY_MPYCROSS={self.mpy_cross()}',
            'MICROPY_MPYCROSS_DEPENDENCY=',
        ]
