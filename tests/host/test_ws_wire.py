"""WebSockets over the network: peers, segmentation, threads, workers, slow, quiet and vanishing clients."""

import asyncio
import base64
import contextlib

import pytest
from checks_ws_frames import masked
from support.client import TIMEOUT
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.sync.client import connect

TEXT, BINARY, CLOSE, PING = 0x81, 0x82, 0x88, 0x89
KEY = base64.b64encode(bytes(range(16))).decode()

pytestmark = pytest.mark.app('wsapp')


def peer(server, path='/echo', **options):
    """Connects the library `websockets`."""
    options.setdefault('compression', None)
    return connect(
        f'ws://{server.host}:{server.port}{path}', open_timeout=TIMEOUT, close_timeout=TIMEOUT, max_size=None, **options
    )


def handshake(path='/echo', **headers):
    """Returns a handshake as bytes."""
    fields = {
        'Host': 'test',
        'Connection': 'keep-alive, Upgrade',
        'Upgrade': 'websocket',
        'Sec-WebSocket-Key': KEY,
        'Sec-WebSocket-Version': '13',
    }
    fields.update((name.replace('_', '-'), value) for name, value in headers.items())
    lines = [f'GET {path} HTTP/1.1'] + [f'{name}: {value}' for name, value in fields.items() if value is not None]
    return ('\r\n'.join(lines) + '\r\n\r\n').encode()


def opened(server, path='/echo', **options):
    """Returns a raw connection behind the handshake."""
    connection = server.connect(**options)
    connection.send(handshake(path))
    assert connection.response(upgrade='websocket').status == 101
    return connection


def frame_from(connection):
    """Returns (first octet, payload) of the next frame from the server."""
    first, size = connection.receive_exactly(2)
    if size > 125:
        size = int.from_bytes(connection.receive_exactly(2 if size == 126 else 8), 'big')
    return first, connection.receive_exactly(size)


def wait_for_sockets(server, count):
    """Waits until the server has so many sockets, its listening one and that of the question among them."""
    for _ in range(1000):
        stats = server.get('/stats').json()
        if stats['sockets'] == count:
            return stats
    raise AssertionError(f'{stats["sockets"]} sockets, not {count}')


# --- handshake --------------------------------------------------------------------------------------------------------


def test_handshake_in_single_octets_and_frames_behind_it(server):
    with server.connect() as connection:
        for octet in handshake() + masked(TEXT, b'one') + masked(TEXT, b'two'):
            connection.send(bytes([octet]))
        assert connection.response(upgrade='websocket').status == 101
        assert [frame_from(connection), frame_from(connection)] == [(TEXT, b'one'), (TEXT, b'two')]


def test_handshake_and_frames_in_one_segment(server):
    with server.connect() as connection:
        connection.send(handshake() + masked(TEXT, b'one') + masked(PING, b'p') + masked(TEXT, b'two')[:5])
        response = connection.response(upgrade='websocket')
        assert response.header('Upgrade') == 'websocket'
        assert response.header('Connection').lower() == 'upgrade'
        connection.send(masked(TEXT, b'two')[5:])
        assert [frame_from(connection) for _ in range(3)] == [(TEXT, b'one'), (0x8A, b'p'), (TEXT, b'two')]


def test_handshake_behind_other_requests(server):
    with server.connect() as connection:
        connection.send(b'GET /hello HTTP/1.1\r\nHost: test\r\n\r\n' + handshake() + masked(TEXT, b'x'))
        assert connection.response().text == 'hello'
        assert connection.response(upgrade='websocket').status == 101
        assert frame_from(connection) == (TEXT, b'x')


@pytest.mark.parametrize(
    'headers, status',
    [
        ({'Sec_WebSocket_Key': None}, 400),
        ({'Sec_WebSocket_Key': 'short'}, 400),
        ({'Sec_WebSocket_Version': '8'}, 426),
        ({'Sec_WebSocket_Version': None}, 426),
    ],
)
def test_handshake_refused_keeps_the_connection(server, headers, status):
    with server.connect() as connection:
        connection.send(handshake(**headers))
        response = connection.response()
        assert response.status == status
        assert status != 426 or response.header('Sec-WebSocket-Version') == '13'
        assert connection.is_open()


@pytest.mark.parametrize('status', [401, 403, 404, 503])
def test_a_handshake_that_the_application_refuses_keeps_the_connection(server, status):
    with server.connect() as connection:
        connection.send(handshake(f'/refused/{status}'))
        response = connection.response()
        assert (response.status, response.header('Upgrade')) == (status, None)
        assert status != 401 or response.header('WWW-Authenticate').startswith('Basic')
        connection.send(handshake('/room/kitchen') + masked(TEXT, b'hello'))
        assert connection.response(upgrade='websocket').status == 101
        assert frame_from(connection) == (TEXT, b'kitchen: hello')


