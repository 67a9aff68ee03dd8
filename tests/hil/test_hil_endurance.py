"""What wears a server out: many requests, floods of connections, abuse.

Afterwards it serves, with the memory that it had.
"""

import contextlib
import re
import socket

import pytest

REQUESTS = 10000
MAY_DIFFER = 1024  # bytes
FLOOD = 60
SLOW_READERS = 4
LARGE_FILE = """
import os
try:
    os.mkdir('www')
except OSError:
    pass
with open('www/large.txt', 'wb') as f:
    for i in range(256):
        f.write(bytes(1024))
"""
# The last heads are kept on purpose, wherever they were read; the next ones take their place.
HEAP = """
import gc, micropython
from MicroWebSrv2.libs.httpHead import forget_heads
forget_heads()
gc.collect()
print('FREE', gc.mem_free())
micropython.mem_info()
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
    """Return (bytes free, bytes in the largest free block) after a collection, the server stopped."""
    with board.repl():
        board.interrupt_again()
        text = board.run(HEAP)
    free = int(re.search(r'FREE (\d+)', text).group(1))
    largest = int(re.search(r'max free sz: (\d+)', text).group(1)) * 16
    return free, largest


def many_requests(board, count):
    """Make requests of several kinds over kept connections."""
    paths = ['/style.css', '/no-such-page', '/api/hello/you', '/favicon.svg', '/']
    with contextlib.closing(board.connection()) as connection:
        for number in range(count):
            connection.request('GET', paths[number % len(paths)], headers={'Accept-Encoding': 'gzip'})
            connection.getresponse().read()


def test_memory(board):
    many_requests(board, 1000)
    free, largest = heap(board)
    many_requests(board, REQUESTS)
    free_after, largest_after = heap(board)
    assert abs(free - free_after) <= MAY_DIFFER
    assert abs(largest - largest_after) <= MAY_DIFFER


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


def test_slow_readers(board):
    """Clients that ask for much and read nothing keep no other one waiting, when all memory for sending is theirs."""
    with board.repl():
        board.run(LARGE_FILE)
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(contextlib.closing(board.connection()))
        for _ in range(SLOW_READERS):
            slow = stack.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            slow.connect(board.address)
            # More than an emulator and this computer keep for a slow reader.
            slow.sendall(b'GET /large.txt HTTP/1.1\r\nHost: x\r\n\r\n' * 32)
        for _ in range(1000):
            client.request('GET', '/favicon.svg')
            response = client.getresponse()
            assert (response.status, len(response.read())) == (200, int(response.headers['Content-Length']))
    with board.repl():
        board.run("import os\nos.remove('www/large.txt')")


@pytest.mark.parametrize('number', range(len(ABUSE)))
def test_abuse(board, number):
    with socket.create_connection(board.address, timeout=15) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(ABUSE[number])
            if ABUSE[number].strip():
                client.recv(4096)
    assert board.get('/')[0] == 200
