"""The client of the self-benchmark, in the same firmware as the server that it asks over lwIP's loopback.

The world is closed: no network, no input, a fixed seed, one nanosecond of virtual time for each instruction
(tools/selfbench.py starts it so). The counts repeat to the instruction.

The client lives in its socket's callback, which the scheduler calls between the server's bytecodes: whatever loop the
server has. What the client does in Python is not counted; what lwIP does for it stands for the Ethernet driver that
the server would have.

Arguments: `only=KIND` measures one kind of request, `count=N` sends N requests, at most COUNTED; `octets=0` does not
count allocated bytes. Two runs with different counts differ by these requests alone: that is how tools/selfbench.py
profiles them.
"""

import array
import gc
import json
import socket

import mps2

WARM_UP = 4
COUNTED = 16
INSTRUCTIONS_PER_CYCLE = 40  # the cycle counter runs at 25 MHz, an instruction takes 1 ns
SO_CALLBACK = 20

HEAD = b'Host: 127.0.0.1\r\nUser-Agent: selfbench\r\nAccept: */*\r\n'
GET_REQUEST = b'GET %s HTTP/1.1\r\n' + HEAD + b'\r\n'
CLOSING_REQUEST = b'GET /hello HTTP/1.1\r\n' + HEAD + b'Connection: close\r\n\r\n'
WS_REQUEST = (
    b'GET /ws HTTP/1.1\r\n' + HEAD + b'Connection: Upgrade\r\nUpgrade: websocket\r\n'
    b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
)
WS_TEXT = b'0123456789abcdef0123456789abcdef'
WS_MASK = b'\x11\x22\x33\x44'
WS_FRAME = b'\x81\xa0' + WS_MASK + bytes(byte ^ WS_MASK[i % 4] for i, byte in enumerate(WS_TEXT))


class Client:
    """One connection: sends a request, waits for the whole answer, sends the next.

    With `closes`, the server ends each connection behind its answer, and the client makes the next one: that work of
    lwIP's is counted, as it is the server's other half.
    """

    def __init__(self, first, request, expected, stop, closes=False):
        """`first`: what opens the conversation, uncounted. `request`: what is counted. `expected`: what each answer
        to it holds. `stop`: called when all is done. `closes`: see above.
        """
        self.cycles = array.array('I', [0] * COUNTED)
        self.octets = array.array('I', [0] * COUNTED)
        self._buffer = bytearray(4096)
        self._request = request
        self._expected = expected
        self._stop = stop
        self._closes = closes
        self._number = -WARM_UP
        self._cycles = self._octets = 0
        self._received = 0
        self._length = 0
        self._socket = self._new_socket()
        try:
            self._socket.connect(('127.0.0.1', 80))
        except OSError:
            pass
        self._first = first or request

    def _new_socket(self):
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, SO_CALLBACK, self._on_data)
        return connection

    def start(self):
        """Sends the first request; when the connection is not there yet, later."""
        try:
            self._socket.write(self._first)
            return True
        except OSError:
            return False

    def _on_data(self, connection):
        """Takes a part of an answer; behind its last one, sends the next request. All of this is the client's work."""
        cycles = mps2.busy_cycles()
        octets = allocated()
        self._count(cycles - self._cycles, octets - self._octets)
        ask = False
        # An event may still be under way from a connection whose end has been seen already.
        if connection is self._socket and self._take(connection):
            if self._closes:
                self._socket = self._new_socket()
            self._received = 0
            self._number += 1
            if self._number == 0:
                gc.collect()
                gc.disable()
            if self._number == COUNT:
                connection.close()
                self._stop()
                return
            ask = True
        self._octets = allocated()
        self._cycles = mps2.busy_cycles()
        if ask:
            if self._closes:
                connection.close()
                connection = self._socket
                connection.connect(('127.0.0.1', 80))
            connection.write(self._request)

    def _take(self, connection):
        """Reads what is there; returns whether the answer is whole."""
        while True:
            received = connection.readinto(memoryview(self._buffer)[self._received :])
            if not received:
                break
            self._received += received
        if not self._closes:
            return self._is_whole()
        if received is None:
            return False
        self._check(bytes(memoryview(self._buffer)[: self._received]))
        return True

    def _count(self, cycles, octets):
        """Books work on the request that is under way; the answer may come in several parts."""
        if 0 <= self._number < COUNT:
            self.cycles[self._number] += cycles & 0xFFFFFFFF
            self.octets[self._number] += octets

    def _is_whole(self):
        """Learns the length of the answer from the first ones, and checks them; the later ones are as long."""
        if self._number > -WARM_UP + 1:
            return self._received == self._length
        data = bytes(memoryview(self._buffer)[: self._received])
        if data[:4] == b'HTTP' and not is_whole(data):
            return False
        if self._number > -WARM_UP:
            self._check(data)
            self._length = self._received
        return True

    def _check(self, data):
        if self._expected not in data:
            raise ValueError('unexpected answer: %r' % data)


def argument(name, default):
    """Returns the value of NAME=VALUE among the firmware's arguments."""
    for word in mps2.arguments().split():
        key, _, value = word.partition('=')
        if key == name:
            return value
    return default


ONLY = argument('only', None)
COUNT = int(argument('count', str(COUNTED)))
COUNTS_OCTETS = argument('octets', '1') == '1'


def allocated():
    """Returns the bytes of heap in use; it takes half a million instructions."""
    return gc.mem_alloc() if COUNTS_OCTETS else 0


def is_whole(data):
    """Tells whether bytes hold a whole HTTP response."""
    end = data.find(b'\r\n\r\n')
    if end < 0:
        return False
    head = data[:end].lower()
    if b'chunked' in head:
        return data.endswith(b'\r\n0\r\n\r\n')
    at = head.find(b'content-length:')
    return at < 0 or len(data) == end + 4 + int(head[at + 15 :].split(b'\r\n')[0])


def report(name, client):
    """Prints one line of JSON with the averages of a kind of request."""
    cycles, octets = sum(client.cycles), sum(client.octets)
    if COUNT:
        instructions = cycles * INSTRUCTIONS_PER_CYCLE // COUNT
        print('SELFBENCH ' + json.dumps({'request': name, 'instructions': instructions, 'bytes': octets // COUNT}))
