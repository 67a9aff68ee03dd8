"""The debugger as a person uses it: a breakpoint in the firmware, its sources, Ctrl-C, and nothing left behind."""

import re
import shutil
import socket
import sys
import urllib.request

import pexpect
import pytest

from tools import common, emulator

GDB = 'gdb-multiarch'
PROMPT = re.compile(r'\n(?:\x1b\S*)?\(gdb\) ')
DEADLINE = 60  # seconds, for a loaded machine

# As tools/examine.py does it, but on the image that is there.
DEBUG = """
import sys
from tools import boards
sys.exit(boards.load('QEMU').debug(boards.Context('QEMU', {'FLASH': sys.argv[1]})))
"""


class Debugger(pexpect.spawn):
    """gdb on a terminal."""

    def __init__(self, flash):
        """Start it on the emulated board; `flash`: the Path of the board's flash."""
        program = ['-c', DEBUG, str(flash)]
        environment = common.clean_environment(TERM='dumb')
        super().__init__(sys.executable, program, encoding='utf-8', timeout=DEADLINE, cwd=common.ROOT, env=environment)

    def answer(self):
        """Return what gdb prints until it asks for the next command."""
        self.expect(PROMPT)
        return self.before

    def do(self, command):
        """Give a command; return gdb's answer."""
        self.sendline(command)
        return self.answer()


@pytest.mark.capable('power')
@pytest.mark.skipif(shutil.which(GDB) is None, reason=f'{GDB} is not installed')
def test_debug(image, flash):
    with Debugger(flash) as gdb:
        port = int(re.search(r'http://127\.0\.0\.1:(\d+)', gdb.answer()).group(1))
        for setting in ('confirm', 'pagination'):
            gdb.do(f'set {setting} off')
        gdb.do('break lan_active')
        assert ', lan_active (n_args=' in gdb.do('continue')
        assert 'LAN.active([on])' in gdb.do('list')
        backtrace = gdb.do('backtrace')
        assert 'at micropython/py/vm.c:' in backtrace and 'at main.c:' in backtrace
        gdb.do('delete')
        gdb.do('tbreak lwip_socket_listen')
        gdb.do('continue')
        gdb.do('finish')

        gdb.sendline('continue')
        gdb.expect_exact('Continuing.')
        with urllib.request.urlopen(f'http://127.0.0.1:{port}/', timeout=DEADLINE) as page:
            assert page.status == 200
        gdb.sendintr()
        assert 'SIGINT' in gdb.answer()

        gdb.sendline('quit')
        gdb.expect(pexpect.EOF)
        gdb.close()
        assert (gdb.exitstatus, gdb.signalstatus) == (0, None)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(('127.0.0.1', port))
    emulator.make_flash(flash)  # which an emulator would have locked
