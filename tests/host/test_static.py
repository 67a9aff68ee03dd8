"""Static files: what is served, what never is, validators, ranges, gzip twins (RFC 9110 sections 8, 13 and 14)."""

import email.utils
import errno
import gzip
import os
import resource
import socket
import time

import pytest
from MicroWebSrv2.host import files
from MicroWebSrv2.libs import staticFiles
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
        ('/UPPER.TXT', b'upper\n'),
    ],
)
def test_files_and_default_pages(server, path, body):
    found = server.get(path)
    assert found.status == 200 and found.body.endswith(body)
    assert found.header('content-length') == str(len(found.body))


@pytest.mark.parametrize(
    'path', ['//', '//text.txt', '//htm', '/htm//', '/htm//index.htm', '/htm/../text.txt', '/./text.txt']
)
def test_paths_with_empty_and_dot_segments_are_not_found(server, path):
    assert server.get(path).status == 404


@pytest.mark.parametrize('method', ['GET', 'HEAD'])
@pytest.mark.parametrize(
    'path, location',
    [('/htm', '/htm/'), ('/htm?', '/htm/'), ('/htm?a=1&b=/c?', '/htm/?a=1&b=/c?'), ('/h%74m?%0d%0a', '/h%74m/?%0d%0a')],
)
def test_a_folder_without_its_slash_is_redirected_to(server, method, path, location):
    found = server.request(method, path)
    assert (found.status, found.header('location'), found.body) == (308, location, b'')
    assert 'second answer' not in server.log()


def test_a_folder_without_a_page_is_not_redirected_to(server):
    assert server.get('/nothing').status == 404


def test_a_plus_in_a_path_is_no_space(server):
    assert server.get('/name+with+space.txt').status == 404


