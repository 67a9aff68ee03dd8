"""HttpConnection over a transport that is only played: who feeds the parser, and what is given back, and when."""

from checking import equal
from MicroWebSrv2 import GET, MicroWebSrv2, RegisterRoute
from MicroWebSrv2.libs import httpStates
from MicroWebSrv2.libs.httpCommon import CommonHeads
from MicroWebSrv2.libs.httpConnection import HttpConnection
from MicroWebSrv2.libs.xasBuffers import XBufferSlots
from MicroWebSrv2.libs.xasPoller import allocate_lock
from MicroWebSrv2.libs.xasTCP import XAsyncTCPClient

GET_NUMBER = b'GET /checks/n/%d HTTP/1.1\r\nHost: h\r\n\r\n'
LARGE = b'GET /checks/large HTTP/1.1\r\nHost: h\r\n\r\n'


class Workers:
    """Stands for worker threads: a job is done when run() is called."""

    def __init__(self):
        self.lock = allocate_lock()
        self.jobs = []

    def submit(self, job):
        self.jobs.append(job)

    def run(self):
        self.jobs.pop(0)()


class Pool:
    """Stands for the pool: one thread, and a poll object that does nothing."""

    def __init__(self, workers=None):
        self.workers = workers
        self.now = 100
        self.gate = allocate_lock()
        self.late = []
        self.errors = []
        self.foreign = False
        self.poller = self

    def is_foreign(self):
        return self.foreign

    def call(self, function):
        foreign, self.foreign = self.foreign, False
        function()
        self.foreign = foreign

    def has(self, asyncSocket):
        return False

    def remove(self, asyncSocket):
        return True

    def report(self, error):
        self.errors.append(error)

    def send_late(self):
        """As XAsyncSocketsPool.send_late()."""
        while self.late and self.gate.acquire(False):
            client, data, on_sent = self.late.pop(0)
            done = client.put(data, on_sent)
            self.gate.release()
            client.after_put(done, on_sent)


class Socket:
    """Stands for a platform's socket that takes `room` bytes."""

    def __init__(self, room=1 << 20):
        self.room = room
        self.sent = b''
        self.on_send = None

    def fileno(self):
        return 99

    def send(self, data):
        if self.on_send:
            self.on_send()
        count = min(len(data), self.room)
        if not count:
            raise OSError(11, 'would block')
        self.room -= count
        self.sent += bytes(data[:count])
        return count

    def close(self):
        pass


class Played:
    """A connection of a server with slots."""

    def __init__(self, workers=None, slots=2, room=1 << 20, server=None):
        self.pool = server._pool if server else Pool(workers)
        self.server = server or self._server(slots)
        self.socket = Socket(room)
        self.client = XAsyncTCPClient(self.pool, self.socket, ('0.0.0.0', 80), ('1.2.3.4', 5), 4096)
        self.connection = HttpConnection(self.server, self.client)

    def _server(self, slots):
        server = MicroWebSrv2()
        server.OnLogging = lambda *_: None
        server.slots = XBufferSlots(slots, 1024)
        server.heads = CommonHeads(self.pool)
        server._pool = self.pool
        return server

    def receive(self, data):
        """What the pool does when data come: only where reading is on."""
        assert self.client.is_receiving(), 'nobody reads'
        self.client._on_data(data)

    def bodies(self):
        return [part.split(b'\r\n\r\n')[1] for part in self.socket.sent.split(b'HTTP/1.1 ')[1:]]


def number(microWebSrv2, request, args):
    request.Response.ReturnOk(str(args['i']))


class Numbers:
    """A stream of 5,000 bytes that notes whether it was closed; its close() may raise."""

    closed = 0
    raises = False

    def __init__(self):
        self.left = 5000

    def readinto(self, buffer):
        count = min(self.left, len(buffer))
        self.left -= count
        return count

    def close(self):
        Numbers.closed += 1
        if Numbers.raises:
            raise SystemExit('in close()')


def large(microWebSrv2, request):
    request.Response.ReturnStream(200, Numbers())


RegisterRoute(number, GET, '/checks/n/<i>')
RegisterRoute(large, GET, '/checks/large')


def check_reading_is_off_until_a_worker_has_parsed_what_is_left():
    """Pipelined requests cut inside one: the pool's thread must not feed the parser beside the worker."""
    workers = Workers()
    played = Played(workers)
    requests = b''.join([GET_NUMBER % i for i in range(3)])
    played.receive(requests[:50])  # the first, and a piece of the second
    equal((played.connection.state, played.client.is_receiving()), (httpStates.HANDLING, False))
    played.pool.foreign = True
    workers.run()
    played.pool.foreign = False
    equal((played.connection.state, played.client.is_receiving()), (httpStates.HEAD, True))
    played.receive(requests[50:90])
    equal(played.client.is_receiving(), False)
    workers.run()
    while workers.jobs:
        equal(played.client.is_receiving(), False)
        workers.run()
    played.receive(requests[90:])
    while workers.jobs:
        workers.run()
    equal(played.bodies(), [b'0', b'1', b'2'])


def check_the_next_pipelined_request_waits_for_a_worker_of_its_own():
    workers = Workers()
    played = Played(workers)
    played.receive(GET_NUMBER % 1 + GET_NUMBER % 2)
    equal(len(workers.jobs), 1)
    workers.run()
    equal((len(workers.jobs), played.client.is_receiving(), played.bodies()), (1, False, [b'1']))
    workers.run()
    equal((played.client.is_receiving(), played.bodies()), (True, [b'1', b'2']))


