"""The socket layer by itself, both ends in one pool that the check steps: servers, connections, UDP, buffer slots."""

import socket
import sys

from checking import equal, raises, sleep_ms
from MicroWebSrv2.libs.xasTCP import idlest
from MicroWebSrv2.libs.XAsyncSockets import (
    XAsyncSocket,
    XAsyncSocketException,
    XAsyncSocketsPool,
    XAsyncSocketsPoolException,
    XAsyncTCPClient,
    XAsyncTCPClientException,
    XAsyncTCPServer,
    XAsyncTCPServerException,
    XAsyncUDPDatagram,
    XAsyncUDPDatagramException,
    XBufferSlot,
    XBufferSlots,
    XClosedReason,
)

try:
    from time import ticks_diff, ticks_ms
except ImportError:
    from time import monotonic

    def ticks_ms():
        return int(monotonic() * 1000)

    def ticks_diff(end, start):
        return end - start


HOST = '127.0.0.1'
PLENTY = 7000000 if sys.platform == 'linux' else 200000  # octets, more than the sockets' buffers hold
_port = [0]


def free_port(kind=socket.SOCK_STREAM):
    """Returns a port that nothing listens on; the checks use neighbours of one that the system knows to be free."""
    while True:
        _port[0] = _port[0] + 1 if _port[0] else 40000 + ticks_ms() % 15000
        probe = socket.socket(socket.AF_INET, kind)
        try:
            probe.bind(socket.getaddrinfo(HOST, _port[0])[0][-1])
            return _port[0]
        except OSError:
            continue
        finally:
            probe.close()


def until(pool, condition, seconds=10):
    """Steps the pool until the condition holds."""
    start = ticks_ms()
    while not condition():
        assert ticks_diff(ticks_ms(), start) < seconds * 1000, 'not within %d s' % seconds
        pool.ProcessEvents(20)


class Pair:
    """A server, a connection to it, and the server's end of that connection, in a pool."""

    def __init__(self, size=4096, **options):
        self.pool = XAsyncSocketsPool()
        self.server = XAsyncTCPServer.Create(self.pool, (HOST, free_port()), bufSlots=XBufferSlots(4, size))
        self.far = None
        self.closed = []
        self.server.OnClientAccepted = self.accepted
        self.near = XAsyncTCPClient.Create(self.pool, self.server.SrvAddr, **options)
        self.connected = []
        self.near.OnConnected = self.connected.append
        self.near.OnClosed = lambda client, reason: self.closed.append(('near', client is self.near, reason))
        until(self.pool, lambda: self.far and self.connected)

    def accepted(self, server, client):
        assert server is self.server
        self.far = client
        client.OnClosed = lambda client, reason: self.closed.append(('far', client is self.far, reason))

    def until(self, condition, seconds=10):
        until(self.pool, condition, seconds)

    def send(self, *pieces):
        """Sends pieces from far, each by itself."""
        for piece in pieces:
            assert self.far.AsyncSendData(piece) is not False
            for _ in range(3):
                self.pool.ProcessEvents(1)

    def end(self):
        self.near.Close()
        self.far.Close()
        self.server.Close()
        equal(self.pool.GetAllAsyncSockets(), [])


# --- buffer slots ---


def check_buffer_slot():
    slot = XBufferSlot(100)
    equal((slot.Size, slot.Available), (100, True))
    buffer = slot.Buffer
    equal((type(buffer), len(buffer), slot.Available), (bytearray, 100, False))
    slot.Available = True
    equal(slot.Available, True)
    assert slot.Buffer is buffer
    loose = XBufferSlot(10, keepAlloc=False)
    buffer = loose.Buffer
    loose.Available = True
    assert loose.Buffer is not buffer
    for size in (0, -1, None, 'x'):
        raises(ValueError, XBufferSlot, size)


def check_buffer_slots():
    slots = XBufferSlots(3, 64, keepAlloc=True)
    equal((slots.SlotsCount, slots.SlotsSize, len(slots.Slots)), (3, 64, 3))
    taken = [slots.GetAvailableSlot() for _ in range(3)]
    equal(len({id(slot) for slot in taken}), 3)
    equal([slot.Available for slot in taken], [False] * 3)
    equal(slots.GetAvailableSlot(), None)
    taken[1].Available = True
    assert slots.GetAvailableSlot() is taken[1]
    for arguments in ((0, 1), (1, 0), ('1', 1), (1, None), (-1, 1)):
        raises(ValueError, XBufferSlots, *arguments)


