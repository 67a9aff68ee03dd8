"""Answers that are fed later: iterators, streams that have nothing yet, streams of events."""

import json

import h11
import pytest
from support.client import request_bytes

ON_BOARD = True

pytestmark = pytest.mark.app('feeds')

PIECES = 'h\xe4'.encode() + b'bytes+array+view' + b'0123456789' * 700 + b'end'


@pytest.fixture(params=[pytest.param(None, id='one-thread'), pytest.param(3, id='workers')])
def served(request, target, site):
    """The application, by one thread and with workers."""
    if request.param and 'threads' not in target.abilities:
        pytest.skip(f'{target.name} has no threads')
    settings = {'threads': request.param} if request.param else {}
    server = target.server('feeds', dict(settings, root=target.path(site)))
    yield server
    assert server.alive, server.log()


def all_is_given_back(server):
    """Wait until the server has its listening socket only, and that of the question; tell whether no slot is taken."""
    for _ in range(1000):
        stats = server.get('/stats').json()
        if stats['sockets'] == 2:
            return stats['slots'] == 0
    raise AssertionError(stats)


# --- iterators --------------------------------------------------------------------------------------------------------


def test_iterators_are_sent_in_chunks(served):
    with served.connect() as connection:
        response = connection.request('GET', '/pieces/x')
        assert (response.body, response.header('Transfer-Encoding')) == (PIECES, 'chunked')
        assert response.header('Content-Type') == 'application/octet-stream'
        assert connection.request('GET', '/list/x').body == b'abc'
        assert connection.request('GET', '/empty/x').body == b''
        assert connection.is_open()


def test_an_old_client_gets_an_iterator_until_the_end_of_the_connection(served):
    with served.connect() as connection:
        connection.send('GET /pieces/x HTTP/1.0\r\n\r\n')
        response = connection.response()
        assert (response.body, response.header('Transfer-Encoding')) == (PIECES, None)


def test_iterators_with_a_length(served):
    start = len(served.log())
    with served.connect() as connection:
        response = connection.request('GET', '/long/x')
        assert (response.body, response.header('Content-Length')) == (b'1234567890', '10')
        assert served.output.wait_for('LONG CLOSED', start)
        assert connection.is_open()
        with pytest.raises(h11.RemoteProtocolError):
            connection.request('GET', '/short/x')


def test_head_of_an_iterator_asks_it_for_nothing(served):
    start = len(served.log())
    with served.connect() as connection:
        assert connection.request('HEAD', '/own/head').body == b''
        assert connection.is_open()
    assert served.output.wait_for('CLOSED head', start)


@pytest.mark.parametrize('path', ['own', 'not-yet', 'not-yet-length'])
def test_what_has_nothing_yet_holds_up_nobody(served, path):
    start = len(served.log())
    name = f'{path}{start}'
    with served.connect() as one, served.connect() as two:
        one.send(request_bytes('GET', f'/{path}/{name}') + request_bytes('GET', '/hello'))
        assert served.output.wait_for(f'WAITING {name}', start)
        assert two.request('GET', '/hello').text == 'hello'
        two.request('GET', f'/release/{name}')
        assert (one.response().text, one.response().text) == ('released', 'hello')
    assert served.output.wait_for(f'CLOSED {name}', start)


@pytest.mark.parametrize('path', ['own', 'not-yet'])
def test_a_client_that_leaves_what_has_nothing_yet(served, path):
    start = len(served.log())
    name = f'left{path}{start}'
    with served.connect() as connection:
        connection.send(request_bytes('GET', f'/{path}/{name}'))
        assert served.output.wait_for(f'WAITING {name}', start)
        connection.abort()
    assert served.output.wait_for(f'CLOSED {name}', start)
    assert all_is_given_back(served)


def test_a_generator_is_closed_when_its_client_leaves(served):
    start = len(served.log())
    with served.connect(receive_buffer=4096) as connection:
        connection.send(request_bytes('GET', f'/endless/gone{start}'))
        connection.receive_exactly(20000)
        assert served.get('/hello').status == 200
        connection.abort()
    assert served.output.wait_for(f'CLOSED gone{start}', start)


