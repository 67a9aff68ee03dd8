"""A played network: the server's own connections, on sockets that are two pieces of memory."""

import itertools

from ..libs.httpCommon import CommonHeads
from ..libs.httpConnection import CLOSED, DETACHED, IDLE, LINGERING, HttpConnection
from ..libs.xasBuffers import XBufferSlots
from ..libs.xasPoller import IN, OUT
from ..libs.xasPool import XAsyncSocketsPool, XClosedReason
from ..libs.xasTCP import XAsyncTCPClient

_RECV_SIZE = 4096
_keys = itertools.count(-2, -1)  # no descriptor of the operating system's


class _Handle:
    """Stands for the platform's socket, by which the pool knows a connection. Nothing goes through it."""

    def __init__(self):
        self._key = next(_keys)

    def fileno(self):
        """Return int, the key."""
        return self._key


class _Transport:
    """The server's side of a connection. What it sends is in `sent`, what it is to receive comes by put()."""

    failed = False  # as of TLS, for which this stands too

    def __init__(self):
        self.sent = bytearray()
        self._received = bytearray()
        self._has_ended = False

    def put(self, data):
        """Let the server receive bytes."""
        self._received += data

    def end(self):
        """Let the server see the end of what the client sends."""
        self._has_ended = True

    def is_readable(self):
        """Return bool: whether recv() gives something, or the end."""
        return bool(self._received) or self._has_ended

    def recv(self, size):
        """Return bytes, empty at the end. Raise BlockingIOError where nothing is there."""
        if not self.is_readable():
            raise BlockingIOError(11, 'nothing is there')
        data = bytes(self._received[:size])
        del self._received[:size]
        return data

    def send(self, data):
        """Take all bytes. Return int."""
        self.sent += data
        return len(data)

    def pending(self):
        """Return int, 0: nothing is decrypted ahead."""
        return 0

    close = end


class _Poller:
    """Stands for the operating system's poll object. seconds: the pool's clock."""

    def __init__(self, seconds):
        self.seconds = seconds

    def register(self, key, mask):
        """Do nothing: each socket is looked at."""

    modify = register

    def unregister(self, key):
        """Do nothing."""

    def wait(self, milliseconds):
        """Return no events."""
        return ()

    def wake(self):
        """Do nothing: nobody sleeps."""

    drain = close = wake


class PlayedPool(XAsyncSocketsPool):
    """A pool without sockets."""

    def __init__(self):
        XAsyncSocketsPool.__init__(self)
        self.poller.close()
        self.poller = _Poller(self.poller.seconds)


class PlayedConnection:
    """A connection of a client to a server that need not be started.

    microWebSrv2: MicroWebSrv2. pool: PlayedPool. address: (str_ip_addr, int_port), the client's. is_tls: bool.
    """

    def __init__(self, microWebSrv2, pool, address, is_tls):
        self._pool = pool
        self._transport = _Transport()
        if microWebSrv2.slots is None:
            slots = microWebSrv2.BufferSlotsCount, microWebSrv2.BufferSlotSize, microWebSrv2.KeepAllocBufferSlots
            microWebSrv2.slots = XBufferSlots(*slots)
        if microWebSrv2.heads is None:
            microWebSrv2.heads = CommonHeads(pool)
        self.client = XAsyncTCPClient(pool, _Handle(), microWebSrv2.BindAddress, address, _RECV_SIZE)
        self.client.transport = self._transport
        if is_tls:
            self.client.secure(self._transport)
        pool.add(self.client)
        self._http = HttpConnection(microWebSrv2, self.client)

    def send(self, data):
        """Send bytes to the server."""
        self._transport.put(data)

    def take(self):
        """Return the bytes that the server has sent since the last call."""
        data = bytes(self._transport.sent)
        self._transport.sent.clear()
        return data

    def step(self):
        """Let the server do what is to be done now. Return bool, False where there is nothing."""
        pool, client = self._pool, self.client
        pool.tick()
        pool.wait_ms()  # calls the timers that are due
        if client.closed:
            return False
        if client.mask & IN and self._transport.is_readable():
            client.OnReadyForReading()
            return True
        if client.mask & OUT:
            client.OnReadyForWriting()
            return True
        return False

    def is_answered(self):
        """Return bool: whether the server has answered all that it was sent, or will never."""
        if self.client.closed:
            return True
        return self._http.state in (IDLE, LINGERING, DETACHED, CLOSED) and not self._transport.is_readable()

    def is_open(self):
        """Return bool: whether the connection takes another request."""
        return not self.client.closed and self._http.state == IDLE

    def close(self):
        """Leave, as a client does: the server sees the end."""
        if not self.client.closed:
            self._transport.end()
            while self.step():
                pass
            self.client.close(XClosedReason.ClosedByPeer)
