"""Routes of one server, hooks before and after requests, pages for errors, cookies: over the wire, two servers."""

import pytest
from support.client import Connection, request_bytes
from support.targets import free_port


@pytest.fixture(scope='module')
def servers(target, site):
    """The server with hooks, and a function that asks the other one."""
    port = free_port()
    server = target.server('hooked', {'root': target.path(site), 'second': port})

    def ask_other(method, path, headers=()):
        with Connection((server.host, port)) as connection:
            return connection.request(method, path, headers, None)

    yield server, ask_other
    assert server.alive, server.log()


def test_routes_of_one_server(servers):
    server, ask_other = servers
    assert server.get('/own/5').json() == {'n': 5}
    assert ask_other('GET', '/own/5').status == 404
    assert (server.get('/shared').text, ask_other('GET', '/shared').text) == ('of one', 'of all')
    assert server.request('HEAD', '/own/5').status == 200
    assert server.request('PURGE', '/own/5').text == 'purged'
    assert server.request('PURGE', '/shared').status == 405
    assert ask_other('PURGE', '/shared').status == 501
    assert server.request('DELETE', '/own/5').header('allow') == 'GET, HEAD, PURGE, OPTIONS'


def test_a_hook_is_called_before_each_request_of_its_server(servers):
    server, ask_other = servers
    server.get('/calls')
    for path in ('/shared', '/style.css', '/none'):
        server.get(path)
        ask_other('GET', path)
    calls = server.get('/calls').json()
    assert [call for call in calls if call.startswith('request')] == [
        'request /shared', 'request /style.css', 'request /none', 'request /calls',
    ]  # fmt: skip


def test_a_hook_may_answer_before_routes_and_files(servers):
    server, ask_other = servers
    for path in ('/stopped', '/text.txt'):
        answer = server.get(path)
        assert (answer.status, answer.text) == (403, 'stopped')
    assert ask_other('GET', '/text.txt').status == 200


def test_what_a_hook_raises_is_500(servers):
    assert servers[0].get('/hook-raises').status == 500


@pytest.mark.parametrize(
    'method, path, code',
    [
        ('GET', '/shared', 200),
        ('GET', '/own/13', 200),
        ('GET', '/big.txt', 200),
        ('HEAD', '/style.css', 200),
        ('GET', '/stopped', 403),
        ('GET', '/none', 404),
        ('POST', '/shared', 405),
        ('GET', '/raises', 500),
    ],
)
def test_a_hook_sees_each_answer_and_sets_its_fields(servers, method, path, code):
    server, _ = servers
    server.get('/calls')
    answer = server.request(method, path)
    assert answer.status == code
    assert answer.header('x-frame-options') == 'DENY'
    calls = server.get('/calls').json()
    assert [call for call in calls if call.startswith('response')] == [f'response {method} {path} {code}']


def test_other_servers_have_no_hooks(servers):
    assert servers[1]('GET', '/shared').header('x-frame-options') is None


def refused(server, data):
    """Returns the answer to raw bytes, the second of a connection."""
    with server.connect() as connection:
        assert connection.request('GET', '/shared').status == 200
        connection.send(data)
        return connection.refused()


def test_what_the_server_itself_refuses_has_hooks_and_pages(servers):
    server, _ = servers
    answer = refused(server, b'POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n')
    assert (answer.status, answer.json()) == (413, {'any': 413, 'method': 'POST', 'path': '/length'})
    assert answer.header('x-frame-options') == 'DENY' and answer.header('connection') == 'close'


def test_where_no_head_could_be_read_the_request_is_empty_and_not_the_one_before(servers):
    answer = refused(servers[0], b'NOT HTTP\r\n\r\n')
    assert (answer.status, answer.json()) == (400, {'any': 400, 'method': '', 'path': ''})


def test_a_refused_head_of_the_method_head_has_no_content(servers):
    with servers[0].connect() as connection:
        connection.send(b'HEAD /shared HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n')
        assert connection.refused('HEAD').status == 413


@pytest.mark.parametrize(
    'path, status, text',
    [
        ('/none?x', 404, '<h1>No /none, GET</h1>'),
        ('/status/404', 404, '<h1>No /status/404, GET</h1>'),
        ('/status/418?ok', 200, 'instead'),
        ('/status/451', 451, {'any': 451, 'method': 'GET', 'path': '/status/451'}),
        ('/raises', 500, {'any': 500, 'method': 'GET', 'path': '/raises'}),
    ],
)
def test_pages_for_errors(servers, path, status, text):
    answer = servers[0].get(path)
    assert (answer.status, answer.json() if isinstance(text, dict) else answer.text) == (status, text)


def test_a_page_for_an_error_may_be_a_file(servers, site):
    answer = servers[0].get('/status/418?file')
    assert (answer.status, answer.body) == (200, (site / 'big.txt').read_bytes())


@pytest.mark.parametrize('query, status', [('again', 404), ('same', 418), ('raise', 418), ('nothing', 418)])
def test_a_page_that_fails_is_the_servers_own(servers, query, status):
    answer = servers[0].get('/status/418?' + query)
    assert answer.status == status
    assert answer.text.startswith('<!DOCTYPE html>')
    assert answer.header('content-type') == 'text/html; charset=UTF-8'
    assert answer.header('x-before') == '1'
    assert (answer.header('x-page') is not None) == (query in ('again', 'same'))


def test_the_method_head_and_the_allowed_methods_stay_with_a_page_for_an_error(servers):
    answer = servers[0].request('POST', '/shared')
    assert answer.header('allow') == 'GET, HEAD, OPTIONS'
    with servers[0].connect() as connection:
        connection.send(request_bytes('HEAD', '/none'))
        assert connection.response('HEAD').status == 404
        assert connection.request('GET', '/shared').status == 200


@pytest.mark.parametrize(
    'accept, is_json',
    [
        ('application/json', True),
        ('application/problem+json', True),
        ('application/json, text/html', True),
        ('text/html, application/json', False),
        ('text/html,*/*;q=0.8', False),
        ('*/*', False),
        ('', False),
    ],
)
def test_errors_as_json(servers, accept, is_json):
    answer = servers[1]('GET', '/none', [('Accept', accept)])
    assert answer.status == 404
    if is_json:
        assert answer.json() == {'error': 'Not Found', 'code': 404}
    else:
        assert answer.text.startswith('<!DOCTYPE html>')


def test_cookies(servers):
    answer = servers[0].get('/cookies', [('Cookie', 'a=1; b="two"; a=3; broken; =x; c=d=e')])
    assert answer.json() == {
        'all': {'a': '1', 'b': 'two', 'c': 'd=e'},
        'a': '1',
        'list': ['a=1', 'b="two"', 'a=3', 'broken', '=x', 'c=d=e'],
    }
    assert answer.all('set-cookie') == [
        'a=2; Path=/; Max-Age=60; HttpOnly; SameSite=Lax',
        'a=3; Path=/cookies; HttpOnly; SameSite=Lax',
        'old=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax',
    ]
