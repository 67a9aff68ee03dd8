"""Outgoing TCP connections, and receiving by lines and sizes, of XAsyncTCPClient."""

import socket

from .checks import require, require_callback
from .xasPoller import OUT, would_block
from .xasPool import XAsyncSocketsPool, XClosedReason
from .xasTCP import TCP_NODELAY, XAsyncTCPClient, XAsyncTCPClientException, resolve_address

_IN_PROGRESS = (115, 119, 36, 10035, 10036)  # EINPROGRESS as Linux, lwIP, BSD and Windows number it


class _OutgoingTCPClient(XAsyncTCPClient):
    """A connection that is being opened, then open."""

    __slots__ = ('_is_open', '_told')

    def __init__(self, pool, sock, srvAddr, recvSize, sendSize):
        XAsyncTCPClient.__init__(self, pool, sock, srvAddr, srvAddr, recvSize)
        self._sending_buffer = memoryview(bytearray(sendSize))
        self._is_open = self._told = False
        self.mask = OUT

    @property
    def OnConnected(self):
        """Callback f(client) or None: called when the connection is open; also when it is open already."""
        return self._on_connected

    @OnConnected.setter
    def OnConnected(self, value):
        """Sets it. Raises XAsyncTCPClientException if value is none."""
        require_callback(value, 'OnConnected', XAsyncTCPClientException)
        self._on_connected = value
        self.pool.call(self._tell)

    def _tell(self):
        if self._is_open and self._on_connected and not self._told and not self.closed:
            self._told = True
            self._on_connected(self)

    def OnReadyForWriting(self):
        """Ends the opening of the connection, later sends on with what is queued."""
        if self._is_open or self.closed:
            XAsyncTCPClient.OnReadyForWriting(self)
        elif self._has_failed():
            self.close(XClosedReason.Error)
        else:
            self._opened()

    def _has_failed(self):
        sock = self.socket
        try:
            if hasattr(sock, 'getsockopt'):
                return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
            sock.send(b'')  # MicroPython has no getsockopt: an error comes out here
        except OSError as ex:
            return ex.errno not in would_block
        return False

    def _opened(self):
        self._is_open = True
        self.deadline = None
        self.want(OUT, self.is_sending())
        self.receive(self._on_data)
        self._tell()

    def released(self, reason):
        """Give back what the connection held, then tell the application. reason: of XClosedReason."""
        if not self._is_open:
            self._on_closed = None  # it never was open
        XAsyncTCPClient.released(self, reason)
        if not self._is_open and self._on_connect_failed:
            self._on_connect_failed(self)


def create(asyncSocketsPool, srvAddr, connectTimeout=5, recvBufLen=4096, sendBufLen=4096, connectAsync=True):
    """Opens a TCP connection.

    asyncSocketsPool: XAsyncSocketsPool. srvAddr: (str_host, int_port). connectTimeout: int, seconds, 1 or more.
    recvBufLen, sendBufLen: int, octets, 1 or more: the most received at once, the size of SendingBuffer.
    connectAsync: bool; False waits until the connection is open.
    Returns XAsyncTCPClient, or None if it could not be opened; where connectAsync is True, OnConnected or
    OnFailsToConnect
    is called later. Raises XAsyncTCPClientException that names a wrong argument.
    """
    error = XAsyncTCPClientException
    require(isinstance(asyncSocketsPool, XAsyncSocketsPool), error, '"asyncSocketsPool" is incorrect.')
    require(isinstance(connectTimeout, int) and connectTimeout > 0, error, '"connectTimeout" is incorrect.')
    require(isinstance(recvBufLen, int) and recvBufLen > 0, error, '"recvBufLen" is incorrect.')
    require(isinstance(sendBufLen, int) and sendBufLen > 0, error, '"sendBufLen" is incorrect.')
    family, sockaddr = resolve_address(srvAddr, error)
    sock = socket.socket(family)
    try:
        _connect(sock, sockaddr, connectTimeout, connectAsync)
    except OSError:
        sock.close()
        return None
    client = _OutgoingTCPClient(asyncSocketsPool, sock, srvAddr, recvBufLen, sendBufLen)
    client.expire(connectTimeout)
    asyncSocketsPool.call(lambda: asyncSocketsPool.AddAsyncSocket(client))
    return client


def _connect(sock, sockaddr, timeout, is_async):
    if is_async:
        sock.setblocking(False)
    else:
        sock.settimeout(timeout)
    try:
        sock.connect(sockaddr)
    except OSError as ex:
        if not is_async or ex.errno not in _IN_PROGRESS:
            raise
    sock.setblocking(False)
    try:
        sock.setsockopt(6, TCP_NODELAY, 1)  # 6: IPPROTO_TCP
    except OSError:
        pass