@pytest.mark.parametrize(
    'path, status',
    [
        ('/is-not-there.txt', 404),
        ('/nothing/', 404),
        ('/no/such/folder/x.txt', 404),
        ('/text.txt/x', 404),
        ('/file.unknown', 403),
        ('/noextension', 403),
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
        '/.well-known/.hidden.txt',
        '/.well-known/../.hidden.txt',
        '/htm/.well-known/nested.txt',
        '/config.json',
        '/config%2ejson',
        '/htm/Config.json',
        '/config.json.new',
        '/program.py',
        '/program.mpy',
        '/server.key',
        '/server.pem',
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


@pytest.mark.parametrize(
    'path, media_type, body',
    [
        ('/.well-known/security.txt', 'text/plain; charset=UTF-8', b'Contact: x\n'),
        ('/.well-known/acme-challenge/token', 'application/octet-stream', b'token\n'),
    ],
)
def test_well_known_files_are_served(server, path, media_type, body):
    found = server.get(path)
    assert (found.status, found.header('content-type'), found.body) == (200, media_type, body)


@pytest.mark.parametrize(
    'path, why',
    [
        ('/file.unknown', "GET '/file.unknown': 403, no type is known"),
        ('/is-not-there.txt', 'Not found: GET /is-not-there.txt'),
        ('/file/a%1b%5b0m', "GET '/file/a\\x1b[0m': 404, no file"),
        ('/file/is-not-there', "GET '/file/is-not-there': 404, no file"),
    ],
)
def test_the_log_says_why_a_file_is_not_sent(server, path, why):
    since = len(server.log())
    assert server.get(path).status in (403, 404)
    assert server.output.wait_for('MWS2-INFO> ' + why, since), server.log()[since:]


@pytest.fixture
def special(site, request):
    """A name in the site for a file that is none, removed after the test."""
    path = site / 'special.txt'
    yield path
    path.unlink()


@pytest.mark.needs('shared-files')
@pytest.mark.parametrize('path', ['/special.txt', '/file/special.txt'])
def test_a_pipe_is_not_served_and_holds_up_nobody(server, special, path):
    os.mkfifo(special)
    assert server.get(path).status == 404
    assert server.get('/text.txt').status == 200


@pytest.mark.needs('shared-files')
def test_a_socket_is_not_served(server, special):
    with socket.socket(socket.AF_UNIX) as sock:
        folder = os.open(special.parent, os.O_RDONLY)
        sock.bind(f'/proc/self/fd/{folder}/{special.name}')
        os.close(folder)
        assert server.get('/special.txt').status == 404


@pytest.mark.needs('shared-files')
def test_a_device_is_not_served(server, special):
    special.symlink_to('/dev/zero')
    assert server.get('/special.txt').status == 404
    assert server.get('/file/special.txt').status == 404


@pytest.mark.needs('symlinks')
def test_a_link_is_judged_each_time_it_is_opened(server, site, special):
    for _ in range(2):
        for target, status in (('text.txt', 200), ('../secret.txt', 404)):
            special.unlink(missing_ok=True)
            special.symlink_to(target)
            assert server.get('/special.txt').status == status


@pytest.mark.needs('symlinks')
def test_a_folder_that_becomes_a_link_is_judged_again(server, site, tmp_path):
    folder = site / 'changing'
    folder.mkdir()
    (folder / 'secret.txt').write_bytes(b'mine')
    assert server.get('/changing/secret.txt').body == b'mine'
    folder.rename(tmp_path / 'away')
    folder.symlink_to(site.parent / 'www-private')
    try:
        assert server.get('/changing/secret.txt').status == 404
    finally:
        folder.unlink()


@pytest.mark.needs('symlinks')
def test_a_root_that_is_a_link_may_change(start, target, tmp_path):
    for name in 'ab':
        (tmp_path / name).mkdir()
        (tmp_path / name / 'name.txt').write_text(name)
    root = tmp_path / 'root'
    root.symlink_to('a')
    server = start('wire', root=target.path(root))
    assert server.get('/name.txt').body == b'a'
    root.unlink()
    root.symlink_to('b')
    assert server.get('/name.txt').body == b'b'


@pytest.mark.needs('shared-files')
def test_files_are_503_while_the_system_is_out_of_descriptors(start):
    server = start('wire')
    with server.connect() as connection:
        assert connection.request('GET', '/text.txt').status == 200
        used = {int(name) for name in os.listdir(f'/proc/{server.process.pid}/fd')}
        lowest = next(number for number in range(len(used) + 1) if number not in used)
        limits = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (lowest, limits[1]))
        for path in ('/text.txt', '/', '/file/text.txt'):
            found = connection.request('GET', path)
            assert (found.status, found.header('retry-after')) == (503, '1'), path
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, limits)
        assert 'second answer' not in server.log()
        assert connection.request('GET', '/text.txt').body == site.TEXT


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
        ('Sunday, 15-Jun-25 15:06:40 GMT', True),
        ('Sunday, 15-Jun-25 15:06:39 GMT', False),
        ('Wednesday, 15-Jun-77 15:06:40 GMT', False),
        ('Sun Jun 15 15:06:40 2025', True),
        ('Sun Jun 15 15:06:39 2025', False),
        ('Tue Jul  1 00:00:00 2025', True),
        ('Sun, 15 Jun 2025 15:06:40', False),
        ('Sun, 15 Jun 2025 15:06:40 CET', False),
        ('Sun, 15 Jun 2025 15:06 GMT', False),
        ('Sun, 15 Jun +2025 15:06:40 GMT', False),
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


@pytest.mark.parametrize(
    'condition, status',
    [
        ({'If-Match': '*'}, 200),
        ({'If-Match': 'TAG'}, 200),
        ({'If-Match': '"x", TAG'}, 200),
        ({'If-Match': 'W/TAG'}, 412),
        ({'If-Match': '"x"'}, 412),
        ({'If-Match': ''}, 412),
        ({'If-Match': '"x"', 'If-None-Match': 'TAG'}, 412),
        ({'If-Match': 'TAG', 'If-None-Match': 'TAG'}, 304),
        ({'If-Match': 'TAG', 'If-Unmodified-Since': 'Mon, 01 Jan 2024 00:00:00 GMT'}, 200),
        ({'If-Unmodified-Since': 'DATE'}, 200),
        ({'If-Unmodified-Since': 'Mon, 01 Jan 2024 00:00:00 GMT'}, 412),
        ({'If-Unmodified-Since': 'Fri, 01 Jan 2123 00:00:00 GMT'}, 200),
        ({'If-Unmodified-Since': 'nonsense'}, 200),
        ({'If-Match': '"x"', 'Range': 'bytes=0-3'}, 412),
    ],
)
def test_preconditions(server, condition, status):
    known = server.get('/text.txt')
    tag, date = known.header('etag'), known.header('last-modified')
    fields = {name: value.replace('TAG', tag).replace('DATE', date) for name, value in condition.items()}
    found = server.get('/text.txt', fields)
    assert found.status == status
    if status == 412:
        assert found.header('last-modified') is None and found.header('cache-control') == 'no-store'


