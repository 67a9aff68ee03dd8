"""Uploads larger than the board's RAM: 5 MB with 96 KB, at a heap that stays what it was."""

import json
import socket

import pytest
from hil_board import Board
from test_hil_emulated import SocketConsole

from tools import boards, emulator

VARIABLES = {'RAM_KB': '96'}
SIZE = 5 * 1024 * 1024
MOST = 4096  # bytes of heap above idle
BLOCK = bytes(range(256)) * 256
APPLICATION = """
import gc
from MicroWebSrv2 import *
from MicroWebSrv2.libs.httpHead import forget_heads

@WebRoute(GET, '/heap')
def heap(microWebSrv2, request):
    forget_heads()
    gc.collect()
    request.Response.ReturnOkJSON(gc.mem_alloc())

@WebRoute(PUT, '/count', streamContent=True)
def count(microWebSrv2, request):
    found = [0, 0]
    def take(request, view):
        found[0] += len(view)
        found[1] ^= view[0] ^ view[-1]
    request.ReceiveContent(take, lambda request: request.Response.ReturnOkJSON(found), maxLength=8000000)

@WebRoute(PUT, '/save', streamContent=True)
def save(microWebSrv2, request):
    request.SaveContent('up.bin', maxLength=8000000)
"""


def heap(board):
    """Return the bytes of the heap that are in use."""
    return json.loads(board.get('/heap')[2])


def upload(board, path, size):
    """PUT so many bytes; return (status, content, the most heap that was in use meanwhile)."""
    seen = []

    def content():
        for start in range(0, size, len(BLOCK)):
            yield BLOCK[: size - start]
            if start % (size // 4) < len(BLOCK):
                seen.append(heap(board))

    status, _, answer = board.get(path, 'PUT', {'Content-Length': str(size)}, content())
    return status, answer, max(seen[1:])


@pytest.mark.capable('power')
def test_uploads_larger_than_the_ram(tmp_path):
    context = boards.Context('QEMU', VARIABLES)
    folder = context.port_folder()
    boards.load('QEMU').compile_port(context, folder)
    port = emulator.free_port()
    with emulator.Emulator(folder / 'firmware.elf', tmp_path / 'flash.img', [(port, emulator.HTTP_PORT)]) as emulated:
        board = Board(SocketConsole(emulated.console), set(), ('127.0.0.1', port))
        board.wait_open()
        with board.repl():
            board.run(f'with open("main.py", "w") as f:\n    f.write({APPLICATION!r})\n')
        emulated.monitor.reset()
        board.wait_open()
        idle = max(heap(board) for _ in range(3))
        status, content, most = upload(board, '/count', SIZE)
        assert (status, json.loads(content)[0]) == (200, SIZE)
        assert 0 < most <= idle + MOST, (idle, most)
        status, _, most = upload(board, '/save', 1024 * 1024)
        assert status == 201
        assert 0 < most <= idle + MOST, (idle, most)
        assert heap(board) <= idle + 512
        with socket.create_connection(board.address, 10) as connection:
            head = b'PUT /save HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n' % SIZE
            connection.sendall(head)
            assert connection.recv(4096).startswith(b'HTTP/1.1 507 ')
