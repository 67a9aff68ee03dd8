"""The command `microwebsrv2` as a person types it: a folder is served, wrong arguments are told, a busy port too."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

MODULES = Path(__file__).parents[2] / 'modules'
ENVIRONMENT = dict(os.environ, PYTHONPATH=str(MODULES), PYTHONUNBUFFERED='1')


def command(*arguments):
    return [sys.executable, '-m', 'MicroWebSrv2', *map(str, arguments)]


def run(*arguments):
    return subprocess.run(command(*arguments), env=ENVIRONMENT, capture_output=True, text=True, timeout=20)


@pytest.fixture
def port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def serve(folder, port, *arguments):
    """Starts the command and waits until it says that it listens."""
    process = subprocess.Popen(
        command(folder, '--port', port, *arguments), env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    assert re.search(r'listening on http://127\.0\.0\.1:%d' % port, line), line
    return process


def stop(process):
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=20)[0]
    return process.returncode, output


def test_a_folder_is_served_until_ctrl_c(tmp_path, port):
    (tmp_path / 'hello.txt').write_bytes(b'hello\n')
    process = serve(tmp_path, port, '--preset', 'embedded')
    with urllib.request.urlopen('http://127.0.0.1:%d/hello.txt' % port, timeout=20) as response:
        assert response.read() == b'hello\n'
    status, output = stop(process)
    assert status == 0
    assert '/hello.txt' not in output


def test_log_debug_shows_requests(tmp_path, port):
    (tmp_path / 'hello.txt').write_bytes(b'hello\n')
    process = serve(tmp_path, port, '--log', 'debug')
    urllib.request.urlopen('http://127.0.0.1:%d/hello.txt' % port, timeout=20).read()
    assert 'GET /hello.txt' in process.stdout.readline()
    stop(process)


def test_a_busy_port_is_named(tmp_path):
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        sock.listen()
        port = sock.getsockname()[1]
        found = run(tmp_path, '--port', port)
    assert found.returncode == 2
    assert 'Cannot listen on 127.0.0.1:%d' % port in found.stderr
    assert 'Traceback' not in found.stderr


@pytest.mark.parametrize(
    ('arguments', 'told'),
    [
        (('no-such-folder',), 'is no folder'),
        (('--port', '70000'), 'from 1 to 65535'),
        (('--preset', 'huge'), 'embedded'),
        (('--log', 'loud'), 'warning'),
        (('--cert', 'a.pem'), '--key'),
    ],
)
def test_wrong_arguments_say_what_is_right(arguments, told):
    found = run(*arguments)
    assert found.returncode == 2
    assert told in found.stderr
    assert 'Traceback' not in found.stderr


def test_a_certificate_that_is_none_is_named(tmp_path):
    (tmp_path / 'a.pem').write_text('nothing')
    found = run(tmp_path, '--cert', tmp_path / 'a.pem', '--key', tmp_path / 'a.pem')
    assert found.returncode == 2
    assert 'a.pem' in found.stderr
