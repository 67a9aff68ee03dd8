"""Requests whose framing is not certain get 400 and the connection closes: nothing behind them is a request."""

import pytest

ON_BOARD = True

pytestmark = pytest.mark.app('wire')

SMUGGLED = b'GET /hello HTTP/1.1\r\nHost: smuggled\r\n\r\n'


def post(*lines):
    """Returns the head of a POST with these header lines."""
    return b'POST /echo HTTP/1.1\r\nHost: a\r\n' + b''.join(line + b'\r\n' for line in lines) + b'\r\n'


CASES = {
    'length and chunked': post(b'Content-Length: 3', b'Transfer-Encoding: chunked') + b'0\r\n\r\n',
    'chunked and length': post(b'Transfer-Encoding: chunked', b'Content-Length: 3') + b'0\r\n\r\n',
    'two lengths': post(b'Content-Length: 3', b'Content-Length: 4') + b'abcd',
    'two lengths in a list': post(b'Content-Length: 3, 4') + b'abcd',
    'length +5': post(b'Content-Length: +5') + b'abcde',
    'length -5': post(b'Content-Length: -5') + b'abcde',
    'length 1_0': post(b'Content-Length: 1_0') + b'abcdefghij',
    'length abc': post(b'Content-Length: abc'),
    'length 0x5': post(b'Content-Length: 0x5') + b'abcde',
    'length of other digits': post('Content-Length: ５'.encode()) + b'abcde',
    'length empty': post(b'Content-Length: '),
    'a space before the colon': post(b'Content-Length : 5') + b'abcde',
    'a tab before the colon': post(b'Content-Length\t: 5') + b'abcde',
    'a folded line': post(b'X: a', b' b', b'Content-Length: 0'),
    'a folded first line': b'POST /echo HTTP/1.1\r\n Host: a\r\n\r\n',
    'a bare CR in a value': post(b'X: a\rContent-Length: 5'),
    'a bare LF in a value': post(b'X: a\nContent-Length: 5') + b'abcde',
    'a NUL in a value': post(b'X: a\0b'),
    'a control character in a value': post(b'X: a\x1bb'),
    'a control character in the target': b'GET /hel\x08lo HTTP/1.1\r\nHost: a\r\n\r\n',
    'an empty header name': post(b': a'),
    'a name with a space': post(b'X Y: a'),
    'LF line ends': b'GET /hello HTTP/1.1\nHost: a\n\n',
    'a bare CR at the start': b'\rGET /hello HTTP/1.1\r\nHost: a\r\n\r\n',
    'two spaces': b'GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n',
    'a tab for a space': b'GET\t/hello HTTP/1.1\r\nHost: a\r\n\r\n',
    'chunked in HTTP/1.0': b'POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
}
CHUNK_CASES = {
    'chunk size with sign': b'+3\r\nabc\r\n0\r\n\r\n',
    'chunk size with 0x': b'0x3\r\nabc\r\n0\r\n\r\n',
    'chunk size with _': b'1_0\r\n0123456789abcdef\r\n0\r\n\r\n',
    'chunk size empty': b'\r\nabc\r\n0\r\n\r\n',
    'chunk size before a space': b'3 \r\nabc\r\n0\r\n\r\n',
    'chunk size behind a space': b' 3\r\nabc\r\n0\r\n\r\n',
    'chunk line ends by LF': b'3\nabc\n0\n\n',
    'chunk too long': b'3\r\nabcd\r\n0\r\n\r\n',
    'chunk without CRLF': b'3\r\nabc0\r\n\r\n',
    'chunk size of 20 digits': b'10000000000000000003\r\nabc\r\n0\r\n\r\n',
    'a trailer that is no field': b'3\r\nabc\r\n0\r\nabc\r\n\r\n',
}


def assert_refused(server, data, statuses=(400,)):
    """Sends data and a request behind it; asserts one answer of these statuses, then the end of the connection."""
    with server.connect() as connection:
        connection.send(data + SMUGGLED)
        found = connection.refused('POST')
        assert found.status in statuses, found
        assert not connection.reset, 'the answer was put at risk by a reset'


@pytest.mark.parametrize('case', CASES)
def test_heads_whose_framing_is_not_certain(server, case):
    assert_refused(server, CASES[case])


@pytest.mark.app('wire', set={'RequestsTimeoutSec': 3600})
@pytest.mark.parametrize('data', [b'GET / HTTP/1.0\n', b'GET / HTTP/1.1\r\nHost: a\n\n', b'\n'])
def test_lines_that_end_by_lf_are_refused_before_the_head_is_whole(server, data):
    with server.connect() as connection:
        connection.send(data)
        assert connection.refused().status == 400


@pytest.mark.parametrize('case', CHUNK_CASES)
def test_chunks_whose_framing_is_not_certain(server, case):
    assert_refused(server, post(b'Transfer-Encoding: chunked') + CHUNK_CASES[case])


@pytest.mark.parametrize(
    'coding',
    [b'gzip', b'gzip, chunked', b'chunked, gzip', b'chunked, chunked', b'xchunked', b'identity', b'chunked;q=1', b''],
)
def test_transfer_codings_other_than_chunked(server, coding):
    assert_refused(server, post(b'Transfer-Encoding: ' + coding) + b'0\r\n\r\n', (400, 501))


def test_a_request_without_length_and_chunks_has_no_body(server):
    with server.connect() as connection:
        for method in ('POST', 'PUT', 'PATCH'):
            connection.send(f'{method} /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\r\n')
            connection.send(SMUGGLED)
            found = connection.response()
            assert (found.status, found.body) == (200, b''), method
            assert connection.response().body == b'hello'


def test_two_equal_lengths_do_not_desynchronise(server):
    with server.connect() as connection:
        connection.send(post(b'Content-Length: 3', b'Content-Length: 3') + b'abc')
        found = connection.response()
        assert found.status == 400 or found.body == b'abc'


def test_the_server_closes_by_itself_where_the_client_does_not(server):
    with server.connect() as connection:
        connection.send(CASES['length abc'] + SMUGGLED)
        assert connection.responses('POST')[0].status == 400