def test_conditions_are_for_get_and_head(server):
    assert server.request('POST', '/posted-file', {'If-Match': '"x"', 'Range': 'bytes=0-3'}, b'').body == site.TEXT


@pytest.fixture
def changing(server, site):
    """A function (content, time) that writes a file of the site and gets it with the validators of the time before."""
    path = site / 'changing.txt'
    known = {}

    def change(content, mtime, tag=True):
        path.write_bytes(content)
        os.utime(path, (mtime, mtime))
        names = {'etag': 'If-None-Match'} if tag else {'last-modified': 'If-Modified-Since'}
        found = server.get('/changing.txt', {names[name]: known[name] for name in names if known.get(name)})
        known.update({name: found.header(name) for name in ('etag', 'last-modified')})
        return found

    yield change
    path.unlink()


@pytest.mark.needs('shared-files')
@pytest.mark.parametrize('tag', [True, False])
def test_a_changed_file_is_sent_anew(changing, tag):
    for content, mtime, status in (
        (b'one', 1_700_000_000, 200),
        (b'one', 1_700_000_000, 304),
        (b'two', 1_700_000_001, 200),
        (b'two', 1_700_000_001, 304),
    ):
        assert changing(content, mtime, tag).status == status


@pytest.mark.needs('shared-files')
@pytest.mark.parametrize('mtime', [0, 1, 946_684_807, 1_009_843_199, 'now', 'tomorrow'], ids=str)
def test_a_time_that_means_nothing_is_no_validator(changing, mtime):
    mtime = {'now': time.time() + 30, 'tomorrow': time.time() + 86400}.get(mtime, mtime)
    for content in (b'one', b'two'):
        found = changing(content, mtime)
        assert (found.status, found.body) == (200, content)
        assert found.header('etag') is None and found.header('last-modified') is None


@pytest.mark.needs('cpython')
def test_a_tag_tells_times_within_a_second_apart(server, site):
    path = site / 'precise.txt'
    path.write_bytes(b'one')
    tags = set()
    for nanoseconds in (1, 2):
        os.utime(path, ns=(1_700_000_000_000_000_000, 1_700_000_000_000_000_000 + 1000 * nanoseconds))
        tags.add(server.get('/precise.txt').header('etag'))
    path.unlink()
    assert len(tags) == 2


@pytest.mark.needs('shared-files')
def test_frozen_files_change_with_their_version_alone(start, target, tmp_path):
    root, frozen = tmp_path / 'root', tmp_path / 'frozen'
    for folder in (root, frozen):
        folder.mkdir()
        (folder / f'{folder.name}.txt').write_bytes(b'text')
        os.utime(folder / f'{folder.name}.txt', (0, 0))
    tags = []
    for version in ('1', '2', ''):
        settings = {'FallbackRootPath': target.path(frozen)}
        if version:
            settings['FallbackVersion'] = version
        server = start('wire', root=target.path(root), set=settings)
        assert server.get('/root.txt').header('etag') is None
        found = server.get('/frozen.txt')
        assert found.status == 200 and found.header('last-modified') is None
        tags.append(found.header('etag'))
        if version:
            assert tags[-1] == f'"{version}-4"'
            assert server.get('/frozen.txt', {'If-None-Match': tags[-1]}).status == 304
    assert tags[2] is None