class _Reader:
    """What is received on a connection that is read by lines and sizes."""

    def __init__(self, client):
        self._client = client
        self._rest = b''
        self._wanted = None  # (take(), encoding or size, callback, its argument)
        self._serving = False

    def ask(self, take, what, callback, argument, timeoutSec):
        client = self._client
        require_callback(callback, 'onRecv', XAsyncTCPClientException)
        ok = timeoutSec is None or (isinstance(timeoutSec, int) and timeoutSec > 0)
        require(ok, XAsyncTCPClientException, '"timeoutSec" must be a positive integer or None.')
        if client.closed:
            return False
        require(self._wanted is None, XAsyncTCPClientException, 'A receive is pending already.')
        self._wanted = (take, what, callback, argument)
        client.expire(timeoutSec or 0)
        client.pool.call(self._serve)
        return True

    def _on_data(self, data):
        self._rest = self._rest + data if self._rest else data
        self._serve()

    def _serve(self):
        """Gives what is wanted, and wanted again by the callbacks, as long as it is there."""
        if self._serving:
            return
        self._serving = True
        try:
            while self._wanted and not self._client.closed:
                take, what, callback, argument = self._wanted
                taken = take(what)
                if taken is None:
                    break
                self._wanted = None
                self._client.expire(0)
                if callback:
                    callback(self._client, taken[0], argument)
        finally:
            self._serving = False
        if not self._client.closed:
            self._client.receive(self._on_data if self._wanted else None)

    def line(self, encoding):
        """Takes a line. encoding: str. Returns (str or None,), or None if it has not come."""
        end = self._rest.find(b'\n')
        if end < 0:
            if len(self._rest) > self._client.recv_size:
                self._client.close(XClosedReason.Error)  # a line longer than the buffer
            return None
        line = self._rest[:end]
        self._rest = self._rest[end + 1 :]
        try:
            return (str(line[:-1] if line[-1:] == b'\r' else line, encoding),)
        except (UnicodeError, LookupError):
            return (None,)

    def data(self, size):
        """Takes data.

        size: int, octets, or None for what is there. Returns (memoryview,), or None if it has not come.
        """
        count = size or min(len(self._rest), self._client.recv_size)
        if not count or len(self._rest) < count:
            return None
        data = self._rest[:count]
        self._rest = self._rest[count:]
        return (memoryview(data),)


def _reader(client):
    if client.reader is None:
        client.reader = _Reader(client)
    return client.reader


def recv_line(client, lineEncoding, onLineRecv, onLineRecvArg, timeoutSec):
    """Receives one line.

    client: XAsyncTCPClient. lineEncoding: str. onLineRecv: f(client, line, arg) or None; line: str without its CR
    LF, None if
    it does not decode. timeoutSec: int, 1 or more, or None: seconds after which the connection is closed.
    Returns False when the connection is closed. Raises XAsyncTCPClientException if a receive is pending already.
    """
    reader = _reader(client)
    return reader.ask(reader.line, lineEncoding, onLineRecv, onLineRecvArg, timeoutSec)


def recv_data(client, size, onDataRecv, onDataRecvArg, timeoutSec):
    """Receives data.

    size: int, octets, exactly so many, or None: what comes, at most one buffer. onDataRecv: f(client, data, arg) or
    None;
    data: memoryview. The rest as of recv_line().
    """
    ok = size is None or (isinstance(size, int) and size > 0)
    require(ok, XAsyncTCPClientException, '"size" must be a positive integer or None.')
    reader = _reader(client)
    return reader.ask(reader.data, size, onDataRecv, onDataRecvArg, timeoutSec)


def send_data(client, data, onDataSent, onDataSentArg):
    """Sends data behind what is being sent.

    data: bytes-like. onDataSent: f(client, arg) or None. Returns False when the connection is closed.
    Raises XAsyncTCPClientException if an argument is none.
    """
    ok = isinstance(data, (bytes, bytearray, memoryview))
    require(ok, XAsyncTCPClientException, '"data" must be bytes or convertible into bytes.')
    require_callback(onDataSent, 'onDataSent', XAsyncTCPClientException)
    on_sent = (lambda client: onDataSent(client, onDataSentArg)) if onDataSent else None
    return client.send(data if isinstance(data, bytes) else bytes(data), on_sent)


def send_buffer(client, size, onDataSent, onDataSentArg):
    """Sends the first octets of SendingBuffer, which may be filled again at once.

    size: int, 1 to its length, or None for all of it. The rest as of send_data().
    """
    buffer = client.SendingBuffer
    ok = size is None or (isinstance(size, int) and 0 < size <= len(buffer))
    require(ok, XAsyncTCPClientException, '"size" must be a positive integer, not over the buffer\'s, or None.')
    return send_data(client, buffer[:size] if size else buffer, onDataSent, onDataSentArg)