def check_a_request_whose_client_has_left_is_not_handled():
    workers = Workers()
    played = Played(workers)
    played.receive(GET_NUMBER % 1)
    played.client.Close()
    workers.run()
    equal((played.socket.sent, played.connection.state), (b'', httpStates.CLOSED))


def check_what_a_worker_uses_is_given_back_by_the_worker():
    """A client that leaves while a worker sends a stream: another must not get its buffer before."""
    workers = Workers()
    played = Played(workers, slots=1, room=0)
    Numbers.closed = 0
    played.receive(LARGE)
    played.pool.foreign = True

    def leaves():
        played.pool.foreign = False
        played.client.Close()
        played.pool.foreign = True
        equal((played.server.slots.GetAvailableSlot(), Numbers.closed), (None, 0))

    played.socket.on_send = leaves
    workers.run()
    slot = played.server.slots.GetAvailableSlot()
    equal((slot is None, Numbers.closed), (False, 1))


def check_who_waits_for_a_slot_is_forgotten_when_its_client_goes():
    first = Played(slots=1, room=0)
    first.receive(LARGE)
    waiting = [Played(server=first.server, room=0) for _ in range(3)]
    for played in waiting:
        played.receive(LARGE)
    Numbers.closed = 0
    for played in waiting:
        played.client.Close()
    equal(Numbers.closed, 3)
    first.client.Close()
    equal((Numbers.closed, first.server.slots.GetAvailableSlot() is None), (4, False))


def check_giving_back_is_a_loop():
    """As many waiters as would overflow any stack give their slot back at once."""
    slots = XBufferSlots(1, 16)
    taken = []

    class Waiter:
        def take_slot(self, slot):
            taken.append(1)
            slot.Available = True

    slot = slots.GetAvailableSlot()
    for _ in range(3000):
        slots.wait(Waiter())
    slot.Available = True
    equal((len(taken), slot.Available, slots.GetAvailableSlot() is slot), (3000, True, True))


def check_a_slot_that_waits_too_long_is_answered_503():
    first = Played(slots=1, room=0)
    first.receive(LARGE)
    second = Played(server=first.server)
    second.receive(LARGE)
    second.client.expired()
    equal(second.socket.sent[:12], b'HTTP/1.1 503')
    first.client.Close()
    equal(second.socket.sent.count(b'HTTP/1.1'), 1)


def check_a_stream_whose_close_raises_loses_no_slot():
    Numbers.raises = True
    try:
        played = Played(slots=1, room=0)
        played.receive(LARGE)
        played.client.Close()
        equal(played.server.slots.GetAvailableSlot() is None, False)
    finally:
        Numbers.raises = False


def check_a_callback_at_the_end_that_raises_loses_no_slot():
    def fails(client, reason):
        raise SystemExit('in OnClosed')

    played = Played(slots=1, room=0)
    played.receive(LARGE)
    played.client.OnClosed = fails
    played.client.Close()
    equal((played.server.slots.GetAvailableSlot() is None, len(played.pool.errors)), (False, 1))


def check_content_takes_memory_as_it_comes():
    played = Played()
    played.server.MaxRequestContentLength = 1 << 20
    RegisterRoute(number, 'POST', '/checks/n/<i>')
    played.receive(b'POST /checks/n/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n')
    played.receive(b'x' * 100)
    played.receive(b'x' * 100)
    equal(len(played.connection._body._data) <= 400, True)


def check_a_send_inside_a_send_goes_out_behind_it():
    """A timer, signal or interrupt sends while the same thread is inside a send: no lock is waited for."""
    played = Played()
    client = played.client

    def again():
        played.socket.on_send = None
        equal(client.send(b'second'), True)

    played.socket.on_send = again
    equal(client.send(b'first '), True)
    equal(played.socket.sent, b'first second')


def check_a_send_inside_the_flush_of_a_queue_goes_out_behind_it():
    played = Played(room=0)
    client = played.client
    client.send(b'first ')
    played.socket.room = 100

    def again():
        played.socket.on_send = None
        client.send(b'second')

    played.socket.on_send = again
    client.OnReadyForWriting()
    equal(played.socket.sent, b'first second')


def check_on_sent_comes_once_for_what_was_sent_late():
    played = Played()
    told = []

    def again():
        played.socket.on_send = None
        played.client.send(b'second', lambda client: told.append('second'))

    played.socket.on_send = again
    played.client.send(b'first', lambda client: told.append('first'))
    equal(told, ['first', 'second'])


def check_a_stream_is_read_by_workers_to_its_end():
    """Beyond the bytes that a loop sends at once, too: its readinto() may block."""
    workers = Workers()
    played = Played(workers, room=2000)
    played.receive(LARGE)
    played.pool.foreign = True
    workers.run()
    played.pool.foreign = False
    sent = len(played.socket.sent)
    played.socket.room = 1 << 20
    played.client.OnReadyForWriting()  # sends what is queued
    played.client.OnReadyForWriting()
    equal(len(workers.jobs), 1)
    equal(len(played.socket.sent) - sent < 5000, True)
    played.pool.foreign = True
    workers.run()
    equal(played.socket.sent[-5:], b'0\r\n\r\n')


def check_the_answer_is_dropped_with_its_answer():
    played = Played()
    played.receive(GET_NUMBER % 7)
    equal(played.connection._response.answer, None)


def check_nothing_holds_what_a_connection_had_when_it_ends():
    """The objects form no circle: what they took is free at once."""
    played = Played()
    played.receive(GET_NUMBER % 1)
    played.client.Close()
    equal((played.client.protocol, played.connection.request), (None, None))
