"""The types that an editor reads: the stubs say what the code does, and applications pass mypy --strict."""

import ast
import os
import re
import shutil
import subprocess
import sys

import pytest

from tools.common import ROOT

PACKAGE = ROOT / 'modules' / 'MicroWebSrv2'
STUBS = sorted(PACKAGE.rglob('*.pyi'))
TYPED = ROOT / 'tests' / 'host' / 'typed.py'

# What only the server makes: applications do not construct it.
MADE_BY_THE_SERVER = (
    r'.*\.(HttpRequest|HttpResponse|RouteResult|XAsyncSocket|XAsyncTCPClient|XAsyncTCPServer|XBufferSlot)\.__init__',
    r'.*\.(TestResponse|(Async)?TestWebSocket|Session|WebSocket)\.__init__',
)

# What a program names where it catches or tests it, and what is UDP's.
NOT_USED = {
    'XAsyncSocketsPoolException',
    'XAsyncSocketException',
    'XAsyncTCPServerException',
    'XAsyncTCPClientException',
    'XAsyncUDPDatagramException',
    'XAsyncSocket',
    'HttpResponse',
    'RouteResult',
    'XBufferSlot',
    'Session',
    'StartSSLContext',
    'UDPDatagram',
    'LocalAddr',
    'OnDataRecv',
    'OnFailsToSend',
    'AsyncSendDatagram',
}


def mypy(*arguments, path, cache):
    """Runs a module of mypy's; returns what it prints about faults."""
    environment = dict(os.environ, MYPYPATH=str(path), PYTHONPATH=str(ROOT / 'modules'), MYPY_CACHE_DIR=str(cache))
    done = subprocess.run(
        [sys.executable, '-m', *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope='module')
def cache(tmp_path_factory):
    """A folder for what mypy keeps."""
    return tmp_path_factory.mktemp('mypy')


def test_the_stubs_say_what_the_code_does(tmp_path, cache):
    for path in STUBS:
        target = tmp_path / path.relative_to(PACKAGE.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        (target.parent / '__init__.pyi').touch()
    allowed = tmp_path / 'allowed'
    allowed.write_text('\n'.join(MADE_BY_THE_SERVER))
    options = ('--ignore-missing-stub', '--ignore-unused-allowlist', '--concise', '--allowlist', allowed)
    status, text = mypy('mypy.stubtest', 'MicroWebSrv2', *options, path=tmp_path, cache=cache)
    assert status == 0, text


@pytest.mark.parametrize('what', ['examples', 'tests/host/typed.py'])
def test_applications_pass_strictly(cache, what):
    status, text = mypy('mypy', '--strict', '--explicit-package-bases', what, path=ROOT / 'modules', cache=cache)
    assert status == 0, text


@pytest.mark.parametrize(
    'line, fault',
    [
        ("request.Response.RetrunOk('x')", 'has no attribute "RetrunOk"'),
        ('request.Response.ReturnOk(5)', 'incompatible type "int"'),
        ("MicroWebSrv2.LoadModule('WebSockets').Braodcast([], 'x')", 'has no attribute "Braodcast"'),
        ("MicroWebSrv2.LoadModule('Sessions').MaxCount = 'x'", 'Incompatible types in assignment'),
    ],
)
def test_mistakes_are_found(tmp_path, cache, line, fault):
    file = tmp_path / 'wrong.py'
    head = 'from MicroWebSrv2 import *\ndef f(mws2: MicroWebSrv2, request: HttpRequest) -> None:\n    '
    file.write_text(head + line + '\n')
    status, text = mypy('mypy', '--strict', str(file), path=ROOT / 'modules', cache=cache)
    assert status == 1 and fault in text, text


def documented():
    """Returns (class or None, name) of all that docs/api.md describes."""
    found, owner = set(), None
    for line in (ROOT / 'docs' / 'api.md').read_text().splitlines():
        if match := re.match(r'### class (\w+)', line):
            owner = match.group(1)
            found.add((None, owner))
        elif match := re.match(r'### (\w+)\(', line):
            found.add((None, match.group(1)))
        elif owner and (match := re.match(r'#### (\w+)\(|\| `(\w+)` \|', line)):
            found.add((owner, match.group(1) or match.group(2)))
    return found


def stubbed():
    """Returns (class or None, name) of all that the stubs define, names of base classes too."""
    classes, found = {}, set()
    for path in STUBS:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.add((None, node.name))
            if isinstance(node, ast.ClassDef):
                names = {part.name for part in node.body if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))}
                names |= {part.target.id for part in node.body if isinstance(part, ast.AnnAssign)}
                classes[node.name] = names
    found |= {(owner, name) for owner, names in classes.items() for name in names}
    return found


def test_each_documented_name_has_a_type():
    missing = {(owner, name) for owner, name in documented() - stubbed() if 'UDPDatagram' not in (owner, name)}
    assert not missing, f'the stubs have no {sorted(missing, key=str)}'


def test_each_documented_name_is_used_by_the_file_that_mypy_reads():
    tree = ast.parse(TYPED.read_text())
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    missing = {name for _, name in documented()} - used - NOT_USED
    assert not missing, f'tests/host/typed.py does not use {", ".join(sorted(missing))}'
