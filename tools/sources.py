"""The sources of MicroPython, lwIP and mbedTLS: Debian's source packages, or an upstream checkout (MICROPY_DIR=).

Debian's packages are fetched by apt without root and without a change to the system's configuration. apt checks the
signature of the release and the hashes of the files, dpkg-source checks the hashes again, and the archive of
MicroPython must be the one that this project was made with.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools import common
from tools.common import BUILD, Failure, Unavailable, need_tool

SUITE = 'trixie'
MICROPYTHON = '1.25.0'
MICROPYTHON_SHA256 = '7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea'
OLDEST_UPSTREAM = (1, 25, 0)

# Date of MicroPython 1.25.0's Debian package: the SOURCE_DATE_EPOCH of all builds, so that they repeat.
EPOCH = 1746368053

FOLDER = BUILD / 'sources'
LOG = FOLDER / 'sources.log'
KEYRINGS = ('/usr/share/keyrings/debian-archive-keyring.gpg', '/usr/share/keyrings/debian-archive-keyring.pgp')

CHECKOUT = 'MICROPY_DIR=<an upstream checkout of MicroPython 1.25 or newer>'
OTHER_WAYS = f'give DEBIAN_MIRROR=<address of a Debian mirror>, or {CHECKOUT}'


@dataclass(frozen=True)
class Sources:
    """Where the sources lie."""

    micropython: Path
    """The tree of MicroPython. Ports may write into Debian's, never into an upstream checkout."""
    lwip: Path
    """lwIP's tree, the folder that holds `src`; inside `micropython`."""
    library: Path
    """micropython-lib, or a folder with only a README.md where it is absent: goes into MPY_LIB_DIR."""
    upstream: bool
    """True for an upstream checkout by MICROPY_DIR, False for Debian's package."""
    version: tuple
    """MicroPython's version: (1, 25, 0)."""
    identity: str
    """Names the sources exactly: part of the build id."""

    def need(self, *submodules):
        """Check that submodules (`'lib/mbedtls'`) are filled. Raise Failure with the command that fills them."""
        empty = [name for name in submodules if not any((self.micropython / name).glob('*'))]
        if not empty:
            return
        if self.upstream:
            how = f'git -C {self.micropython} submodule update --init {" ".join(empty)}'
            raise Unavailable(f'{", ".join(empty)} of the checkout MICROPY_DIR is empty: {how}')
        raise Unavailable(
            f"Debian's source package of MicroPython has no {', '.join(empty)}: "
            'give MICROPY_DIR=<an upstream checkout of MicroPython with its submodules>'
        )


def get(variables):
    """Return the Sources: the checkout MICROPY_DIR if that is given, else Debian's, fetched on the first call.

    Raise Failure with one line that says what is missing and what would be right.
    """
    if 'MICROPY_DIR' in variables:
        return _upstream(Path(variables['MICROPY_DIR']).expanduser().resolve())
    tree = FOLDER / f'micropython-{MICROPYTHON}'
    with common.disk_errors('fetching the sources'), common.lock(FOLDER / '.lock'):
        if not tree.is_dir():
            _fetch(tree, variables.get('DEBIAN_MIRROR'))
    return Sources(
        micropython=tree,
        lwip=tree / 'lib' / 'lwip',
        library=tree / 'lib' / 'no-library',
        upstream=False,
        version=_version(tree),
        identity=(tree / 'DEBIAN-SOURCES').read_text(),
    )


def mpy_cross(variables):
    """Return the Path of mpy-cross for these sources, built on the first call. Raise Failure."""
    tree = get(variables)
    key = hashlib.sha256(str(tree.micropython).encode()).hexdigest()[:8] if tree.upstream else MICROPYTHON
    folder = BUILD / 'mpy-cross' / key
    program = folder / 'mpy-cross'
    with common.disk_errors('building mpy-cross'), common.lock(folder.with_suffix('.lock')):
        if tree.upstream or not program.is_file():
            need_tool('make', 'make')
            need_tool('gcc', 'gcc')
            folder.mkdir(parents=True, exist_ok=True)
            tag = 'v' + '.'.join(str(part) for part in tree.version)
            common.run(
                [
                    'make',
                    '-C',
                    tree.micropython / 'mpy-cross',
                    '-j2',
                    f'BUILD={folder}',
                    f'MICROPY_GIT_TAG={tag}',
                    'MICROPY_GIT_HASH=',
                ],
                'building mpy-cross',
                folder / 'build.log',
                env={'SOURCE_DATE_EPOCH': str(EPOCH)},
            )
    return program


def _upstream(tree):
    if not (tree / 'py' / 'mpconfig.h').is_file():
        raise Failure(f'MICROPY_DIR={tree} is no checkout of MicroPython: it has no py/mpconfig.h')
    version = _version(tree)
    if version < OLDEST_UPSTREAM:
        found, oldest = ('.'.join(map(str, numbers)) for numbers in (version, OLDEST_UPSTREAM))
        raise Failure(f'MICROPY_DIR={tree} is MicroPython {found}: {oldest} or newer is needed')
    library = tree / 'lib' / 'micropython-lib'
    if not (library / 'README.md').is_file():
        library = _no_library(BUILD / 'sources' / 'no-library')
    commit = _git(tree, 'rev-parse', 'HEAD') or 'unknown'
    changes = hashlib.sha256(_git(tree, 'diff', 'HEAD').encode()).hexdigest()
    return Sources(tree, tree / 'lib' / 'lwip', library, True, version, f'upstream {commit} changes {changes}\n')


