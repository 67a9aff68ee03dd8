"""Buffer slots bound memory, not connections: idle ones hold none, requests wait or get 503, nothing leaks."""

import contextlib
import ctypes
import os
import resource
import socket
import time

import pytest
from support import site
from support.client import TIMEOUT, request_bytes
from support.polite import HANDSHAKE

# Clients here hold slots, and read nothing, for as long as a test takes: no time-out may end that on a busy computer.
pytestmark = pytest.mark.app('wire', set={'BufferSlotsCount': 2, 'BufferSlotSize': 1024, 'RequestsTimeoutSec': 60})
HELLO = request_bytes('GET', '/hello')
PART = request_bytes('POST', '/echo', {'Content-Length': '4'}) + b'ab'


@contextlib.contextmanager
def connections(server, count, **options):
    """Opens connections; closes them at the end."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(server.connect(**options)) for _ in range(count)]


def until_slots_are_taken(server, count):
    """Waits until the server has noticed what clients do: hold so many slots, or none as they are gone."""
    deadline = time.monotonic() + TIMEOUT
    while server.get('/stats').json()['slots'] != count:
        assert time.monotonic() < deadline, f'not {count} slots are taken'


def test_idle_connections_hold_no_slot(server):
    with connections(server, 50) as idle:
        for connection in idle:
            assert connection.is_open()
        for connection in idle:
            assert connection.request('POST', '/echo', body=b'abc').body == b'abc'
        assert server.get('/stats').json()['slots'] == 0


def test_requests_wait_or_get_503_when_the_slots_are_out(server):
    with connections(server, 2) as parts, server.connect() as other:
        for connection in parts:
            connection.send(PART)
        until_slots_are_taken(server, 2)
        other.send(PART)
        found = other.response()
        assert (found.status, found.header('retry-after') is not None) == (503, True)
        assert server.get('/hello').status == 200
        for connection in parts:
            connection.send(b'cd')
            assert connection.response().body == b'abcd'
        assert server.request('POST', '/echo', body=b'abcd').body == b'abcd'


def hold_all_slots(server, clients):
    """Has the first two clients ask for more than the sockets' buffers hold, without reading it."""
    for connection in clients[:2]:
        connection.send(request_bytes('GET', '/on-sent-large'))
    until_slots_are_taken(server, 2)


def test_streams_wait_for_a_slot(server):
    with connections(server, 4, receive_buffer=4096) as clients:
        hold_all_slots(server, clients)
        for connection in clients[2:]:
            connection.send(request_bytes('GET', '/stream') + HELLO)
        assert server.get('/hello').status == 200
        assert clients[2].is_silent() and clients[3].is_silent()
        for connection in clients[:2]:
            connection.set_receive_buffer(1 << 20)
            assert len(connection.response().body) == 6000000
        for connection in clients[2:]:
            assert connection.response().body == b'0123456789' * 2000
            assert connection.response().body == b'hello'
    until_slots_are_taken(server, 0)


def test_a_stream_that_waits_for_a_slot_may_be_abandoned(server):
    with connections(server, 6, receive_buffer=4096) as clients:
        hold_all_slots(server, clients)
        for connection in clients[2:]:
            connection.send(request_bytes('GET', '/stream-endless'))
        assert server.get('/hello').status == 200
        for connection in reversed(clients):
            connection.abort()
    assert server.get('/big.txt').body == site.FILES['big.txt']
    until_slots_are_taken(server, 0)


@pytest.mark.parametrize(
    'data',
    [
        PART + b'cd',
        request_bytes('POST', '/echo', {'Transfer-Encoding': 'chunked'}) + b'2\r\nab\r\n0\r\n\r\n',
        request_bytes('GET', '/big.txt'),
        request_bytes('POST', '/not-there', body=b'abcd'),
    ],
    ids=['sized', 'chunked', 'file', 'no handler'],
)
def test_nothing_leaks_when_clients_vanish_at_any_byte(server, data):
    for end in range(len(data) + 1):
        with server.connect() as connection:
            connection.send(data[:end])
            if end % 2:
                connection.abort()
    until_slots_are_taken(server, 0)
    with connections(server, 2) as parts:
        for connection in parts:
            connection.send(PART)
        for connection in parts:
            connection.send(b'cd')
            assert connection.response().body == b'abcd'
    assert server.get('/stats').json()['slots'] == 0


