"""Asynchronous sockets in a pool: TCP servers and connections. Knows no protocol above TCP.

The pool waits for all of its sockets at once and calls the one that is ready. Sockets stay registered with the
operating system's poll object; sending is tried at once and waited for only when it would block. Only the thread that
runs the pool touches the poll object: what another thread wants of it is passed over by `_call()`.
"""

import select
import socket
import sys
from errno import EAGAIN, ECONNABORTED

try:
    from _thread import allocate_lock, get_ident, start_new_thread
except ImportError:  # firmware without threads: one thread needs no lock

    class allocate_lock:
        """Stands for `_thread.allocate_lock` in firmware without threads."""

        def __init__(self):
            self._taken = False

        def acquire(self, wait=True):
            """Takes the lock. wait: bool. Returns bool, False only where it is taken and wait is False."""
            if self._taken and not wait:
                return False
            self._taken = True
            return True

        def release(self):
            """Gives the lock back."""
            self._taken = False

        def locked(self):
            """Tells whether the lock is taken. Returns bool."""
            return self._taken

        def __enter__(self):
            self._taken = True
            return self

        def __exit__(self, *exception):
            self._taken = False

    def get_ident():
        """Returns the one thread's identity, 0."""
        return 0

    start_new_thread = None

_IN = select.POLLIN
_OUT = select.POLLOUT
_GONE = select.POLLHUP | select.POLLERR
TCP_NODELAY = getattr(socket, 'TCP_NODELAY', 1)  # lwIP has another number for it
_ACCEPTS_IN_A_ROW = 16
_MAX_WAIT_MS = 1000  # deadlines are looked at once a second

if sys.implementation.name == 'micropython':
    import time

    _MAX_BACKLOG = 255  # MicroPython's lwIP sockets keep it in 8 bits: 256 would be none, and overwrite memory
    _would_block = (EAGAIN,)
    _MAX_RECV = 1024  # recv() clears as many octets as it may return, whatever comes
    _WAIT_MS = 100 if start_new_thread else _MAX_WAIT_MS  # nothing can wake poll() here for another thread's call

    def _socket_key(sock):
        return sock

    class _Clock:
        """Seconds since the pool was made, whole ones, from a millisecond counter that wraps."""

        def __init__(self):
            self._now = 0
            self._mark = time.ticks_ms()

        def seconds(self):
            """Returns int, seconds; to be called at least once in each wrap of the counter (days)."""
            passed = time.ticks_diff(time.ticks_ms(), self._mark)
            if passed >= 1000:
                passed //= 1000
                self._now += passed
                self._mark = time.ticks_add(self._mark, passed * 1000)
            return self._now

    class _Poller:
        def __init__(self):
            poll = select.poll()
            self.register = poll.register
            self.modify = poll.modify
            self.unregister = poll.unregister
            self.wait = poll.ipoll
            self.seconds = _Clock().seconds

        def wake(self):
            """Nothing to do: the loop looks up by itself each _WAIT_MS."""

        def drain(self):
            """Nothing to take away."""

        def close(self):
            """Nothing is held outside the heap."""

else:
    # Who imports it first counts as the main thread, for which the interpreter waits at its end: a thread of the
    # server's own, started by _thread, must not be that.
    import threading  # noqa: F401
    from time import monotonic as _monotonic

    _MAX_BACKLOG = 1 << 16
    _would_block = (EAGAIN, 10035)  # 10035: WSAEWOULDBLOCK
    _MAX_RECV = 65536
    _WAIT_MS = _MAX_WAIT_MS

    def _socket_key(sock):
        return sock.fileno()

    class _Poller:
        """select.epoll or select.poll behind the names of MicroPython's poll, with a socket pair that wakes it."""

        def __init__(self):
            self._wake_out, self._wake_in = socket.socketpair()
            self._wake_in.setblocking(False)
            self._wake_out.setblocking(False)
            if hasattr(select, 'epoll'):
                self._poll = select.epoll()
                self.wait = self._wait_seconds
                self._wait = self._poll.poll
            else:
                self._poll = select.poll()
                self.wait = self._poll.poll
            self.register = self._poll.register
            self.modify = self._poll.modify
            self.unregister = self._poll.unregister
            self._poll.register(self._wake_in.fileno(), _IN)

        def fileno(self):
            """Returns the file descriptor of the epoll object; AttributeError where poll() has none."""
            return self._poll.fileno()

        def _wait_seconds(self, milliseconds):
            return self._wait(milliseconds / 1000)

        def seconds(self):
            """Returns int, seconds of a clock that never goes back."""
            return int(_monotonic())

        def drain(self):
            """Takes the wake-up calls away, once the loop is awake."""
            try:
                self._wake_in.recv(4096)
            except OSError:
                pass

        def wake(self):
            """Ends the wait that is going on in another thread."""
            try:
                self._wake_out.send(b'\0')
            except OSError:
                pass  # the buffer is full of wake-up calls already

        def close(self):
            """Gives the operating system's objects back."""
            self._wake_in.close()
            self._wake_out.close()
            if hasattr(self._poll, 'close'):
                self._poll.close()