def test_what_a_handler_answers_with_a_file_is_kept_only_if_it_says_so(server):
    assert server.get('/text.txt').header('cache-control') == 'no-cache'
    assert server.get('/file/text.txt').header('cache-control') == 'no-store'


@pytest.mark.parametrize(
    'path, text',
    [
        (b'/HIDDEN~1.TXT', None),
        (b'/a~b/C~12.TXT', None),
        (b'/a~b.txt', '/a~b.txt'),
        (b'/a~', '/a~'),
        (b'/1~.txt', '/1~.txt'),
    ],
)
def test_second_names_of_fat_lead_nowhere(monkeypatch, path, text):
    monkeypatch.setattr(staticFiles, '_HAS_SHORT_NAMES', True)
    assert staticFiles.inner_path(path) == text
    monkeypatch.setattr(staticFiles, '_HAS_SHORT_NAMES', False)
    assert staticFiles.inner_path(path) == path.decode()


@pytest.mark.needs('shared-files')
def test_no_answer_leaves_a_file_open(start):
    server = start('wire')
    with server.connect() as connection:
        for number in range(2):
            for path, fields, status in (
                ('/text.txt', {}, 200),
                ('/big.txt', {}, 200),
                ('/text.txt', {'If-Match': '"x"'}, 412),
                ('/text.txt', {'If-None-Match': '*'}, 304),
                ('/text.txt', {'Range': 'bytes=5-6'}, 206),
                ('/text.txt', {'Range': 'bytes=1000-'}, 416),
                ('/file.unknown', {}, 403),
                ('/is-not-there.txt', {}, 404),
                ('/htm', {}, 308),
                ('/style.css', {'Accept-Encoding': 'gzip'}, 200),
                ('/packed/', {'Accept-Encoding': 'br'}, 406),
                ('/empty.txt', {}, 200),
            ):
                assert connection.request('GET', path, fields).status == status
                assert connection.request('HEAD', path, fields).status == status
                assert connection.request('OPTIONS', path).status in (204, 404)
            opened = len(os.listdir(f'/proc/{server.process.pid}/fd'))
            if number == 0:
                before = opened
        assert opened == before


@pytest.mark.needs('shared-files')
def test_content_that_was_written_just_now_is_no_validator_yet(server, site):
    path = site / 'fresh.txt'
    path.write_bytes(b'one')
    found = server.get('/fresh.txt')
    path.unlink()
    assert found.status == 200 and found.header('etag') is None and found.header('last-modified') is None


@pytest.mark.needs('shared-files')
@pytest.mark.parametrize('mtime, date', [(1_009_843_200, 'Tue, 01 Jan 2002'), (1_600_000_000, 'Sun, 13 Sep 2020')])
def test_files_of_any_year_have_their_date(changing, mtime, date):
    assert changing(b'old', mtime).header('last-modified').startswith(date)


@pytest.mark.needs('shared-files')
def test_a_file_without_validators_fails_conditions_that_name_them(changing, server):
    changing(b'one', 0)
    for fields, status in (
        ({'If-Match': '"0-3"'}, 412),
        ({'If-Match': 'None'}, 412),
        ({'If-Match': '*'}, 200),
        ({'If-Range': '"0-3"', 'Range': 'bytes=0-0'}, 200),
        ({'Range': 'bytes=0-0'}, 206),
        ({'If-Modified-Since': 'Fri, 01 Jan 2123 00:00:00 GMT'}, 200),
        ({'If-Unmodified-Since': 'Fri, 01 Jan 1970 00:00:00 GMT'}, 200),
    ):
        assert server.get('/changing.txt', fields).status == status, fields


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


@pytest.mark.parametrize('fields', [{'Accept-Encoding': 'gzip'}, {'Accept-Encoding': 'br, *'}, {}])
def test_what_is_only_there_as_gzip_is_sent_so(server, fields):
    for path in ('/packed/', '/packed/index.html'):
        found = server.get(path, fields)
        assert (found.status, found.header('content-encoding')) == (200, 'gzip')
        assert gzip.decompress(found.body) == site.INDEX and found.header('content-type').startswith('text/html')
        assert found.header('vary') == 'Accept-Encoding' and found.header('etag').endswith('-gz"')
        assert server.get(path, dict(fields, **{'If-None-Match': found.header('etag')})).status == 304


