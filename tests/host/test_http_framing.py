"""HTTP/1.1 on the wire: segmentation, pipelining, persistence, targets, limits, methods (RFC 9110, RFC 9112)."""

import pytest
from support.client import request_bytes

ON_BOARD = True

pytestmark = pytest.mark.app('wire')

HELLO = request_bytes('GET', '/hello')
POST_ABC = request_bytes('POST', '/echo', body=b'abc')


# --- segmentation and pipelining ---


def test_a_request_may_come_byte_by_byte(server):
    with server.connect() as connection:
        for byte in POST_ABC:
            connection.send(bytes([byte]))
        assert connection.response().body == b'abc'


def test_many_requests_may_come_in_one_segment_and_are_answered_in_order(server):
    count = 60
    with server.connect() as connection:
        connection.send(b''.join(request_bytes('GET', f'/arg/{i}') for i in range(count)))
        assert [connection.response().json()['args']['a'] for _ in range(count)] == list(range(count))


def test_requests_with_bodies_may_be_pipelined(server):
    with server.connect() as connection:
        connection.send(
            POST_ABC
            + HELLO
            + request_bytes('POST', '/echo', {'Transfer-Encoding': 'chunked'}, b'2\r\nde\r\n0\r\n\r\n')
            + HELLO
        )
        assert [connection.response().body for _ in range(4)] == [b'abc', b'hello', b'de', b'hello']


def test_pipelined_requests_cut_inside_a_head(server):
    data = HELLO * 3
    for at in (1, 20, len(HELLO) - 1, len(HELLO) + 1, 2 * len(HELLO) + 3):
        with server.connect() as connection:
            connection.send(data[:at])
            connection.send(data[at:])
            assert [connection.response().body for _ in range(3)] == [b'hello'] * 3


def test_a_pipeline_behind_a_large_answer(server):
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/ok-large') + request_bytes('GET', '/stream') + HELLO)
        assert [len(connection.response().body) for _ in range(3)] == [1048576, 20000, 5]


def test_pipelining_more_than_the_buffers_hold(server):
    count = 2000
    with server.connect(timeout=60) as connection:
        connection.send(HELLO * count)
        for _ in range(count):
            assert connection.response().body == b'hello'


def test_empty_lines_before_a_request_are_passed_over(server):
    with server.connect() as connection:
        connection.send(b'\r\n\r\n' + HELLO + b'\r\n' + HELLO)
        assert [connection.response().status for _ in range(2)] == [200, 200]


def test_a_client_that_half_closes_gets_its_answers(server):
    with server.connect() as connection:
        connection.send(HELLO + request_bytes('GET', '/ok-large') + HELLO)
        connection.half_close()
        assert [len(found.body) for found in connection.responses('GET', 'GET', 'GET')] == [5, 1048576, 5]


def test_a_client_that_half_closes_inside_a_request_is_closed(server):
    for part in (b'', b'GET /hel', b'GET /hello HTTP/1.1\r\nHost: a\r\n', POST_ABC[:-1]):
        with server.connect() as connection:
            connection.send(part)
            connection.half_close()
            connection.read_until_close()
    assert server.get('/hello').status == 200


# --- persistence ---


def test_http_1_1_connections_persist(server):
    with server.connect() as connection:
        for _ in range(5):
            found = connection.request('GET', '/hello')
            assert (found.status, found.version, found.body) == (200, '1.1', b'hello')
            assert (found.header('connection') or '').lower() != 'close'


@pytest.mark.parametrize(
    'path, status',
    [
        ('/redirect', 307),
        ('/not-there', 404),
        ('/basic', 401),
        ('/helper/ReturnBadRequest', 400),
        ('/status/204', 204),
        ('/raises', 500),
        ('/silent', 501),
        ('/file.unknown', 403),
        ('/text.txt', 200),
        ('/stream', 200),
        ('/helper/ReturnNotModified', 304),
    ],
)
def test_connections_persist_after_answers_whose_framing_is_intact(server, path, status):
    with server.connect() as connection:
        found = connection.request('GET', path)
        assert found.status == status
        assert found.header('connection') is None
        assert connection.is_open()