def _check(condition, exception, text):
    if not condition:
        raise exception(text)


def _is_callback(value):
    return value is None or callable(value)


def print_exception(ex):
    """Writes a traceback to the console. ex: the exception."""
    if hasattr(sys, 'print_exception'):
        sys.print_exception(ex)
    else:
        import traceback

        traceback.print_exception(type(ex), ex, ex.__traceback__)


def resolve_address(addr, exception):
    """Resolves a host name or address and port.

    addr: (str, int). exception: class to raise if it is none or does not resolve.
    Returns (family, sockaddr), as the socket functions of this platform take them.
    """
    ok = isinstance(addr, tuple) and len(addr) == 2 and isinstance(addr[0], str) and isinstance(addr[1], int)
    _check(ok and 0 <= addr[1] <= 65535, exception, 'An address must be a tuple of (str_ip_addr, int_port).')
    try:
        info = socket.getaddrinfo(addr[0] or '0.0.0.0', addr[1])[0]
    except OSError as ex:
        raise exception('The address %s:%s does not resolve: %s' % (addr[0], addr[1], ex))
    return info[0], info[-1]


def peer_address(address):
    """Converts an address as the platform's socket gives it. Returns (str_ip_addr, int_port)."""
    if not isinstance(address, tuple):  # the UNIX port gives a packed sockaddr
        parts = socket.sockaddr(address)
        return socket.inet_ntop(parts[0], parts[1]), parts[2]
    return address[:2]


class XBufferSlot:
    """A buffer that is lent.

    size: int, octets, at least 1. keepAlloc: bool, whether the memory is kept while nobody has the slot.
    Raises ValueError if size is none.
    """

    __slots__ = ('_buffer', '_keep', '_owner', '_size', '_taken')

    def __init__(self, size, keepAlloc=True):
        _check(isinstance(size, int) and size > 0, ValueError, '"size" must be a positive integer.')
        self._size = size
        self._keep = keepAlloc
        self._owner = None
        self._taken = False
        self._buffer = None

    @property
    def Available(self):
        """bool: whether nobody has the slot. Set it to True to give the slot back."""
        return not self._taken

    @Available.setter
    def Available(self, value):
        """Sets it."""
        taken = not value
        if taken == self._taken:
            return
        owner = self._owner
        if not taken:
            if owner and owner._waiting:
                owner._waiting.pop(0)(self)
                return
            if not self._keep:
                self._buffer = None
        self._taken = taken
        if owner:
            (owner._free.remove if taken else owner._free.append)(self)

    @property
    def Size(self):
        """int: size of the buffer, octets."""
        return self._size

    @property
    def Buffer(self):
        """bytearray: the buffer, made at first use. Taking it makes the slot not available."""
        if not self._taken:
            self.Available = False
        if self._buffer is None:
            self._buffer = bytearray(self._size)
        return self._buffer


class XBufferSlots:
    """A bounded set of buffers of one size, made as they are needed.

    slotsCount: int, at least 1. slotsSize: int, octets, at least 1. keepAlloc: bool, as of XBufferSlot.
    Raises ValueError if a number is none.
    """

    def __init__(self, slotsCount, slotsSize, keepAlloc=True):
        _check(isinstance(slotsCount, int) and slotsCount > 0, ValueError, '"slotsCount" must be a positive integer.')
        _check(isinstance(slotsSize, int) and slotsSize > 0, ValueError, '"slotsSize" must be a positive integer.')
        self._count = slotsCount
        self._size = slotsSize
        self._keep = keepAlloc
        self._slots = []
        self._free = []
        self._waiting = []

    def _add_slot(self):
        slot = XBufferSlot(self._size, self._keep)
        slot._owner = self
        self._slots.append(slot)
        self._free.append(slot)

    def GetAvailableSlot(self):
        """Lends a slot, the one given back last.

        Returns XBufferSlot, not available any more, or None if all are lent.
        """
        if not self._free:
            if len(self._slots) == self._count:
                return None
            self._add_slot()
        slot = self._free.pop()
        slot._taken = True
        return slot

    def _wait(self, function):
        """Has function(slot) called with the next slot that is given back, which stays not available."""
        self._waiting.append(function)

    @property
    def SlotsCount(self):
        """int: the most slots there can be."""
        return self._count

    @property
    def SlotsSize(self):
        """int: size of each slot, octets."""
        return self._size

    @property
    def Slots(self):
        """list of XBufferSlot: all slots."""
        while len(self._slots) < self._count:
            self._add_slot()
        return list(self._slots)


