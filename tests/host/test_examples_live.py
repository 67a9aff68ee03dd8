"""Applications of examples/ that answer as things happen: the dashboard, the moving picture, the chat."""

import contextlib
import json
import re

import pytest
from support.client import TIMEOUT, request_bytes
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

ON_BOARD = True


def lines_of(connection):
    """Give the lines of what comes."""
    while True:
        line = b''
        while not line.endswith(b'\n'):
            line += connection.receive_exactly(1)
        yield line.decode().rstrip('\r\n')


def values_of(connection):
    """Give (id, value) of the events of the dashboard."""
    number = None
    for line in lines_of(connection):
        if line.startswith('id: '):
            number = int(line[4:])
        elif line.startswith('data: '):
            yield number, int(line[6:])


@pytest.mark.app('example', example='dashboard')
def test_the_dashboard_shows_what_is_measured(server):
    assert 'EventSource' in server.get('/').text
    with server.connect() as one, server.connect() as two:
        one.send(request_bytes('GET', '/events'))
        values = values_of(one)
        first = next(values)
        assert first[1] > 0
        second, third = next(values), next(values)
        assert [first[0] + 1, first[0] + 2] == [second[0], third[0]]
        two.send(request_bytes('GET', '/events', {'Last-Event-ID': str(second[0])}))  # it comes back
        again = values_of(two)
        assert next(again) == third
        assert next(again) == next(values)


def pictures_of(connection):
    """Give the pictures of a stream, each (type, bytes)."""
    lines = lines_of(connection)
    while True:
        kind = size = None
        for line in lines:
            if line.startswith('Content-Type: image'):
                kind = line.split()[1]
            elif line.startswith('Content-Length: '):
                size = int(line.split()[1])
            elif not line and size:
                break
        yield kind, connection.receive_exactly(size)


@pytest.mark.app('example', example='mjpeg')
def test_the_picture_moves(server):
    assert '/stream' in server.get('/').text
    with server.connect() as connection:
        connection.send('GET /stream HTTP/1.0\r\n\r\n')  # without chunks
        pictures = pictures_of(connection)
        first, second = next(pictures), next(pictures)
        assert first[0] == 'image/bmp' and re.match(rb'BM', first[1]) and len(first[1]) == len(second[1]) == 574
        assert first[1] != second[1]
        assert server.get('/').status == 200


def enter(server, room):
    """Enter a room of the chat."""
    return connect(f'ws://{server.host}:{server.port}/chat/{room}', open_timeout=TIMEOUT, close_timeout=TIMEOUT)


def message(client):
    """Return the next message that a client gets."""
    return json.loads(client.recv(TIMEOUT))


@pytest.mark.app('example', example='chat')
def test_the_chat(server):
    assert 'WebSocket' in server.get('/garden').text
    with enter(server, 'kitchen') as one, enter(server, 'cellar') as other:
        assert (message(one), message(other)) == ({'people': 1}, {'people': 1})
        with enter(server, 'kitchen') as two:
            assert (message(one), message(two)) == ({'people': 2}, {'people': 2})
            two.send('h\xe4llo')
            assert (message(one), message(two)) == ({'text': 'h\xe4llo'}, {'text': 'h\xe4llo'})
        assert message(one) == {'people': 1}
        other.send('still here')
        assert message(other) == {'text': 'still here'}


@pytest.mark.app('example', example='chat')
def test_who_is_one_too_many_is_refused(server):
    with contextlib.ExitStack() as people:
        for number in range(12):
            assert message(people.enter_context(enter(server, f'room{number}'))) == {'people': 1}
        with pytest.raises(InvalidStatus) as refused, enter(server, 'kitchen'):
            pass
        assert refused.value.response.status_code == 503
