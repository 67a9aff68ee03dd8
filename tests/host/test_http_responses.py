"""What handlers answer, on the wire: each method and property of HttpResponse, streams, files, faults of handlers."""

import email.utils
import re
import socket
import struct
import time

import pytest
from support import site
from support.client import request_bytes

ON_BOARD = True

pytestmark = pytest.mark.app('wire')
STREAM = b'0123456789' * 2000


# --- contents ---


@pytest.mark.parametrize(
    'path, body, content_type',
    [
        ('/hello', b'hello', 'text/html; charset=UTF-8'),
        ('/ok-empty', b'', None),
        ('/ok-unicode', 'Grüße €'.encode(), 'text/html; charset=UTF-8'),
        ('/ok-bytes', b'\x00\x01\xff', 'application/octet-stream'),
        ('/ok-bytearray', b'bytearray', 'application/octet-stream'),
        ('/ok-memoryview', b'memoryview', 'application/octet-stream'),
        ('/content-type', b'typed', 'application/x-test'),
        ('/charset', b'Gr\xfc\xdfe', 'text/plain; charset=ISO-8859-1'),
        ('/no-charset', b'x', 'text/plain; charset=UTF-8'),
    ],
)
def test_contents(server, path, body, content_type):
    found = server.get(path)
    assert (found.status, found.reason, found.body) == (200, 'OK', body)
    assert found.header('content-length') == str(len(body))
    if content_type:
        assert found.header('content-type').lower().replace(' ', '') == content_type.lower().replace(' ', '')


def test_a_large_content_arrives_whole(server):
    assert server.get('/ok-large').body == b'0123456789abcdef' * 65536


def test_a_content_of_no_kind_is_refused(server):
    assert server.get('/ok-number').status == 500


def test_json(server):
    found = server.get('/json-object')
    assert found.header('content-type').split(';')[0] == 'application/json'
    assert found.json() == {'a': [1, None, True, 'ü']}
    assert (server.get('/json-201').status, server.get('/json-201').json()) == (201, 'made')
    assert server.get('/json-null').json() is None


def test_return_ok_without_content(server):
    found = server.get('/ok-none')
    assert found.status == 200 and found.header('content-length') == str(len(found.body))


@pytest.mark.parametrize(
    'code', [200, 201, 202, 203, 205, 301, 302, 303, 308, 400, 404, 409, 410, 418, 422, 429, 500, 502, 504, 599]
)
def test_return_takes_any_status(server, code):
    with server.connect() as connection:
        found = connection.request('GET', f'/status/{code}')
        assert found.status == code and found.header('content-length') == str(len(found.body))
        found = connection.request('GET', f'/status-content/{code}')
        assert (found.status, found.body) == (code, b'' if code == 205 else b'content')
        assert connection.is_open()


@pytest.mark.parametrize(
    'path', ['/status/204', '/status/304', '/status-content/204', '/status-content/304', '/helper/ReturnNotModified']
)
def test_204_and_304_have_no_body(server, path):
    with server.connect() as connection:
        found = connection.request('GET', path)
        assert found.status in (204, 304) and found.body == b''
        if found.status == 204:
            assert found.header('content-length') is None
        assert found.header('transfer-encoding') is None
        assert found.header('content-type') is None
        assert connection.is_silent() and connection.is_open()


@pytest.mark.parametrize(
    'name, status',
    [
        ('ReturnNotModified', 304),
        ('ReturnBadRequest', 400),
        ('ReturnForbidden', 403),
        ('ReturnNotFound', 404),
        ('ReturnMethodNotAllowed', 405),
        ('ReturnEntityTooLarge', 413),
        ('ReturnInternalServerError', 500),
        ('ReturnNotImplemented', 501),
        ('ReturnServiceUnavailable', 503),
        ('ReturnBasicAuthRequired', 401),
        ('ReturnBearerAuthRequired', 401),
    ],
)
def test_status_helpers(server, name, status):
    found = server.get('/helper/' + name)
    assert found.status == status
    if status != 304:
        assert found.header('content-length') == str(len(found.body))
    if status == 405:
        assert found.header('allow')