class XAsyncSocketsPoolException(Exception):
    """A call that the pool cannot do."""


class XAsyncSocketsPool:
    """The sockets that are processed together.

    - on_second: f(passed_ms) or None: called about once a second while the pool is processed, with the milliseconds
      since the last time.
    """

    on_second = None

    def __init__(self):
        self._poller = _Poller()
        self._sockets = {}
        self._calls = []
        self._lock = allocate_lock()
        self._running = allocate_lock()
        self._ident = None
        self._stop = False
        self._workers = None
        self._current = None
        self._seconds = self._poller.seconds
        self._now = self._seconds()

    def AddAsyncSocket(self, asyncSocket):
        """Takes a socket into the pool; its events are processed from now on.

        asyncSocket: XAsyncSocket. Returns bool, False if it was in already. Raises XAsyncSocketsPoolException if it
        is none.
        """
        _check(
            isinstance(asyncSocket, XAsyncSocket), XAsyncSocketsPoolException, '"asyncSocket" must be an XAsyncSocket.'
        )
        key = asyncSocket._key
        if key in self._sockets:
            return False
        self._sockets[key] = asyncSocket
        self._poller.register(key, asyncSocket._mask)
        return True

    def RemoveAsyncSocket(self, asyncSocket):
        """Lets a socket go; it stays open. asyncSocket: XAsyncSocket. Returns bool, False if it was not in the pool.

        Raises XAsyncSocketsPoolException if asyncSocket is none.
        """
        _check(
            isinstance(asyncSocket, XAsyncSocket), XAsyncSocketsPoolException, '"asyncSocket" must be an XAsyncSocket.'
        )
        key = asyncSocket._key
        if self._sockets.get(key) is not asyncSocket:
            return False
        del self._sockets[key]
        self._poller.unregister(key)
        return True

    def GetAllAsyncSockets(self):
        """Returns list of XAsyncSocket: all sockets of the pool."""
        return list(self._sockets.values())

    def GetAsyncSocketByID(self, socketID):
        """Finds a socket. socketID: int, an XAsyncSocket.SocketID. Returns XAsyncSocket or None."""
        for asyncSocket in self.GetAllAsyncSockets():
            if asyncSocket.SocketID == socketID:
                return asyncSocket
        return None

    def NotifyNextReadyForReading(self, asyncSocket, notify):
        """Has OnReadyForReading() called when the socket is readable. notify: bool, whether."""
        asyncSocket._want(_IN, notify)

    def NotifyNextReadyForWriting(self, asyncSocket, notify):
        """Has OnReadyForWriting() called when the socket is writable. notify: bool, whether."""
        asyncSocket._want(_OUT, notify)

    @property
    def WaitEventsProcessing(self):
        """bool: whether the pool is being processed."""
        return self._ident is not None

    def ProcessEvents(self, timeoutMs=0):
        """Processes what is ready, waiting for the first event; for programs with a loop of their own.

        timeoutMs: int, milliseconds to wait at the most, 0 or more; at most one second is waited.
        """
        try:
            self._process(min(timeoutMs, _WAIT_MS))
        except Exception as ex:
            self._failed(self._current, ex)

    # MicroPython takes the frames of _process(), _on_event() and OnReadyForReading() from the C stack, as they are
    # small.
    # A frame on the heap, freed at each turn, would have each allocation of the turn search the heap from there.

    def _process(self, milliseconds):
        if self._calls:
            self._run_calls()
        events = self._poller.wait(milliseconds)
        if self._seconds() != self._now:
            self._tick()
        for event in events:
            self._on_event(event)

    def _on_event(self, event):
        key, mask = event
        asyncSocket = self._sockets.get(key)
        if asyncSocket is None:
            self._poller.drain()
            return
        if self._current is not asyncSocket:
            self._current = asyncSocket  # who is to blame for an exception
        if mask & _IN:
            asyncSocket.OnReadyForReading()
        elif mask & _GONE:
            asyncSocket.OnExceptionalCondition()
        if mask & _OUT:
            asyncSocket.OnReadyForWriting()

    def _tick(self):
        """Does what is to be done once a second, and what other threads have asked for."""
        if self._calls:
            self._run_calls()
        now = self._seconds()
        if now != self._now:
            passed = now - self._now
            self._now = now
            self._expire_sockets(now)
            self._current = None  # what fails now is no socket's
            if self.on_second:
                self.on_second(passed * 1000)

    def AsyncWaitEvents(self, threadsCount=0):
        """Processes the pool until StopWaitEvents().

        threadsCount: int. 0: in the calling thread, which is held. 1: in one thread of its own. n > 1: in one thread of
        its own, and n-1 more threads for work that may block.
        Raises XAsyncSocketsPoolException if it is processed already, the number is none or there are no threads.
        """
        ok = isinstance(threadsCount, int) and threadsCount >= 0
        _check(ok, XAsyncSocketsPoolException, '"threadsCount" must be a positive integer or zero.')
        _check(not self.WaitEventsProcessing, XAsyncSocketsPoolException, 'The pool is being processed already.')
        if threadsCount and not start_new_thread:
            raise XAsyncSocketsPoolException('This firmware has no threads: use 0, or call ProcessEvents().')
        if threadsCount > 1:
            self.start_workers(threadsCount - 1)
        self._stop = False
        self._running.acquire()
        if threadsCount:
            self._ident = -1  # taken, until the thread tells its own
            start_new_thread(self._loop, ())
        else:
            self._loop()

    def start_workers(self, count):
        """Start threads for work that may block; they end with the processing of the pool.

        count: int, 1 or more. Raises ImportError where the firmware has none.
        """
        from .xasWorkers import XAsyncWorkers

        self._workers = XAsyncWorkers(count)

    def StopWaitEvents(self):
        """Ends the processing; waits until it has ended, unless called by a callback. May be called again."""
        self._stop = True
        if self.WaitEventsProcessing:
            self._poller.wake()
            if self._ident != get_ident():
                self._running.acquire()
                self._running.release()

    def _loop(self):
        self._ident = get_ident()
        try:
            while not self._stop:
                try:
                    while not self._stop:
                        self._process(_WAIT_MS)
                except Exception as ex:
                    self._failed(self._current, ex)
        finally:
            self._ident = None
            if self._workers:
                self._workers.stop()
                self._workers = None
            self._run_calls()
            self._running.release()

    def _is_foreign(self):
        """Whether the caller is not the thread that processes the pool."""
        return self._ident is not None and self._ident != get_ident()

    def _call(self, function):
        """Has a function without arguments called by the thread that processes the pool."""
        if self._is_foreign():
            self._calls.append(function)
            self._poller.wake()
        else:
            function()

    def _run_calls(self):
        while self._calls:
            try:
                self._calls.pop(0)()
            except Exception as ex:
                print_exception(ex)

    def _failed(self, asyncSocket, ex):
        """Something raised. Of a socket: that costs its own connection only. Of the loop itself: raise it again."""
        if asyncSocket is None:
            raise ex
        self._current = None  # it has been blamed: what comes before another socket's turn is the loop's
        if isinstance(asyncSocket, XAsyncTCPClient):
            asyncSocket._close(XClosedReason.Error)  # first: where memory is out, the rest may fail
        print_exception(ex)

    def _expire_sockets(self, now):
        for asyncSocket in list(self._sockets.values()):
            deadline = asyncSocket._deadline
            if deadline is not None and deadline <= now:
                try:
                    asyncSocket._expired()
                except Exception as ex:
                    self._failed(asyncSocket, ex)


