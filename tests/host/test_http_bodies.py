"""Request bodies: sized and chunked, read by the handler or not, announced by Expect; the time that they may take."""

import contextlib

import pytest
from support.client import request_bytes

ON_BOARD = True

pytestmark = pytest.mark.app('wire')
HELLO = request_bytes('GET', '/hello')


@pytest.mark.parametrize('method', ['POST', 'PUT', 'PATCH', 'DELETE'])
def test_a_sized_body_reaches_the_handler(server, method):
    assert server.request(method, '/echo', body=b'\x00\xffbody').body == b'\x00\xffbody'


@pytest.mark.parametrize('size', [0, 1, 1023, 1024, 1025, 4095, 4096, 4097, 100000, 500000])
def test_bodies_of_any_size_arrive_whole(server, size):
    body = bytes(i * 7 & 255 for i in range(size))
    with server.connect() as connection:
        assert connection.request('POST', '/echo', body=body).body == body
        assert connection.is_open()


def test_a_body_larger_than_the_limit_of_the_preset_is_refused(server):
    with server.connect() as connection:
        connection.send(request_bytes('POST', '/echo', {'Content-Length': str(2 * 1024 * 1024 + 1)}))
        assert connection.refused('POST').status == 413


def chunked(*chunks):
    """Returns a chunked body."""
    return b''.join(b'%x\r\n%s\r\n' % (len(chunk), chunk) for chunk in chunks) + b'0\r\n\r\n'


def test_a_chunked_body_is_decoded_and_its_trailers_dropped(server):
    body = b'5;name=value\r\nabcde\r\n1\r\nf\r\n0\r\nX-Test: trailer\r\n\r\n'
    with server.connect() as connection:
        found = connection.request('POST', '/request', {'Transfer-Encoding': 'chunked'}, body).json()
        assert (found['Content'], found['ContentLength'], found['XTest']) == ('abcdef', 6, '')
        assert connection.is_open()


def test_a_chunked_body_in_many_pieces(server):
    parts = [bytes([65 + i % 26]) * (i % 700 + 1) for i in range(200)]
    with server.connect() as connection:
        connection.send(request_bytes('POST', '/echo', {'Transfer-Encoding': 'chunked'}, chunked(*parts)))
        assert connection.response('POST').body == b''.join(parts)
        for byte in request_bytes('POST', '/echo', {'Transfer-Encoding': 'chunked'}, chunked(b'abc', b'de')):
            connection.send(bytes([byte]))
        assert connection.response('POST').body == b'abcde'


def test_a_body_that_no_handler_reads_is_never_the_next_request(server):
    for body in (HELLO, HELLO * 100):
        with server.connect() as connection:
            connection.send(request_bytes('POST', '/ignore', body=body) + request_bytes('GET', '/ok-bytes'))
            assert connection.response('POST').body == b'ignored'
            assert connection.response().body == b'\x00\x01\xff'


@pytest.mark.parametrize('path, status', [('/not-there', 404), ('/hello', 405), ('/text.txt', 405)])
def test_a_body_for_which_there_is_no_handler_is_never_the_next_request(server, path, status):
    with server.connect() as connection:
        connection.send(request_bytes('POST', path, body=HELLO))
        assert connection.response('POST').status == status
        assert connection.is_open()


def test_a_large_body_for_which_there_is_no_handler_never_becomes_requests(server):
    with server.connect() as connection:
        connection.send(request_bytes('POST', '/not-there', body=HELLO * 20000) + request_bytes('GET', '/ok-bytes'))
        connection.half_close()
        assert connection.response('POST').status == 404
        if connection.buffer or connection.receive():
            assert connection.response().body == b'\x00\x01\xff'
            assert connection.is_closed()
    assert server.get('/hello').status == 200


# --- Expect: 100-continue ---


def test_100_continue_is_sent_when_the_body_is_wanted(server):
    with server.connect() as connection:
        connection.send(request_bytes('POST', '/echo', {'Expect': '100-continue', 'Content-Length': '3'}))
        assert connection.receive() and connection.buffer.startswith(b'HTTP/1.1 100 ')
        connection.send(b'abc')
        found = connection.response('POST')
        assert (found.informational, found.status, found.body) == ([100], 200, b'abc')
        assert connection.is_open()


def test_100_continue_for_a_chunked_body(server):
    with server.connect() as connection:
        connection.send(request_bytes('POST', '/echo', {'Expect': '100-Continue', 'Transfer-Encoding': 'chunked'}))
        assert connection.receive() and connection.buffer.startswith(b'HTTP/1.1 100 ')
        connection.send(chunked(b'abc'))
        found = connection.response('POST')
        assert (found.informational, found.body) == ([100], b'abc')