@pytest.mark.app('wire', preset='SetEmbeddedConfig')
def test_the_embedded_preset_serves_all_kinds_of_requests(server):
    with server.connect() as connection:
        assert connection.request('POST', '/echo', body=b'x' * 16384).body == b'x' * 16384
        assert connection.request('GET', '/big.txt').body == site.FILES['big.txt']
        assert connection.request('GET', '/ok-large').status == 200
        assert connection.request('GET', '/stream').body == b'0123456789' * 2000
        assert connection.request('GET', '/request', {'X-Test': 'x' * 2000}).json()['XTest'] == 'x' * 2000
        assert connection.is_open()


@pytest.mark.needs('many-sockets')
def test_thousands_of_connections_are_served_at_once(start, target):
    count = 4000 if target.name == 'cpython' else 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = count + 200
    if hard != resource.RLIM_INFINITY and hard < need:
        pytest.skip(f'this machine allows {hard} open files, the test needs {need}')
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, need), hard))
    try:
        server = start('wire', set={'RequestsTimeoutSec': 60})
        with connections(server, count, timeout=30) as clients:
            for connection in clients:
                connection.send(HELLO)
            for connection in clients:
                while not connection.buffer.endswith(b'\r\n\r\nhello'):
                    assert connection.receive()
                connection.buffer = b''
            assert server.get('/stats').json()['sockets'] == count + 2
            for connection in (clients[0], clients[count // 2], clients[-1]):
                assert connection.is_open()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_errors_of_accept_do_not_end_the_loop(start):
    server = start('wire')
    assert server.get('/hello').status == 200
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (24, 24))
    with connections(server, 30) as clients:
        assert clients[-1].is_open()
        for connection in clients:
            with contextlib.suppress(OSError):  # those that were idle longest have given way
                connection.send(HELLO)
    assert server.get('/hello').status == 200
    assert server.request('GET', '/text.txt').body == site.TEXT


def serves(connection):
    """Tells whether a connection still answers."""
    try:
        return connection.is_open()
    except ConnectionError:
        return False


def test_one_idle_connection_gives_way_to_a_newcomer(start):
    """Which of them is checked in checks_xas.py: those that are idle since the same second are alike."""
    server = start('wire', set={'MaxConnections': 4})
    with connections(server, 4) as clients:
        busy, *idle = clients
        busy.send(PART)
        for connection in idle:
            assert connection.is_open()
        assert server.get('/hello').status == 200
        assert [serves(connection) for connection in idle].count(False) == 1
        busy.send(b'cd')
        assert busy.response().body == b'abcd'


def test_a_peer_that_holds_more_than_half_gives_way_though_it_is_busy(start):
    """Bodies that come slowly take all connections; a newcomer is served at once."""
    server = start('wire', set={'MaxConnections': 4})
    with connections(server, 4) as clients:
        for connection in clients:
            connection.send(request_bytes('POST', '/echo', {'Content-Length': '9'}) + b'x')
        assert server.get('/hello').status == 200


def test_silent_websockets_give_way_to_a_newcomer(start):
    server = start('wsapp', set={'MaxConnections': 4})
    with connections(server, 4) as clients:
        for connection in clients:
            connection.send(HANDSHAKE)
            assert connection.response(upgrade='websocket').status == 101
        with server.connect() as newcomer:
            newcomer.send(HANDSHAKE)
            assert newcomer.response(upgrade='websocket').status == 101


# --- TCP_NODELAY ---

PIDFD_GETFD = 438  # the number of the system call, the same on all of Linux' architectures but alpha


def sockets_of(pid):
    """Yields duplicates of a child process' sockets."""
    pidfd = os.pidfd_open(pid)
    try:
        for number in os.listdir(f'/proc/{pid}/fd'):
            with contextlib.suppress(OSError):
                if not os.readlink(f'/proc/{pid}/fd/{number}').startswith('socket:'):
                    continue
            duplicate = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, pidfd, int(number), 0)
            if duplicate < 0:
                code = ctypes.get_errno()
                pytest.skip(f'this machine does not let one look at the sockets of a child: {os.strerror(code)}')
            with socket.socket(fileno=duplicate) as found:
                yield found
    finally:
        os.close(pidfd)


@pytest.mark.needs('processes')
def test_answers_do_not_wait_for_the_clients_acknowledgement(server):
    with server.connect() as connection:
        assert connection.is_open()
        mine = connection.socket.getsockname()
        for found in sockets_of(server.process.pid):
            with contextlib.suppress(OSError):
                if found.family == socket.AF_INET and found.getpeername() == mine:
                    assert found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                    break
        else:
            pytest.fail('the server has no socket of this connection')