def test_connections_persist_after_405_and_501_for_the_method(server):
    with server.connect() as connection:
        assert connection.request('DELETE', '/hello').status == 405
        assert connection.request('BREW', '/hello').status == 501
        assert connection.is_open()


@pytest.mark.parametrize(
    'value', ['close', 'Close', 'CLOSE', 'close, TE', 'TE, close', 'foo ,\tclose', 'keep-alive, close']
)
def test_connection_close_among_tokens_closes(server, value):
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/hello', {'Connection': value}))
        (found,) = connection.responses('GET')
        assert found.header('connection').lower() == 'close'


@pytest.mark.parametrize('value', ['closed', 'TE', 'x-close, foo', 'keep-alive'])
def test_other_tokens_leave_it_open(server, value):
    with server.connect() as connection:
        assert connection.request('GET', '/hello', {'Connection': value}).status == 200
        assert connection.is_open()


def test_two_connection_headers_are_one_list(server):
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/hello', [('Connection', 'TE'), ('Connection', 'close')]))
        connection.responses('GET')


def test_requests_behind_a_close_are_not_answered(server):
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/hello', {'Connection': 'close'}) + HELLO)
        assert connection.responses('GET')[0].body == b'hello'


def test_http_1_0_closes_unless_asked(server):
    with server.connect() as connection:
        connection.send(b'GET /hello HTTP/1.0\r\n\r\n')
        assert connection.responses('GET')[0].body == b'hello'


def test_http_1_0_persists_when_asked(server):
    with server.connect() as connection:
        for _ in range(2):
            connection.send(b'GET /hello HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n')
            found = connection.response()
            assert found.body == b'hello' and found.header('connection').lower() == 'keep-alive'
        connection.send(b'GET /hello HTTP/1.0\r\n\r\n')
        connection.responses('GET')


def test_http_1_0_gets_no_chunks(server):
    for keep in ('', 'Connection: keep-alive\r\n'):
        with server.connect() as connection:
            connection.send(f'GET /stream HTTP/1.0\r\n{keep}\r\n')
            (found,) = connection.responses('GET')
            assert found.header('transfer-encoding') is None and found.header('content-length') is None
            assert found.body == b'0123456789' * 2000


def test_is_keep_alive_tells_the_handler(server):
    assert server.get('/request').json()['IsKeepAlive'] is True
    assert server.get('/request', {'Connection': 'close'}).json()['IsKeepAlive'] is False


# --- request targets, hosts and versions ---


@pytest.mark.parametrize(
    'head',
    [
        b'GET /hello HTTP/1.1\r\n\r\n',
        b'GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
        b'GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
        b'GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n',
    ],
)
def test_one_valid_host_is_required(server, head):
    with server.connect() as connection:
        connection.send(head)
        assert connection.refused().status == 400


def test_absolute_form_targets_are_accepted(server):
    found = server.get('http://other:81/request?a=b', {'Host': 'ignored'}).json()
    assert (found['Path'], found['QueryString'], found['Host']) == ('/request', 'a=b', 'other:81')


def test_an_unknown_major_version_is_505(server):
    with server.connect() as connection:
        connection.send(b'GET /hello HTTP/2.0\r\nHost: a\r\n\r\n')
        assert connection.refused().status == 505


def test_a_later_minor_version_is_served_as_1_1(server):
    with server.connect() as connection:
        for _ in range(2):
            connection.send(b'GET /hello HTTP/1.2\r\nHost: a\r\n\r\n')
            found = connection.response()
            assert found.status == 200 and found.version == '1.1'


# --- limits ---


def test_a_request_line_too_long_is_414(server):
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/' + 'a' * 100000))
        assert connection.refused().status == 414


