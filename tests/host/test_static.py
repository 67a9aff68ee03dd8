"""Static files: what is served, what never is, validators, ranges, gzip twins (RFC 9110 sections 8, 13 and 14)."""

import email.utils
import gzip
import time

import pytest
from support import site
from support.client import request_bytes

ON_BOARD = True

pytestmark = pytest.mark.app('wire')


# --- what is served ---


@pytest.mark.parametrize('extension, mime_type', site.MIME_TYPES.items())
def test_mime_types(server, extension, mime_type):
    found = server.get('/mime/a' + extension)
    content_type, _, charset = found.header('content-type').partition(';')
    assert (found.status, content_type) == (200, mime_type)
    assert charset.strip() == 'charset=UTF-8' or not mime_type.startswith('text/')


@pytest.mark.parametrize(
    'path, body',
    [
        ('/', b'\n'),
        ('/index.html', b'\n'),
        ('/htm', b'index.htm\n'),
        ('/htm/', b'index.htm\n'),
        ('/default/', b'default.html\n'),
        ('/defhtm/', b'default.htm\n'),
        ('/both/', b'index.html first\n'),
        ('/text.txt', site.TEXT),
        ('/empty.txt', b''),
        ('/name%20with%20space.txt', b'space\n'),
        ('/plus+sign.txt', b'plus\n'),
        ('/plus%2Bsign.txt', b'plus\n'),
        ('/percent%2520name.txt', b'percent\n'),
        ('/%74ext.txt', site.TEXT),
        ('/text.txt?query=1', site.TEXT),
        ('/big.txt', site.FILES['big.txt']),
        ('/htm/../text.txt', None),
        ('/UPPER.TXT', b'upper\n'),
        ('//text.txt', None),
    ],
)
def test_files_and_default_pages(server, path, body):
    found = server.get(path)
    if body is None:  # a client normalises such a path before it sends it; the server may serve or refuse it
        assert found.status in (200, 301, 307, 400, 403, 404)
    else:
        assert found.status == 200 and found.body.endswith(body)
        assert found.header('content-length') == str(len(found.body))


def test_a_plus_in_a_path_is_no_space(server):
    assert server.get('/name+with+space.txt').status == 404


@pytest.mark.parametrize(
    'path, status',
    [
        ('/is-not-there.txt', 404),
        ('/nothing/', 404),
        ('/nothing', 404),
        ('/no/such/folder/x.txt', 404),
        ('/text.txt/x', 404),
        ('/file.unknown', 403),
        ('/noextension', 403),
        ('/big.bin', 403),
        ('/not-there.unknown', 404),
    ],
)
def test_what_is_not_there_or_of_unknown_type(server, path, status):
    assert server.get(path).status == status


def test_a_file_of_many_buffers_on_a_slow_reader(server):
    with server.connect(receive_buffer=4096) as connection:
        connection.send(request_bytes('GET', '/big.txt') * 2)
        assert [connection.response().body for _ in range(2)] == [site.FILES['big.txt']] * 2


# --- what is never served ---