class XClosedReason:
    """Why a socket was closed."""

    Error = 0
    ClosedByHost = 1
    ClosedByPeer = 2
    Timeout = 3


class XAsyncSocketException(Exception):
    """A call that a socket cannot do."""


class XAsyncSocket:
    """A socket of a pool; the abstract base.

    asyncSocketsPool: XAsyncSocketsPool. sock: the platform's socket, not blocking.
    Raises XAsyncSocketException when constructed itself.

    - State: any object: free for the application.
    """

    __slots__ = ('_closed', '_deadline', '_key', '_mask', '_on_closed', '_pool', '_socket', 'State')

    def __init__(self, asyncSocketsPool, sock):
        _check(type(self) is not XAsyncSocket, XAsyncSocketException, 'XAsyncSocket is an abstract class.')
        self._pool = asyncSocketsPool
        self._socket = sock
        self._key = _socket_key(sock)
        self._mask = _IN
        self._deadline = None
        self._closed = False
        self._on_closed = None
        self.State = None

    def GetAsyncSocketsPool(self):
        """Returns XAsyncSocketsPool: the pool of this socket."""
        return self._pool

    def GetSocketObj(self):
        """Returns the platform's socket."""
        return self._socket

    def Close(self):
        """Closes the socket. Returns bool, False when it was closed already. OnClosed is called once."""
        return self._close(XClosedReason.ClosedByHost)

    def OnReadyForReading(self):
        """Called by the pool when the socket is readable."""

    def OnReadyForWriting(self):
        """Called by the pool when the socket is writable."""

    def OnExceptionalCondition(self):
        """Called by the pool when the connection is gone while nobody reads."""
        self._close(XClosedReason.ClosedByPeer)

    @property
    def SocketID(self):
        """int: the identity of this socket in its pool."""
        return id(self)

    @property
    def ExpireTimeSec(self):
        """int or None: the second of the pool's clock at which the socket is closed; see _expire()."""
        return self._deadline

    @ExpireTimeSec.setter
    def ExpireTimeSec(self, value):
        """Sets it. Raises XAsyncSocketException if value is none."""
        ok = value is None or isinstance(value, int)
        _check(ok, XAsyncSocketException, '"ExpireTimeSec" must be an integer or None.')
        self._deadline = value

    @property
    def OnClosed(self):
        """Callback f(asyncSocket, closedReason) or None: called once, when the socket is closed."""
        return self._on_closed

    @OnClosed.setter
    def OnClosed(self, value):
        """Sets it. Raises XAsyncSocketException if value is none."""
        _check(_is_callback(value), XAsyncSocketException, '"OnClosed" must be a function or None.')
        self._on_closed = value

    def _expire(self, seconds):
        """Closes the socket that many seconds from now, unless called again; 0: never."""
        self._deadline = self._pool._now + seconds + 1 if seconds else None  # a begun second is no whole one

    def _expired(self):
        self._close(XClosedReason.Timeout)

    def _want(self, flag, wanted):
        if self._pool._is_foreign():
            self._pool._call(lambda: self._want(flag, wanted))
            return
        mask = self._mask | flag if wanted else self._mask & ~flag
        if mask != self._mask:
            self._mask = mask
            if not self._closed and self._key in self._pool._sockets:
                self._pool._poller.modify(self._key, mask)

    def _close(self, reason):
        if self._closed:
            return False
        self._closed = True
        self._pool._call(lambda: self._release(reason))
        return True

    def _release(self, reason):
        self._pool.RemoveAsyncSocket(self)
        try:
            self._close_socket()
        except OSError:
            pass
        if self._on_closed:
            self._on_closed(self, reason)

    def _close_socket(self):
        self._socket.close()


