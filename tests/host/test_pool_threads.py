"""StartManaged(n): handlers in n-1 workers, answers in order, and no handler that blocks delays others."""

import threading

import pytest
from support.client import request_bytes

pytestmark = [pytest.mark.needs('threads'), pytest.mark.app('threads', threads=4)]


def release(server, connection):
    """Lets one blocked handler go on; returns its response."""
    assert server.get('/release').text == 'release'
    return connection.response()


def test_a_handler_that_blocks_does_not_delay_others(server):
    start = len(server.log())
    with server.connect() as one, server.connect() as two:
        one.send(request_bytes('GET', '/block'))
        two.send(request_bytes('GET', '/block'))
        assert server.output.wait_for('BLOCKED\nBLOCKED\n', start)
        for path in ('/hello', '/text.txt', '/not-there', '/large'):
            assert server.get(path).status in (200, 404)
        assert one.is_silent() and two.is_silent()
        assert server.get('/release').text == 'release'
        assert server.get('/release').text == 'release'
        assert (one.response().text, two.response().text) == ('released', 'released')
        assert one.is_open()


def test_pipelined_requests_are_answered_in_order(server):
    start = len(server.log())
    with server.connect() as connection:
        connection.send(
            request_bytes('GET', '/block') + b''.join(request_bytes('GET', f'/number/{i}') for i in range(20))
        )
        assert server.output.wait_for('BLOCKED', start)
        assert connection.is_silent()
        assert release(server, connection).text == 'released'
        assert [connection.response().json()[0] for _ in range(20)] == list(range(20))


def test_parallel_clients_never_see_each_others_request(server):
    failures = []

    def client(index):
        try:
            with server.connect() as connection:
                for i in range(40):
                    n = index * 1000 + i
                    body = f'body {n}'.encode() * 50
                    assert connection.request('GET', f'/number/{n}?n={n}').json() == [n, str(n)]
                    assert connection.request('POST', '/echo', body=body).body == body
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=client, args=(i,)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures


def test_large_answers_of_workers_on_slow_readers(server):
    connections = [server.connect(receive_buffer=4096) for _ in range(8)]
    for connection in connections:
        connection.send(request_bytes('GET', '/large') + request_bytes('GET', '/hello'))
    for connection in connections:
        assert connection.response().body == b'0123456789abcdef' * 20000
        assert connection.response().body == b'hello'
        connection.close()


def test_a_fault_in_a_worker(server):
    start = len(server.log())
    with server.connect() as connection:
        assert connection.request('GET', '/raises').status == 500
        assert connection.is_open()
    assert server.output.wait_for('fault in a worker', start)
    for _ in range(10):
        assert server.get('/raises').status == 500
    assert server.get('/hello').status == 200


def test_a_client_that_goes_away_while_its_handler_blocks(server):
    start = len(server.log())
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/block'))
        assert server.output.wait_for('BLOCKED', start)
        connection.abort()
    assert server.get('/release').text == 'release'
    for _ in range(5):
        assert server.get('/hello').status == 200


def test_a_worker_may_stop_the_server(start):
    server = start('threads', threads=3)
    with server.connect() as idle:
        assert server.get('/stop').text == 'stopping'
        assert idle.is_closed()
    assert server.output.wait_for('ENDED')
    assert server.process.wait(10) == 0


def test_one_thread_serves_all(start):
    server = start('threads', threads=1)
    assert len({server.get('/ident').json() for _ in range(5)}) == 1
