"""Answers that are fed later: iterators, streams that have nothing yet, events. /release lets those go on that wait."""

import testbed
from MicroWebSrv2 import GET, POST, MicroWebSrv2, RegisterRoute, WebRoute
from MicroWebSrv2.libs.eventStream import EventStream

server = MicroWebSrv2()
released = set()
streams = []

PIECES = ('h\xe4', b'bytes', bytearray(b'+array'), memoryview(b'+view'), '', None, b'0123456789' * 700, 'end')


@WebRoute(GET, '/hello')
def hello(microWebSrv2, request):
    request.Response.ReturnOk('hello')


@WebRoute(GET, '/stats')
def stats(microWebSrv2, request):
    request.Response.ReturnOkJSON(testbed.held(microWebSrv2, request))


@WebRoute(GET, '/release/<name>')
def release(microWebSrv2, request, args):
    released.add(args['name'])
    request.Response.ReturnOk('released')


def feed(path, length=None):
    """Decorates a function that makes the iterable of a path's answer; it is given the last part of the path."""

    def decorate(make):
        def handler(microWebSrv2, request, args):
            response = request.Response
            if length is not None:
                response.ContentLength = length
            response.ReturnStream(200, make(args['name']))

        RegisterRoute(handler, GET, path + '/<name>')
        return make

    return decorate


@feed('/list')
def a_list(name):
    return [b'a', 'b', b'c']


@feed('/pieces')
def pieces(name):
    yield from PIECES


@feed('/short', length=10)
def short(name):
    yield b'12345'


@feed('/long', length=10)
def long(name):
    try:
        yield b'1234567'
        yield b'890abc'
    finally:
        print('LONG CLOSED')


@feed('/empty')
def empty(name):
    return iter(())


class Own:
    """An iterator of a class, that gives what is released."""

    def __init__(self, name):
        self.name = name
        self.count = 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.name not in released:
            self.count += 1
            if self.count == 2:
                print('WAITING', self.name)
            return None
        if self.count is None:
            raise StopIteration
        self.count = None
        return 'released'

    def close(self):
        print('CLOSED', self.name)


feed('/own')(Own)


class NotYet(Own):
    """A stream that may have nothing yet."""

    def readinto(self, buffer):
        try:
            piece = self.__next__()
        except StopIteration:
            return 0
        if piece is None:
            return None
        buffer[: len(piece)] = piece.encode()
        return len(piece)


feed('/not-yet')(NotYet)
feed('/not-yet-length', length=8)(NotYet)


@feed('/endless')
def endless(name):
    try:
        while True:
            yield b'x' * 1000
    finally:
        print('CLOSED', name)


@feed('/fails')
def fails(name):
    yield b'begin'
    raise RuntimeError('fault of a generator')


@feed('/fails-later')
def fails_later(name):
    yield b'begin'
    yield None
    raise RuntimeError('fault of a generator later')


@feed('/wrong')
def wrong(name):
    yield 5


@WebRoute(GET, '/errors')
def errors(microWebSrv2, request):
    found = []
    for value in (1, None, 'text', b'bytes', {'a': 1}, print):
        try:
            request.Response.ReturnStream(200, value)
            found.append('')
        except ValueError as error:
            found.append(str(error))
    for value in (-1, '5', True):
        try:
            request.Response.ReturnEventStream(value)
            found.append('')
        except ValueError as error:
            found.append(str(error))
    request.Response.ReturnOkJSON(found)


# --- events ---


@WebRoute(GET, '/events')
def events(microWebSrv2, request):
    retry = request.QueryParams.get('retry')
    request.Response.SetHeader('X-Own', 'own')
    stream = request.Response.ReturnEventStream(retry=int(retry) if retry else None)
    stream.State = request.QueryParams.get('name')
    stream.OnClosed = left
    if not stream.IsClosed:
        streams.append(stream)
        stream.Send('last: ' + stream.LastEventID)


def left(stream):
    if stream in streams:
        streams.remove(stream)
    print('LEFT', stream.State, stream.IsClosed, stream.Send('late'))


@WebRoute(POST, '/send')
def send(microWebSrv2, request):
    """Sends what is posted through all streams; answers with how many took it."""
    event = request.GetPostedJSONObject()
    request.Response.ReturnOkJSON(EventStream.Broadcast(streams, event['data'], event.get('event'), event.get('id')))


@WebRoute(POST, '/flood')
def flood(microWebSrv2, request):
    """Sends events through the last stream until its queue is full."""
    stream = streams[-1]
    stream.MaxSendQueueLength = 5000
    count = 0
    while stream.Send('x' * 990):
        count += 1
    request.Response.ReturnOkJSON([count, stream.SendQueueLength, stream.IsClosed])


@WebRoute(POST, '/heartbeat')
def heartbeat(microWebSrv2, request):
    for stream in streams:
        stream.HeartbeatSec = 1
    request.Response.ReturnOk('')


@WebRoute(POST, '/close')
def close(microWebSrv2, request):
    for stream in list(streams):
        stream.Close()
    request.Response.ReturnOk('')


@WebRoute(GET, '/events-then-fault')
def events_then_fault(microWebSrv2, request):
    request.Response.ReturnEventStream()
    raise RuntimeError('fault after the head of a stream')


@WebRoute(GET, '/events-twice')
def events_twice(microWebSrv2, request):
    request.Response.ReturnOk('first')
    print('SECOND CLOSED', request.Response.ReturnEventStream().IsClosed)


testbed.main(server)
