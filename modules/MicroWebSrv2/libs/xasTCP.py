"""TCP: listening sockets, and connections that were accepted or opened. Knows no protocol above TCP."""

import socket
from errno import ECONNABORTED

from .checks import require, require_callback
from .xasBuffers import XBufferSlots
from .xasPoller import IN, MAX_BACKLOG, MAX_RECV, OUT, would_block
from .xasPool import XAsyncSocket, XAsyncSocketsPool, XClosedReason

TCP_NODELAY = getattr(socket, 'TCP_NODELAY', 1)  # lwIP has another number for it


def resolve_address(addr, exception):
    """Resolve a host name or address and port.

    addr: (str, int). exception: class to raise for anything else, and where it does not resolve.
    Return (family, sockaddr), as the socket functions of this platform take them.
    """
    ok = isinstance(addr, tuple) and len(addr) == 2 and isinstance(addr[0], str) and isinstance(addr[1], int)
    require(ok and 0 <= addr[1] <= 65535, exception, 'An address must be a tuple of (str_ip_addr, int_port).')
    try:
        info = socket.getaddrinfo(addr[0] or '0.0.0.0', addr[1])[0]
    except OSError as error:
        raise exception('The address %s:%s does not resolve: %s' % (addr[0], addr[1], error))
    return info[0], info[-1]


def peer_address(address):
    """Return an address as (str_ip_addr, int_port). address: as the platform's socket gives it."""
    if not isinstance(address, tuple):  # the UNIX port gives a packed sockaddr
        parts = socket.sockaddr(address)
        return socket.inet_ntop(parts[0], parts[1]), parts[2]
    return address[:2]


class XAsyncTCPServerException(Exception):
    """A call that a TCP server cannot do."""


class XAsyncTCPServer(XAsyncSocket):
    """A listening TCP socket. Made by Create().

    Where the pool's connections are as many as its capacity, one is closed for the newcomer: the one that has been idle
    longest, or one of a peer that holds more than half of them.
    """

    __slots__ = ('_buf_slots', '_on_accepted', '_srv_addr')

    @staticmethod
    def Create(asyncSocketsPool, srvAddr, srvBacklog=256, bufSlots=None):
        """Listen on an address, in a pool.

        asyncSocketsPool: XAsyncSocketsPool. srvAddr: (str_ip_addr, int_port). srvBacklog: int, 1 or more: connections
        that may wait to be accepted. bufSlots: XBufferSlots or None for 256 slots of 4096 bytes.
        Return XAsyncTCPServer. Raise XAsyncTCPServerException with what was wrong.
        """
        error = XAsyncTCPServerException
        require(isinstance(asyncSocketsPool, XAsyncSocketsPool), error, '"asyncSocketsPool" is incorrect.')
        require(isinstance(srvBacklog, int) and srvBacklog > 0, error, '"srvBacklog" is incorrect.')
        require(bufSlots is None or isinstance(bufSlots, XBufferSlots), error, '"bufSlots" is incorrect.')
        family, sockaddr = resolve_address(srvAddr, error)
        sock = socket.socket(family)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        except (AttributeError, OSError):
            pass  # a platform without it (WIPY) frees the port by itself
        try:
            sock.bind(sockaddr)
            sock.listen(min(srvBacklog, MAX_BACKLOG))
            sock.setblocking(False)
        except OSError as ex:
            sock.close()
            raise error('Cannot listen on %s:%s: %s' % (srvAddr[0], srvAddr[1], ex))
        server = XAsyncTCPServer(asyncSocketsPool, sock, srvAddr, bufSlots or XBufferSlots(256, 4096))
        asyncSocketsPool.call(lambda: asyncSocketsPool.add(server))
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
        """Set it. Raise XAsyncTCPServerException unless value is a function or None."""
        require_callback(value, 'OnClientAccepted', XAsyncTCPServerException)
        self._on_accepted = value

    def OnReadyForReading(self):
        """Accept a connection that waits: the pool calls again for the next, after those that are open."""
        if self.closed:
            return
        try:
            sock, address = self.socket.accept()
        except OSError as error:
            if error.errno not in would_block and error.errno != ECONNABORTED and not self._spare(None):
                self._pause()
            return
        self._accept(sock, address)

    def _accept(self, sock, address):
        try:
            sock.setblocking(False)
            sock.setsockopt(6, TCP_NODELAY, 1)  # 6: IPPROTO_TCP; an answer does not wait for the peer's ACK
        except OSError:
            pass  # a platform without it, or a peer that is gone already: reading will tell
        size = min(self._buf_slots.SlotsSize, MAX_RECV)
        client = XAsyncTCPClient(self.pool, sock, self._srv_addr, address, size)
        client.server = self
        self.pool.add(client)
        if self.pool.capacity and not self._spare(client):
            client.close(XClosedReason.ClosedByHost)
            return
        try:
            if self._on_accepted:
                self._on_accepted(self, client)
            else:
                client.Close()
        except BaseException as error:
            client.fail()
            self.pool.report(error)

    def _spare(self, newcomer):
        """Close a connection where there are too many, or, without a newcomer, where the platform has no more.

        newcomer: XAsyncTCPClient, in the pool already, or None. Return bool: whether the newcomer can stay.
        """
        clients = [other for other in self.pool.GetAllAsyncSockets() if isinstance(other, XAsyncTCPClient)]
        if newcomer and len(clients) <= self.pool.capacity:
            return True
        others = [other for other in clients if other is not newcomer]
        dearest = idlest(others) or (newcomer and greediest(others))
        if not dearest:
            return False
        dearest.close(XClosedReason.ClosedByHost)
        return True

    def _pause(self):
        """Out of sockets or memory: let what is open go on, and accept again a second later."""
        self.want(IN, False)
        self.expire(1)

    def expired(self):
        """Take the pool's call: the pause is over."""
        self.deadline = None
        self.want(IN, True)