# --- pool ---


def check_closed_reasons():
    equal(
        (XClosedReason.Error, XClosedReason.ClosedByHost, XClosedReason.ClosedByPeer, XClosedReason.Timeout),
        (0, 1, 2, 3),
    )


def check_the_base_class_is_abstract():
    pool = XAsyncSocketsPool()
    sock = socket.socket()
    raises(XAsyncSocketException, XAsyncSocket, pool, sock)
    sock.close()


def check_the_pool_knows_its_sockets():
    pair = Pair()
    pool = pair.pool
    everything = pool.GetAllAsyncSockets()
    equal(len(everything), 3)
    for asyncSocket in (pair.server, pair.near, pair.far):
        assert asyncSocket in everything
        assert asyncSocket.GetAsyncSocketsPool() is pool
        assert pool.GetAsyncSocketByID(asyncSocket.SocketID) is asyncSocket
        assert asyncSocket.GetSocketObj() is not None
    equal(len({asyncSocket.SocketID for asyncSocket in everything}), 3)
    equal(pool.GetAsyncSocketByID(-1), None)
    equal(pool.AddAsyncSocket(pair.near), False)
    equal(pool.RemoveAsyncSocket(pair.near), True)
    equal(pool.RemoveAsyncSocket(pair.near), False)
    assert pair.near not in pool.GetAllAsyncSockets()
    equal(pool.AddAsyncSocket(pair.near), True)
    for method in (pool.AddAsyncSocket, pool.RemoveAsyncSocket):
        for value in (None, 1, 'x'):
            assert 'asyncSocket' in str(raises(XAsyncSocketsPoolException, method, value))
    pair.end()


def check_state_is_free_for_the_application():
    pair = Pair()
    equal(pair.near.State, None)
    pair.near.State = {'a': 1}
    equal(pair.near.State, {'a': 1})
    pair.end()


def check_hooks_of_an_own_socket():
    pair = Pair()
    seen = []

    class Own(XAsyncSocket):
        def OnReadyForReading(self):
            seen.append('read')
            self.GetAsyncSocketsPool().NotifyNextReadyForReading(self, False)

        def OnReadyForWriting(self):
            seen.append('write')
            self.GetAsyncSocketsPool().NotifyNextReadyForWriting(self, False)

    pool = pair.pool
    pool.RemoveAsyncSocket(pair.near)
    own = Own(pool, pair.near.GetSocketObj())
    pool.AddAsyncSocket(own)
    pool.NotifyNextReadyForReading(own, False)
    pool.NotifyNextReadyForWriting(own, True)
    pair.until(lambda: seen == ['write'])
    pair.send(b'x')
    equal(seen, ['write'])
    pool.NotifyNextReadyForReading(own, True)
    pair.until(lambda: seen == ['write', 'read'])
    pool.NotifyNextReadyForReading(own, True)
    pair.until(lambda: seen == ['write', 'read', 'read'])
    own.Close()
    pair.far.Close()
    pair.server.Close()


def check_wrong_arguments_of_wait_events():
    pool = XAsyncSocketsPool()
    for value in (-1, None, '1'):
        assert 'threadsCount' in str(raises(XAsyncSocketsPoolException, pool.AsyncWaitEvents, value))
    equal(pool.WaitEventsProcessing, False)
    pool.StopWaitEvents()


def check_the_calling_thread_processes_until_it_is_stopped():
    pair = Pair()
    seen = []

    def received(client, data, arg):
        seen.append((bytes(data), pair.pool.WaitEventsProcessing))
        pair.pool.StopWaitEvents()

    pair.near.AsyncRecvData(onDataRecv=received)
    pair.far.AsyncSendData(b'stop')
    pair.pool.AsyncWaitEvents(threadsCount=0)
    equal(seen, [(b'stop', True)])
    equal(pair.pool.WaitEventsProcessing, False)
    pair.pool.StopWaitEvents()
    pair.end()


