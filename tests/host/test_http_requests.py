"""What handlers see: every property and method of HttpRequest, queries, forms and JSON."""

import json

import pytest
from support.client import request_bytes

ON_BOARD = True

pytestmark = pytest.mark.app('wire')
FORM = 'application/x-www-form-urlencoded'


def seen(server, headers=(), path='/request', method='GET', body=None):
    """Returns what the handler saw of a request, as a dict."""
    return server.request(method, path, headers, body).json()


def test_a_bare_request(server):
    with server.connect() as connection:
        port = connection.socket.getsockname()[1]
        found = connection.request('GET', '/request').json()
    assert found.pop('same') is True
    host, user_port = found.pop('UserAddress')
    assert host in ('127.0.0.1', '10.0.2.2') and user_port == port  # 10.0.2.2: how the emulated board sees us
    assert found == {
        'IsSSL': False,
        'HttpVer': '1.1',
        'Method': 'GET',
        'Path': '/request',
        'QueryString': '',
        'QueryParams': {},
        'Host': 'test',
        'Accept': [],
        'AcceptEncodings': [],
        'AcceptLanguages': [],
        'Cookies': [],
        'CacheControl': '',
        'Referer': '',
        'ContentType': '',
        'ContentLength': 0,
        'UserAgent': '',
        'Authorization': '',
        'Origin': '',
        'IsKeepAlive': True,
        'IsUpgrade': False,
        'Upgrade': '',
        'Content': None,
        'XTest': '',
        'args': None,
    }


