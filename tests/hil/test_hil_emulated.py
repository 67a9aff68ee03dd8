"""What only an emulator can show again and again: power cuts at any moment, a pulled cable, a moved network."""

import pytest
from hil_board import Board
from hil_network import Network
from pexpect.socket_pexpect import SocketSpawn

from tools import emulator

CUTS = 100

# Writes configuration and a file without end; before that, it checks what the last power cut has left. One mark for
# each step.
WRITER = """
import os, sys
from binascii import crc32
from firmware import config, config_save
def payload(n):
    body = (b'%08d' % n) * (1 + n % 700)
    return b'%08x' % crc32(body) + body
settings, faults = config.load('config.json')
n = settings['app'] or 0
left = 0
try:
    with open('data', 'rb') as f:
        data = f.read()
    left = int(data[8:16])
    whole = data == payload(left)
except OSError:
    whole = n == 0
print('LEFT', n, left, whole and not faults and left in (n, n + 1), faults)
while True:
    n += 1
    with open('data.new', 'wb') as f:
        f.write(payload(n))
    sys.stdout.write('+')
    os.rename('data.new', 'data')
    sys.stdout.write('+')
    config_save.update({'app': n})
    sys.stdout.write('+')
"""


class SocketConsole(SocketSpawn):
    """An emulator's console with the calls of pytest-embedded's dut."""

    def write(self, data):
        """Send text and a line feed."""
        self.send(data + '\n')

    def expect(self, pattern, timeout=10):
        """Wait for a regular expression; return its match."""
        super().expect(pattern, timeout=timeout)
        return self.match


@pytest.mark.capable('power')
def test_power_cuts(image, flash):
    with emulator.Emulator(image, flash) as board:
        console = Board(SocketConsole(board.console), set(), ('127.0.0.1', 0))
        console.wait_open()
        console.interrupt()
        console.run(f"with open('main.py', 'w') as f:\n f.write({WRITER!r})")
    left = 0
    for cut in range(CUTS):
        with emulator.Emulator(image, flash) as board:
            console = SocketConsole(board.console)
            found = console.expect(rb'LEFT (\d+) \d+ (\w+) .*\r\n', timeout=20)
            number, whole = (group.decode() for group in found.groups())
            assert whole == 'True', f'after cut {cut}: {found.group()}'
            assert int(number) >= left
            left = int(number)
            console.expect_exact('+' * (1 + cut % 17), timeout=20)
    assert left > CUTS


@pytest.mark.capable('link')
def test_cable(board):
    def plug(up):
        board.dut.qemu.qmp_execute_cmd('set_link', {'name': 'lan', 'up': up})

    plug(False)
    board.dut.expect_exact('no network yet')
    with pytest.raises(OSError):
        board.get('/')
    plug(True)
    board.wait_open()
    assert board.get('/')[0] == 200


@pytest.mark.capable('link')
def test_network_moves(image, flash):
    with Network('10.77.0.5') as network, emulator.Emulator(image, flash, nic=network.nic) as emulated:
        board = Board(SocketConsole(emulated.console), set())
        assert board.wait_open() == '10.77.0.5'
        emulated.monitor.set_link(False)
        board.dut.expect_exact('no network yet', timeout=10)
        network.address = '10.77.0.99'
        emulated.monitor.set_link(True)
        assert board.wait_open() == '10.77.0.99'