def check_a_pool_in_threads():
    try:
        import _thread  # noqa: F401
    except ImportError:
        return
    for threads in (1, 3):
        pair = Pair()
        pair.pool.AsyncWaitEvents(threadsCount=threads)
        assert pair.pool.WaitEventsProcessing
        raises(XAsyncSocketsPoolException, pair.pool.AsyncWaitEvents, 1)
        lines = []
        pair.near.AsyncRecvLine(onLineRecv=lambda client, line, arg: arg.append(line), onLineRecvArg=lines)
        pair.far.AsyncSendData(b'from another thread\r\n')
        for _ in range(500):
            if lines:
                break
            sleep_ms(10)
        equal(lines, ['from another thread'])
        pair.pool.StopWaitEvents()
        equal(pair.pool.WaitEventsProcessing, False)
        pair.end()


def check_an_exception_in_a_callback_costs_its_connection_only():
    pair = Pair()
    other = XAsyncTCPClient.Create(pair.pool, pair.server.SrvAddr)
    first = pair.far
    pair.until(lambda: pair.far is not first)

    def fails(client, data, arg):
        raise RuntimeError('this traceback is meant')

    first.AsyncRecvData(onDataRecv=fails)
    pair.near.AsyncSendData(b'x')
    pair.until(lambda: first not in pair.pool.GetAllAsyncSockets())
    lines = []
    other.AsyncRecvLine(onLineRecv=lambda client, line, arg: lines.append(line))
    pair.far.AsyncSendData(b'alive\n')
    pair.until(lambda: lines == ['alive'])
    other.Close()
    pair.end()


# --- TCP servers ---


def check_wrong_arguments_of_a_server():
    pool = XAsyncSocketsPool()
    error = XAsyncTCPServerException
    assert 'asyncSocketsPool' in str(raises(error, XAsyncTCPServer.Create, None, (HOST, 1)))
    for address in (None, HOST, (HOST,), (HOST, 'x'), (HOST, -1), (HOST, 65536), (1, 1)):
        raises(error, XAsyncTCPServer.Create, pool, address)
    for backlog in (0, -1, 'x', None):
        assert 'srvBacklog' in str(raises(error, XAsyncTCPServer.Create, pool, (HOST, free_port()), backlog))
    assert 'bufSlots' in str(raises(error, XAsyncTCPServer.Create, pool, (HOST, free_port()), 1, 'x'))
    equal(pool.GetAllAsyncSockets(), [])


def check_a_server_on_a_port_in_use():
    pool = XAsyncSocketsPool()
    server = XAsyncTCPServer.Create(pool, (HOST, free_port()))
    assert str(server.SrvAddr[1]) in str(raises(XAsyncTCPServerException, XAsyncTCPServer.Create, pool, server.SrvAddr))
    equal(server.Close(), True)
    equal(server.Close(), False)
    again = XAsyncTCPServer.Create(pool, server.SrvAddr)
    equal(again.SrvAddr, server.SrvAddr)
    again.Close()


class Ranked:
    """Stands for a connection, and for its protocol, which can be spared at a rank, or cannot."""

    def __init__(self, rank, closed=False):
        self.rank = rank
        self.closed = closed
        self.protocol = self

    def spare(self):
        return self.rank


def check_the_connection_that_gives_way_is_the_one_idle_longest():
    first, second, third, busy, closed = Ranked(5), Ranked(6), Ranked(7), Ranked(None), Ranked(1, closed=True)
    without_protocol = Ranked(1)
    without_protocol.protocol = None
    others = [busy, closed, without_protocol]
    for clients in ([first, second, third], [third, first, second], [second, third, first]):
        assert idlest(clients + others) is first
        assert idlest(others + clients) is first
    equal(idlest(others), None)
    equal(idlest([]), None)


def check_addresses_of_a_connection():
    pair = Pair()
    equal(pair.far.CliAddr[0], HOST)
    assert isinstance(pair.far.CliAddr[1], int) and pair.far.CliAddr[1] > 0
    equal((pair.near.SrvAddr, pair.far.SrvAddr), (pair.server.SrvAddr, pair.server.SrvAddr))
    equal((pair.near.IsSSL, pair.far.IsSSL), (False, False))
    equal(pair.connected, [pair.near])
    pair.end()


def check_callbacks_take_a_callable_or_none():
    pair = Pair()
    for owner, names, error in (
        (pair.server, ('OnClientAccepted',), XAsyncTCPServerException),
        (pair.near, ('OnConnected', 'OnFailsToConnect'), XAsyncTCPClientException),
        (pair.near, ('OnClosed',), XAsyncSocketException),
    ):
        for name in names:
            for value in (1, 'x'):
                assert name in str(raises(error, setattr, owner, name, value))
            setattr(owner, name, None)
            equal(getattr(owner, name), None)
            setattr(owner, name, print)
            equal(getattr(owner, name), print)
            setattr(owner, name, None)
    pair.end()


