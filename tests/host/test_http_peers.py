"""Other clients' view: curl and http.client talk to it, httplint judges its answers."""

import http.client
import shutil
import subprocess
import time

import httplint
import pytest
from support import site
from support.client import request_bytes

ON_BOARD = True

pytestmark = pytest.mark.app('wire')


# --- httplint ---


def lint(response, method, target, headers):
    """Returns httplint's notes of level warning and worse on a response, as readable text."""
    request = httplint.HttpRequestLinter()
    request.process_request_topline(method.encode(), b'http://test' + target.encode(), b'1.1')
    request.process_headers(
        [(name.encode(), value.encode('latin-1')) for name, value in [('Host', 'test'), *headers.items()]]
    )
    request.finish_content(True)
    linter = httplint.HttpResponseLinter(start_time=time.time(), _related=request, no_content=method == 'HEAD')
    linter.process_response_topline(response.version.encode(), str(response.status).encode(), response.reason.encode())
    head = response.raw.split(b'\r\n\r\n')[0].split(b'\r\n')[1:]
    linter.process_headers([tuple(line.split(b': ', 1)) for line in head])
    if method != 'HEAD':
        linter.feed_content(response.body)
    linter.finish_content(True)
    serious = (httplint.levels.WARN, httplint.levels.BAD)
    return [f'{type(note).__name__}: {note.summary} ({note.subject})' for note in linter.notes if note.level in serious]


@pytest.mark.parametrize(
    'path',
    [
        '/',
        '/text.txt',
        '/empty.txt',
        '/style.css',
        '/data.json',
        '/mime/a.svg',
        '/mime/a.js',
        '/hello',
        '/ok-bytes',
        '/ok-empty',
        '/json-object',
        '/redirect',
        '/not-there',
        '/basic',
        '/bearer',
        '/file.unknown',
        '/raises',
        '/silent',
        '/status/204',
        '/stream',
        '/stream-length',
        '/attachment/report.txt',
        '/helper/ReturnServiceUnavailable',
        '/cookies',
    ],
)
@pytest.mark.parametrize('headers', [{}, {'Accept-Encoding': 'gzip', 'Origin': 'https://a'}], ids=['plain', 'browser'])
def test_httplint_finds_nothing(server, path, headers):
    for method in ('GET', 'HEAD'):
        with server.connect() as connection:
            connection.send(request_bytes(method, path, headers))
            assert lint(connection.response(method), method, path, headers) == []


@pytest.mark.parametrize(
    'path, headers',
    [
        ('/text.txt', {'If-Modified-Since': 'Sun, 15 Jun 2025 15:06:40 GMT'}),
        ('/text.txt', {'Range': 'bytes=0-3'}),
        ('/text.txt', {'Range': 'bytes=1000-'}),
    ],
)
def test_httplint_finds_nothing_in_conditional_and_partial_answers(server, path, headers):
    assert lint(server.get(path, headers), 'GET', path, headers) == []


def test_httplint_finds_nothing_in_304(server):
    for path, coding in (('/text.txt', {}), ('/style.css', {'Accept-Encoding': 'gzip'})):
        headers = dict(coding, **{'If-None-Match': server.get(path, coding).header('etag')})
        found = server.get(path, headers)
        assert found.status == 304 and lint(found, 'GET', path, headers) == []


def test_httplint_finds_nothing_in_options_and_405(server):
    for method, path in (('OPTIONS', '/hello'), ('DELETE', '/hello'), ('BREW', '/hello'), ('POST', '/echo')):
        assert lint(server.request(method, path, body=b''), method, path, {'Content-Length': '0'}) == []


@pytest.mark.app('wire', set={'AllowAllOrigins': True, 'CORSAllowAll': True})
def test_httplint_finds_nothing_in_cors(server):
    preflight = {'Origin': 'https://a', 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'x-a'}
    for method, path, headers in (
        ('GET', '/hello', {'Origin': 'https://a'}),
        ('OPTIONS', '/hello', preflight),
        ('GET', '/style.css', {'Origin': 'https://a'}),
    ):
        assert lint(server.request(method, path, headers), method, path, headers) == []


# --- http.client ---


def test_http_client_on_one_connection(server):
    connection = http.client.HTTPConnection(*server.address, timeout=10)
    connection.connect()
    first = connection.sock
    for method, path, body, status, expected in (
        ('GET', '/hello', None, 200, b'hello'),
        ('POST', '/echo', b'abc' * 1000, 200, b'abc' * 1000),
        ('HEAD', '/ok-large', None, 200, b''),
        ('GET', '/stream', None, 200, b'0123456789' * 2000),
        ('GET', '/status/204', None, 204, b''),
        ('GET', '/text.txt', None, 200, site.TEXT),
    ):
        connection.request(method, path, body)
        found = connection.getresponse()
        assert (found.status, found.read()) == (status, expected)
        assert connection.sock is first
    connection.request(
        'POST', '/echo', iter([b'in ', b'chunks']), encode_chunked=True, headers={'Transfer-Encoding': 'chunked'}
    )
    assert connection.getresponse().read() == b'in chunks'
    connection.close()


# --- curl ---


@pytest.fixture
def curl(server, tmp_path):
    """A function that runs curl with arguments; `URL` stands for the server's base address. Returns the body."""
    program = shutil.which('curl')
    assert program, 'curl is missing: `apt-get install curl`'

    def run(*arguments):
        base = f'http://127.0.0.1:{server.port}'
        command = [
            program,
            '-sS',
            '--max-time',
            '20',
            '--noproxy',
            '*',
            *(argument.replace('URL/', base + '/') for argument in arguments),
        ]
        return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout

    return run


def test_curl(curl, tmp_path):
    assert curl('URL/hello') == b'hello'
    assert curl('-I', 'URL/hello').startswith(b'HTTP/1.1 200 OK\r\n')
    assert curl('--compressed', 'URL/style.css') == site.STYLE
    assert curl('-L', 'URL/redirect') == b'hello'
    assert curl('-u', 'user:pass:word', 'URL/basic') == b'in'
    assert curl('--oauth2-bearer', 'token-123', 'URL/bearer') == b'in'
    assert curl('-r', '4-8', 'URL/text.txt') == b'quick'
    assert curl('--http1.0', 'URL/stream') == b'0123456789' * 2000
    assert curl('-d', 'a=1', '--data-urlencode', 'b=x y&z', 'URL/form') == b'{"a": "1", "b": "x y&z"}'
    assert curl('-X', 'DELETE', 'URL/echo') == b''


def test_curl_sends_large_bodies_with_expect(curl, tmp_path):
    body = tmp_path / 'body'
    body.write_bytes(site.BIG * 2)
    assert (
        curl('--data-binary', f'@{body}', '-H', 'Content-Type: application/octet-stream', 'URL/echo')
        == body.read_bytes()
    )
    assert curl('-T', str(body), 'URL/echo') == body.read_bytes()
    assert curl('-T', str(body), '-H', 'Transfer-Encoding: chunked', 'URL/echo') == body.read_bytes()
    assert (
        curl('-H', 'Expect: 100-continue', '--data-binary', f'@{body}', '-H', 'Content-Type: a/b', 'URL/echo')
        == body.read_bytes()
    )


def test_curl_reuses_its_connection(curl):
    output = curl(
        '-w',
        '%{num_connects}',
        '-o',
        '/dev/null',
        '-o',
        '/dev/null',
        '-o',
        '/dev/null',
        'URL/hello',
        'URL/text.txt',
        'URL/stream',
    )
    assert output == b'100'
