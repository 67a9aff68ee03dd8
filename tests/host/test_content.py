"""Content that a handler takes as it comes: limits, backpressure, early answers, clients that leave, files."""

import os
import pathlib
import subprocess
import time

import pytest
from support.client import TIMEOUT, request_bytes

LOOP = pytest.mark.app('content', set={'RequestsTimeoutSec': 10})
WORKERS = pytest.mark.app('content', threads=3)
KB = bytes(range(256)) * 4


def put(path, size, **headers):
    """Returns the head of a PUT of `size` bytes."""
    return request_bytes('PUT', path, {'Content-Length': str(size), **headers})


@pytest.fixture(params=['loop', 'workers'])
def content(request, target, tmp_path_factory):
    """The application in the loop's thread, and with workers; its folder is empty."""
    root = tmp_path_factory.mktemp('content')
    settings = {'root': target.path(root)}
    if request.param == 'workers':
        settings['threads'] = 3
    key = f'content-{request.param}'
    if not hasattr(target, key):
        setattr(target, key, (target.server('content', settings), root))
    found, folder = getattr(target, key)
    for path in folder.iterdir():
        path.unlink()
    found.get('/resume')
    found.get('/log')
    found.folder = folder
    yield found
    assert found.alive, found.log()


def aborted(server, wanted):
    """Waits until the reasons of aborts have been logged, and returns them."""
    found = []
    deadline = time.monotonic() + TIMEOUT
    while len(found) < wanted:
        assert time.monotonic() < deadline, f'{len(found)} of {wanted} aborts: {found}'
        found += server.get('/log').json()
    return found


