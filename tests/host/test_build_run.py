"""Shows `make run` as a person uses it: the address is printed and served, Ctrl-C ends it with status 0."""

import os
import pty
import select
import signal
import socket
import subprocess
import time
import urllib.request

import pytest

from tools import common, run
from tools.common import ROOT, Failure

DEADLINE = 60  # seconds, for a loaded machine


def free_port():
    """Returns a TCP port of this computer that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Terminal:
    """A program on a terminal of its own, as its session's leader."""

    def __init__(self, command):
        self.pid, self.console = pty.fork()
        if not self.pid:
            os.chdir(ROOT)
            os.execvpe(command[0], command, common.clean_environment())
        self.text = ''

    def wait_for(self, text):
        """Reads the console until a text has come; returns whether it did before the program ended."""
        end = time.monotonic() + DEADLINE
        while text not in self.text and time.monotonic() < end:
            if select.select([self.console], [], [], 1)[0]:
                try:
                    self.text += os.read(self.console, 4096).decode()
                except OSError:  # Linux says so when the other side has closed
                    break
        return text in self.text

    def type(self, keys):
        """Types keys."""
        os.write(self.console, keys)

    def status(self):
        """Waits for the program's end; returns its exit status."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def get(port, path='/'):
    """Returns the status and the Server header of a page."""
    with urllib.request.urlopen(f'http://127.0.0.1:{port}{path}', timeout=DEADLINE) as answer:
        return answer.status, answer.headers['Server']


def test_run_on_a_terminal(tmp_path):
    port = free_port()
    terminal = Terminal(['make', 'run', f'PORT={port}', f'FLASH={tmp_path / "flash"}'])
    try:
        assert terminal.wait_for(f'http://127.0.0.1:{port}'), terminal.text
        status, server = get(port)
        assert status == 200 and 'MicroPython' in server
        assert (tmp_path / 'flash').is_dir()
    finally:
        terminal.type(b'\x03')
    assert terminal.status() == 0, terminal.text


def test_run_without_a_terminal(tmp_path):
    """As a service runs it: SIGTERM ends it and leaves no firmware behind."""
    port = free_port()
    process = subprocess.Popen(
        ['make', 'run', f'PORT={port}', f'FLASH={tmp_path}'],
        cwd=ROOT,
        env=common.clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        assert any(f'http://127.0.0.1:{port}' in line for line in process.stdout)
        os.killpg(process.pid, signal.SIGTERM)
        process.stdout.read()  # ends when the last process that holds the console has ended
    with pytest.raises(OSError):
        get(port)


def test_reset_starts_the_firmware_anew(tmp_path):
    (tmp_path / 'main.py').write_text(
        "import board, os\nif 'been' not in os.listdir():\n    open('been', 'w').close()\n    board.reset()\n"
    )
    port = free_port()
    terminal = Terminal(['make', 'run', f'PORT={port}', f'FLASH={tmp_path}'])
    try:
        assert terminal.wait_for(f'http://127.0.0.1:{port}'), terminal.text
        assert terminal.text.count('MicroWebSrv2 ') == 2
    finally:
        terminal.type(b'\x03')
    assert terminal.status() == 0, terminal.text


@pytest.mark.parametrize('port', ['0', '65536', 'http', '-1', '80.0'])
def test_wrong_port_is_refused(port):
    with pytest.raises(Failure, match=f'PORT={port} is no TCP port: give a number from 1 to 65535'):
        run.port_number(port)
