"""Set-up: what a goal of the Makefile needs on this machine is installed, or one line says what to do.

Run as `python3 -m tools.setup GOAL [NAME=value…]` with the system's Python and nothing but its standard library:
Debian packages come by apt where this user may install them, Python packages go into .venv. A second run with the same
needs changes nothing.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys

from tools import boards, common
from tools.common import BUILD, ROOT, Failure

OLDEST_PYTHON = (3, 11)
VENV = ROOT / '.venv'
LOG = BUILD / 'setup.log'

# What the goals install besides requirements/build.txt: files requirements/NAME.txt (for pip) and NAME.apt (for apt).
EXTRAS = {
    'lint': ('lint',),
    'test': ('lint', 'flash', 'test'),
    'hil': ('flash', 'test'),
    'bench': ('bench',),
    'flash': ('flash',),
    'deploy': ('flash',),
    'provision': ('flash',),
    'mutants': ('test',),
    'soak': ('test', 'soak'),
    'requirements': ('requirements',),
}

# Goals that run a board's image on this machine, and those that build all boards that can be built here.
RUNNING = ('run', 'hil', 'bench', 'debug', 'profile', 'test', 'soak')
ALL_BOARDS = ('test',)

# Goals that take boards of any name, also those that have no folder here; nothing is built for one.
ANY_BOARD = ('deploy', 'provision')

# On a Linux without dpkg: the programs that tell whether a Debian package's counterpart is there.
PROGRAMS = {
    'bzip2': 'bzip2',
    'gcc': 'gcc',
    'gcc-arm-none-eabi': 'arm-none-eabi-gcc',
    'gdb-multiarch': 'gdb-multiarch',
    'make': 'make',
    'openssl': 'openssl',
    'qemu-system-arm': 'qemu-system-arm',
    'xz-utils': 'xz',
}


def debian_packages(goal, variables):
    """Return the sorted names of the Debian packages that a goal needs."""
    wanted = set(boards.PACKAGES)
    chosen = [variables.get('BOARD', 'UNIX')]
    if goal in ALL_BOARDS:
        chosen = boards.names()
    elif goal in ANY_BOARD:
        chosen = []
    for name in chosen:
        target = boards.load(name)
        wanted.update(getattr(target, 'PACKAGES', ()))
        if goal in RUNNING:
            wanted.update(getattr(target, 'RUN_PACKAGES', ()))
    for extra in EXTRAS.get(goal, ()):
        wanted.update(_lines(ROOT / 'requirements' / f'{extra}.apt'))
    if importlib.util.find_spec('ensurepip') is None:
        wanted.add('python3-venv')
    return sorted(wanted)


def missing_packages(packages):
    """Return the Debian packages that are not installed; on a Linux without dpkg, those whose program is missing."""
    if shutil.which('dpkg-query') is None:
        return [name for name in packages if name in PROGRAMS and shutil.which(PROGRAMS[name]) is None]
    result = subprocess.run(
        ['dpkg-query', '--show', '--showformat', '${Package} ${db:Status-Status}\\n', *packages],
        capture_output=True,
        text=True,
    )
    installed = {line.split()[0] for line in result.stdout.splitlines() if line.endswith(' installed')}
    return [name for name in packages if name not in installed]


def install_packages(packages):
    """Install Debian packages. Raise Failure with the command to type where this user may not, or apt cannot."""
    if shutil.which('apt-get') is None:
        raise Failure(
            f'please install what Debian calls {" ".join(packages)}: this machine has no apt-get to do it with'
        )
    command = f'apt-get update && apt-get install -y --no-install-recommends {" ".join(packages)}'
    become_root = _become_root()
    if become_root is None:
        raise Failure(f"packages are missing, and installing them needs root: sudo sh -c '{command}'")
    common.say(f'installing {" ".join(packages)}')
    settings = {'DEBIAN_FRONTEND': 'noninteractive'}
    common.run([*become_root, 'apt-get', 'update'], 'apt-get update', LOG, env=settings)
    common.run(
        [*become_root, 'apt-get', 'install', '-y', '--no-install-recommends', *packages],
        'apt-get install',
        LOG,
        env=settings,
    )


def _become_root():
    """Return the command words that make a command run as root, [] as root, None where that needs a password."""
    if os.geteuid() == 0:
        return []
    if shutil.which('sudo') and subprocess.run(['sudo', '-n', 'true'], capture_output=True).returncode == 0:
        return ['sudo', '-n']
    return None


def make_environment(goal, variables):
    """Make .venv and install what the goal needs into it, unless that is there. Raise Failure."""
    names = ['build', *EXTRAS.get(goal, ())] + (['container'] if 'CONTAINER' in variables else [])
    files = [ROOT / 'requirements' / f'{name}.txt' for name in names]
    files = [path for path in files if path.is_file()]
    python = VENV / 'bin' / 'python'
    with common.lock(BUILD / '.setup.lock'):
        if not _same_python(python):
            common.say('making the Python environment .venv')
            with common.disk_errors('making .venv'):
                shutil.rmtree(VENV, ignore_errors=True)
            common.run([sys.executable, '-m', 'venv', VENV], 'making .venv', LOG)
        wanted = [path for path in files if not _stamp(path).is_file()]
        if not wanted:
            return
        common.say(f'installing {", ".join(path.relative_to(ROOT).as_posix() for path in wanted)} into .venv')
        arguments = [word for path in wanted for word in ('-r', path)]
        command = [python, '-m', 'pip', 'install', '--disable-pip-version-check', '--require-hashes', *arguments]
        common.run(command, 'pip install', LOG)
        for path in wanted:
            _stamp(path).touch()


def _same_python(python):
    """Tell whether .venv is whole and was made by this very Python."""
    settings = VENV / 'pyvenv.cfg'
    if not (python.exists() and settings.is_file() and (VENV / 'bin' / 'pip').exists()):
        return False
    version = '.'.join(map(str, sys.version_info[:3]))
    return f'version = {version}' in settings.read_text()


def _stamp(path):
    """Return the Path of the file that says that a requirements file, as it is now, is installed in .venv."""
    return VENV / f'.{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}'


def _lines(path):
    """Return the words of a list of names, one a line, `#` for comments; nothing where there is no such file."""
    if not path.is_file():
        return []
    lines = (line.partition('#')[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


def main(variables, goal):
    """Install what `goal` needs."""
    if sys.version_info < OLDEST_PYTHON:
        raise Failure(
            f'Python {".".join(map(str, OLDEST_PYTHON))} or newer is needed; python3 is {sys.version.split()[0]}'
        )
    if not sys.platform.startswith('linux'):
        raise Failure(f'builds run on Linux, this is {sys.platform}')
    missing = missing_packages(debian_packages(goal, variables))
    if missing:
        install_packages(missing)
    make_environment(goal, variables)


if __name__ == '__main__':
    sys.exit(common.tool(lambda variables: main(variables, sys.argv[1]))(sys.argv[2:]))