@pytest.mark.parametrize('path, text', [('fails', 'a generator\n'), ('fails-later', 'later'), ('wrong', 'not bytes')])
def test_an_iterator_that_fails_costs_its_own_connection(served, path, text):
    start = len(served.log())
    with served.connect() as connection:
        with pytest.raises((h11.RemoteProtocolError, ConnectionError)):
            connection.request('GET', f'/{path}/x')
    assert served.output.wait_for(text, start)
    assert served.get('/hello').status == 200


def test_what_is_no_stream_is_refused(server):
    errors = server.get('/errors').json()
    assert ['stream' in error for error in errors[:6]] == [True] * 6
    assert ['retry' in error for error in errors[6:]] == [True] * 3


# --- events -----------------------------------------------------------------------------------------------------------


class Events:
    """A client of /events, who reads as the HTML Standard says (section 9.2.6)."""

    def __init__(self, server, query='', headers=(), **options):
        self.connection = server.connect(**options)
        self.connection.send(request_bytes('GET', f'/events{query}', headers))
        head, end = b'', b'\r\n\r\n'
        while not head.endswith(end):
            head += self.connection.receive_exactly(1)
        status, *lines = head.decode().split('\r\n')
        assert status == 'HTTP/1.1 200 OK'
        self.headers = dict(line.lower().split(': ', 1) for line in lines if line)
        self.comments, self.retry, self.last_id = 0, None, ''

    def line(self):
        """Return the next line."""
        line = b''
        while not line.endswith(b'\n'):
            line += self.connection.receive_exactly(1)
        return line[:-1].decode()

    def event(self):
        """Return (type, data) of the next event."""
        kind, data = '', []
        while True:
            line = self.line()
            if not line:
                if data:
                    return kind or 'message', '\n'.join(data)
                kind, data = '', []
                continue
            field, _, value = line.partition(':')
            value = value.removeprefix(' ')
            if field == 'event':
                kind = value
            elif field == 'data':
                data.append(value)
            elif field == 'id':
                self.last_id = value
            elif field == 'retry':
                self.retry = int(value)
            else:
                assert field == '', line
                self.comments += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()


def send(server, data, **more):
    """Have an event sent to all; return how many took it."""
    body = json.dumps({'data': data, **more}).encode()
    response = server.request('POST', '/send', {'Content-Type': 'application/json'}, body)
    return response.json() if response.status == 200 else response.status


def wait_for_streams(server, count):
    """Wait until the server has so many streams: those whose clients have left may be there for a moment."""
    for _ in range(1000):
        if send(server, 'count') == count:
            return
    raise AssertionError(f'not {count} streams')


def test_the_head_of_a_stream_of_events(served):
    with Events(served, '?retry=2500&name=head') as events:
        headers = events.headers
        assert headers['content-type'].startswith('text/event-stream')
        assert headers['cache-control'] == 'no-store, no-transform'
        assert (headers['x-accel-buffering'], headers['x-own'], headers['connection']) == ('no', 'own', 'close')
        assert 'content-length' not in headers and 'transfer-encoding' not in headers
        assert events.event() == ('message', 'last: ')
        assert events.retry == 2500


def test_events_come_as_they_were_sent(served):
    wait_for_streams(served, 0)
    with Events(served, '?name=one') as one, Events(served, '?name=two', {'Last-Event-ID': 'x\xe4 7'}) as two:
        assert one.event() == ('message', 'last: ')
        assert two.event()[1].startswith('last: x')
        assert send(served, 'a\nb\r\nc\rd', event='line s', id=7) == 2
        for events in (one, two):
            assert events.event() == ('line s', 'a\nb\nc\nd')
            assert events.last_id == '7'
        assert send(served, '') == 2
        assert send(served, ' h\xe4: x', id='') == 2
        assert (one.event(), one.event(), one.last_id) == (('message', ''), ('message', ' h\xe4: x'), '')


