"""A network of one: an Ethernet on a UDP socket, with a DHCP server (RFC 2131, 2132) and nothing else."""

import socket
import struct
import threading

SERVER = '10.77.0.1'
MAC = bytes.fromhex('024d57530001')
BROADCAST = b'\xff' * 6
ETHERTYPE_IPV4 = 0x0800
UDP = 17
SERVER_PORT, CLIENT_PORT = 67, 68
COOKIE = bytes.fromhex('63825363')
DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
OPTION_MASK, OPTION_LEASE, OPTION_TYPE, OPTION_SERVER, OPTION_REQUESTED = 1, 51, 53, 54, 50


class Network:
    """Gives `address` to whoever asks for one; it may be changed at any time. A context manager.

    Attributes: `nic`, the value of QEMU's -nic; `address`, str, the address that the server gives from now on.
    """

    def __init__(self, address):
        """`address`: str, what the server gives first."""
        self.address = address
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(('127.0.0.1', 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(('127.0.0.1', 0))
            self._board = probe.getsockname()
        here = self._socket.getsockname()[1]
        self.nic = f'socket,id=lan,udp=127.0.0.1:{here},localaddr=127.0.0.1:{self._board[1]}'

    def __enter__(self):
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._socket.sendto(b'', self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while frame := self._socket.recv(2048):
            message = _dhcp_message(frame)
            if message:
                answer = self._answer(message)
                if answer:
                    self._socket.sendto(answer, self._board)

    def _answer(self, message):
        """Return the frame that answers a message, None when there is nothing to say."""
        options = _options(message[240:])
        kind = options[OPTION_TYPE][0]
        if kind == DISCOVER:
            return self._frame(message, OFFER)
        if kind != REQUEST:
            return None
        asked = options.get(OPTION_REQUESTED) or message[12:16]
        return self._frame(message, ACK if asked == socket.inet_aton(self.address) else NAK)

    def _frame(self, message, kind):
        server = socket.inet_aton(SERVER)
        given = socket.inet_aton(self.address if kind != NAK else '0.0.0.0')
        options = bytes([OPTION_TYPE, 1, kind, OPTION_SERVER, 4]) + server
        if kind != NAK:
            options += bytes([OPTION_MASK, 4, 255, 255, 255, 0, OPTION_LEASE, 4]) + struct.pack('>I', 3600)
        head = b'\x02' + message[1:8] + b'\x00\x00\x80\x00' + bytes(4) + given + server + bytes(4) + message[28:44]
        dhcp = head + bytes(192) + COOKIE + options + b'\xff'
        udp = struct.pack('>HHHH', SERVER_PORT, CLIENT_PORT, 8 + len(dhcp), 0) + dhcp
        ip = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(udp), 0, 0, 64, UDP, 0) + server + b'\xff' * 4
        ip = ip[:10] + struct.pack('>H', _checksum(ip)) + ip[12:]
        return BROADCAST + MAC + struct.pack('>H', ETHERTYPE_IPV4) + ip + udp


def _dhcp_message(frame):
    """Return the DHCP message in an Ethernet frame, None when it holds none."""
    if frame[12:14] != struct.pack('>H', ETHERTYPE_IPV4) or frame[23] != UDP:
        return None
    udp = 14 + (frame[14] & 15) * 4
    if struct.unpack_from('>H', frame, udp + 2)[0] != SERVER_PORT:
        return None
    return frame[udp + 8 :]


def _options(data):
    """Return the options of a DHCP message as a dict: number to bytes."""
    options = {}
    while data and data[0] != 255:
        if data[0] == 0:
            data = data[1:]
            continue
        options[data[0]] = data[2 : 2 + data[1]]
        data = data[2 + data[1] :]
    return options


def _checksum(header):
    """Return the Internet checksum (RFC 1071) of a header of even length."""
    total = sum(struct.unpack(f'>{len(header) // 2}H', header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
