"""The self-benchmark: a client in the same firmware asks the server over lwIP's loopback; the work is counted.

The world is closed: no network, no input, a fixed seed, one nanosecond of virtual time for each instruction
(tools/selfbench.py starts it so). The counts repeat to the instruction.

The client lives in its socket's callback, which the scheduler calls between the server's bytecodes. What the client
does in Python is not counted; what lwIP does for it stands for the Ethernet driver that the server would have.

Arguments: `only=KIND` measures one kind of request, `count=N` sends N requests, at most COUNTED; `octets=0` does not
count allocated bytes. Two runs with different counts differ by these requests alone: that is how tools/selfbench.py
profiles them.
"""

import array
import gc
import json
import socket

import machine
import mps2
import www_image
from MicroWebSrv2 import GET, MicroWebSrv2, WebRoute

WARM_UP = 4
COUNTED = 16
INSTRUCTIONS_PER_CYCLE = 40  # the cycle counter runs at 25 MHz, an instruction takes 1 ns
SO_CALLBACK = 20

HEAD = b'Host: 127.0.0.1\r\nUser-Agent: selfbench\r\nAccept: */*\r\n'
GET_REQUEST = b'GET %s HTTP/1.1\r\n' + HEAD + b'\r\n'
WS_REQUEST = (
    b'GET /ws HTTP/1.1\r\n' + HEAD + b'Connection: Upgrade\r\nUpgrade: websocket\r\n'
    b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
)
WS_TEXT = b'0123456789abcdef0123456789abcdef'
WS_MASK = b'\x11\x22\x33\x44'
WS_FRAME = b'\x81\xa0' + WS_MASK + bytes(byte ^ WS_MASK[i % 4] for i, byte in enumerate(WS_TEXT))


@WebRoute(GET, '/hello')
def hello(server, request):
    """Answers with a short text."""
    request.Response.ReturnOk('Hello, world!')


@WebRoute(GET, '/sensor/<number>')
def sensor(server, request, args):
    """Answers with JSON that holds the route's argument."""
    request.Response.ReturnOkJSON({'sensor': args['number'], 'value': 21, 'unit': 'C'})


def echo(web_socket, message):
    """Sends a WebSocket's message back."""
    web_socket.SendTextMessage(message)


def accept(server, web_socket):
    """Takes a WebSocket."""
    web_socket.OnTextMessage = echo


class Client:
    """One connection: sends a request, waits for the whole answer, sends the next."""

    def __init__(self, first, request, expected, stop):
        """`first`: what opens the conversation, uncounted. `request`: what is counted. `expected`: what each answer
        to it holds. `stop`: called when all is done.
        """
        self.cycles = array.array('I', [0] * COUNTED)
        self.octets = array.array('I', [0] * COUNTED)
        self._buffer = bytearray(4096)
        self._request = request
        self._expected = expected
        self._stop = stop
        self._number = -WARM_UP
        self._cycles = self._octets = 0
        self._received = 0
        self._length = 0
        self._socket = connection = socket.socket()
        connection.setblocking(False)
        try:
            connection.connect(('127.0.0.1', 80))
        except OSError:
            pass
        connection.setsockopt(socket.SOL_SOCKET, SO_CALLBACK, self._on_data)
        self._first = first or request

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
        while True:
            received = connection.readinto(memoryview(self._buffer)[self._received :])
            if not received:
                break
            self._received += received
        ask = False
        if self._is_whole():
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
            connection.write(self._request)

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
            if self._expected not in data:
                raise ValueError('unexpected answer: %r' % data)
            self._length = self._received
        return True


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


def measure(pool, name, request, expected, first=None):
    """Prints one line of JSON with the averages of a kind of request."""
    if ONLY not in (None, name):
        return
    gc.enable()
    gc.collect()
    client = Client(first, request, expected, pool.StopWaitEvents)
    while not client.start():
        pool.ProcessEvents(10)
    pool.AsyncWaitEvents(0)
    gc.enable()
    cycles, octets = sum(client.cycles), sum(client.octets)
    if COUNT:
        instructions = cycles * INSTRUCTIONS_PER_CYCLE // COUNT
        print('SELFBENCH ' + json.dumps({'request': name, 'instructions': instructions, 'bytes': octets // COUNT}))


def main():
    """Measures all kinds of requests; the modules come last, as each one looks at every request."""
    from MicroWebSrv2 import XAsyncSocketsPool

    pool = XAsyncSocketsPool()
    server = MicroWebSrv2()
    server.SetEmbeddedConfig()
    server.RootPath = www_image.mount()
    server.LogLevel = MicroWebSrv2.WARNING
    server.StartInPool(pool)
    measure(pool, 'hello', GET_REQUEST % b'/hello', b'Hello, world!')
    measure(pool, 'json', GET_REQUEST % b'/sensor/42', b'"sensor": 42')
    measure(pool, 'file', GET_REQUEST % b'/1k.txt', b'quick brown fox')
    web_sockets = MicroWebSrv2.LoadModule('WebSockets')
    web_sockets.OnWebSocketAccepted = accept
    measure(pool, 'websocket', WS_FRAME, WS_TEXT, WS_REQUEST)
    MicroWebSrv2.LoadModule('PyhtmlTemplate')
    measure(pool, 'pyhtml', GET_REQUEST % b'/page.pyhtml?who=me', b'Squares for me')
    server.Stop()


try:
    main()
finally:
    machine.reset()  # ends QEMU, which runs with -no-reboot
