"""The pool: the sockets that are processed together, and the base class of its sockets. Knows no protocol.

The pool waits for all of its sockets at once and calls the one that is ready. Sockets stay registered with the
operating system's poll object; sending is tried at once and waited for only when it would block. Only the thread that
runs the pool touches the poll object: what another thread wants of it is passed over by call().
"""

from .checks import is_int, require, require_callback
from .xasPoller import (
    GONE,
    IN,
    OUT,
    WAIT_MS,
    Poller,
    allocate_lock,
    get_ident,
    is_interrupt,
    print_exception,
    socket_key,
    start_new_thread,
)


class XAsyncSocketsPoolException(Exception):
    """A call that the pool cannot do."""


class XAsyncSocketsPool:
    """The sockets that are processed together.

    For the rooms that stand on it:
    - now: int, seconds of the pool's clock.
    - poller: the platform's poll object (xasPoller).
    - workers: XAsyncWorkers or None: threads for work that may block.
    - gate: the lock that is held while something is sent, never waited for; see XAsyncTCPClient.send().
    - late: list of (client, data, on_sent) that came while the gate was held.
    - spawn: f(coroutine) or None: has asyncio await it, where asyncio runs the pool.
    - on_timer: f(milliseconds) or None: called in the pool's thread with each new timer.
    - on_second: f(milliseconds that have passed) or None, called about once a second by the thread that runs the pool.
    - capacity: int or None: how many connections the platform can hold; see XAsyncTCPServer.
    """

    def __init__(self):
        self.poller = Poller()
        self.workers = None
        self.gate = allocate_lock()
        self.late = []
        self.on_second = self.on_timer = self.spawn = None
        self.capacity = None
        self._sockets = {}
        self._calls = []
        self._running = allocate_lock()
        self._ident = None
        self._stop = False
        self._is_disposed = False
        self._timers = None
        self._current = None
        self._seconds = self.poller.seconds
        self.now = self._seconds()

    def AddAsyncSocket(self, asyncSocket):
        """Take a socket into the pool; its events are processed from now on.

        asyncSocket: XAsyncSocket. Return bool, False if it was in already. Raise XAsyncSocketsPoolException for
        anything else.
        """
        _require_socket(asyncSocket)
        return self.add(asyncSocket)

    def add(self, asyncSocket):
        """Take a socket into the pool, as AddAsyncSocket(). asyncSocket: XAsyncSocket. Return bool."""
        key = asyncSocket.key
        if key in self._sockets:
            return False
        self._sockets[key] = asyncSocket
        self.poller.register(key, asyncSocket.mask)
        return True

    def RemoveAsyncSocket(self, asyncSocket):
        """Let a socket go; it stays open. asyncSocket: XAsyncSocket. Return bool, False if it was not in the pool.

        Raise XAsyncSocketsPoolException for anything else.
        """
        _require_socket(asyncSocket)
        return self.remove(asyncSocket)

    def remove(self, asyncSocket):
        """Let a socket go, as RemoveAsyncSocket(). asyncSocket: XAsyncSocket. Return bool."""
        key = asyncSocket.key
        if self._sockets.get(key) is not asyncSocket:
            return False
        del self._sockets[key]
        try:
            self.poller.unregister(key)
        except (OSError, ValueError):
            pass  # its descriptor is closed already, as by a TLS that could not begin
        return True

    def has(self, asyncSocket):
        """Return bool: whether a socket is in the pool."""
        return asyncSocket.key in self._sockets

    def knows(self, key):
        """Return bool: whether a socket of the pool has a key, as the poll object's events name it."""
        return key in self._sockets

    def GetAllAsyncSockets(self):
        """Return list of XAsyncSocket: all sockets of the pool."""
        return list(self._sockets.values())

    def GetAsyncSocketByID(self, socketID):
        """Find a socket. socketID: int, an XAsyncSocket.SocketID. Return XAsyncSocket or None."""
        for asyncSocket in self.GetAllAsyncSockets():
            if asyncSocket.SocketID == socketID:
                return asyncSocket
        return None

    def NotifyNextReadyForReading(self, asyncSocket, notify):
        """Call OnReadyForReading() when the socket is readable. notify: bool, whether."""
        asyncSocket.want(IN, notify)

    def NotifyNextReadyForWriting(self, asyncSocket, notify):
        """Call OnReadyForWriting() when the socket is writable. notify: bool, whether."""
        asyncSocket.want(OUT, notify)

    def CallLater(self, milliseconds, function):
        """Call a function once, in the thread that runs the pool.

        milliseconds: int, from now, 0 or more. function: callable without arguments; `async def` under asyncio.
        From any thread, and before the pool is run. What the function raises is shown, and costs nobody else. Where
        MicroPython has threads, it is called up to 0.1 s late for another thread than the pool's.
        Return libs.xasTimers.XAsyncTimer, which can be cancelled. Raise ValueError for other arguments.
        """
        return self._add_timer(milliseconds, function, False)

    def CallEvery(self, milliseconds, function):
        """Call a function again and again, in the thread that runs the pool.

        milliseconds: int, between two calls, 1 or more: from when the last one was due, so that they do not drift,
        unless the loop was held for longer than that. The rest as of CallLater().
        """
        require(milliseconds, ValueError, '"milliseconds" must be a positive integer.')
        return self._add_timer(milliseconds, function, True)

    def _add_timer(self, milliseconds, function, again):
        from .xasTimers import Timers, XAsyncTimer

        if self._timers is None:
            self._timers = Timers()
        timer = XAsyncTimer(self, self._timers, milliseconds, function, again)
        self._timers.note(timer)
        on_timer = self.on_timer
        if on_timer:
            self.call(lambda: on_timer(milliseconds))
        elif self.is_foreign():
            self.poller.wake()
        return timer

    @property
    def WaitEventsProcessing(self):
        """bool: whether the pool is being processed."""
        return self._ident is not None

    def ProcessEvents(self, timeoutMs=0):
        """Process what is ready, waiting for the first event; for programs with a loop of their own.

        timeoutMs: int, milliseconds to wait at the most, 0 or more; at most one second is waited.
        """
        try:
            self._process(min(timeoutMs, WAIT_MS if self._timers is None else self.wait_ms()))
        except BaseException as error:
            self.failed(error)

    # MicroPython takes the frames of _process(), on_event() and OnReadyForReading() from the C stack, as they are
    # small. A frame on the heap, freed at each turn, would have each allocation of the turn search the heap from there.

    def _process(self, milliseconds):
        if self._calls:
            self._run_calls()
        events = self.poller.wait(milliseconds)
        if self._seconds() != self.now:
            self.tick()
        for event in events:
            self.on_event(event)

    def on_event(self, event):
        """Process an event of the poll object. event: (key, mask)."""
        key, mask = event
        asyncSocket = self._sockets.get(key)
        if asyncSocket is None:
            self.poller.drain()
            return
        if self._current is not asyncSocket:
            self._current = asyncSocket  # who is to blame for an exception
        if mask & IN:
            asyncSocket.OnReadyForReading()
        elif mask & GONE:
            asyncSocket.OnExceptionalCondition()
        if mask & OUT:
            asyncSocket.OnReadyForWriting()

    def tick(self):
        """Do what is to be done once a second, and what other threads have asked for."""
        if self._calls:
            self._run_calls()
        now = self._seconds()
        passed = now - self.now
        if passed:
            self.now = now
            self._current = None  # no socket is to blame for what is raised here
            self._expire_sockets(now)
            if self.on_second:
                self.on_second(passed * 1000)

    def wait_ms(self):
        """Call the timers that are due. Return int, milliseconds until something is to be done again."""
        if self._timers is None:
            return WAIT_MS
        self._current = None  # no socket is to blame for what is raised here
        return min(WAIT_MS, self._timers.run())

    def AsyncWaitEvents(self, threadsCount=0):
        """Process the pool until StopWaitEvents().

        threadsCount: int. 0: in the calling thread, which is held. 1: in one thread of its own. n > 1: in one thread of
        its own, and n-1 more threads for work that may block.
        Raise XAsyncSocketsPoolException if it is processed already, for any other number, or without threads.
        """
        error = XAsyncSocketsPoolException
        require(is_int(threadsCount) and threadsCount >= 0, error, '"threadsCount" must be a positive integer or zero.')
        require(not self.WaitEventsProcessing, error, 'The pool is being processed already.')
        if threadsCount and not start_new_thread:
            raise error('This firmware has no threads: use 0, or call ProcessEvents().')
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
        """Start threads for work that may block; they end with the processing. count: int, 1 or more.

        Raise ImportError in firmware without them.
        """
        from .xasWorkers import XAsyncWorkers

        self.workers = XAsyncWorkers(count)

    def StopWaitEvents(self):
        """End the processing; wait until it has ended, unless called by a callback. May be called again."""
        self._stop = True
        if self.WaitEventsProcessing:
            self.poller.wake()
            if self._ident != get_ident():
                self._running.acquire()
                self._running.release()

    def begin(self):
        """Have the calling thread run the pool, by a loop of its own that calls tick() and on_event()."""
        require(not self.WaitEventsProcessing, XAsyncSocketsPoolException, 'The pool is being processed already.')
        self._stop = False
        self._ident = get_ident()

    def is_stopping(self):
        """Return bool: whether StopWaitEvents() has been called."""
        return self._stop

    def end(self):
        """End what begin() began."""
        self._ident = None
        if self.workers:
            self.workers.stop()
            self.workers = None
        self._run_calls()
        if self._is_disposed:
            self.poller.close()

    def dispose(self):
        """Give back what the pool holds of the operating system; at once, or when its processing ends."""
        self._is_disposed = True
        if not self.WaitEventsProcessing:
            self.poller.close()

    def _loop(self):
        self._ident = get_ident()
        try:
            while not self._stop:
                try:
                    while not self._stop:
                        self._process(WAIT_MS if self._timers is None else self.wait_ms())
                except BaseException as error:
                    self.failed(error)
        finally:
            self.end()
            self._running.release()

    def is_foreign(self):  # small: False without threads
        """Return bool: whether the caller is not the thread that processes the pool."""
        return self._ident is not None and self._ident != get_ident()

    def call(self, function):  # small: calls it without threads
        """Call a function without arguments in the thread that processes the pool: at once where the caller is it."""
        if self.is_foreign():
            self._calls.append(function)
            self.poller.wake()
        else:
            function()

    def _run_calls(self):
        while self._calls:
            function = self._calls.pop(0)
            try:
                function()
            except BaseException as error:
                self.report(error)

    def report(self, error):
        """Show an exception that a callback has raised, and go on; raise it again where it is Ctrl-C."""
        if is_interrupt(error):
            raise error
        print_exception(error)

    def failed(self, error):
        """Charge an exception to the socket whose event raised it: it costs that connection only.

        Raise it where no socket is to blame, as when poll() itself fails, and where it is Ctrl-C.
        """
        asyncSocket, self._current = self._current, None
        if asyncSocket is None or is_interrupt(error):
            raise error
        asyncSocket.fail()  # first: where memory is out, the rest may fail
        print_exception(error)

    def _expire_sockets(self, now):
        for asyncSocket in list(self._sockets.values()):
            deadline = asyncSocket.deadline
            if deadline is not None and deadline <= now:
                try:
                    asyncSocket.expired()
                except BaseException as error:
                    asyncSocket.fail()
                    self.report(error)

    def send_late(self):
        """Send what came while something was being sent, in its order. From any thread."""
        while self.late and self.gate.acquire(False):
            client = None
            try:
                client, data, on_sent = self.late.pop(0)
                done = client.put(data, on_sent)
            except IndexError:  # another thread was quicker
                continue
            finally:
                self.gate.release()
            client.after_put(done, on_sent)