def _git(tree, *arguments):
    """Return what git prints of the tree, '' where it is no git checkout or git is missing."""
    try:
        result = subprocess.run(['git', '-C', str(tree), *arguments], capture_output=True, text=True, errors='replace')
    except FileNotFoundError:
        return ''
    return result.stdout.strip() if result.returncode == 0 else ''


def _version(tree):
    text = (tree / 'py' / 'mpconfig.h').read_text()
    parts = (re.search(rf'#define MICROPY_VERSION_{part}\s+(\d+)', text) for part in ('MAJOR', 'MINOR', 'MICRO'))
    return tuple(int(found.group(1)) for found in parts)


def _no_library(folder):
    """Make the stand-in for micropython-lib: the ports' Makefiles only look for its README.md."""
    with common.disk_errors('the stand-in for micropython-lib'):
        common.write_if_changed(folder / 'README.md', 'micropython-lib is not part of this source tree.\n')
    return folder


def _fetch(tree, mirror):
    for program, package in (('apt-get', 'apt'), ('dpkg-source', 'dpkg-dev'), ('xz', 'xz-utils'), ('bzip2', 'bzip2')):
        if shutil.which(program) is None and program == 'apt-get':
            raise Failure(f"this machine has no apt-get to fetch Debian's source packages with: give {CHECKOUT}")
        need_tool(program, package)
    keyring = next((path for path in KEYRINGS if Path(path).is_file()), None)
    if keyring is None:
        raise Failure(
            f"the keys of Debian's archive are missing ({KEYRINGS[0]}): apt-get install debian-archive-keyring"
        )
    mirror = (mirror or _system_mirror()).rstrip('/')
    common.say(f'fetching the sources of MicroPython {MICROPYTHON}, mbedTLS and lwIP from {mirror}')
    with tempfile.TemporaryDirectory(prefix='.fetch.', dir=tree.parent) as name:
        folder = Path(name)
        _download(folder, mirror, keyring)
        _check_archive(folder)
        _unpack(folder).rename(tree)


def _system_mirror():
    """Return the address of the Debian archive that the system's own apt uses. Raise Failure where there is none."""
    targets = subprocess.run(
        ['apt-get', 'indextargets', '--format', '$(LABEL)|$(REPO_URI)'],
        capture_output=True,
        text=True,
        errors='replace',
    ).stdout
    for line in targets.splitlines():
        label, _, address = line.partition('|')
        if label == 'Debian':
            return address
    # Nothing has been updated yet: read what apt would read.
    files = [Path('/etc/apt/sources.list'), *sorted(Path('/etc/apt/sources.list.d').glob('*'))]
    for file in files:
        if file.suffix not in ('.list', '.sources') or not file.is_file():
            continue
        text = file.read_text(errors='replace')
        found = re.search(r'^(?:URIs:|deb(?:-src)?\s+(?:\[[^]]*\])?)\s*(\S+/debian/?)(?:\s|$)', text, re.MULTILINE)
        if found:
            return found.group(1)
    raise Failure(f"this machine's apt knows no Debian mirror to fetch the sources from: {OTHER_WAYS}")


def _download(folder, mirror, keyring):
    for name in ('lists/partial', 'cache/archives/partial'):
        (folder / name).mkdir(parents=True)
    (folder / 'sources.list').write_text(f'deb-src [signed-by={keyring}] {mirror} {SUITE} main\n')
    options = {
        'Dir::Etc::sourcelist': folder / 'sources.list',
        'Dir::Etc::sourceparts': '-',
        'Dir::State::lists': folder / 'lists',
        'Dir::Cache': folder / 'cache',
        'APT::Sandbox::User': '',
        'APT::Update::Error-Mode': 'any',
        'Acquire::Languages': 'none',
        'Acquire::Retries': '2',
        'Acquire::IndexTargets::deb-src::Contents-dsc::DefaultEnabled': 'false',
    }
    apt = ['apt-get', '-q']
    for name, value in options.items():
        apt += ['-o', f'{name}={value}']
    what = f'fetching the sources from {mirror}'
    common.run([*apt, 'update'], what, LOG)
    common.run([*apt, 'source', '--download-only', 'micropython', 'mbedtls', 'lwip'], what, LOG, cwd=folder)


def _check_archive(folder):
    archive = next(folder.glob('micropython_*.orig.tar.xz'), None)
    if archive is None or hashlib.sha256(archive.read_bytes()).hexdigest() != MICROPYTHON_SHA256:
        raise Failure(
            f'{archive.name if archive else "the archive"} from the mirror is not the MicroPython {MICROPYTHON} that '
            f'this project was made with (SHA-256 {MICROPYTHON_SHA256[:16]}…): {OTHER_WAYS}'
        )


def _unpack(folder):
    """Unpack the three packages into one tree and return it."""
    tree = folder / 'tree'
    identity = []
    for package, place in (
        ('micropython', tree),
        ('mbedtls', tree / 'lib' / 'mbedtls'),
        ('lwip', tree / 'lib' / 'lwip'),
    ):
        description = next(folder.glob(f'{package}_*.dsc'))
        identity.append(f'{description.name} {hashlib.sha256(description.read_bytes()).hexdigest()}\n')
        common.run(
            ['dpkg-source', '--skip-patches', '-x', description, folder / package], f'unpacking {description.name}', LOG
        )
        shutil.rmtree(place, ignore_errors=True)
        (folder / package).rename(place)
    _no_library(tree / 'lib' / 'no-library')
    (tree / 'DEBIAN-SOURCES').write_text(''.join(identity))
    return tree