def test_without_the_connection_option_it_is_no_handshake(server):
    with server.connect() as connection:
        connection.send(handshake('/hello', Connection='keep-alive'))
        assert connection.response().text == 'hello'


# --- the library `websockets` as peer ---------------------------------------------------------------------------------


@pytest.mark.parametrize('size', [0, 1, 125, 126, 127, 4000, 4096, 65535, 65536, 1000000])
def test_messages_of_all_lengths(server, size):
    with peer(server) as ws:
        for message in ('ä'[:size] + 'x' * (size - 2), bytes(i & 255 for i in range(size))):
            ws.send(message)
            assert ws.recv(TIMEOUT) == message


def test_fragmented_messages(server):
    with peer(server) as ws:
        for parts in (['a', '', 'bü', 'c' * 70000], [b'1', b'', b'2' * 300]):
            ws.send(iter(parts))
            assert ws.recv(TIMEOUT) == parts[0][:0].join(parts)


def test_sub_protocols(server):
    with peer(server, subprotocols=['other', 'echo-v1']) as ws:
        assert ws.subprotocol == 'echo-v1'
    with peer(server, subprotocols=['other']) as ws:
        assert ws.subprotocol is None


def test_an_extension_that_is_offered_is_not_taken(server):
    with peer(server, compression='deflate') as ws:
        assert ws.protocol.extensions == []
        ws.send('x' * 1000)
        assert ws.recv(TIMEOUT) == 'x' * 1000


def test_ping(server):
    with peer(server) as ws:
        assert ws.ping(b'payload').wait(TIMEOUT)


def test_close_by_the_peer(server):
    since = len(server.log())
    with peer(server, '/by-peer') as ws:
        ws.close(4005, 'why')
        assert (ws.close_code, ws.protocol.close_rcvd.code) == (4005, 4005)
    assert server.output.wait_for('CLOSED /by-peer True', since)


def test_close_by_the_application(server):
    with peer(server, '/close') as ws:
        ws.send('4007')
        with pytest.raises(ConnectionClosedError) as caught:
            ws.recv(TIMEOUT)
        assert caught.value.rcvd.code == 4007
    with peer(server, '/close') as ws:
        ws.send('1000')
        with pytest.raises(ConnectionClosedOK):
            ws.recv(TIMEOUT)


@pytest.mark.app('wsapp', limit=50000)
def test_too_long_a_message_is_refused_while_it_is_sent(server):
    for message in ('x' * 50001, 'x' * 3000000, iter(['x' * 20000] * 3)):
        with peer(server) as ws:
            with pytest.raises(ConnectionClosedError) as caught:
                ws.send(message)
                ws.recv(TIMEOUT)
            assert caught.value.rcvd.code == 1009
    with peer(server) as ws:
        ws.send('x' * 50000)
        assert len(ws.recv(TIMEOUT)) == 50000


def test_many_connections_at_once(server):
    async def one(number):
        async with connect_async(f'ws://{server.host}:{server.port}/echo', compression=None) as ws:
            for i in range(20):
                await ws.send(f'{number} {i}')
                assert await ws.recv() == f'{number} {i}'

    async def all_():
        await asyncio.wait_for(asyncio.gather(*map(one, range(50))), TIMEOUT)

    asyncio.run(all_())


# --- what is hard on a server -----------------------------------------------------------------------------------------


def test_frames_of_several_threads_do_not_mix(server):
    with peer(server, '/threads') as ws:
        ws.send('25')
        messages = [ws.recv(TIMEOUT) for _ in range(4 * 25)]
        assert sorted(messages) == sorted(letter * 3000 for letter in 'abcd' for _ in range(25))


def test_broadcast_reaches_all_and_is_told_of_those_who_leave(server):
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(peer(server, '/group')) for _ in range(5)]
        for ws in peers:
            assert ws.recv(TIMEOUT) == 'welcome'
        peers[1].send('to all')
        assert [ws.recv(TIMEOUT) for ws in peers] == ['to all'] * 5
        peers[2].close()
        assert [ws.recv(TIMEOUT) for ws in peers[:2] + peers[3:]] == ['one left'] * 4


@pytest.mark.app('wsapp', set={'MaxRequestContentLength': 200000})
def test_a_reader_that_does_not_read_is_dropped_at_the_bound(server):
    since = len(server.log())
    with opened(server, '/flood', receive_buffer=4096) as connection:
        connection.send(masked(TEXT, b'x' * 1000))
        assert server.output.wait_for(' bytes\n', since)
        sent = int(server.log()[since:].split('FLOODED ')[1].split()[0])
        received = len(connection.read_until_close())
        assert sent > 200000 and sent - received < 200000 + 20000
    assert server.log()[since:].count('CLOSED /flood') == 1