# --- opening and closing connections ---


def check_connecting_and_waiting_for_it():
    pool = XAsyncSocketsPool()
    server = XAsyncTCPServer.Create(pool, (HOST, free_port()))
    accepted = []
    server.OnClientAccepted = lambda server, client: accepted.append(client)
    client = XAsyncTCPClient.Create(pool, server.SrvAddr, connectAsync=False)
    assert isinstance(client, XAsyncTCPClient)
    lines = []
    client.AsyncRecvLine(onLineRecv=lambda client, line, arg: lines.append(line))
    until(pool, lambda: accepted)
    accepted[0].AsyncSendData(b'hello\n')
    until(pool, lambda: lines == ['hello'])
    for asyncSocket in (client, accepted[0], server):
        asyncSocket.Close()


def check_a_port_that_nobody_listens_on():
    pool = XAsyncSocketsPool()
    address = (HOST, free_port())
    equal(XAsyncTCPClient.Create(pool, address, connectAsync=False), None)
    failed, closed = [], []
    client = XAsyncTCPClient.Create(pool, address)
    if client is not None:
        client.OnFailsToConnect = failed.append
        client.OnClosed = lambda client, reason: closed.append(reason)
        until(pool, lambda: failed)
        equal((failed, closed), ([client], []))
    equal(pool.GetAllAsyncSockets(), [])


def check_a_connection_that_is_not_answered_in_time():
    """A listener whose queue is full answers no further connection: as an address that is switched off."""
    if sys.platform != 'linux':
        return
    listener = socket.socket()
    address = (HOST, free_port())
    listener.bind(socket.getaddrinfo(*address)[0][-1])
    listener.listen(0)
    pool = XAsyncSocketsPool()
    failed = []
    clients = [XAsyncTCPClient.Create(pool, address, connectTimeout=1) for _ in range(6)]
    for client in clients:
        client.OnFailsToConnect = failed.append
    until(pool, lambda: len(failed) >= 3)
    for client in clients:
        client.Close()
    listener.close()


def check_wrong_arguments_of_a_client():
    pool = XAsyncSocketsPool()
    error = XAsyncTCPClientException
    address = (HOST, 1)
    assert 'asyncSocketsPool' in str(raises(error, XAsyncTCPClient.Create, 1, address))
    for value in (None, 'x', (HOST,), (HOST, 70000)):
        raises(error, XAsyncTCPClient.Create, pool, value)
    for name in ('connectTimeout', 'recvBufLen', 'sendBufLen'):
        for value in (0, -1, 'x', None):
            assert name in str(raises(error, XAsyncTCPClient.Create, pool, address, **{name: value}))
    equal(pool.GetAllAsyncSockets(), [])


def check_closing_by_the_host_and_by_the_peer():
    pair = Pair()
    pair.near.AsyncRecvData()
    pair.far.AsyncRecvData()
    equal((pair.near.Close(), pair.near.Close()), (True, False))
    pair.until(lambda: len(pair.closed) == 2)
    equal(sorted(pair.closed), [('far', True, XClosedReason.ClosedByPeer), ('near', True, XClosedReason.ClosedByHost)])
    for method in (pair.near.AsyncRecvLine, pair.near.AsyncRecvData):
        assert not method()
    equal(pair.near.AsyncSendData(b'x'), False)
    pair.end()
    equal(len(pair.closed), 2)


def check_receiving_in_time():
    """A receive with a timeout closes when nothing comes, and only then."""
    pair = Pair()
    other = Pair()
    pair.near.AsyncRecvLine(timeoutSec=1)
    other.near.AsyncRecvData(size=3, timeoutSec=1)
    other.send(b'ab')
    third = Pair()
    lines = []
    third.near.AsyncRecvLine(onLineRecv=lambda client, line, arg: lines.append(line), timeoutSec=1)
    third.send(b'in time\r\n')
    for each in (pair, other):
        each.until(lambda each=each: each.closed)
        equal(each.closed[0], ('near', True, XClosedReason.Timeout))
    third.until(lambda: lines)
    start = ticks_ms()
    third.until(lambda: ticks_diff(ticks_ms(), start) > 2100)
    equal((lines, third.closed), (['in time'], []))
    for each in (pair, other, third):
        each.end()


