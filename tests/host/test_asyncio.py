"""A server that asyncio drives: coroutines as handlers and callbacks, a regular heartbeat, sockets that wake it."""

import os
import pathlib
import time

import h11
import pytest
from support.client import request_bytes

ON_BOARD = True

pytestmark = [pytest.mark.needs('asyncio'), pytest.mark.app('asyncapp')]


def test_plain_handlers_and_files(server):
    with server.connect() as connection:
        assert connection.request('GET', '/hello').body == b'hello'
        assert connection.request('GET', '/text.txt').status == 200
        assert connection.request('GET', '/not-there').status == 404
        assert len(connection.request('GET', '/big.txt').body) == 262144


def test_coroutines_as_handlers(server):
    with server.connect() as connection:
        assert connection.request('GET', '/async/1?n=2').json() == [1, '2']
        assert connection.request('POST', '/echo', body=b'x' * 5000).body == b'x' * 5000
        assert connection.request('GET', '/large').body == b'0123456789abcdef' * 20000
        assert connection.is_open()


def test_pipelined_coroutines_are_answered_in_order(server):
    with server.connect() as connection:
        connection.send(b''.join(request_bytes('GET', f'/async/{i}?n={i}') for i in range(30)))
        assert [connection.response().json() for _ in range(30)] == [[i, str(i)] for i in range(30)]


def test_a_coroutine_that_waits_holds_up_nobody(server):
    assert server.get('/close-gate').status == 200
    start = len(server.log())
    with server.connect() as one, server.connect() as two:
        one.send(request_bytes('GET', '/wait') + request_bytes('GET', '/hello'))
        two.send(request_bytes('GET', '/wait'))
        assert server.output.wait_for('WAITING\nWAITING', start)
        for path in ('/hello', '/async/1', '/text.txt'):
            assert server.get(path).status == 200
        assert one.is_silent() and two.is_silent()
        assert server.get('/release').text == 'release'
        assert (one.response().text, one.response().text, two.response().text) == ('released', 'hello', 'released')


def test_a_client_that_goes_away_while_its_coroutine_waits(server):
    assert server.get('/close-gate').status == 200
    start = len(server.log())
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/wait'))
        assert server.output.wait_for('WAITING', start)
        connection.abort()
    assert server.get('/release').text == 'release'
    assert server.get('/hello').status == 200


def test_a_coroutine_that_raises_or_answers_nothing(server):
    start = len(server.log())
    with server.connect() as connection:
        assert connection.request('GET', '/raises').status == 500
        assert connection.request('GET', '/silent').status == 501
        assert connection.is_open()
    assert server.output.wait_for('RuntimeError: fault of a coroutine', start)


# --- what is fed later ---


def test_asynchronous_iterators_are_streams(server):
    with server.connect() as connection:
        assert connection.request('GET', '/feed/a-none-b-none-none-c').body == b'abc'
        response = connection.request('GET', '/feed/a-large-large-b')
        assert response.body == b'a' + b'0123456789abcdef' * 8000 + b'b'
        assert response.header('Transfer-Encoding') == 'chunked'
        assert connection.request('GET', '/feed/abc-def-ghi?length=5').body == b'abcde'
        assert connection.is_open()


def test_an_asynchronous_iterator_that_waits_holds_up_nobody(server):
    assert server.get('/close-gate').status == 200
    start = len(server.log())
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/feed/a-wait-b') + request_bytes('GET', '/hello'))
        assert server.output.wait_for('WAITING', start)
        assert server.get('/hello').status == 200
        assert server.get('/release').status == 200
        assert (connection.response().body, connection.response().body) == (b'awaitb', b'hello')
    assert server.output.wait_for('FEED CLOSED 0', start)


def test_an_asynchronous_iterator_ends_with_its_client(server):
    assert server.get('/close-gate').status == 200
    start = len(server.log())
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/feed/a-wait-b'))
        assert server.output.wait_for('WAITING', start)
        connection.abort()
    assert server.output.wait_for('CANCELLED\nFEED CLOSED 1', start)
    with server.connect(receive_buffer=4096) as connection:
        connection.send(request_bytes('GET', '/feed/' + '-'.join(['large'] * 200)))
        connection.receive_exactly(10000)
        connection.abort()
    assert server.output.wait_for('FEED CLOSED 1', start + len('CANCELLED FEED CLOSED 1'))


def test_an_asynchronous_iterator_that_fails(server):
    start = len(server.log())
    with server.connect() as connection:
        with pytest.raises(h11.RemoteProtocolError):
            connection.request('GET', '/feed/a-raise-b')
    assert server.output.wait_for('fault of a feed', start)
    assert server.output.wait_for('FEED CLOSED 1', start)
    assert server.get('/hello').status == 200


def test_timers(server):
    found = server.get('/timers').json()
    assert found.count('chain') == 3 and 1 <= found.count('every') <= 6
    assert [name for name in found if name not in ('chain', 'every')] == ['first', 'coroutine']
    assert found[0] == 'first'