class XAsyncTCPServerException(Exception):
    """A call that a TCP server cannot do."""


class XAsyncTCPServer(XAsyncSocket):
    """A listening TCP socket. Made by Create()."""

    __slots__ = ('_buf_slots', '_on_accepted', '_srv_addr')

    @staticmethod
    def Create(asyncSocketsPool, srvAddr, srvBacklog=256, bufSlots=None):
        """Listens on an address, in a pool.

        asyncSocketsPool: XAsyncSocketsPool. srvAddr: (str_ip_addr, int_port). srvBacklog: int, 1 or more: connections
        that may wait to be accepted. bufSlots: XBufferSlots or None for 256 slots of 4096 octets.
        Returns XAsyncTCPServer. Raises XAsyncTCPServerException with what was wrong.
        """
        error = XAsyncTCPServerException
        _check(isinstance(asyncSocketsPool, XAsyncSocketsPool), error, '"asyncSocketsPool" is incorrect.')
        _check(isinstance(srvBacklog, int) and srvBacklog > 0, error, '"srvBacklog" is incorrect.')
        _check(bufSlots is None or isinstance(bufSlots, XBufferSlots), error, '"bufSlots" is incorrect.')
        family, sockaddr = resolve_address(srvAddr, error)
        sock = socket.socket(family)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        except (AttributeError, OSError):
            pass  # a platform without it (WIPY) frees the port by itself
        try:
            sock.bind(sockaddr)
            sock.listen(min(srvBacklog, _MAX_BACKLOG))
            sock.setblocking(False)
        except OSError as ex:
            sock.close()
            raise error('Cannot listen on %s:%s: %s' % (srvAddr[0], srvAddr[1], ex))
        server = XAsyncTCPServer(asyncSocketsPool, sock, srvAddr, bufSlots or XBufferSlots(256, 4096))
        asyncSocketsPool._call(lambda: asyncSocketsPool.AddAsyncSocket(server))
        return server

    def __init__(self, asyncSocketsPool, sock, srvAddr, bufSlots):
        XAsyncSocket.__init__(self, asyncSocketsPool, sock)
        self._srv_addr = srvAddr
        self._buf_slots = bufSlots
        self._on_accepted = None

    @property
    def SrvAddr(self):
        """(str_ip_addr, int_port): the address that is listened on."""
        return self._srv_addr

    @property
    def OnClientAccepted(self):
        """Callback f(server, client) or None: called with each new connection, an XAsyncTCPClient."""
        return self._on_accepted

    @OnClientAccepted.setter
    def OnClientAccepted(self, value):
        """Sets it. Raises XAsyncTCPServerException if value is none."""
        _check(_is_callback(value), XAsyncTCPServerException, '"OnClientAccepted" must be a function or None.')
        self._on_accepted = value

    def OnReadyForReading(self):
        """Accepts the connections that wait."""
        for _ in range(_ACCEPTS_IN_A_ROW):
            if self._closed:
                return
            try:
                sock, address = self._socket.accept()
            except OSError as ex:
                if ex.errno not in _would_block and ex.errno != ECONNABORTED:
                    self._pause()
                return
            self._accepted(sock, address)

    def _accepted(self, sock, address):
        try:
            sock.setblocking(False)
            sock.setsockopt(6, TCP_NODELAY, 1)  # 6: IPPROTO_TCP; an answer does not wait for the peer's ACK
        except OSError:
            pass  # a platform without it, or a peer that is gone already: reading will tell
        size = min(self._buf_slots._size, _MAX_RECV)
        client = XAsyncTCPClient(self._pool, sock, self._srv_addr, address, size)
        self._pool.AddAsyncSocket(client)
        try:
            if self._on_accepted:
                self._on_accepted(self, client)
            else:
                client.Close()
        except Exception as ex:
            print_exception(ex)
            client._close(XClosedReason.Error)

    def _pause(self):
        """Out of sockets or memory: lets what is open go on, and accepts again a second later."""
        self._want(_IN, False)
        self._expire(1)

    def _expired(self):
        self._deadline = None
        self._want(_IN, True)


