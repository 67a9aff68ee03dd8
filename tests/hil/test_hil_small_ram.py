"""The smallest RAM in which demo, WebSocket and .pyhtml all work on the emulated board.

The pages are the image's own, which the build has compiled: compiling one on the board takes 18 KB more.
"""

import pytest
from hil_board import Board
from test_hil_emulated import SocketConsole
from websockets.sync.client import connect

from tools import boards, emulator

VARIABLES = {'RAM_KB': '68'}


@pytest.mark.capable('power')
def test_smallest_ram(tmp_path):
    context = boards.Context('QEMU', VARIABLES)
    folder = context.port_folder()
    boards.load('QEMU').compile_port(context, folder)
    port = emulator.free_port()
    with emulator.Emulator(folder / 'firmware.elf', tmp_path / 'flash.img', [(port, emulator.HTTP_PORT)]) as emulated:
        board = Board(SocketConsole(emulated.console), set(), ('127.0.0.1', port))
        board.wait_open()
        for _ in range(3):
            for path in ('/', '/style.css', '/test.pyhtml', '/api/hello/you'):
                assert (path, board.get(path)[0]) == (path, 200)
            with connect(f'ws://127.0.0.1:{port}/wstest', subprotocols=['echo'], proxy=None) as echo:
                for size in (100, 3000):
                    echo.send('x' * size)
                    assert echo.recv(timeout=10) == 'x' * size