@pytest.mark.parametrize('more', [{'event': 'a\nb'}, {'event': 'a\0'}, {'id': 'a\rb'}, {'id': '\x7f'}, {'event': 5}])
def test_controls_in_event_and_id_are_refused(server, more):
    with Events(server) as events:
        assert events.event() == ('message', 'last: ')
        assert send(server, 'x', **more) == 500
        assert send(server, 'next') >= 1
        assert events.event() == ('message', 'next')


def test_a_client_that_leaves_is_noticed(served):
    for leave in ('close', 'abort'):
        start = len(served.log())
        with Events(served, f'?name={leave}') as events:
            assert events.event() == ('message', 'last: ')
            getattr(events.connection, leave)()
        assert served.output.wait_for(f'LEFT {leave} True False', start)
    assert all_is_given_back(served)


def test_a_stream_holds_no_slot_and_no_worker(start):
    server = start('feeds', set={'BufferSlotsCount': 2}, preset='SetEmbeddedConfig')
    streams = [Events(server, f'?name={number}') for number in range(6)]
    for events in streams:
        assert events.event() == ('message', 'last: ')
    assert server.get('/stats').json()['slots'] == 0
    assert server.get('/pieces/x').body == PIECES
    assert send(server, 'all') == 6
    for events in streams:
        assert events.event() == ('message', 'all')
        events.connection.close()


def test_a_full_queue_refuses_events_and_keeps_the_stream(served):
    wait_for_streams(served, 0)
    with Events(served, '?name=slow', receive_buffer=2048) as events:
        assert events.event() == ('message', 'last: ')
        count, queued, closed = served.request('POST', '/flood').json()
        assert count > 0 and 4000 <= queued <= 5000 and not closed
        events.connection.set_receive_buffer(1 << 20)
        assert [events.event() for _ in range(count)] == [('message', 'x' * 990)] * count
        wait_for_streams(served, 1)


def test_heartbeats(served):
    with Events(served, '?name=quiet') as events:
        assert events.event() == ('message', 'last: ')
        events.comments = 0
        assert served.request('POST', '/heartbeat').status == 200
        assert events.line() == ':'


def test_a_client_that_takes_no_heartbeat_is_dropped(served):
    wait_for_streams(served, 0)
    start = len(served.log())
    with Events(served, '?name=stuck', receive_buffer=2048) as events:
        assert events.event() == ('message', 'last: ')
        served.request('POST', '/flood')
        served.request('POST', '/heartbeat')
        assert served.output.wait_for('LEFT stuck True False', start)


def test_the_application_ends_a_stream(served):
    start = len(served.log())
    with Events(served, '?name=ended') as events:
        assert events.event() == ('message', 'last: ')
        assert send(served, 'last words') >= 1
        assert served.request('POST', '/close').status == 200
        assert events.connection.read_until_close().startswith(b'data: last words\n\n')
    assert served.output.wait_for('LEFT ended True False', start)


def test_a_client_that_talks_instead_of_listening_is_closed(server):
    with Events(server) as events:
        assert events.event() == ('message', 'last: ')
        events.connection.send(b'x' * 4000)
        assert send(server, 'still here') >= 1
        assert events.event() == ('message', 'still here')
        events.connection.send(b'x' * 1000)
        assert events.connection.is_closed()


def test_head_of_a_stream_of_events(served):
    start = len(served.log())
    response = served.request('HEAD', '/events?name=headed')
    assert response.header('Content-Type').startswith('text/event-stream')
    assert served.output.wait_for('LEFT headed True False', start)


def test_a_handler_that_fails_after_the_head(served):
    start = len(served.log())
    with served.connect() as connection:
        connection.send(request_bytes('GET', '/events-then-fault'))
        assert b'text/event-stream' in connection.read_until_close()
    assert served.output.wait_for('fault after the head of a stream', start)


def test_a_stream_after_an_answer_is_refused(served):
    start = len(served.log())
    with served.connect() as connection:
        assert connection.request('GET', '/events-twice').text == 'first'
    assert served.output.wait_for('SECOND CLOSED True', start)