def test_redirects(server):
    found = server.get('/redirect')
    assert (found.status, found.header('location')) == (307, '/hello')
    assert server.get('/redirect-absolute').header('location') == 'http://example.net/a?b=c'


def test_unauthorized_names_scheme_and_realm(server):
    assert server.get('/unauthorized').header('www-authenticate') == r'Digest realm="the \"realm\""'
    assert server.get('/unauthorized-plain').header('www-authenticate').split(' ')[0] == 'Custom'


def test_wrong_arguments_raise_value_error_and_leave_the_answer_to_be_given(server):
    for name, error in server.get('/argument-errors').json():
        assert error, f'{name} took a wrong argument'


def test_properties_of_a_response_before_it_is_sent(server):
    found = server.get('/properties').json()
    caching, origin, content_type, charset, length, sent, on_sent = found['before']
    assert (caching, origin, content_type, sent, on_sent) == (False, None, None, False, None)
    assert charset in (None, 'UTF-8') and length in (0, None)
    for name, error in found['errors']:
        assert error, f'{name} took a wrong value or a read-only property was set'


def test_on_sent_is_called_once_when_all_is_sent(server):
    start = len(server.log())
    assert server.get('/on-sent').body == b'watched'
    assert server.output.wait_for('SENT True True True', start)
    with server.connect(receive_buffer=4096) as connection:
        start = len(server.log())
        connection.send(request_bytes('GET', '/on-sent-large'))
        connection.receive()
        server.get('/hello')
        assert 'SENT-LARGE' not in server.log()[start:]
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        assert len(connection.response().body) == 6000000
    assert server.output.wait_for('SENT-LARGE', start)
    server.get('/hello')
    assert server.log()[start:].count('SENT-LARGE') == 1


# --- headers ---


def test_every_answer_has_date_and_server(server):
    for path in ('/hello', '/not-there', '/text.txt', '/redirect', '/helper/ReturnNotModified', '/stream'):
        found = server.get(path)
        date = email.utils.parsedate_to_datetime(found.header('date'))
        assert re.fullmatch(r'(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT', found.header('date'))
        assert abs(date.timestamp() - time.time()) < 60
        assert 'MicroWebSrv2' in found.header('server')


def test_the_server_header_names_the_implementation(server, target):
    assert ('MicroPython' if 'micropython' in target.abilities else 'CPython') in server.get('/hello').header('server')


def test_set_header_replaces_but_keeps_several_cookies(server):
    assert server.get('/cookies').all('set-cookie') == ['a=1; Path=/', 'b=2; Path=/']
    found = server.get('/headers')
    assert (found.header('x-number'), found.header('x-text')) == ('12', 'second')
    assert found.header('x-beyond').encode('latin-1').decode('utf-8') == 'café'


def test_headers_that_the_server_sets_can_be_set_by_the_handler(server):
    found = server.get('/own-headers')
    assert (found.header('server'), found.header('content-type'), found.header('cache-control')) == (
        'mine',
        'text/x-own',
        'max-age=5',
    )


def test_nothing_can_be_injected_by_headers(server):
    found = server.get('/set-header-errors')
    errors = found.json()
    assert all(errors), [i for i, error in enumerate(errors) if not error]
    assert not {name for name, _ in found.headers} & {'b', 'y', 'x', 'x-a', 'x-none', 'x y'}
    assert all(server.get('/property-injection').json())


def test_nothing_can_be_injected_by_a_redirect(server):
    found = server.get('/redirect-bad')
    assert found.status == 500 and found.header('x-injected') is None and found.header('location') is None