def check_a_deadline_of_the_application():
    pair = Pair()
    equal(pair.near.ExpireTimeSec, None)
    pair.near.ExpireTimeSec = 0
    pair.until(lambda: ('near', True, XClosedReason.Timeout) in pair.closed)
    raises(XAsyncSocketException, setattr, pair.far, 'ExpireTimeSec', 'x')
    pair.end()


# --- receiving ---


def receive_lines(pair, count, **options):
    """Asks for lines until ``count`` have come; returns them."""
    lines = []

    def received(client, line, arg):
        assert client is pair.near and arg == 'argument'
        lines.append(line)
        if len(lines) < count:
            client.AsyncRecvLine(onLineRecv=received, onLineRecvArg='argument', **options)

    pair.near.AsyncRecvLine(onLineRecv=received, onLineRecvArg='argument', **options)
    return lines


def check_lines():
    pair = Pair()
    lines = receive_lines(pair, 7)
    pair.send(b'one\r\ntwo\nthr', b'ee\r', b'\n\r\n\n', 'ü€'.encode() + b'\r\n', b'\xff\xfe\r\n')
    pair.until(lambda: len(lines) == 7)
    equal(lines, ['one', 'two', 'three', '', '', 'ü€', None])
    pair.end()


def check_lines_byte_by_byte():
    pair = Pair()
    lines = receive_lines(pair, 2)
    pair.send(*[bytes([byte]) for byte in b'ab\r\ncd\n'])
    pair.until(lambda: len(lines) == 2)
    equal(lines, ['ab', 'cd'])
    pair.end()


def check_a_line_without_callback():
    pair = Pair()
    pair.near.AsyncRecvLine()
    pair.send(b'dropped\nkept\n')
    lines = receive_lines(pair, 1)
    pair.until(lambda: lines == ['kept'])
    pair.end()


def check_a_line_longer_than_the_buffer_closes():
    pair = Pair(recvBufLen=64)
    lines = receive_lines(pair, 2)
    pair.send(b'x' * 60 + b'\r\n', b'y' * 1000)
    pair.until(lambda: ('near', True, XClosedReason.Error) in pair.closed)
    equal(lines, ['x' * 60])
    pair.end()


def check_data_of_exact_size():
    pair = Pair()
    got = []
    for size, pieces in ((5, (b'ab', b'cd', b'efg')), (2, ()), (10000, (b'x' * 4000, b'y' * 6000))):
        pair.near.AsyncRecvData(
            size=size, onDataRecv=lambda client, data, arg: got.append((data, arg)), onDataRecvArg=size
        )
        pair.send(*pieces)
        pair.until(lambda: got)
        data, arg = got.pop()
        assert isinstance(data, memoryview)
        equal((len(data), arg), (size, size))
        equal(bytes(data[:2]), b'ab' if size == 5 else b'fg' if size == 2 else b'xx')
    pair.end()


def check_data_of_any_size_is_one_buffer_at_most():
    pair = Pair(recvBufLen=100)
    got = []

    def received(client, data, arg):
        got.append(len(data))
        client.AsyncRecvData(onDataRecv=received)

    pair.near.AsyncRecvData(None, received)
    pair.send(b'x' * 450)
    pair.until(lambda: sum(got) == 450)
    assert max(got) <= 100, got
    pair.end()


def check_lines_and_data_in_turn():
    pair = Pair()
    got = []
    pair.near.AsyncRecvLine(
        onLineRecv=lambda client, line, arg: (
            got.append(line),
            client.AsyncRecvData(
                4,
                lambda client, data, arg: (
                    got.append(bytes(data)),
                    client.AsyncRecvLine(onLineRecv=lambda client, line, arg: got.append(line)),
                ),
            ),
        )
    )
    pair.send(b'length 4\r\nab\r\nnext\n')
    pair.until(lambda: len(got) == 3)
    equal(got, ['length 4', b'ab\r\n', 'next'])
    pair.end()


def check_nothing_is_read_that_nobody_asked_for():
    pair = Pair()
    pair.send(b'x' * 100)
    got = []
    pair.near.AsyncRecvData(size=100, onDataRecv=lambda client, data, arg: got.append(len(data)))
    pair.until(lambda: got == [100])
    pair.end()