class XAsyncTCPClientException(Exception):
    """A call that a TCP connection cannot do."""


class XAsyncTCPClient(XAsyncSocket):
    """A TCP connection: accepted by a server, or opened by Create().

    - OnExpired: Callback f(client) or None: called when a timeout has passed, instead of closing the connection.
    """

    __slots__ = (
        'OnExpired',
        '_address',
        '_io',
        '_on_connected',
        '_on_connect_failed',
        '_on_data',
        '_out',
        '_protocol',
        '_pump',
        '_queued',
        '_reader',
        '_recv_size',
        '_sending_buffer',
        '_server',
        '_srv_addr',
        '_tls',
    )

    def __init__(self, asyncSocketsPool, sock, srvAddr, address, recvSize):
        XAsyncSocket.__init__(self, asyncSocketsPool, sock)
        self._io = sock
        self._tls = None
        self._server = None
        self._srv_addr = srvAddr
        self._address = address
        self._recv_size = recvSize
        self._on_data = None
        self._protocol = None  # who is told of progress(), expired() and released()
        self._on_connected = None
        self._on_connect_failed = None
        self.OnExpired = None
        self._out = None
        self._queued = 0
        self._pump = None
        self._reader = None
        self._sending_buffer = None

    @staticmethod
    def Create(asyncSocketsPool, srvAddr, connectTimeout=5, recvBufLen=4096, sendBufLen=4096, connectAsync=True):
        """Opens a connection; see xasTCPClient.create(). Returns XAsyncTCPClient or None."""
        from .xasTCPClient import create

        return create(asyncSocketsPool, srvAddr, connectTimeout, recvBufLen, sendBufLen, connectAsync)

    def AsyncRecvLine(self, lineEncoding='UTF-8', onLineRecv=None, onLineRecvArg=None, timeoutSec=None):
        """Receives one line; see xasTCPClient.recv_line(). Returns bool, False when the connection is closed."""
        from .xasTCPClient import recv_line

        return recv_line(self, lineEncoding, onLineRecv, onLineRecvArg, timeoutSec)

    def AsyncRecvData(self, size=None, onDataRecv=None, onDataRecvArg=None, timeoutSec=None):
        """Receives data; see xasTCPClient.recv_data(). Returns bool, False when the connection is closed."""
        from .xasTCPClient import recv_data

        return recv_data(self, size, onDataRecv, onDataRecvArg, timeoutSec)

    def AsyncSendData(self, data, onDataSent=None, onDataSentArg=None):
        """Sends data; see xasTCPClient.send_data(). Returns bool, False when the connection is closed."""
        from .xasTCPClient import send_data

        return send_data(self, data, onDataSent, onDataSentArg)

    def AsyncSendSendingBuffer(self, size=None, onDataSent=None, onDataSentArg=None):
        """Sends what is in SendingBuffer; see xasTCPClient.send_buffer(). Returns bool, False when closed."""
        from .xasTCPClient import send_buffer

        return send_buffer(self, size, onDataSent, onDataSentArg)

    def StartSSL(self, keyfile=None, certfile=None, server_side=False, cert_reqs=0, ca_certs=None):
        """Begins TLS on this connection; see xasTLS.start()."""
        from .xasTLS import start

        start(self, keyfile, certfile, server_side, cert_reqs, ca_certs)

    def StartSSLContext(self, sslContext, serverSide=False):
        """Begins TLS on this connection with a context; see xasTLS.start_context()."""
        from .xasTLS import start_context

        start_context(self, sslContext, serverSide)

    @property
    def SrvAddr(self):
        """(str_ip_addr, int_port): the server's address."""
        return self._srv_addr

    @property
    def CliAddr(self):
        """(str_ip_addr, int_port): the peer's address."""
        self._address = peer_address(self._address)
        return self._address

    @property
    def IsSSL(self):
        """bool: whether the connection is secured by TLS."""
        return self._tls is not None

    @property
    def SendingBuffer(self):
        """memoryview: a buffer to be filled for AsyncSendSendingBuffer()."""
        if self._sending_buffer is None:
            self._sending_buffer = memoryview(bytearray(self._recv_size))
        return self._sending_buffer

    @property
    def OnConnected(self):
        """Callback f(client) or None: called when the connection is open."""
        return self._on_connected

    @OnConnected.setter
    def OnConnected(self, value):
        """Sets it. Raises XAsyncTCPClientException if value is none."""
        _check(_is_callback(value), XAsyncTCPClientException, '"OnConnected" must be a function or None.')
        self._on_connected = value

    @property
    def OnFailsToConnect(self):
        """Callback f(client) or None: called when the connection could not be opened."""
        return self._on_connect_failed

    @OnFailsToConnect.setter
    def OnFailsToConnect(self, value):
        """Sets it. Raises XAsyncTCPClientException if value is none."""
        _check(_is_callback(value), XAsyncTCPClientException, '"OnFailsToConnect" must be a function or None.')
        self._on_connect_failed = value

    def OnReadyForReading(self):
        """Receives once and hands it on."""
        if self._on_data is None:
            self._stop_reading()
            return
        try:
            data = self._io.recv(self._recv_size)
        except OSError:
            data = self._recv_again()
        if data:
            self._on_data(data)
            if self._tls:
                self._read_decrypted()
        elif data is not None:
            self._close(XClosedReason.ClosedByPeer)

    def _stop_reading(self):
        """Nobody reads now: the peer has to wait."""
        self._want(_IN, False)
        if self._on_data:  # a worker has begun to, just then
            self._want(_IN, True)

    def _recv_again(self):
        """Receives where it may fail, or tells, behind a failed recv(), what it was.

        Returns bytes, empty if the peer is gone, None if it would block.
        """
        try:
            return self._io.recv(self._recv_size)
        except OSError as ex:
            return None if ex.errno in _would_block else b''

    def _read_decrypted(self):
        """TLS may hold more than was asked for, of which the operating system knows nothing."""
        while self._on_data and not self._closed and self._tls.pending():
            data = self._recv_again()
            if not data:
                break
            self._on_data(data)

    def OnReadyForWriting(self):
        """Sends on with what is queued."""
        if self._closed:
            return
        if self._out:
            self._flush()
        if not self._out and not self._closed:
            pump = self._pump
            if pump:
                pump()
            else:
                self._want(_OUT, False)

    def _flush(self):
        sent = []
        lock = self._pool._lock
        lock.acquire()
        try:
            gone = self._send_queued(sent)
        finally:
            lock.release()
        for on_sent in sent:
            on_sent(self)
        if gone:
            self._close(XClosedReason.ClosedByPeer)

    def _send_queued(self, sent):
        """Sends from the queue what the socket takes; adds the callbacks of what went out to `sent`.

        Returns bool: gone.
        """
        while self._out:
            data, on_sent = self._out[0]
            count = self._try_send(data)
            if count < 0:
                return True
            self._queued -= count
            if count and self._protocol:
                self._protocol.progress()
            if count < len(data):
                self._out[0] = (data[count:], on_sent)
                return False
            self._out.pop(0)
            if on_sent:
                sent.append(on_sent)
        return False

    def _try_send(self, data):
        """Returns the number of octets that the socket took, -1 if the peer is gone."""
        try:
            return self._io.send(data)
        except OSError as ex:
            return 0 if ex.errno in _would_block else -1

    def _receive(self, on_data):
        """Has on_data(data) called with each piece of bytes received; None: nothing is read."""
        self._on_data = on_data
        if on_data and not self._mask & _IN:
            self._want(_IN, True)

    def _send(self, data, on_sent=None):
        """Sends bytes: at once what the socket takes, the rest in order behind what is queued. From any thread.

        on_sent: f(client) or None, called when the socket has taken all. Returns False when the connection is closed.
        """
        lock = self._pool._lock
        lock.acquire()
        try:
            done = self._put(data, on_sent)
        finally:
            lock.release()
        if done is None:
            self._close(XClosedReason.ClosedByPeer)
        elif done and on_sent:
            on_sent(self)
        return done is not None

    def _send_two(self, head, data):
        """Sends two bytes one behind the other, with nothing of other threads between. Returns as _send()."""
        lock = self._pool._lock
        lock.acquire()
        try:
            done = self._put(head)
            if done is not None:
                done = self._put(data)
        finally:
            lock.release()
        if done is None:
            self._close(XClosedReason.ClosedByPeer)
        return done is not None

    def _put(self, data, on_sent=None):
        """As _send(), for the only thread that sends; on_sent is called only if something had to be queued.

        Returns True if all was sent, False if it was queued, None if the connection is gone: then it is to be closed.
        """
        if self._closed:
            return None
        count = 0
        if not self._out:
            try:
                count = self._io.send(data)
            except OSError as ex:
                if ex.errno not in _would_block:
                    return None
            if count == len(data):
                return True
            self._out = []
        rest = memoryview(data)[count:]
        self._queued += len(rest)
        self._out.append((rest, on_sent))
        self._want(_OUT, True)
        return False

    def _pump_with(self, pump):
        """Has pump() called whenever the socket is writable and nothing is queued; None ends it."""
        self._pump = pump
        self._want(_OUT, pump is not None)

    def _close_socket(self):
        self._io.close()  # TLS closes the socket below it

    def _expired(self):
        self._deadline = None
        if self._protocol:
            self._protocol.expired()
        elif self.OnExpired:
            self.OnExpired(self)
        else:
            self._close(XClosedReason.Timeout)

    def _release(self, reason):
        self._on_data = self._pump = self._out = None
        self._queued = 0
        XAsyncSocket._release(self, reason)
        if self._protocol:
            self._protocol.released()


class XAsyncUDPDatagramException(Exception):
    """A call that a UDP socket cannot do."""


class XAsyncUDPDatagram(XAsyncSocket):
    """A UDP socket. Made by Create(); what it can is in xasUDP.UDPDatagram, for programs without UDP to leave out."""

    __slots__ = ()

    @staticmethod
    def Create(asyncSocketsPool, localAddr=None, recvBufLen=4096, broadcast=False):
        """Opens a UDP socket; see xasUDP.create(). Returns XAsyncUDPDatagram."""
        from .xasUDP import create

        return create(asyncSocketsPool, localAddr, recvBufLen, broadcast)
