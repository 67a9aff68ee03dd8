"""What wears a server out: many requests, floods of connections, abuse.

Afterwards it serves, with the memory that it had.
"""

import contextlib
import socket
import time

import pytest

REQUESTS = 10000
SETTLE_SECONDS = 4
FLOOD = 60
APPLICATION = """
import gc, micropython
from MicroWebSrv2 import GET, WebRoute
from firmware.demo import *
@WebRoute(GET, '/heap')
def heap(server, request):
    gc.collect()
    print('FREE', gc.mem_free())
    micropython.mem_info()
    request.Response.ReturnOk()
"""
ABUSE = [
    b'\r\n' * 3000,
    b'\x00' * 2000,
    b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + b'\xaa' * 200,
    b'GET / HTTP/1.1\r\n\r\n',
    b'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
    b'GET /' + b'a' * 9000 + b' HTTP/1.1\r\nHost: x\r\n\r\n',
    b'GET / HTTP/1.1\r\nHost: x\r\nX: ' + b'b' * 9000 + b'\r\n\r\n',
    b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n',
    b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    b'POST /test-post HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    b'GET /../../config.json HTTP/1.1\r\nHost: x\r\n\r\n',
    b'GET /%2e%2e/%00config.json HTTP/1.1\r\nHost: x\r\n\r\n',
]


def heap(board):
    """Returns (bytes free, bytes in the largest free block) after a collection, the server running."""
    assert board.get('/heap')[0] == 200
    free = int(board.dut.expect(r'FREE (\d+)').group(1))
    largest = int(board.dut.expect(r'max free sz: (\d+)').group(1)) * 16
    return free, largest


def settled_heap(board):
    """Returns the best of what heap() says in some seconds.

    The server makes some texts anew each second, as that of the date: where they lie at the moment of one measurement,
    low or in the middle of the heap, says nothing.
    """
    end = time.monotonic() + SETTLE_SECONDS
    best = (0, 0)
    while time.monotonic() < end:
        best = tuple(map(max, best, heap(board)))
    return best


def many_requests(board, count):
    """Makes requests of several kinds over kept connections."""
    paths = ['/style.css', '/no-such-page', '/api/hello/you', '/favicon.svg', '/']
    with contextlib.closing(board.connection()) as connection:
        for number in range(count):
            connection.request('GET', paths[number % len(paths)], headers={'Accept-Encoding': 'gzip'})
            connection.getresponse().read()


def test_memory(board):
    with board.repl():
        board.run(f"with open('main.py', 'w') as f:\n f.write({APPLICATION!r})")
    board.reset()
    try:
        many_requests(board, 1000)
        free, largest = settled_heap(board)
        many_requests(board, REQUESTS)
        free_after, largest_after = settled_heap(board)
    finally:
        with board.repl():
            board.run("import os\nos.remove('main.py')")
        board.reset()
    assert abs(free - free_after) <= 1024
    assert largest - largest_after <= 1024


def test_connect_flood(board):
    crowd = []
    try:
        for _ in range(FLOOD):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(board.address)
            crowd.append(client)
    finally:
        for client in crowd:
            client.close()
    assert board.get('/')[0] == 200


@pytest.mark.parametrize('number', range(len(ABUSE)))
def test_abuse(board, number):
    with socket.create_connection(board.address, timeout=15) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(ABUSE[number])
            if ABUSE[number].strip():
                client.recv(4096)
    assert board.get('/')[0] == 200