@pytest.mark.needs('cpython')
@pytest.mark.app('asyncgenerators')
def test_asynchronous_generators(server):
    start = len(server.log())
    with server.connect() as connection:
        assert connection.request('GET', '/generator').body == b'0,1,2,3,4,'
    assert server.output.wait_for('GENERATOR ENDED', start)
    start = len(server.log())
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/endless'))
        connection.receive_exactly(500)
        connection.abort()
    assert server.output.wait_for('ENDLESS ENDED', start)
    assert server.get('/generator').status == 200


def test_a_callback_that_is_a_coroutine(server):
    start = len(server.log())
    with server.connect() as connection:
        assert connection.request('GET', '/on-sent').body == b'watched'
        assert server.output.wait_for('SENT True True', start)
        assert connection.is_open()


def test_the_heartbeat_stays_regular_under_load(server):
    with server.connect() as connection:
        connection.request('GET', '/gaps')
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            connection.send((request_bytes('GET', '/hello') + request_bytes('GET', '/async/1')) * 10)
            for _ in range(20):
                assert connection.response().status == 200
        gaps = connection.request('GET', '/gaps').json()
    assert len(gaps) > 30
    assert gaps[len(gaps) // 2] <= 30, gaps  # milliseconds; a loop that polled would hold it up for 100 and more
    assert gaps[len(gaps) * 9 // 10] <= 60, gaps


def processor_seconds(pid):
    """Returns the processor time that a process has used."""
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


@pytest.mark.needs('processes')
def test_it_is_woken_by_sockets_and_sleeps_otherwise(start):
    server = start('asyncapp', heartbeat=False)
    with server.connect() as connection:
        assert connection.is_open()
        begin = time.monotonic()
        for _ in range(40):
            assert connection.request('GET', '/hello').status == 200
        assert time.monotonic() - begin < 2, 'each request waited for a look at the sockets'
        before = processor_seconds(server.process.pid)
        with server.connect() as silent:
            silent.socket.settimeout(1)
            with pytest.raises(TimeoutError):
                silent.receive()
        assert processor_seconds(server.process.pid) - before < 0.2, 'it runs in a circle while nothing happens'


def test_stop_from_a_coroutine(start):
    server = start('asyncapp')
    with server.connect() as idle:
        assert server.get('/stop').text == 'stopping'
        assert idle.is_closed()
    assert server.output.wait_for('ENDED False')
    assert server.process.wait(10) == 0


@pytest.mark.parametrize('size', [0, 1, 5000, 1000000])
def test_a_coroutine_takes_content_as_it_comes(server, size):
    with server.connect() as connection:
        assert connection.request('PUT', '/pieces', body=b'x' * size).json() == size
        chunks = b'%x\r\n%s\r\n' % (size, b'x' * size) if size else b''
        connection.send(request_bytes('PUT', '/pieces', {'Transfer-Encoding': 'chunked'}, chunks + b'0\r\n\r\n'))
        assert connection.response('PUT').json() == size
        assert connection.is_open()


def test_a_coroutine_reads_sizes(server):
    with server.connect() as connection:
        assert connection.request('PUT', '/reads/3000', body=b'x' * 10000).json() == [3000, 3000, 3000, 1000]
        assert connection.request('PUT', '/reads/3000').json() == []
        assert connection.request('PUT', '/reads-first', body=b'abcdefgh').body == b'abcd'
        assert connection.is_open()


def test_callbacks_of_content_that_are_coroutines(server):
    body = bytes(i * 7 & 255 for i in range(30000))
    with server.connect() as connection:
        assert connection.request('PUT', '/callbacks', body=body).body == body
        assert connection.is_open()


def test_100_continue_when_a_coroutine_reads(server):
    with server.connect() as connection:
        connection.send(request_bytes('PUT', '/pieces', {'Expect': '100-continue', 'Content-Length': '3'}))
        assert connection.receive() and connection.buffer.startswith(b'HTTP/1.1 100 ')
        connection.send(b'abc')
        assert connection.response('PUT').json() == 3


def test_a_coroutine_is_told_why_content_does_not_come(server):
    seen = len(server.log())
    with server.connect() as connection:
        connection.send(request_bytes('PUT', '/until-it-fails', {'Transfer-Encoding': 'chunked'}, b'3\r\nabcX'))
        assert connection.refused('PUT').status == 400
    assert server.output.wait_for('FAILED 400 A chunk longer than its size.', seen)
    with server.connect() as connection:
        connection.send(request_bytes('PUT', '/reads/10', {'Content-Length': '100001'}))
        assert connection.refused('PUT').status == 413
    with server.connect() as connection:
        connection.send(request_bytes('PUT', '/until-it-fails', {'Content-Length': '10'}), b'abc')
        connection.abort()
    assert server.output.wait_for('FAILED 400 The client is gone.', seen)
    assert server.get('/hello').status == 200