def test_a_quiet_peer_is_pinged_and_dropped_and_so_is_one_silent_at_the_close(server):
    since = len(server.log())
    with opened(server, '/quiet') as quiet, opened(server, '/close') as silent, opened(server, '/silent') as lively:
        silent.send(masked(TEXT, b'4000'))
        assert frame_from(quiet) == (PING, b'')
        assert frame_from(lively) == (PING, b'')
        lively.send(masked(0x8A, b''))
        assert quiet.is_closed()
        assert frame_from(silent) == (CLOSE, (4000).to_bytes(2, 'big'))
        assert silent.is_closed()
        lively.send(masked(TEXT, b'still here'))
        frames = [frame_from(lively)]
        while frames[-1][0] == PING:
            frames.append(frame_from(lively))
        assert frames[-1] == (TEXT, b'still here')
    assert server.output.wait_for('CLOSED /quiet True', since) and server.output.wait_for('CLOSED /close True', since)


def test_a_peer_that_vanishes_anywhere_leaves_nothing_behind(server):
    data = handshake() + masked(0x01, b'x' * 130) + masked(PING, b'ping') + masked(0x80, b'end')
    before = wait_for_sockets(server, 2)
    since = len(server.log())
    whole = 0
    for length in range(len(handshake()) - 1, len(data), 7):
        with server.connect() as connection:
            connection.send(data[:length])
            if length >= len(handshake()):
                assert connection.response(upgrade='websocket').status == 101
                whole += 1
            connection.abort()
    after = wait_for_sockets(server, 2)
    for _ in range(1000):  # the log comes by another way than the answers
        if server.log()[since:].count('CLOSED /echo') >= whole:
            break
        server.get('/hello')
    assert server.log()[since:].count('CLOSED /echo') == whole
    if before['memory'] is not None:
        assert after['memory'] - before['memory'] < 8000


@pytest.mark.app('wsapp', set={'BufferSlotsCount': 1})
def test_open_web_sockets_hold_no_buffer_slots(server):
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(opened(server)) for _ in range(5)]
        for connection in connections:
            connection.send(masked(0x01, b'begun'))
        response = server.request('POST', '/post', body=b'x' * 3000)
        assert (response.status, response.body) == (200, b'x' * 3000)
        for connection in connections:
            connection.send(masked(0x80, b' and ended'))
            assert frame_from(connection) == (TEXT, b'begun and ended')


@pytest.mark.needs('threads')
@pytest.mark.app('wsapp', threads=3)
def test_a_callback_that_blocks_does_not_hold_up_others(server):
    with peer(server, '/blocked') as blocked, peer(server, '/release') as other:
        blocked.send('wait')
        blocked.send('again')
        for i in range(20):
            other.send(str(i))
            assert other.recv(TIMEOUT) == str(i)
        other.send('release')
        assert [blocked.recv(TIMEOUT), blocked.recv(TIMEOUT)] == ['wait', 'again']


@pytest.mark.needs('threads')
@pytest.mark.app('wsapp', threads=3)
def test_messages_in_order_by_workers(server):
    with opened(server) as connection:
        numbers = [b'%d' % i for i in range(300)]
        data = b''.join(masked(TEXT, number) for number in numbers)
        for at in range(0, len(data), 50):
            connection.send(data[at : at + 50])
        assert [frame_from(connection)[1] for _ in numbers] == numbers


# --- coroutines -------------------------------------------------------------------------------------------------------


@pytest.mark.needs('asyncio')
@pytest.mark.app('wsasync')
def test_coroutines_answer_one_connection_in_order(server):
    with peer(server, '/ordered') as ws:
        for i in range(9):
            ws.send(str(i))
        assert [ws.recv(TIMEOUT) for _ in range(9)] == [str(i) for i in range(9)]


@pytest.mark.needs('asyncio')
@pytest.mark.app('wsasync')
def test_a_coroutine_that_waits_does_not_hold_up_others(server):
    since = len(server.log())
    with peer(server, '/waits') as waits, peer(server) as other, peer(server, '/waits') as opens:
        waits.send('wait')
        other.send('at once')
        assert other.recv(TIMEOUT) == 'at once'
        opens.send('open')
        assert [opens.recv(TIMEOUT), waits.recv(TIMEOUT)] == ['open', 'wait']
    assert server.output.wait_for('CLOSED /waits', since)