def idlest(clients):
    """Return the connection that can be spared soonest, or None. clients: list of XAsyncTCPClient."""
    best = lowest = None
    for client in clients:
        rank = client.protocol.spare() if client.protocol and not client.closed else None
        if rank is not None and (lowest is None or rank < lowest):
            best, lowest = client, rank
    return best


def greediest(clients):  # small: False without many sockets
    """Return a connection of the peer that holds more than half of all, the one whose time ends first, or None.

    clients: list of XAsyncTCPClient.
    """
    held = {}
    for client in clients:
        held.setdefault(client.CliAddr[0], []).append(client)
    for mine in held.values():
        if len(mine) * 2 > len(clients):
            waiting = [client for client in mine if client.deadline is not None]
            return min(waiting, key=lambda client: client.deadline) if waiting else None
    return None


class XAsyncTCPClientException(Exception):
    """A call that a TCP connection cannot do."""


class XAsyncTCPClient(XAsyncSocket):
    """A TCP connection: accepted by a server, or opened by Create().

    - OnExpired: Callback f(client) or None: called when a timeout has passed, instead of closing the connection.

    For the protocols that stand on it:
    - server: XAsyncTCPServer or None, which has accepted it.
    - protocol: an object or None. Its progress() is called when the peer has taken data that were queued, expired() at
      the timeout, released(reason) when the connection is closed, spare() returns an int where the connection could be
      closed for another, the least first, else None.
    - transport: what recv() and send() go through: the socket, or TLS.
    - tls: the TLS transport or None.
    - queued: int, bytes that wait to be sent.
    - recv_size: int, the most bytes received at once.
    - reader: what receives by lines and sizes (xasTCPClient), or None.
    """

    __slots__ = (
        'OnExpired',
        '_address',
        '_on_connect_failed',
        '_on_connected',
        '_on_data',
        '_out',
        '_pump',
        '_sending_buffer',
        '_srv_addr',
        'protocol',
        'queued',
        'reader',
        'recv_size',
        'server',
        'tls',
        'transport',
    )

    def __init__(self, asyncSocketsPool, sock, srvAddr, address, recvSize):
        XAsyncSocket.__init__(self, asyncSocketsPool, sock)
        self.transport = sock
        self.tls = self.server = self.protocol = self.reader = None
        self.recv_size = recvSize
        self.queued = 0
        self._srv_addr = srvAddr
        self._address = address
        self._on_data = self._out = self._pump = self._sending_buffer = None
        self._on_connected = self._on_connect_failed = self.OnExpired = None

    @staticmethod
    def Create(asyncSocketsPool, srvAddr, connectTimeout=5, recvBufLen=4096, sendBufLen=4096, connectAsync=True):
        """Open a connection; see xasTCPClient.create(). Return XAsyncTCPClient or None."""
        from .xasTCPClient import create

        return create(asyncSocketsPool, srvAddr, connectTimeout, recvBufLen, sendBufLen, connectAsync)

    def AsyncRecvLine(self, lineEncoding='UTF-8', onLineRecv=None, onLineRecvArg=None, timeoutSec=None):
        """Receive one line; see xasTCPClient.recv_line(). Return bool, False when the connection is closed."""
        from .xasTCPClient import recv_line

        return recv_line(self, lineEncoding, onLineRecv, onLineRecvArg, timeoutSec)

    def AsyncRecvData(self, size=None, onDataRecv=None, onDataRecvArg=None, timeoutSec=None):
        """Receive data; see xasTCPClient.recv_data(). Return bool, False when the connection is closed."""
        from .xasTCPClient import recv_data

        return recv_data(self, size, onDataRecv, onDataRecvArg, timeoutSec)

    def AsyncSendData(self, data, onDataSent=None, onDataSentArg=None):
        """Send data; see xasTCPClient.send_data(). Return bool, False when the connection is closed."""
        from .xasTCPClient import send_data

        return send_data(self, data, onDataSent, onDataSentArg)

    def AsyncSendSendingBuffer(self, size=None, onDataSent=None, onDataSentArg=None):
        """Send what is in SendingBuffer; see xasTCPClient.send_buffer(). Return bool, False when closed."""
        from .xasTCPClient import send_buffer

        return send_buffer(self, size, onDataSent, onDataSentArg)

    def StartSSL(self, keyfile=None, certfile=None, server_side=False, cert_reqs=0, ca_certs=None):
        """Begin TLS on this connection; see xasTLS.start()."""
        from .xasTLS import start

        start(self, keyfile, certfile, server_side, cert_reqs, ca_certs)

    def StartSSLContext(self, sslContext, serverSide=False):
        """Begin TLS on this connection with a context; see xasTLS.start_context()."""
        from .xasTLS import start_context

        start_context(self, sslContext, serverSide)

    def secure(self, transport, sock=None):
        """Send and receive through TLS from now on.

        transport: has recv(), send(), pending() and close(). sock: the platform's socket where it is another now.
        """
        self.tls = self.transport = transport
        if sock:
            self.socket = sock

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
        return self.tls is not None

    @property
    def SendingBuffer(self):
        """memoryview: a buffer to be filled for AsyncSendSendingBuffer()."""
        if self._sending_buffer is None:
            self._sending_buffer = memoryview(bytearray(self.recv_size))
        return self._sending_buffer

    @property
    def OnConnected(self):
        """Callback f(client) or None: called when the connection is open."""
        return self._on_connected

    @OnConnected.setter
    def OnConnected(self, value):
        """Set it. Raise XAsyncTCPClientException unless value is a function or None."""
        require_callback(value, 'OnConnected', XAsyncTCPClientException)
        self._on_connected = value

    @property
    def OnFailsToConnect(self):
        """Callback f(client) or None: called when the connection could not be opened."""
        return self._on_connect_failed

    @OnFailsToConnect.setter
    def OnFailsToConnect(self, value):
        """Set it. Raise XAsyncTCPClientException unless value is a function or None."""
        require_callback(value, 'OnFailsToConnect', XAsyncTCPClientException)
        self._on_connect_failed = value

    # ---- receiving

    def receive(self, on_data):
        """Call on_data(data) with each piece of bytes received, 1 to recv_size; None: read nothing.

        Reading nothing makes the peer wait (TCP). From any thread.
        """
        self._on_data = on_data
        if on_data and not self.mask & IN:
            self.want(IN, True)

    def is_receiving(self):
        """Return bool: whether somebody takes what is received."""
        return self._on_data is not None

    def OnReadyForReading(self):
        """Receive once and hand it on."""
        if self._on_data is None:
            self._stop_reading()
            return
        try:
            data = self.transport.recv(self.recv_size)
        except OSError:  # without its name: with it, MicroPython takes the frame from the heap
            data = self._recv_after_error()
        if data:
            self._on_data(data)
            if self.tls:
                self._read_decrypted()
        elif data is not None:
            self.close(XClosedReason.ClosedByPeer)

    def take_received(self, on_data):
        """Call on_data(data) with what is here already, for who has turned reading off and is about to turn it on.

        The pool need not be woken for it, and TLS may hold data of which the pool knows nothing. on_data returns bool,
        whether it takes more. Return bool: the same, True where nothing is here.
        """
        while not self.closed:
            try:
                data = self.transport.recv(self.recv_size)
            except OSError:  # what it was, the next event tells
                return True
            if not data:
                return True
            if not on_data(data):
                return False
            if not (self.tls and self.tls.pending()):
                return True
        return True

    def _recv_after_error(self):
        """Tell what a failed recv() was: None if it would block, empty bytes if the peer is gone. Or return data."""
        if self.tls:
            return b'' if self.tls.failed else None
        try:
            return self.transport.recv(self.recv_size)
        except OSError as error:
            return None if error.errno in would_block else b''

    def _stop_reading(self):
        """Nobody reads now: the peer has to wait."""
        self.want(IN, False)
        if self._on_data:  # a worker has begun to, just then
            self.want(IN, True)

    def _read_decrypted(self):
        """TLS may hold more than was asked for, of which the operating system knows nothing."""
        while self._on_data and not self.closed and self.tls.pending():
            try:
                data = self.transport.recv(self.recv_size)
            except OSError:  # what it was, the next event tells
                return
            if not data:
                return
            self._on_data(data)

    # ---- sending

    def send(self, data, on_sent=None):
        """Send bytes: at once what the socket takes, the rest in order after what is queued.

        From any thread, and from a timer, signal or interrupt that comes while the same thread is inside a send: then
        the one that is sending takes it along.
        on_sent: f(client) or None, called when the socket has taken all. Return bool, False when the connection is
        closed.
        """
        pool = self.pool
        if pool.late or not pool.gate.acquire(False):
            return self._send_late(data, on_sent)
        try:
            done = self.put(data, on_sent)
        finally:
            pool.gate.release()
        if done is not True or on_sent:
            self.after_put(done, on_sent)
        if pool.late:
            pool.send_late()
        return done is not None

    def send_two(self, head, data):
        """Send two bytes one after the other, with nothing of other threads between. Return as send()."""
        pool = self.pool
        if pool.late or not pool.gate.acquire(False):
            return self._send_late(b''.join((head, data)), None)
        try:
            done = self.put(head)
            if done is not None:
                done = self.put(data)
        finally:
            pool.gate.release()
        if done is None:
            self.after_put(done, None)
        if pool.late:
            pool.send_late()
        return done is not None

    def _send_late(self, data, on_sent):
        if self.closed:
            return False
        self.pool.late.append((self, data, on_sent))
        self.pool.send_late()
        return not self.closed

    def after_put(self, done, on_sent):
        """Do what put() leaves to do when the gate is open again. done: what it returned."""
        if done is None:
            self.close(XClosedReason.ClosedByPeer)
        elif done and on_sent:
            on_sent(self)

    def put(self, data, on_sent=None):
        """Send bytes as send() does, for the only one that sends; on_sent is called only if something was queued.

        Return True if all was sent, False if it was queued, None if the connection is gone: then it is to be closed.
        """
        if self.closed:
            return None
        if not self._out:
            try:
                count = self.transport.send(data)
            except OSError:  # without its name: with it, MicroPython takes the frame from the heap
                count = self._try_send(data)
            if count == len(data):
                return True
            if count < 0:
                return None
            data = memoryview(data)[count:]
        return self._queue(data, on_sent)

    def _queue(self, data, on_sent):
        """Have data sent when the socket is writable. Return False."""
        if not self._out:
            self._out = []
        self.queued += len(data)
        self._out.append((memoryview(data), on_sent))
        self.want(OUT, True)
        return False

    def OnReadyForWriting(self):
        """Send on with what is queued."""
        if self.closed:
            return
        if self._out:
            self._flush()
        if not self._out and not self.closed:
            pump = self._pump
            if pump:
                pump()
            else:
                self.want(OUT, False)

    def _flush(self):
        sent = []
        pool = self.pool
        if not pool.gate.acquire(False):
            return  # the socket stays writable: the pool calls again
        try:
            gone = self._send_queued(sent)
        finally:
            pool.gate.release()
        for on_sent in sent:
            on_sent(self)
        if gone:
            self.close(XClosedReason.ClosedByPeer)
        if pool.late:
            pool.send_late()

    def _send_queued(self, sent):
        """Send from the queue what the socket takes; add the callbacks of what went out to `sent`.

        Return bool: whether the peer is gone.
        """
        while self._out:
            data, on_sent = self._out[0]
            count = self._try_send(data)
            if count < 0:
                return True
            self.queued -= count
            if count and self.protocol:
                self.protocol.progress()
            if count < len(data):
                self._out[0] = (data[count:], on_sent)
                return False
            self._out.pop(0)
            if on_sent:
                sent.append(on_sent)
        return False

    def _try_send(self, data):
        """Return the number of bytes that the socket took, -1 if the peer is gone."""
        try:
            return self.transport.send(data)
        except OSError as error:
            return 0 if error.errno in would_block else -1

    def is_sending(self):
        """Return bool: whether something is queued."""
        return bool(self._out)

    def pump_with(self, pump):
        """Call pump() whenever the socket is writable and nothing is queued; None ends it."""
        if pump is not self._pump:
            self._pump = pump
            self.want(OUT, pump is not None or bool(self._out))

    # ---- closing

    def shutdown(self):
        """Tell the peer that nothing more comes, where the platform can; what it sends is still received."""
        if hasattr(self.socket, 'shutdown') and not self.tls:
            try:
                self.socket.shutdown(1)
            except OSError:
                pass

    def close_socket(self):
        """Close the transport; TLS closes the socket below it."""
        self.transport.close()

    def expired(self):
        """Take the pool's call: the timeout has passed."""
        self.deadline = None
        if self.protocol:
            self.protocol.expired()
        elif self.OnExpired:
            self.OnExpired(self)
        else:
            self.close(XClosedReason.Timeout)

    def fail(self):
        """Take the pool's call: an event of this connection raised an exception, which costs only itself."""
        self.close(XClosedReason.Error)

    def released(self, reason):
        """Give back what the connection held, then tell the application. reason: of XClosedReason."""
        self._on_data = self._pump = self._out = None
        self.queued = 0
        try:
            if self.protocol:
                self.protocol.released(reason)
        finally:
            try:
                XAsyncSocket.released(self, reason)
            except BaseException as error:
                self.pool.report(error)


class XAsyncUDPDatagramException(Exception):
    """A call that a UDP socket cannot do."""


class XAsyncUDPDatagram(XAsyncSocket):
    """A UDP socket. Made by Create(); what it can is in xasUDP.UDPDatagram, for programs without UDP to leave out."""

    __slots__ = ()

    @staticmethod
    def Create(asyncSocketsPool, localAddr=None, recvBufLen=4096, broadcast=False):
        """Open a UDP socket; see xasUDP.create(). Return XAsyncUDPDatagram."""
        from .xasUDP import create

        return create(asyncSocketsPool, localAddr, recvBufLen, broadcast)