def assert_no_more_is_held(server, before):
    """Waits until a server holds no more sockets and slots than before."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        after = server.get('/held').json()
        if after['sockets'] <= before['sockets'] and after['slots'] <= before['slots']:
            return
        assert time.monotonic() < deadline, (before, after)


@pytest.mark.parametrize('size', [0, 1, 1000, 1025, 100000, 3000000 // 2])
def test_content_of_any_size_comes_in_pieces(content, size):
    body = (KB * (size // 1024 + 1))[:size]
    with content.connect() as connection:
        found, pieces, largest = connection.request('PUT', '/count', body=body).json()
        assert found == size and largest <= 4096
        assert pieces >= size // 4096
        assert connection.is_open()


def test_content_is_not_changed_on_its_way(content):
    body = bytes(i * 7 & 255 for i in range(70000))
    with content.connect() as connection:
        assert connection.request('PUT', '/echo', body=body).body == body
        chunks = b''.join(b'%x\r\n%s\r\n' % (len(body[i : i + 999]), body[i : i + 999]) for i in range(0, 70000, 999))
        connection.send(request_bytes('PUT', '/echo', {'Transfer-Encoding': 'chunked'}, chunks + b'0\r\nA: b\r\n\r\n'))
        assert connection.response('PUT').body == body
        assert connection.is_open()


def test_requests_that_follow_in_the_same_segment_are_answered_in_order(content):
    requests = b''.join(request_bytes('PUT', '/echo', body=b'%d' % i) for i in range(20))
    with content.connect() as connection:
        connection.send(requests + request_bytes('PUT', '/echo') + request_bytes('GET', '/hello'))
        assert [connection.response('PUT').body for _ in range(21)] == [b'%d' % i for i in range(20)] + [b'']
        assert connection.response().body == b'hello'


def test_content_byte_by_byte(content):
    with content.connect() as connection:
        for byte in request_bytes('PUT', '/echo', body=b'abcdef'):
            connection.send(bytes([byte]))
        assert connection.response('PUT').body == b'abcdef'


# --- limits ---


def test_a_limit_of_the_route_s_own_is_above_or_below_the_server_s(content):
    with content.connect() as connection:
        assert connection.request('PUT', '/limited', body=b'x' * 5000).status == 200
        connection.send(put('/limited', 5001))
        assert connection.response('PUT').status == 413
    with content.connect() as connection:
        connection.send(put('/count', 2 * 1024 * 1024 + 1))
        assert connection.refused('PUT').status == 413
    with content.connect() as connection:
        assert connection.request('PUT', '/save/large.bin', body=KB * 3000).status == 201
    assert (content.folder / 'large.bin').read_bytes() == KB * 3000
    assert content.get('/log').json() == []


def test_chunks_beyond_the_limit_are_refused_and_the_handler_is_told(content):
    with content.connect() as connection:
        connection.send(request_bytes('PUT', '/limited', {'Transfer-Encoding': 'chunked'}))
        connection.send(b'7d0\r\n' + b'x' * 2000 + b'\r\n', b'bb9\r\n')
        assert connection.refused('PUT').status == 413
    ((reason, size),) = aborted(content, 1)
    assert reason == 'Content larger than 5000 bytes.' and size <= 2000


def test_malformed_chunks_are_refused_and_the_handler_is_told(content):
    with content.connect() as connection:
        connection.send(request_bytes('PUT', '/count', {'Transfer-Encoding': 'chunked'}), b'3\r\nabcX')
        assert connection.refused('PUT').status == 400
    assert aborted(content, 1) == [['A chunk longer than its size.', 3]]


def test_a_total_time_of_the_route_s_own(content):
    with content.connect(timeout=0.3) as connection:
        connection.send(put('/in-a-second', 1000))
        for _ in range(60):
            try:
                connection.send(b'x')
                connection.receive()
                break
            except TimeoutError:
                continue
            except OSError:
                break
        assert connection.buffer.startswith(b'HTTP/1.1 408 ')
    assert aborted(content, 1)[0][0] == 'The content did not come in time.'


# --- Expect ---


def test_100_continue_is_sent_when_the_handler_asks_for_the_content(content):
    with content.connect() as connection:
        connection.send(put('/count', 3, Expect='100-continue'))
        assert connection.receive() and connection.buffer.startswith(b'HTTP/1.1 100 ')
        connection.send(b'abc')
        found = connection.response('PUT')
        assert (found.informational, found.json()[0]) == ([100], 3)
        assert connection.is_open()


@pytest.mark.parametrize(
    'path, size, status', [('/refuses', 3, 403), ('/limited', 9999, 413), ('/takes-nothing', 3, 501)]
)
def test_the_final_status_comes_instead_of_100_where_the_content_is_not_wanted(content, path, size, status):
    with content.connect() as connection:
        connection.send(put(path, size, Expect='100-continue'))
        found = connection.refused('PUT')
        assert (found.informational, found.status) == ([], status)


# --- answers before the end ---


def test_after_an_early_answer_little_is_passed_over_and_the_connection_goes_on(content):
    hidden = request_bytes('GET', '/log')
    with content.connect() as connection:
        connection.send(request_bytes('PUT', '/refuses', body=hidden * 100) + request_bytes('GET', '/hello'))
        assert connection.response('PUT').status == 403
        assert connection.response().body == b'hello'


@pytest.mark.parametrize('path', ['/refuses', '/enough/50000'])
def test_after_an_early_answer_much_is_not_waited_for(content, path):
    with content.connect() as connection:
        connection.send(put(path, 2000000), b'x' * 60000)
        found = connection.refused('PUT')
        assert found.status in (200, 403)
    assert content.get('/hello').status == 200
    if path != '/refuses':
        reason, size = aborted(content, 1)[0]
        assert reason == 'It was answered before its end.' and 50000 <= size <= 60000


def test_a_handler_that_does_not_answer_at_the_end_is_501(content):
    with content.connect() as connection:
        assert connection.request('PUT', '/ends-silently', body=b'abc').status == 501
        assert connection.request('PUT', '/ends-silently').status == 501
        assert connection.is_open()


@pytest.mark.parametrize('where', ['handler', 'content', 'end'])
def test_what_raises_costs_its_own_request_only(content, where):
    with content.connect() as connection:
        assert connection.request('PUT', '/raises/' + where, body=b'abc').status == 500
        assert connection.is_open()
    wanted = [] if where == 'end' else ['fault in ' + where]
    assert content.get('/log').json() == wanted


# --- backpressure ---


def test_a_paused_handler_has_the_client_wait(content):
    """As much as the buffers of both sides take can be sent, and no more, until the handler resumes."""
    size = 64 * 1024 * 1024
    with content.connect(timeout=2) as connection:
        connection.send(request_bytes('PUT', '/paused/1', {'Transfer-Encoding': 'chunked'}))
        with pytest.raises(TimeoutError):
            connection.send(b'%x\r\n' % 1000000, *[KB * 64] * (size // 65536))
        assert content.get('/log').json() == []


def test_a_handler_resumes_and_gets_all(content):
    with content.connect() as connection:
        connection.send(request_bytes('PUT', '/paused/4000', body=b'x' * 20000))
        resumed = 0
        while connection.is_silent():
            resumed += content.get('/resume').json()
        assert connection.response('PUT').json()[0] == 20000
        assert resumed >= 2
        assert connection.is_open()


def test_a_client_that_leaves_while_the_handler_pauses(content):
    before = content.get('/held').json()
    with content.connect() as connection:
        seen = len(content.log())
        connection.send(put('/paused/1', 100), b'abc')
        assert content.output.wait_for('PAUSED 3', seen)
        connection.abort()
    assert aborted(content, 1) == [['The client is gone.', 3]]
    assert_no_more_is_held(content, before)
    content.get('/resume')


@pytest.mark.parametrize('size', [10, 100000])
def test_an_answer_from_outside_while_content_comes(target, tmp_path, start, size):
    server = start('content', root=target.path(tmp_path))
    with server.connect() as connection:
        connection.send(put('/paused/1', 100), b'abc')
        assert server.output.wait_for('PAUSED 3')
        assert server.get(f'/answer?size={size}').status == 200
        assert len(connection.response('PUT').body) == size
        connection.send(b'x' * 97)
        assert connection.is_open()
    assert server.get('/log').json() == [['It was answered before its end.', 3]]


# --- clients that leave ---


@pytest.mark.parametrize('path', ['/count', '/save/gone.bin'])
def test_clients_that_leave_in_the_middle_leave_nothing_behind(content, path):
    (content.folder / 'gone.bin').write_bytes(b'old')
    before = content.get('/held').json()
    for size in (0, 1, 5000):
        with content.connect() as connection:
            connection.send(put(path, 100000, Expect='100-continue'))
            assert connection.receive()  # 100: the handler has run
            connection.send(b'x' * size)
            connection.abort() if size else connection.half_close()
    assert len(aborted(content, 3)) == 3
    assert [entry.name for entry in content.folder.iterdir()] == ['gone.bin']
    assert (content.folder / 'gone.bin').read_bytes() == b'old'
    assert_no_more_is_held(content, before)


# --- reads in a worker ---


@pytest.mark.parametrize('size', ['', '?size=1000', '?size=1'])
def test_a_worker_reads(target, tmp_path, server_of_workers, size):
    body = KB * (1 if size == '?size=1' else 100)
    with server_of_workers.connect() as connection:
        head, rest = put('/read' + size, len(body)) + body[:10], body[10:]
        connection.send(head, rest)
        found, pieces, largest = connection.response('PUT').json()
        assert found == len(body)
        assert not size or largest == int(size[6:])
        chunks = b''.join(b'%x\r\n%s\r\n' % (1024, KB) for _ in range(50))
        connection.send(request_bytes('PUT', '/read' + size, {'Transfer-Encoding': 'chunked'}, chunks + b'0\r\n\r\n'))
        assert connection.response('PUT').json()[0] == 51200
        assert connection.request('PUT', '/read').json()[0] == 0
        assert connection.is_open()


def test_a_worker_that_reads_blocks_nobody_else(server_of_workers):
    with server_of_workers.connect() as connection:
        connection.send(put('/read', 10, Expect='100-continue'))
        assert connection.receive() and connection.buffer.startswith(b'HTTP/1.1 100 ')
        assert server_of_workers.get('/hello').status == 200
        connection.send(b'0123456789')
        assert connection.response('PUT').json()[0] == 10


def test_what_a_worker_cannot_read_is_answered(server_of_workers):
    with server_of_workers.connect() as connection:
        connection.send(put('/read', 3 << 20))
        assert connection.refused('PUT').status == 413
    with server_of_workers.connect() as connection:
        connection.send(request_bytes('PUT', '/read', {'Transfer-Encoding': 'chunked'}, b'3\r\nabcX'))
        assert connection.refused('PUT').status == 400
    with server_of_workers.connect() as connection:
        connection.send(put('/read', 10), b'abc')
        connection.abort()
    with server_of_workers.connect() as connection:
        connection.send(put('/read-some', 10), b'abcdefghij')
        assert connection.response('PUT').body == b'abcd'
        assert connection.is_open()


def test_the_loop_does_not_read(server_of_loop):
    assert server_of_loop.request('PUT', '/read', body=b'abc').status == 500
    assert server_of_loop.output.wait_for('needs StartManaged(2) or more')


@pytest.fixture
def server_of_workers(target, tmp_path, start):
    return start('content', root=target.path(tmp_path), threads=3)


@pytest.fixture
def server_of_loop(target, tmp_path, start):
    return start('content', root=target.path(tmp_path))


# --- files ---


def test_a_file_is_saved_and_replaced(content):
    with content.connect() as connection:
        assert connection.request('PUT', '/save/a.bin', body=KB * 100).status == 201
        assert (content.folder / 'a.bin').read_bytes() == KB * 100
        assert connection.request('PUT', '/save/a.bin', body=b'new').status == 204
        assert connection.request('PUT', '/save/empty.bin').status == 201
        assert connection.request('PUT', '/save-then/a.bin', body=b'newer').json() == 5
        assert connection.is_open()
    assert sorted(entry.name for entry in content.folder.iterdir()) == ['a.bin', 'empty.bin']
    assert (content.folder / 'a.bin').read_bytes() == b'newer'


def test_two_uploads_of_one_file_do_not_mix(content):
    with content.connect() as first, content.connect() as second:
        first.send(put('/save/both.bin', 6), b'abc')
        second.send(put('/save/both.bin', 6), b'ABC')
        while len(list(content.folder.iterdir())) < 2:
            pass
        second.send(b'DEF')
        assert second.response('PUT').status == 201
        assert (content.folder / 'both.bin').read_bytes() == b'ABCDEF'
        first.send(b'def')
        assert first.response('PUT').status == 204
    assert [(entry.name, entry.read_bytes()) for entry in content.folder.iterdir()] == [('both.bin', b'abcdef')]


def test_a_file_that_cannot_be_written_is_500(content):
    with content.connect() as connection:
        assert connection.request('PUT', '/save-nowhere', body=b'abc').status == 500
        assert connection.is_open()


def test_a_file_larger_than_the_disk_is_507_before_it_comes(content):
    free = os.statvfs(content.folder)
    with content.connect() as connection:
        connection.send(put('/save/a.bin', 2 * free.f_bavail * free.f_frsize + 1, Expect='100-continue'))
        found = connection.refused('PUT')
        assert (found.informational, found.status) == ([], 507)
    assert list(content.folder.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason='a full disk needs root: it is a file system of its own')
def test_a_disk_that_fills_up_is_507_and_the_old_file_whole(target, tmp_path, start):
    disk = tmp_path / 'disk'
    disk.mkdir()
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk], check=False).returncode:
        pytest.skip('this machine does not mount file systems')
    try:
        (disk / 'file').write_bytes(b'old' * 1000)
        server = start('content', root=target.path(tmp_path), folders={'full': str(disk)})
        body = b'%x\r\n%s\r\n' % (400000, b'x' * 400000) + b'0\r\n\r\n'
        with server.connect() as connection:
            connection.send(put('/save-in/full', 400000, Expect='100-continue'))
            found = connection.refused('PUT')
            assert (found.status, found.informational) == (507, [])
        with server.connect() as connection:  # nobody knows before how much it will be
            connection.send(request_bytes('PUT', '/save-in/full', {'Transfer-Encoding': 'chunked'}, body))
            assert connection.response('PUT').status == 507
        assert [(entry.name, entry.read_bytes()) for entry in pathlib.Path(disk).iterdir()] == [('file', b'old' * 1000)]
    finally:
        subprocess.run(['umount', disk], check=True)
