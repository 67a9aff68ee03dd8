"""The rules of the house that a program can read: docs/architecture.md names what is there, privates stay private."""

import fnmatch
import re

import pytest

from tools import privates
from tools.common import ROOT

PAGE = (ROOT / 'docs' / 'architecture.md').read_text()

# Where a line of the page that names a file may have it.
FOLDERS = (
    '',
    'modules/MicroWebSrv2',
    'modules/MicroWebSrv2/libs',
    'firmware',
    'tests/hil',
    'tests/bench',
    'docs',
    'tools',
)
FILE = re.compile(r'[\w*][\w*./-]*\.(?:py|md|json|csv|mk)\b')
# What stands in a board's folder, in a build, or on a device.
ELSEWHERE = {'board.py', 'target.py', 'boards/NAME/target.py', 'manifest.py', 'config.json', 'pins.csv', 'README.md'}


def named():
    """Returns the files that the page names, as it writes them."""
    return set(FILE.findall(PAGE))


def modules():
    """Returns the paths of the modules of the server and the harness."""
    paths = [*ROOT.glob('modules/**/*.py'), *ROOT.glob('firmware/**/*.py')]
    return sorted(path.relative_to(ROOT).as_posix() for path in paths)


def test_every_module_is_named():
    names = named()
    missing = [path for path in modules() if not any(fnmatch.fnmatch(f'/{path}', f'*/{name}') for name in names)]
    assert not missing, f'docs/architecture.md does not name {", ".join(missing)}'


def test_every_named_file_exists():
    def exists(name):
        return any(next((ROOT / folder).glob(name), None) for folder in FOLDERS)

    missing = [name for name in named() - ELSEWHERE if not exists(name)]
    assert not missing, f'docs/architecture.md names {", ".join(missing)}, which are not there'


OWNER = """
class Owner:
    def __init__(self):
        self._value = self._own = 1
    def _method(self):
        return self._value
def beside(owner):
    return owner._own
"""


@pytest.mark.parametrize(
    'text, wanted',
    [
        ('owner._value', [('owner._value', False)]),
        ('owner._value = 1', [('owner._value', True)]),
        ('owner._value += 1', [('owner._value', True)]),
        ('del owner._value', [('owner._value', True)]),
        ('owner.other._method()', [('owner.other._method', False)]),
        ('owner.__class__, owner.Public, self._value', []),
    ],
)
def test_accesses_from_outside_are_counted(text, wanted):
    found = privates.accesses({'owner.py': OWNER, 'other.py': text})
    assert [(access.text, access.writes) for access in found] == wanted


def test_more_than_the_limits_are_refused(monkeypatch):
    found = privates.accesses({'owner.py': OWNER, 'other.py': 'owner._value = owner._own'})
    monkeypatch.setattr(privates, 'MOST', 2)
    monkeypatch.setattr(privates, 'MOST_WRITES', 1)
    assert privates.faults(found) == []
    monkeypatch.setattr(privates, 'MOST', 1)
    monkeypatch.setattr(privates, 'MOST_WRITES', 0)
    accesses, writes = privates.faults(found)
    assert accesses.startswith('2 accesses to private attributes of other modules, 1 at most')
    assert writes.startswith('1 writes')
