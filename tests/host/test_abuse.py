"""Hostile clients cost only their own connection.

After each attack, done twice, the server answers a normal request within 1 second, and holds no more sockets, slots or
memory than behind the first.
"""

import contextlib
import random
import time

import pytest
from support.client import request_bytes

pytestmark = pytest.mark.app('wire', preset='SetEmbeddedConfig', set={'RequestsTimeoutSec': 1, 'ConnQueueCapacity': 64})
HELLO = request_bytes('GET', '/hello')
CHUNKED = request_bytes('POST', '/echo', {'Transfer-Encoding': 'chunked'})
# What may differ by chance: blocks on CPython; bytes on MicroPython, which takes old values on the stack for used ones.
SLACK = {'cpython': 100, 'unix': 2048}
ATTACKS = []


def attack(function):
    """Registers an attack: a function (server)."""
    ATTACKS.append(function)
    return function


def normal_answer(server):
    """Asserts that a normal request is answered within 1 second; returns what the server holds."""
    with server.connect() as connection:
        connection.set_timeout(1)
        return connection.request('GET', '/stats').json()


def slack(server, name):
    """Returns by how much a value may differ."""
    return SLACK[server.target.name] if name == 'memory' else 0


def settled(server, before=None):
    """Waits until the server holds no more than before, at most 8 seconds; returns what it holds."""
    deadline = time.monotonic() + 8
    while True:
        now = normal_answer(server)
        limits = before or {'sockets': 2, 'slots': 0, 'memory': now['memory']}  # 2: the listener and this connection
        if all(now[name] <= limits[name] + slack(server, name) for name in now) or time.monotonic() > deadline:
            return now
        time.sleep(0.1)


def vanish(server, data, reset):
    """Sends data and leaves, by RST or by FIN, without reading."""
    with server.connect() as connection:
        with contextlib.suppress(OSError):
            connection.send(data)
        if reset:
            connection.abort()


@attack
def resets_in_mid_answer(server):
    for path in ('/ok-large', '/big.txt', '/stream', '/stream-endless', '/hello') * 6:
        with server.connect(receive_buffer=4096) as connection:
            connection.send(request_bytes('GET', path))
            connection.receive()
            connection.abort()


@attack
def never_reads(server):
    with contextlib.ExitStack() as stack:
        for path in ('/stream-endless', '/ok-large', '/big.txt', '/stream') * 4:
            connection = stack.enter_context(server.connect(receive_buffer=4096))
            connection.send(request_bytes('GET', path) * 3)
        assert settled(server)['sockets'] == 2


@attack
def never_writes(server):
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(server.connect())
        assert settled(server)['sockets'] == 2


@attack
def one_byte_now_and_then(server):
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(20)]
        for i in range(7):
            for connection in connections:
                with contextlib.suppress(OSError):
                    connection.send(HELLO[i : i + 1])
            normal_answer(server)
            time.sleep(0.25)


@attack
def thousands_of_headers(server):
    for count in (1000, 5000):
        for line in (b'A: b\r\n', b'X-%d: b\r\n'):
            lines = b''.join(line % i if b'%' in line else line for i in range(count))
            vanish(server, b'GET /hello HTTP/1.1\r\nHost: a\r\n' + lines, True)
            vanish(server, b'GET /hello HTTP/1.1\r\nHost: a\r\n' + lines + b'\r\n', False)


@attack
def many_names_of_headers(server):
    for i in range(100):
        server.request('GET', '/hello', [(f'X-{i}-{j}', 'v') for j in range(30)])


@attack
def garbage(server):
    noise = random.Random(1)
    for size in (1, 10, 100, 1000, 10000, 100000):
        for reset in (True, False):
            vanish(server, noise.randbytes(size), reset)
            vanish(server, b'GET ' + noise.randbytes(size), reset)
            vanish(server, HELLO + noise.randbytes(size), reset)
            vanish(server, CHUNKED + noise.randbytes(size), reset)


@attack
def tls_on_the_plain_port(server):
    hello = bytes.fromhex('16030100c8010000c40303') + bytes(190)
    for reset in (True, False):
        vanish(server, hello, reset)
        vanish(server, hello * 50, reset)


@attack
def connect_floods(server):
    for reset in (True, False):
        for _ in range(30):
            with server.connect() as connection:
                if reset:
                    connection.abort()


@attack
def many_connections_at_once(server):
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(40)]
        for connection in connections[::2]:
            connection.send(b'GET ')
        for connection in connections[::3]:
            connection.abort()


@attack
def half_closed(server):
    endless, large = request_bytes('GET', '/stream-endless'), request_bytes('GET', '/ok-large')
    for data in (b'', b'GET', HELLO[:-2], HELLO, HELLO * 50, large, endless):
        with server.connect() as connection:
            connection.send(data)
            connection.half_close()
            if data is not endless:
                connection.read_until_close()
            else:
                connection.receive()


@attack
def bodies_that_never_come(server):
    with contextlib.ExitStack() as stack:
        for headers in ({'Content-Length': '16384'}, {'Transfer-Encoding': 'chunked'}) * 20:
            connection = stack.enter_context(server.connect())
            connection.send(request_bytes('POST', '/echo', headers))
        while normal_answer(server)['slots']:
            time.sleep(0.1)


@attack
def bodies_without_end(server):
    for _ in range(3):
        with server.connect() as connection:
            connection.send(CHUNKED)
            with contextlib.suppress(OSError):
                for _ in range(1000):
                    connection.send(b'400\r\n' + b'x' * 1024 + b'\r\n')


@attack
def one_byte_chunks(server):
    body = b'1\r\nx\r\n' * 3000
    for reset in (True, False):
        vanish(server, CHUNKED + body, reset)


@attack
def floods_of_pipelined_requests(server):
    post = request_bytes('POST', '/echo', body=b'x' * 100)
    for data in (HELLO * 500, request_bytes('GET', '/big.txt') * 100, post * 200):
        for reset in (True, False):
            vanish(server, data, reset)


@attack
def scans(server):
    deep = ('/' + '../' * 50, '/' + 'a/' * 500, '/' + '%2e%2e/' * 100)
    for path in ('/admin.php', '/wp-login.php', '/.git/config', '/cgi-bin/x', '/%00', *deep):
        for method in ('GET', 'POST', 'HEAD', 'PROPFIND', 'TRACE'):
            server.request(method, path, body=b'')


@attack
def deep_json(server):
    for body in (b'[' * 10000, b'{"a":' * 3000, b'"' + b'\\' * 10000, b'9' * 10000):
        server.request('POST', '/json', {'Content-Type': 'application/json'}, body)


@attack
def many_fields_in_forms_and_queries(server):
    headers = {'Content-Type': 'application/x-www-form-urlencoded'}
    server.request('POST', '/form', headers, b'&'.join(b'n%d=v' % i for i in range(1800)))
    server.get('/request?' + '&' * 2000)
    server.get('/request?' + 'a=%' * 600)


@pytest.mark.parametrize('attack', ATTACKS, ids=lambda function: function.__name__)
def test_abuse(server, attack):
    settled(server)
    attack(server)
    before = settled(server)
    assert (before['sockets'], before['slots']) == (2, 0)
    attack(server)
    after = settled(server, before)
    for name in after:
        assert after[name] <= before[name] + slack(server, name), (before, after)