def test_a_header_section_too_large_is_431(server):
    for headers in ({'A': 'b' * 100000}, [(f'A{i}', 'b') for i in range(20000)]):
        with server.connect() as connection:
            connection.send(request_bytes('GET', '/hello', headers))
            assert connection.refused().status == 431


def test_headers_of_2_kb_are_taken(server):
    with server.connect() as connection:
        found = connection.request('GET', '/request', {'X-Test': 'x' * 2000})
        assert found.json()['XTest'] == 'x' * 2000


@pytest.mark.app('wire', set={'MaxRequestContentLength': 1000})
def test_a_body_too_large_is_413_before_it_is_read(server):
    with server.connect() as connection:
        assert connection.request('POST', '/echo', body=b'x' * 1000).body == b'x' * 1000
        connection.send(request_bytes('POST', '/echo', {'Content-Length': '1001'}))
        assert connection.refused('POST').status == 413


@pytest.mark.app('wire', set={'MaxRequestContentLength': 1000})
def test_a_chunked_body_too_large_is_413(server):
    with server.connect() as connection:
        connection.send(
            request_bytes('POST', '/echo', {'Transfer-Encoding': 'chunked'}),
            b'3e8\r\n' + b'x' * 1000 + b'\r\n',
            b'1\r\nx\r\n',
        )
        assert connection.refused('POST').status == 413
    with server.connect() as connection:
        connection.send(request_bytes('POST', '/echo', {'Transfer-Encoding': 'chunked'}), b'fffffffff\r\n')
        assert connection.refused('POST').status == 413


@pytest.mark.app('wire', set={'MaxRequestContentLength': 1000})
def test_413_arrives_although_the_client_goes_on_sending(server):
    with server.connect() as connection:
        connection.send(request_bytes('POST', '/echo', {'Content-Length': '3000000'}))
        connection.send(b'x' * 3000000)
        assert connection.refused('POST').status == 413
        assert not connection.reset, 'the server put its answer at risk by a reset'


# --- methods ---


def allowed(response):
    """Returns the methods of Allow as a set."""
    return {method.strip() for method in response.header('allow').split(',')}


@pytest.mark.parametrize('method', ['BREW', 'get', 'G', 'M-SEARCH'])
def test_an_unknown_method_is_501(server, method):
    assert server.request(method, '/hello').status == 501


def test_a_method_that_only_one_route_knows_is_served_there(server):
    assert server.request('PROPFIND', '/webdav').status == 207


@pytest.mark.parametrize('method', ['POST', 'PUT', 'DELETE', 'PATCH'])
def test_a_known_method_that_a_route_lacks_is_405_with_allow(server, method):
    found = server.request(method, '/hello')
    assert found.status == 405
    assert allowed(found) == {'GET', 'HEAD', 'OPTIONS'}


def test_405_lists_all_methods_of_all_matching_routes(server):
    found = server.request('POST', '/several')
    assert found.status == 405 and allowed(found) == {'GET', 'HEAD', 'PUT', 'OPTIONS'}
    found = server.request('PUT', '/arg/x')
    assert found.status == 405 and allowed(found) == {'GET', 'HEAD', 'OPTIONS'}


def test_a_file_takes_get_and_head_alone(server):
    for method in ('POST', 'PUT', 'DELETE', 'PATCH'):
        found = server.request(method, '/text.txt')
        assert found.status == 405 and allowed(found) == {'GET', 'HEAD', 'OPTIONS'}, method


def test_any_method_on_nothing_is_404(server):
    for method in ('GET', 'HEAD', 'POST', 'DELETE'):
        assert server.request(method, '/not-there').status == 404, method


def test_trace_and_connect_are_not_served(server):
    assert server.request('TRACE', '/hello').status in (405, 501)
    with server.connect() as connection:
        connection.send(b'CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n')
        assert connection.response('GET').status in (400, 405, 501)