@pytest.mark.parametrize('method', ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'])
def test_method(server, method):
    assert seen(server, method=method)['Method'] == method


@pytest.mark.parametrize(
    'name, value, properties',
    [
        ('Host', 'example.net:8080', {'Host': 'example.net:8080'}),
        (
            'Accept',
            'text/html, application/json;q=0.9 ,*/*',
            {'Accept': ['text/html', 'application/json;q=0.9', '*/*']},
        ),
        ('Accept-Encoding', 'gzip,br', {'AcceptEncodings': ['gzip', 'br']}),
        ('Accept-Language', 'de-CH, en', {'AcceptLanguages': ['de-CH', 'en']}),
        ('Cookie', 'a=1; b="x y";c=', {'Cookies': ['a=1', 'b="x y"', 'c=']}),
        ('Cache-Control', 'no-cache', {'CacheControl': 'no-cache'}),
        ('Referer', 'http://a/b', {'Referer': 'http://a/b'}),
        ('User-Agent', 'tester/1', {'UserAgent': 'tester/1'}),
        ('Authorization', 'Basic abc', {'Authorization': 'Basic abc'}),
        ('Origin', 'https://a', {'Origin': 'https://a'}),
        ('Connection', 'keep-alive, Upgrade', {'IsUpgrade': False, 'IsKeepAlive': True}),
        ('Upgrade', 'h2c', {'IsUpgrade': False, 'Upgrade': 'h2c'}),
        ('X-Test', 'grüße'.encode().decode('latin-1'), {'XTest': 'grüße'}),
        ('X-Test', 'caf\xe9', {'XTest': 'café'}),
        ('x-TEST', '  spaces around\t', {'XTest': 'spaces around'}),
    ],
)
def test_properties_of_headers(server, name, value, properties):
    found = seen(server, {name: value})
    assert {key: found[key] for key in properties} == properties


def test_upgrade(server):
    found = seen(server, {'Connection': 'keep-alive, upgrade', 'Upgrade': 'other/1'})
    assert (found['IsUpgrade'], found['Upgrade']) == (True, 'other/1')


def test_several_headers_of_one_name(server):
    assert seen(server, [('Accept', 'a/b'), ('Accept', 'c/d')])['Accept'] == ['a/b', 'c/d']
    assert seen(server, [('Cookie', 'a=1'), ('Cookie', 'b=2')])['Cookies'] == ['a=1', 'b=2']


def test_get_header(server):
    found = server.get('/header?names=x-one,X-ONE,X-Two,Host', {'X-One': 'first'})
    assert found.json() == ['first', 'first', '', 'test']
    assert all(server.get('/header-errors').json())


def test_version_1_0(server):
    with server.connect() as connection:
        connection.send(b'GET /request HTTP/1.0\r\n\r\n')
        found = connection.response().json()
    assert (found['HttpVer'], found['Host'], found['IsKeepAlive']) == ('1.0', '', False)


def test_content(server):
    found = seen(server, {'Content-Type': 'text/plain; charset=utf-8'}, method='POST', body='€uro'.encode())
    assert (found['Content'], found['ContentLength'], found['ContentType']) == ('€uro', 6, 'text/plain; charset=utf-8')


def test_nothing_of_a_request_is_left_for_the_next_one(server):
    with server.connect() as connection:
        headers = {
            'X-Test': 'a',
            'Cookie': 'a=1',
            'Content-Type': FORM,
            'Authorization': 'Basic x',
            'Origin': 'https://a',
        }
        connection.request('POST', '/request?a=b', headers, b'c=d')
        found = connection.request('GET', '/request').json()
    assert [
        found[name]
        for name in (
            'XTest',
            'Cookies',
            'ContentType',
            'Authorization',
            'Origin',
            'QueryString',
            'Content',
            'ContentLength',
        )
    ] == ['', [], '', '', '', '', None, 0]


@pytest.mark.parametrize(
    'path, decoded', [('/request', '/request'), ('/%72equest', '/request'), ('/request/', '/request/')]
)
def test_path(server, path, decoded):
    assert seen(server, path=path)['Path'] == decoded


@pytest.mark.parametrize(
    'query, parameters',
    [
        ('', {}),
        ('a=b', {'a': 'b'}),
        ('a=1&b=2', {'a': '1', 'b': '2'}),
        ('a=1&a=2', {'a': '2'}),
        ('a', {'a': ''}),
        ('a=', {'a': ''}),
        ('=b', {'': 'b'}),
        ('a=b=c', {'a': 'b=c'}),
        ('a=b+c', {'a': 'b c'}),
        ('a+b=c', {'a b': 'c'}),
        ('a=b%2Bc', {'a': 'b+c'}),
        ('a=%26%3D%25', {'a': '&=%'}),
        ('a=%C3%BC%E2%82%AC', {'a': 'ü€'}),
        ('&&a=b&', {'a': 'b'}),
        ('a=%zz', {'a': '%zz'}),
        ('a=%', {'a': '%'}),
        ('a=%4', {'a': '%4'}),
        ('a=%FC', {'a': 'ü'}),
        ('?a=b', {'?a': 'b'}),
        ('a=b?c', {'a': 'b?c'}),
        ('a[]=1', {'a[]': '1'}),
        ('a%00=b', {'a\0': 'b'}),
    ],
)
def test_query_parameters(server, query, parameters):
    found = seen(server, path='/request?' + query)
    assert (found['QueryString'], found['QueryParams'], found['Path']) == (query, parameters, '/request')


@pytest.mark.parametrize(
    'body, fields',
    [
        (b'', {}),
        (b'a=b', {'a': 'b'}),
        (b'a=1&b=x+y&c=%26', {'a': '1', 'b': 'x y', 'c': '&'}),
        (b'a=1&a=2', {'a': '2'}),
        (b'a=\xc3\xbc', {'a': 'ü'}),
        (b'a=\xfc', {'a': 'ü'}),
        (b'a=%C3%BC', {'a': 'ü'}),
        (b'&', {}),
        (b'\x00=\xff', {'\0': 'ÿ'}),
        (b'a=%0D%0A', {'a': '\r\n'}),
    ],
)
def test_forms(server, body, fields):
    for content_type in (FORM, FORM + '; charset=UTF-8', FORM.upper()):
        assert server.request('POST', '/form', {'Content-Type': content_type}, body).json() == fields


def test_forms_on_one_connection(server):
    with server.connect() as connection:
        for body, fields in ((b'a=1', {'a': '1'}), (b'b=2', {'b': '2'}), (b'', {})):
            assert connection.request('POST', '/form', {'Content-Type': FORM}, body).json() == fields
        assert connection.request('POST', '/form', {}, b'c=3').json() == {}


def test_what_is_no_form(server):
    assert server.request('POST', '/form', {'Content-Type': 'text/plain'}, b'a=b').json() == {}
    assert server.request('POST', '/form', {}, b'a=b').json() == {}


def test_a_form_in_chunks(server):
    body = b'3\r\na=1\r\n4\r\n&b=2\r\n0\r\n\r\n'
    headers = {'Content-Type': FORM, 'Transfer-Encoding': 'chunked'}
    assert server.request('POST', '/form', headers, body).json() == {'a': '1', 'b': '2'}


@pytest.mark.parametrize(
    'content_type',
    ['application/json', 'application/json; charset=utf-8', 'Application/JSON', 'application/problem+json'],
)
@pytest.mark.parametrize('value', [{'a': [1, 2.5, None, True]}, [], 'text ü€', 5, None])
def test_posted_json(server, content_type, value):
    body = json.dumps(value, ensure_ascii=False).encode()
    assert server.request('POST', '/json', {'Content-Type': content_type}, body).json() == [value]


LENIENT = pytest.mark.needs('strict-json')  # MicroPython's json adds what the text lacks


@pytest.mark.parametrize(
    'body',
    [
        b'',
        b'nope',
        b'\xff\xfe',
        b'"',
        b'[' * 5000,
        b'{"a":' * 5000,
        pytest.param(b'{"a" 1}', marks=LENIENT),
        pytest.param(b'[1 2]', marks=LENIENT),
        pytest.param(b'{', marks=LENIENT),
        pytest.param(b'{"a":}', marks=LENIENT),
        pytest.param(b'[1,2', marks=LENIENT),
    ],
)
def test_json_that_does_not_parse_is_none(server, body):
    with server.connect() as connection:
        assert connection.request('POST', '/json', {'Content-Type': 'application/json'}, body).json() == [None]
        assert connection.is_open()


def test_what_is_no_json(server):
    assert server.request('POST', '/json', {'Content-Type': 'text/plain'}, b'1').json() == [None]


def test_requests_of_two_connections_do_not_mix(server):
    with server.connect() as one, server.connect() as two:
        one.send(request_bytes('POST', '/echo', {'Content-Length': '6'}) + b'one')
        two.send(request_bytes('POST', '/echo', {'Content-Length': '6'}) + b'two')
        one.send(b'ONE')
        two.send(b'TWO')
        assert (two.response().body, one.response().body) == (b'twoTWO', b'oneONE')