@pytest.mark.parametrize(
    'path',
    [
        '/../secret.txt',
        '/..%2fsecret.txt',
        '/%2e%2e/secret.txt',
        '/%2e%2e%2fsecret.txt',
        '/.%2e/secret.txt',
        '/htm/../../secret.txt',
        '/htm/..%2f..%2fsecret.txt',
        '/back\\slash.txt',
        '/back%5Cslash.txt',
        '/..\\secret.txt',
        '/..%5csecret.txt',
        '/%2e%2e%5csecret.txt',
        '/htm/..\\..\\secret.txt',
        '/../www-private/secret.txt',
        '/%2e%2e/www-private/secret.txt',
        '-private/secret.txt',
        '/text.txt%00.html',
        '/secret.txt%00.txt',
        '/..%00/secret.txt',
        '/%252e%252e/secret.txt',
        '/....//secret.txt',
        '//etc/hostname',
        '/%2fetc%2fhostname',
        '/./../secret.txt',
        '/.hidden.txt',
        '/%2ehidden.txt',
        '/.well/known.txt',
        '/htm/./../../secret.txt',
        '/%c0%ae%c0%ae/secret.txt',
        '/..;/secret.txt',
        '/C:/secret.txt',
        '/htm%2f..%2f..%2fsecret.txt',
        '/..',
        '/../',
        '/%2e%2e',
    ],
)
def test_nothing_outside_the_root_and_no_dot_file_is_served(server, path):
    with server.connect() as connection:
        connection.send(f'GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        found = connection.response()
        assert found.status in (400, 403, 404), found
        assert b'SECRET' not in found.body and b'hidden' not in found.body


def test_nothing_outside_the_root_by_absolute_form(server, site):
    for target in ('http://test/../secret.txt', f'http://test{site.parent}/secret.txt', f'{site.parent}/secret.txt'):
        assert server.get(target).status in (400, 403, 404)


@pytest.mark.needs('symlinks')
def test_symlinks_inside_the_root_are_followed(server):
    assert server.get('/inside.txt').body == site.TEXT


@pytest.mark.parametrize('path', ['/link.txt', '/linked/secret.txt'])
@pytest.mark.needs('symlinks')
def test_symlinks_out_of_the_root_are_not_followed(server, path):
    assert server.get(path).status in (403, 404)


# --- validators ---


def test_files_have_validators_and_are_revalidated(server):
    found = server.get('/text.txt')
    assert found.header('etag').strip('W/').startswith('"')
    modified = email.utils.parsedate_to_datetime(found.header('last-modified')).timestamp()
    assert 1_750_000_000 <= modified <= time.time() + 60
    assert not_modified(server, '/text.txt', {'If-Modified-Since': found.header('last-modified')})
    assert 'max-age=31536000' not in (found.header('cache-control') or '')
    assert 'no-cache' in found.header('cache-control')
    assert server.get('/text.txt').header('etag') == found.header('etag')
    assert server.get('/data.json').header('etag') != found.header('etag')


def not_modified(server, path, headers):
    """Requests with conditions; returns whether the answer is 304, and asserts its form."""
    found = server.get(path, headers)
    assert found.status in (200, 304)
    if found.status == 304:
        assert (
            found.body == b''
            and found.header('etag')
            and found.header('content-length') is None
            and found.header('content-type') is None
        )
    return found.status == 304


@pytest.mark.parametrize(
    'make, expected',
    [
        (lambda tag: tag, True),
        (lambda tag: 'W/' + tag.replace('W/', ''), True),
        (lambda tag: '"x", ' + tag, True),
        (lambda tag: tag + ' , "y"', True),
        (lambda tag: '*', True),
        (lambda tag: '"x"', False),
        (lambda tag: tag[:-2] + '"', False),
        (lambda tag: '"x' + tag[1:], False),
        (lambda tag: '', False),
    ],
)
def test_if_none_match(server, make, expected):
    tag = server.get('/text.txt').header('etag')
    assert not_modified(server, '/text.txt', {'If-None-Match': make(tag)}) is expected


@pytest.mark.parametrize(
    'date, expected',
    [
        ('Sun, 15 Jun 2025 15:06:40 GMT', True),
        ('Sun, 15 Jun 2025 15:06:41 GMT', True),
        ('Sun, 15 Jun 2025 15:06:39 GMT', False),
        ('Sat, 14 Jun 2025 23:59:59 GMT', False),
        ('Mon, 30 Jun 2025 00:00:00 GMT', True),
        ('Thu, 01 Jan 2026 00:00:00 GMT', True),
        ('nonsense', False),
        ('', False),
        ('Sun, 15 Foo 2025 15:06:40 GMT', False),
    ],
)
@pytest.mark.needs('shared-files')
def test_if_modified_since(server, date, expected):
    assert not_modified(server, '/text.txt', {'If-Modified-Since': date}) is expected


def test_if_none_match_wins_over_if_modified_since(server):
    assert not not_modified(
        server, '/text.txt', {'If-None-Match': '"x"', 'If-Modified-Since': 'Thu, 01 Jan 2026 00:00:00 GMT'}
    )


def test_conditions_of_head(server):
    tag = server.get('/text.txt').header('etag')
    assert server.request('HEAD', '/text.txt', {'If-None-Match': tag}).status == 304


@pytest.mark.needs('shared-files')
def test_a_changed_file_is_sent_anew(server, site):
    path = site / 'changing.txt'
    path.write_bytes(b'one')
    tag = server.get('/changing.txt').header('etag')
    path.write_bytes(b'other')
    found = server.get('/changing.txt', {'If-None-Match': tag})
    assert (found.status, found.body) == (200, b'other')


# --- ranges ---

SIZE = len(site.TEXT)


@pytest.mark.parametrize(
    'value, first, last',
    [
        ('bytes=0-0', 0, 0),
        ('bytes=0-', 0, SIZE - 1),
        ('bytes=4-8', 4, 8),
        ('bytes=-5', SIZE - 5, SIZE - 1),
        ('bytes=-1000', 0, SIZE - 1),
        ('bytes=40-1000', 40, SIZE - 1),
        (f'bytes={SIZE - 1}-', SIZE - 1, SIZE - 1),
        ('Bytes=1-2', 1, 2),
    ],
)
def test_a_single_range_is_206(server, value, first, last):
    found = server.get('/text.txt', {'Range': value})
    assert (found.status, found.body) == (206, site.TEXT[first : last + 1])
    assert found.header('content-range') == f'bytes {first}-{last}/{SIZE}'
    assert found.header('content-length') == str(last - first + 1)


@pytest.mark.parametrize('value', [f'bytes={SIZE}-', 'bytes=1000-2000', 'bytes=-0'])
def test_a_range_behind_the_end_is_416(server, value):
    found = server.get('/text.txt', {'Range': value})
    assert (found.status, found.header('content-range')) == (416, f'bytes */{SIZE}')


@pytest.mark.parametrize(
    'value',
    [
        'bytes=5-4',
        'bytes=a-b',
        'bytes=',
        'bytes',
        'lines=1-2',
        'bytes=1',
        'bytes=--1',
        'bytes=+1-2',
        'bytes=0-1,3-4',
        '',
    ],
)
def test_a_range_that_is_none_or_several_is_ignored(server, value):
    found = server.get('/text.txt', {'Range': value})
    assert found.status in (200, 416) and (found.status == 416 or found.body == site.TEXT)
    assert found.status == 200 or value == 'bytes=0-1,3-4'


def test_a_range_of_a_big_file(server):
    found = server.get('/big.txt', {'Range': 'bytes=100001-200000'})
    assert (found.status, found.body) == (206, site.FILES['big.txt'][100001:200001])


def test_files_say_that_they_take_ranges(server):
    assert server.get('/text.txt').header('accept-ranges') == 'bytes'


def test_if_range(server):
    found = server.get('/text.txt')
    tag, date = found.header('etag'), found.header('last-modified')
    assert not tag.startswith('W/'), 'a weak tag never matches If-Range'
    for value, status in (
        (tag, 206),
        (date, 206),
        ('"x"', 200),
        ('W/' + tag, 200),
        ('Mon, 13 Nov 2023 00:00:00 GMT', 200),
    ):
        assert server.get('/text.txt', {'Range': 'bytes=0-3', 'If-Range': value}).status == status, value


def test_a_range_for_other_methods_is_ignored(server):
    with server.connect() as connection:
        connection.send(request_bytes('HEAD', '/text.txt', {'Range': 'bytes=0-3'}))
        assert connection.response('HEAD').status in (200, 206)
    assert server.get('/hello', {'Range': 'bytes=0-3'}).status == 200


def test_a_condition_that_fails_wins_over_the_range(server):
    tag = server.get('/text.txt').header('etag')
    assert server.get('/text.txt', {'Range': 'bytes=0-3', 'If-None-Match': tag}).status == 304


def test_a_range_of_an_empty_file(server):
    assert server.get('/empty.txt', {'Range': 'bytes=0-'}).status == 416


# --- gzip twins ---


@pytest.mark.parametrize(
    'value', ['gzip', 'gzip, deflate, br', 'br;q=1.0, gzip;q=0.8', 'GZIP', '*', 'deflate,gzip;q=0.001', 'x-gzip']
)
def test_the_gzip_twin_is_sent_when_accepted(server, value):
    found = server.get('/style.css', {'Accept-Encoding': value})
    assert found.header('content-encoding') == 'gzip' and gzip.decompress(found.body) == site.STYLE
    assert found.header('content-type').startswith('text/css')
    assert 'accept-encoding' in found.header('vary').lower()


@pytest.mark.parametrize(
    'value', ['', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.0', 'gzip;q=0.000, *', 'notgzip', 'gzipped', '*;q=0']
)
def test_the_plain_file_is_sent_otherwise(server, value):
    found = server.get('/style.css', {'Accept-Encoding': value})
    assert found.header('content-encoding') is None and found.body == site.STYLE
    assert 'accept-encoding' in found.header('vary').lower()


def test_the_plain_file_is_sent_without_the_header(server):
    assert server.get('/style.css').body == site.STYLE


def test_twins_have_validators_of_their_own(server):
    plain, twin = server.get('/style.css'), server.get('/style.css', {'Accept-Encoding': 'gzip'})
    assert plain.header('etag') != twin.header('etag')
    assert server.get('/style.css', {'Accept-Encoding': 'gzip', 'If-None-Match': twin.header('etag')}).status == 304
    assert server.get('/style.css', {'Accept-Encoding': 'gzip', 'If-None-Match': plain.header('etag')}).status == 200
    assert (
        'accept-encoding'
        in server.get('/style.css', {'Accept-Encoding': 'gzip', 'If-None-Match': twin.header('etag')})
        .header('vary')
        .lower()
    )


def test_types_that_do_not_compress_have_no_vary(server):
    assert server.get('/text.txt', {'Accept-Encoding': 'gzip'}).header('vary') == 'Accept-Encoding'
    assert server.get('/mime/a.png', {'Accept-Encoding': 'gzip'}).header('vary') is None


# --- settings ---


@pytest.mark.app('wire', set={'NotFoundURL': '/hello'})
def test_not_found_url_redirects(server):
    for path in ('/is-not-there', '/is-not-there.txt', '/helper/ReturnNotFound', '/nothing/'):
        found = server.get(path)
        assert (found.status, found.header('location')) == (307, '/hello'), path
    assert server.get('/hello').status == 200


@pytest.mark.app('custom_types')
def test_default_pages_and_mime_types_can_be_added(server):
    assert server.get('/home/').body == b'home.html\n'
    found = server.get('/file.unknown')
    assert (found.status, found.header('content-type'), found.body) == (200, 'application/x-unknown', b'unknown\n')


@pytest.mark.app('wire', set={'RootPath': '/does/not/exist'})
def test_a_root_that_does_not_exist(server):
    assert server.get('/').status == 404 and server.get('/hello').status == 200