def test_caching_is_off_unless_allowed(server):
    for path in ('/hello', '/no-caching', '/json-object'):
        assert 'no-store' in server.get(path).header('cache-control') or 'no-cache' in server.get(path).header(
            'cache-control'
        )
    assert 'no-store' not in (server.get('/caching').header('cache-control') or '')


# --- HEAD ---


@pytest.mark.parametrize(
    'path',
    [
        '/hello',
        '/ok-empty',
        '/ok-large',
        '/json-object',
        '/redirect',
        '/not-there',
        '/basic',
        '/text.txt',
        '/',
        '/big.txt',
        '/stream-length',
        '/stream',
        '/file/text.txt',
        '/raises',
        '/silent',
        '/status/204',
        '/file.unknown',
    ],
)
def test_head_has_the_headers_of_get_and_no_body(server, path):
    with server.connect() as connection:
        got = connection.request('GET', path)
        connection.send(request_bytes('HEAD', path))
        head = connection.response('HEAD')
        assert head.status == got.status and head.body == b''
        assert sorted(pair for pair in head.headers if pair[0] != 'date') == sorted(
            pair for pair in got.headers if pair[0] != 'date'
        )
        assert connection.is_silent() and connection.is_open()


def test_a_route_for_head_alone(server):
    found = server.request('HEAD', '/head-only')
    assert (found.status, found.header('x-head')) == (200, 'own')
    assert server.get('/head-only').status == 405


def test_a_head_request_does_not_read_an_endless_stream(server):
    start = len(server.log())
    assert server.request('HEAD', '/stream-endless').status == 200
    assert server.output.wait_for('ENDLESS CLOSED', start)


# --- streams and files ---


def test_a_stream_of_unknown_length_is_chunked(server):
    with server.connect() as connection:
        found = connection.request('GET', '/stream')
        assert (found.header('transfer-encoding'), found.header('content-length'), found.body) == (
            'chunked',
            None,
            STREAM,
        )
        assert connection.is_open()


def test_a_stream_of_known_length(server):
    with server.connect() as connection:
        found = connection.request('GET', '/stream-length')
        assert (found.header('transfer-encoding'), found.header('content-length'), found.body) == (
            None,
            '20000',
            STREAM,
        )
        assert connection.is_open()


def test_an_empty_stream_ends_properly(server):
    with server.connect() as connection:
        found = connection.request('GET', '/stream-empty')
        assert (found.status, found.body) == (200, b'')
        assert connection.is_open()
        found = connection.request('GET', '/stream-empty-length')
        assert (found.status, found.header('content-length')) == (200, '0')
        assert connection.is_open()


def test_a_stream_with_readinto_alone_is_read_and_closed(server):
    start = len(server.log())
    assert server.get('/stream-own').body == STREAM
    assert server.output.wait_for('CLOSED 20000', start)


def test_a_stream_with_another_status(server):
    found = server.get('/stream-404')
    assert (found.status, found.body) == (404, b'gone')


def test_a_stream_longer_than_declared_is_cut(server):
    with server.connect() as connection:
        found = connection.request('GET', '/stream-long')
        assert (found.header('content-length'), found.body) == ('15', b'012345678901234')
        assert connection.is_open()


def test_a_stream_shorter_than_declared_closes_the_connection(server):
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/stream-short'))
        data = connection.read_until_close()
        assert b'Content-Length: 20100\r\n' in data and data.endswith(STREAM)


@pytest.mark.parametrize('path, end', [('/stream-fails', b'\r\n0\r\n\r\n'), ('/stream-fails-length', None)])
def test_a_stream_that_fails_closes_the_connection(server, path, end):
    start = len(server.log())
    with server.connect() as connection:
        connection.send(request_bytes('GET', path))
        data = connection.read_until_close()
        assert data.startswith(b'HTTP/1.1 200') and (end is None or not data.endswith(end))
    assert server.output.wait_for('CLOSED 5000', start)


def test_a_stream_is_closed_when_the_client_goes_away(server):
    start = len(server.log())
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/stream-endless'))
        connection.receive()
        connection.abort()
    assert server.output.wait_for('ENDLESS CLOSED', start)