def _require_socket(asyncSocket):  # small: a check
    require(isinstance(asyncSocket, XAsyncSocket), XAsyncSocketsPoolException, '"asyncSocket" must be an XAsyncSocket.')


class XClosedReason:
    """Why a socket was closed."""

    Error = 0
    ClosedByHost = 1
    ClosedByPeer = 2
    Timeout = 3


_OPEN = 0  # states of a socket
_CLOSING = 1  # the pool's thread will close it
_CLOSED = 2


class XAsyncSocketException(Exception):
    """A call that a socket cannot do."""


class XAsyncSocket:
    """A socket of a pool; the abstract base.

    asyncSocketsPool: XAsyncSocketsPool. sock: the platform's socket, not blocking.
    Raises XAsyncSocketException when constructed itself.

    - State: any object: free for the application.

    For the rooms that stand on it:
    - pool, socket: as given. key: what stands for the socket in the poll object. mask: int, the events wanted.
    - closed: int, 0 while the socket is open.
    - deadline: int or None, the second of the pool's clock at which expired() is called.
    """

    __slots__ = ('State', '_on_closed', 'closed', 'deadline', 'key', 'mask', 'pool', 'socket')

    def __init__(self, asyncSocketsPool, sock):
        require(type(self) is not XAsyncSocket, XAsyncSocketException, 'XAsyncSocket is an abstract class.')
        self.pool = asyncSocketsPool
        self.socket = sock
        self.key = socket_key(sock)
        self.mask = IN
        self.deadline = None
        self.closed = _OPEN
        self._on_closed = None
        self.State = None

    def GetAsyncSocketsPool(self):
        """Return XAsyncSocketsPool: the pool of this socket."""
        return self.pool

    def GetSocketObj(self):
        """Return the platform's socket."""
        return self.socket

    def Close(self):
        """Close the socket. Return bool, False when it was closed already. OnClosed is called once."""
        return self.close(XClosedReason.ClosedByHost)

    def OnReadyForReading(self):
        """Take the pool's call: the socket is readable."""

    def OnReadyForWriting(self):
        """Take the pool's call: the socket is writable."""

    def OnExceptionalCondition(self):
        """Take the pool's call: the connection is gone while nobody reads."""
        self.close(XClosedReason.ClosedByPeer)

    @property
    def SocketID(self):
        """int: the identity of this socket in its pool."""
        return id(self)

    @property
    def ExpireTimeSec(self):
        """int or None: the second of the pool's clock at which the socket is closed; see expire()."""
        return self.deadline

    @ExpireTimeSec.setter
    def ExpireTimeSec(self, value):
        """Set it. Raise XAsyncSocketException unless value is an int or None."""
        require(value is None or is_int(value), XAsyncSocketException, '"ExpireTimeSec" must be an integer or None.')
        self.deadline = value

    @property
    def OnClosed(self):
        """Callback f(asyncSocket, closedReason) or None: called once, when the socket is closed."""
        return self._on_closed

    @OnClosed.setter
    def OnClosed(self, value):
        """Set it. Raise XAsyncSocketException unless value is a function or None."""
        require_callback(value, 'OnClosed', XAsyncSocketException)
        self._on_closed = value

    def expire(self, seconds):
        """Close the socket that many seconds from now, unless called again; 0: never."""
        self.deadline = self.pool.now + seconds + 1 if seconds else None  # a begun second is no whole one

    def expired(self):
        """Take the pool's call: the deadline has come."""
        self.close(XClosedReason.Timeout)

    def fail(self):
        """Take the pool's call: an event of this socket raised an exception."""

    def want(self, flag, wanted):
        """Wait for an event, or no more. flag: IN or OUT. wanted: bool. From any thread."""
        if self.pool.is_foreign():
            self.pool.call(lambda: self.want(flag, wanted))
            return
        mask = self.mask | flag if wanted else self.mask & ~flag
        if mask != self.mask:
            self.mask = mask
            if not self.closed and self.pool.has(self):
                self.pool.poller.modify(self.key, mask)

    def close(self, reason):
        """Close the socket, from any thread. reason: of XClosedReason. Return bool, False if it was closed already."""
        if self.closed:
            return False
        self.closed = _CLOSING
        if self.pool.is_foreign():
            self.pool.call(lambda: self._release(reason))
        else:
            self._release(reason)
        return True

    def _release(self, reason):
        if self.closed == _CLOSED:  # two threads have closed it
            return
        self.closed = _CLOSED
        self.pool.remove(self)
        try:
            self.close_socket()
        except OSError:
            pass
        self.released(reason)

    def close_socket(self):
        """Close the platform's socket."""
        self.socket.close()

    def released(self, reason):
        """Give back what the socket held, then tell the application. reason: of XClosedReason."""
        if self._on_closed:
            self._on_closed(self, reason)