@pytest.mark.parametrize('value', ['identity', 'gzip;q=0', 'br', ''])
def test_what_is_only_there_as_gzip_is_406_for_others(server, value):
    found = server.get('/packed/', {'Accept-Encoding': value})
    assert (found.status, found.header('vary')) == (406, 'Accept-Encoding')
    assert found.header('content-encoding') is None


def test_a_folder_of_a_gzip_page_is_redirected_to(server):
    assert server.get('/packed').header('location') == '/packed/'


def test_only_types_that_compress_are_looked_for_as_gzip(server):
    assert server.get('/packed/picture.png', {'Accept-Encoding': 'gzip'}).status == 404


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


@pytest.mark.needs('cpython')
def test_types_that_the_system_knows(device):
    device.run("""
from MicroWebSrv2 import MicroWebSrv2 as m
assert m.GetMimeTypeFromFilename('a.tar') == 'application/x-tar'
assert m.GetMimeTypeFromFilename('a.MOV') == 'video/quicktime'
for name in ('a.py', 'a.pyc', 'a.key', 'a.pem', 'a.p12', 'a.bak', 'a.pyhtml', 'a.html~'):
    assert m.GetMimeTypeFromFilename(name) is None, name
m.AddMimeType('.py', 'text/x-python')
assert m.GetMimeTypeFromFilename('a.py') == 'text/x-python'
""")


# --- files on CPython ---


@pytest.fixture
def host_file(tmp_path):
    """A file of three blocks, opened."""
    path = tmp_path / 'file.txt'
    path.write_bytes(bytes(range(256)) * 1024)
    return files.open_below(str(tmp_path), str(path))[1]


@pytest.mark.parametrize('code', [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_what_sendfile_does_not_know_is_copied(host_file, monkeypatch, code):
    def refuse(*_):
        raise OSError(code, 'refused')

    monkeypatch.setattr(files, '_sendfile', refuse)
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        host_file.seek(1)
        got = b''
        results = [host_file.send_to(near, 262144)]
        while results[-1]:
            if results[-1] < 0:
                got += far.recv(1 << 20)
            results.append(host_file.send_to(near, 262144))
        got += far.recv(1 << 20)
        assert -1 in results and got == (bytes(range(256)) * 1024)[1:]
    host_file.close()


def test_a_sendfile_that_fails_is_an_error(host_file, monkeypatch):
    near, far = socket.socketpair()
    far.close()
    with near, pytest.raises(OSError):
        for _ in range(2):
            host_file.send_to(near, 1000)


def test_a_file_can_be_closed_again(host_file):
    host_file.close()
    with open(os.devnull) as other:  # it may have the number that the file had
        host_file.close()
        other.read()


def test_what_was_judged_is_judged_again_when_it_has_moved(tmp_path):
    root = tmp_path / 'root'
    root.mkdir()
    path = root / 'file.txt'
    path.write_text('public')
    for _ in range(2):
        assert files.open_below(str(root), str(path))
    path.rename(tmp_path / 'file.txt')
    path.symlink_to('../file.txt')
    assert files.open_below(str(root), str(path)) is None


def test_without_proc_links_are_judged_by_their_real_path(tmp_path, monkeypatch):
    (tmp_path / 'root').mkdir()
    for name in ('root/in.txt', 'out.txt'):
        (tmp_path / name).write_text(name)
    (tmp_path / 'root' / 'link.txt').symlink_to('../out.txt')
    readlink = os.readlink
    monkeypatch.setattr(os, 'readlink', lambda path, **_: readlink(path.replace('/proc', '/no-proc'), **_))
    found = [files.open_below(str(tmp_path / 'root'), str(tmp_path / 'root' / name)) for name in ('in.txt', 'link.txt')]
    assert found[0][1].read(99) == b'root/in.txt' and found[1] is None