def test_other_clients_are_served_during_an_endless_stream(server):
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/stream-endless'))
        connection.receive()
        assert server.get('/hello').status == 200
        connection.receive()


def test_return_file(server):
    found = server.get('/file/text.txt')
    assert (found.status, found.body, found.header('content-length')) == (200, site.TEXT, str(len(site.TEXT)))
    assert found.header('content-type').startswith('text/plain')
    assert found.header('content-disposition') is None
    assert server.get('/file/big.txt').body == site.FILES['big.txt']
    assert server.get('/file/empty.txt').body == b''


def test_return_file_that_is_missing(server):
    assert server.get('/file-missing').status == 404


def test_return_file_as_attachment(server):
    found = server.get('/attachment/report.txt')
    assert (found.body, found.header('content-disposition')) == (site.TEXT, 'attachment; filename="report.txt"')


def test_attachment_names_with_special_characters(server):
    found = server.get('/attachment/a%22b%5Cc.txt')
    assert found.header('content-disposition').startswith(r'attachment; filename="a\"b\\c.txt"')
    found = server.get('/attachment/%E2%82%AC%20rates.txt')
    assert "filename*=UTF-8''%E2%82%AC%20rates.txt" in found.header('content-disposition')
    found = server.get('/attachment/a%0D%0AX-Injected:%20yes')
    assert found.header('x-injected') is None


# --- faults of handlers ---


def test_a_handler_that_raises_gives_500_and_a_traceback(server):
    start = len(server.log())
    with server.connect() as connection:
        found = connection.request('GET', '/raises')
        assert found.status == 500 and b'fault of the handler' not in found.body
        assert connection.is_open()
    assert server.output.wait_for('RuntimeError: fault of the handler', start)
    assert 'Traceback' in server.log()[start:] and 'wire.py' in server.log()[start:]


def test_a_handler_that_raises_behind_its_answer(server):
    start = len(server.log())
    with server.connect() as connection:
        assert connection.request('GET', '/raises-late').body == b'answered'
        assert connection.is_open()
    assert server.output.wait_for('fault behind the answer', start)


def test_a_handler_that_answers_nothing_gives_501(server):
    start = len(server.log())
    assert server.get('/silent').status == 501
    assert server.output.wait_for('/silent', start)


def test_a_second_answer_is_refused_and_logged(server):
    start = len(server.log())
    with server.connect() as connection:
        assert connection.request('GET', '/twice').body == b'first'
        assert connection.is_open()
    assert server.output.wait_for('A second response to', start)


def test_a_handler_may_return_the_result_of_the_answer(server):
    assert server.get('/returns-response').body == b'returned'


@pytest.mark.parametrize('path', ['/unencodable', '/unencodable-surrogate'])
def test_text_that_does_not_encode_raises(server, path, target):
    found = server.get(path)
    if (
        'micropython' in target.abilities
    ):  # MicroPython's str holds UTF-8 and encodes to nothing else: no error can arise
        assert found.status in (200, 500)
    else:
        assert found.status == 500
    assert server.get('/hello').status == 200


def test_an_object_that_is_no_json(server, target):
    assert server.get('/unserialisable').status == (200 if 'micropython' in target.abilities else 500)
    assert server.get('/hello').status == 200


# --- segments ---


def segments_received(connection):
    """Returns the number of TCP segments with data that the connection has received (tcp_info, Linux)."""
    info = connection.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return struct.unpack_from('I', info, 152)[0]


@pytest.mark.parametrize(
    'path', ['/hello', '/json-object', '/not-there', '/redirect', '/text.txt', '/ok-unicode', '/file/text.txt']
)
def test_a_small_answer_leaves_in_one_send(server, path):
    with server.connect() as connection:
        for count in range(1, 4):
            connection.request('GET', path)
            assert segments_received(connection) == count