def check_a_second_receive_while_one_is_pending():
    pair = Pair()
    pair.near.AsyncRecvLine()
    raises(XAsyncTCPClientException, pair.near.AsyncRecvLine)
    raises(XAsyncTCPClientException, pair.near.AsyncRecvData)
    pair.far.AsyncRecvData()
    raises(XAsyncTCPClientException, pair.far.AsyncRecvLine)
    pair.end()


def check_wrong_arguments_of_receiving():
    pair = Pair()
    client, error = pair.near, XAsyncTCPClientException
    for options in ({'onLineRecv': 1}, {'timeoutSec': 0}, {'timeoutSec': -1}, {'timeoutSec': 'x'}):
        raises(error, client.AsyncRecvLine, **options)
    for options in ({'size': 0}, {'size': -1}, {'size': 'x'}, {'onDataRecv': 1}, {'timeoutSec': 0}):
        raises(error, client.AsyncRecvData, **options)
    assert 'timeoutSec' in str(raises(error, client.AsyncRecvLine, timeoutSec=0))
    assert 'size' in str(raises(error, client.AsyncRecvData, size=0))
    lines = receive_lines(pair, 1)
    pair.send(b'nothing is pending\n')
    pair.until(lambda: lines)
    pair.end()


# --- sending ---


def check_sending_tells_when_it_is_done():
    pair = Pair()
    sent = []
    pair.near.AsyncSendData(b'abc', lambda client, arg: sent.append((client is pair.near, arg)), 'argument')
    got = []
    pair.far.AsyncRecvData(3, lambda client, data, arg: got.append(bytes(data)))
    pair.until(lambda: got and sent)
    equal((got, sent), ([b'abc'], [(True, 'argument')]))
    pair.end()


