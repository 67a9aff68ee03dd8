"""UDP, sending and receiving: what XAsyncUDPDatagram.Create() makes."""

import socket

from .checks import require, require_callback
from .xasPoller import OUT, would_block
from .xasPool import XAsyncSocketsPool
from .xasTCP import XAsyncUDPDatagram, XAsyncUDPDatagramException, peer_address, resolve_address

_MAX_QUEUED = 64  # datagrams that wait; UDP may lose what is beyond
_RECEIVED_IN_A_ROW = 16


def create(asyncSocketsPool, localAddr, recvBufLen, broadcast):
    """Opens a UDP socket in a pool.

    asyncSocketsPool: XAsyncSocketsPool. localAddr: (str_ip_addr, int_port) to receive on, None to send only.
    recvBufLen: int, octets, 1 or more: what is longer in a datagram is cut off. broadcast: bool: may send to all.
    Returns UDPDatagram. Raises XAsyncUDPDatagramException with what was wrong.
    """
    error = XAsyncUDPDatagramException
    require(isinstance(asyncSocketsPool, XAsyncSocketsPool), error, '"asyncSocketsPool" is incorrect.')
    require(isinstance(recvBufLen, int) and recvBufLen > 0, error, '"recvBufLen" is incorrect.')
    require(isinstance(broadcast, bool), error, '"broadcast" is incorrect.')
    family, sockaddr = resolve_address(localAddr, error) if localAddr else (socket.AF_INET, None)
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if broadcast:
            sock.setsockopt(socket.SOL_SOCKET, getattr(socket, 'SO_BROADCAST', 0x20), 1)
        if sockaddr:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(sockaddr)
        sock.setblocking(False)
    except OSError as ex:
        sock.close()
        raise error('Cannot open UDP on %s: %s' % (localAddr, ex))
    udp = UDPDatagram(asyncSocketsPool, sock, localAddr, recvBufLen)
    asyncSocketsPool.call(lambda: asyncSocketsPool.AddAsyncSocket(udp))
    return udp


class UDPDatagram(XAsyncUDPDatagram):
    """A UDP socket, as XAsyncUDPDatagram.Create() returns it."""

    __slots__ = ('_family', '_local_addr', '_on_data_recv', '_on_fails_to_send', '_queue', '_recv_size')

    def __init__(self, asyncSocketsPool, sock, localAddr, recvSize):
        XAsyncUDPDatagram.__init__(self, asyncSocketsPool, sock)
        self._local_addr = localAddr
        self._recv_size = recvSize
        self._queue = []
        self._on_data_recv = self._on_fails_to_send = None

    @property
    def LocalAddr(self):
        """(str_ip_addr, int_port) or None: the address that is received on."""
        return self._local_addr

    @property
    def OnDataRecv(self):
        """Callback f(udp, remoteAddr, datagram) or None: called with each datagram, a memoryview."""
        return self._on_data_recv

    @OnDataRecv.setter
    def OnDataRecv(self, value):
        """Sets it. Raises XAsyncUDPDatagramException if value is none."""
        require_callback(value, 'OnDataRecv', XAsyncUDPDatagramException)
        self._on_data_recv = value

    @property
    def OnFailsToSend(self):
        """Callback f(udp, datagram, remoteAddr) or None: called with a datagram that could not be sent."""
        return self._on_fails_to_send

    @OnFailsToSend.setter
    def OnFailsToSend(self, value):
        """Sets it. Raises XAsyncUDPDatagramException if value is none."""
        require_callback(value, 'OnFailsToSend', XAsyncUDPDatagramException)
        self._on_fails_to_send = value

    def AsyncSendDatagram(self, datagram, remoteAddr, onDataSent=None, onDataSentArg=None):
        """Sends a datagram, in order behind those that wait.

        datagram: bytes-like. remoteAddr: (str_ip_addr, int_port). onDataSent: f(udp, arg) or None.
        Returns False when the socket is closed or too many datagrams wait. Raises XAsyncUDPDatagramException if an
        argument is none.
        """
        error = XAsyncUDPDatagramException
        require(isinstance(datagram, (bytes, bytearray, memoryview)), error, '"datagram" must be bytes.')
        require_callback(onDataSent, 'onDataSent', error)
        sockaddr = resolve_address(remoteAddr, error)[1]
        if self.closed or len(self._queue) >= _MAX_QUEUED:
            return False
        self._queue.append((bytes(datagram), remoteAddr, sockaddr, onDataSent, onDataSentArg))
        self.pool.call(self.OnReadyForWriting)
        return True

    def OnReadyForReading(self):
        """Receives the datagrams that are there."""
        for _ in range(_RECEIVED_IN_A_ROW):
            if self.closed:
                return
            try:
                datagram, address = self.socket.recvfrom(self._recv_size)
            except OSError as ex:
                if ex.errno in would_block:
                    return
                continue  # an ICMP error for something sent before
            if self._on_data_recv:
                self._on_data_recv(self, peer_address(address), memoryview(datagram))

    def OnReadyForWriting(self):
        """Sends the datagrams that wait."""
        while self._queue and not self.closed:
            datagram, remoteAddr, sockaddr, on_sent, argument = self._queue[0]
            try:
                self.socket.sendto(datagram, sockaddr)
            except OSError as ex:
                if ex.errno in would_block:
                    break
                self._queue.pop(0)
                self._tell(self._on_fails_to_send, datagram, remoteAddr)
                continue
            self._queue.pop(0)
            if on_sent:
                self._tell(on_sent, argument)
        self.want(OUT, bool(self._queue))

    def _tell(self, callback, *args):
        if callback:
            try:
                callback(self, *args)
            except BaseException as error:
                self.pool.report(error)

    def OnExceptionalCondition(self):
        """An ICMP error is none of the socket's end."""
        self.OnReadyForReading()