def test_no_100_continue_when_the_body_is_there_or_none_is_expected(server):
    with server.connect() as connection:
        assert connection.request('GET', '/hello', {'Expect': '100-continue'}).informational == []
        assert connection.is_open()


@pytest.mark.parametrize('path, status', [('/not-there', 404), ('/hello', 405)])
def test_the_final_status_is_sent_when_the_body_is_not_wanted(server, path, status):
    with server.connect() as connection:
        connection.send(request_bytes('POST', path, {'Expect': '100-continue', 'Content-Length': '1000'}))
        found = connection.response('POST')
        assert (found.informational, found.status) == ([], status)
        if found.header('connection') != 'close':
            connection.send(b'x' * 1000)
            assert connection.is_open()


@pytest.mark.app('wire', set={'MaxRequestContentLength': 1000})
def test_413_instead_of_100_continue(server):
    with server.connect() as connection:
        connection.send(request_bytes('POST', '/echo', {'Expect': '100-continue', 'Content-Length': '1001'}))
        found = connection.refused('POST')
        assert (found.informational, found.status) == ([], 413)


def test_http_1_0_gets_no_100_continue(server):
    with server.connect() as connection:
        connection.send(b'POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc')
        (found,) = connection.responses('POST')
        assert (found.informational, found.body) == ([], b'abc')


# --- timeouts ---

SHORT = pytest.mark.app('wire', set={'RequestsTimeoutSec': 1})


UNFINISHED = (
    b'G',
    b'GET /hello HTTP/1.1\r\n',
    b'GET /hello HTTP/1.1\r\nHost: a\r\n',
    request_bytes('POST', '/echo', {'Content-Length': '5'}),
    request_bytes('POST', '/echo', {'Content-Length': '5'}) + b'abc',
    request_bytes('POST', '/echo', {'Transfer-Encoding': 'chunked'}),
    request_bytes('POST', '/echo', {'Transfer-Encoding': 'chunked'}) + b'3\r\nab',
    request_bytes('POST', '/echo', {'Transfer-Encoding': 'chunked'}) + b'3\r\nabc\r\n0\r\n',
)


@SHORT
def test_a_request_that_is_not_complete_in_time_is_408(server):
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(server.connect()).send(part) for part in UNFINISHED]
        assert [connection.refused().status for connection in connections] == [408] * len(UNFINISHED)


@SHORT
def test_an_idle_connection_is_closed_without_an_answer(server):
    with server.connect() as silent, server.connect() as served:
        assert served.request('GET', '/hello').status == 200
        assert silent.read_until_close() == b''
        assert served.read_until_close() == b''


@SHORT
def test_the_timeout_covers_the_whole_head(server):
    """A byte now and then does not keep a head going: the sum counts."""
    with server.connect(timeout=0.3) as connection:
        connection.send(b'GET /hello HTTP/1.1\r\nHost: a\r\n')
        for _ in range(30):
            try:
                connection.send(b'X')
                connection.receive()
                break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            pytest.fail('a head of one byte every 0.3 s was read for 9 s, timeout 1 s')
        assert connection.buffer.startswith(b'HTTP/1.1 408 ') or connection.reset


@pytest.mark.app('wire', set={'RequestsTimeoutSec': 2})
def test_the_timeout_counts_each_wait_anew(server):
    """A body that comes steadily, and an answer that is taken steadily, may take longer than the timeout of 2 s."""
    with server.connect(timeout=0.3) as sender, server.connect(receive_buffer=1 << 20) as taker:
        sender.send(request_bytes('POST', '/echo', {'Content-Length': '4800'}))
        taker.send(request_bytes('GET', '/stream-endless'))
        for _ in range(15):
            sender.send(b'x' * 300)
            with pytest.raises(TimeoutError):
                sender.receive()
            taken = 0
            while taken < 4000000:
                data = taker.socket.recv(1 << 20)
                assert data, 'a client that takes data was dropped'
                taken += len(data)
        sender.send(b'x' * 300)
        sender.set_timeout(10)
        assert sender.response('POST').body == b'x' * 4800


@SHORT
def test_a_client_that_takes_no_data_is_dropped(server):
    with server.connect(receive_buffer=4096, timeout=30) as connection:
        connection.send(request_bytes('GET', '/stream-endless'))
        assert server.output.wait_for('ENDLESS CLOSED', len(server.log()), 15)