def check_much_data_in_order():
    """More than the sockets' buffers hold, in several calls before the first is out: in order, nothing lost."""
    pair = Pair()
    pieces = [bytes([65 + i]) * (PLENTY // 10) for i in range(10)]
    sent, size = [], 0
    for i, piece in enumerate(pieces):
        pair.near.AsyncSendData(piece, lambda client, arg: sent.append(arg), i)
        size += len(piece)
    assert len(sent) < 10
    count = [0, b'']

    def received(client, data, arg):
        data = bytes(data)
        for letter in sorted(set(data)):
            assert letter >= count[0]
            count[0] = letter
        arg[0] += len(data)
        if arg[0] < size:
            client.AsyncRecvData(onDataRecv=received, onDataRecvArg=arg)

    total = [0]
    pair.far.AsyncRecvData(onDataRecv=received, onDataRecvArg=total)
    pair.until(lambda: total[0] == size, 30)
    pair.until(lambda: len(sent) == 10)
    equal(sent, list(range(10)))
    pair.end()


def check_what_is_sent_may_be_any_bytes():
    pair = Pair()
    got = []
    pair.far.AsyncRecvData(9, lambda client, data, arg: got.append(bytes(data)))
    buffer = bytearray(b'two')
    for data in (b'one', buffer, memoryview(b'xxthreexx')[2:5]):
        pair.near.AsyncSendData(data)
    buffer[:] = b'XXX'
    pair.until(lambda: got)
    equal(got, [b'onetwothr'])
    for data in (None, 'text', 5):
        raises(XAsyncTCPClientException, pair.near.AsyncSendData, data)
    assert 'onDataSent' in str(raises(XAsyncTCPClientException, pair.near.AsyncSendData, b'x', 1))
    pair.end()


def check_the_sending_buffer():
    pair = Pair(sendBufLen=8)
    buffer = pair.near.SendingBuffer
    equal(len(buffer), 8)
    got, sent = [], []
    pair.far.AsyncRecvData(11, lambda client, data, arg: got.append(bytes(data)))
    buffer[:3] = b'abc'
    pair.near.AsyncSendSendingBuffer(3, lambda client, arg: sent.append(arg), 1)
    buffer[:] = b'01234567'
    pair.near.AsyncSendSendingBuffer(onDataSent=lambda client, arg: sent.append(arg), onDataSentArg=2)
    pair.until(lambda: got and len(sent) == 2)
    equal((got, sent), ([b'abc01234567'], [1, 2]))
    for size in (0, -1, 9, 'x'):
        assert 'size' in str(raises(XAsyncTCPClientException, pair.near.AsyncSendSendingBuffer, size))
    pair.end()


def check_data_that_is_queued_is_sent_before_a_callback_closes():
    pair = Pair()
    got = [0]

    def received(client, data, arg):
        got[0] += len(data)
        client.AsyncRecvData(onDataRecv=received)

    pair.far.AsyncRecvData(onDataRecv=received)
    pair.near.AsyncSendData(b'x' * PLENTY, lambda client, arg: client.Close())
    pair.until(lambda: ('far', True, XClosedReason.ClosedByPeer) in pair.closed, 30)
    equal(got, [PLENTY])
    pair.end()


# --- UDP ---


def check_datagrams():
    pool = XAsyncSocketsPool()
    near = XAsyncUDPDatagram.Create(pool, (HOST, free_port(socket.SOCK_DGRAM)))
    far = XAsyncUDPDatagram.Create(pool, (HOST, free_port(socket.SOCK_DGRAM)))
    sender = XAsyncUDPDatagram.Create(pool)
    got, sent, closed = [], [], []

    def received(udp, remoteAddr, datagram):
        got.append((udp is far, remoteAddr, bytes(datagram)))

    far.OnDataRecv = received
    near.AsyncSendDatagram(b'one', far.LocalAddr, lambda udp, arg: sent.append((udp is near, arg)), 'argument')
    until(pool, lambda: got and sent)
    equal((got, sent), ([(True, near.LocalAddr, b'one')], [(True, 'argument')]))
    del got[:]
    for datagram in (b'', bytearray(b'two'), memoryview(b'three')):
        sender.AsyncSendDatagram(datagram, far.LocalAddr)
        until(pool, lambda: got)  # lwIP keeps one datagram, and drops what comes then
        equal(got.pop()[2], bytes(datagram))
    equal((sender.LocalAddr, near.LocalAddr[0]), (None, HOST))
    far.OnClosed = lambda udp, reason: closed.append((udp is far, reason))
    equal((far.Close(), far.Close(), closed), (True, False, [(True, XClosedReason.ClosedByHost)]))
    equal(far.AsyncSendDatagram(b'x', near.LocalAddr), False)
    near.Close()
    sender.Close()
    equal(pool.GetAllAsyncSockets(), [])


def check_a_datagram_that_cannot_be_sent():
    pool = XAsyncSocketsPool()
    udp = XAsyncUDPDatagram.Create(pool)
    failed = []
    udp.OnFailsToSend = lambda udp_, datagram, remoteAddr: failed.append((udp_ is udp, len(datagram), remoteAddr))
    udp.AsyncSendDatagram(b'x' * 70000, (HOST, 9))
    until(pool, lambda: failed)
    equal(failed, [(True, 70000, (HOST, 9))])
    udp.Close()


def check_a_datagram_longer_than_the_buffer_is_cut():
    pool = XAsyncSocketsPool()
    udp = XAsyncUDPDatagram.Create(pool, (HOST, free_port(socket.SOCK_DGRAM)), recvBufLen=10)
    got = []
    udp.OnDataRecv = lambda udp, remoteAddr, datagram: got.append(bytes(datagram))
    for datagram in (b'0123456789abc', b'next'):
        udp.AsyncSendDatagram(datagram, udp.LocalAddr)
        until(pool, lambda: got)
        equal(got.pop(), datagram[:10])
    udp.Close()


def check_wrong_arguments_of_udp():
    pool = XAsyncSocketsPool()
    error = XAsyncUDPDatagramException
    assert 'asyncSocketsPool' in str(raises(error, XAsyncUDPDatagram.Create, None))
    for address in ('x', (HOST,), (HOST, -1)):
        raises(error, XAsyncUDPDatagram.Create, pool, address)
    for value in (0, -1, 'x', None):
        assert 'recvBufLen' in str(raises(error, XAsyncUDPDatagram.Create, pool, recvBufLen=value))
    assert 'broadcast' in str(raises(error, XAsyncUDPDatagram.Create, pool, broadcast=1))
    udp = XAsyncUDPDatagram.Create(pool, broadcast=True)
    for datagram in (None, 'x', 1):
        assert 'datagram' in str(raises(error, udp.AsyncSendDatagram, datagram, (HOST, 9)))
    for address in (None, HOST, (HOST, 'x')):
        raises(error, udp.AsyncSendDatagram, b'x', address)
    assert 'onDataSent' in str(raises(error, udp.AsyncSendDatagram, b'x', (HOST, 9), 1))
    for name in ('OnDataRecv', 'OnFailsToSend'):
        assert name in str(raises(error, setattr, udp, name, 1))
    udp.Close()
