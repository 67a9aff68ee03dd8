"""The client's side of the benchmark: the kinds of work, and a connection that does one after the other."""

import base64
import socket
import time
from http.client import HTTPResponse

TIMEOUT = 60  # seconds that a server, also one that is being watched by valgrind, may take for anything

HEAD = b'Host: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: */*\r\n'
FORM = b'&'.join(b'field%02d=value+%%41+abcdefghijklm' % number for number in range(16))[:499].ljust(500, b'x')
FILES = {'1k.txt': 1024, '100k.txt': 100 * 1024, '1m.txt': 1024 * 1024}
MASK = b'\x37\xfa\x21\x3d'
UPGRADE = (
    b'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
    b'Sec-WebSocket-Key: ' + base64.b64encode(b'0123456789abcdef') + b'\r\n'
)


def file_content(size):
    """Returns the bytes that a file of the benchmark consists of."""
    return (b'All work and no play makes a dull board. ' * (size // 40 + 1))[:size]


class Http:
    """A kind of HTTP request. path: str, with %d in it where each request differs. expected: bytes, in the body."""

    is_websocket = False

    def __init__(self, path, expected, fields=b'', body=b''):
        self.path = path
        self.expected = expected
        self._fields = fields
        self._body = body
        self._made = None if '%d' in path else self._make(path)

    def _make(self, path):
        method = b'POST' if self._body else b'GET'
        return b'%s %s HTTP/1.1\r\n%s%s\r\n%s' % (method, path.encode(), HEAD, self._fields, self._body)

    def request(self, number):
        """Returns the bytes of the request of a number, an int."""
        return self._made or self._make(self.path % (100000 + number))

    def wrk_script(self):
        """Returns the Lua script by which wrk does this work."""
        lines = [line.split(b': ') for line in (HEAD + self._fields).split(b'\r\n') if line]
        fields = ''.join(f'wrk.headers["{name.decode()}"] = "{value.decode()}"\n' for name, value in lines)
        if self._body:
            fields += f'wrk.method = "POST"\nwrk.body = "{self._body.decode()}"\n'
        return fields


class Echo:
    """A kind of WebSocket message, which is to come back. size: int, octets. protocol: str, or None for none."""

    is_websocket = True

    def __init__(self, size, path='/echo', protocol=None):
        fields = b'Sec-WebSocket-Protocol: %s\r\n' % protocol.encode() if protocol else b''
        self.handshake = b'GET %s HTTP/1.1\r\n%s%s%s\r\n' % (path.encode(), HEAD, UPGRADE, fields)
        payload = file_content(size)
        length = bytes([size]) if size < 126 else b'\x7e' + size.to_bytes(2, 'big')
        masked = bytes(byte ^ MASK[i % 4] for i, byte in enumerate(payload))
        self.frame = b'\x81' + bytes([length[0] | 0x80]) + length[1:] + MASK + masked
        self.answer = b'\x81' + length + payload


FORM_FIELDS = b'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n' % len(FORM)

WORK = {
    'hello': Http('/hello', b'Hello, world!'),
    'hello, no head like the last': Http('/hello?n=%d', b'Hello, world!'),
    'hello, no keep-alive': Http('/hello', b'Hello, world!', b'Connection: close\r\n'),
    'JSON with an argument': Http('/json/42', b'42'),
    'form of 500 bytes': Http('/form', b'16', FORM_FIELDS, FORM),
    'file of 1 KB': Http('/files/1k.txt', file_content(1024)),
    'file of 100 KB': Http('/files/100k.txt', file_content(100 * 1024)),
    'file of 1 MB': Http('/files/1m.txt', file_content(1024 * 1024)),
    'page from a template': Http('/page.pyhtml?who=me', b'<li>6: 36'),
    'WebSocket, 32 bytes': Echo(32),
    'WebSocket, 4,000 bytes': Echo(4000),
}


def connect(port):
    """Opens a connection to a TCP port of this computer. Returns socket. Raises OSError."""
    connection = socket.create_connection(('127.0.0.1', port), TIMEOUT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


class Session:
    """One connection, made anew when the server closes it. port: int."""

    def __init__(self, port, timeout=TIMEOUT):
        self._port = port
        self._timeout = timeout
        self._socket = None
        self._number = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Closes the connection."""
        if self._socket:
            self._socket.close()
            self._socket = None

    def open(self, work):
        """Opens the connection, as the work needs it."""
        self._socket = connect(self._port)
        self._socket.settimeout(self._timeout)
        if work.is_websocket:
            self._socket.sendall(work.handshake)
            head = b''
            while not head.endswith(b'\r\n\r\n'):
                head += self._receive(1)
            if b' 101 ' not in head:
                raise OSError(f'no WebSocket: {head}')

    def do(self, work, times=1):
        """Does a work some times. work: one of WORK. Raises OSError where the answer is not the right one."""
        for _ in range(times):
            if not self._socket:
                self.open(work)
            self._number += 1
            if work.is_websocket:
                self.send(work)
                self.receive(work)
            else:
                self._exchange(work)

    def get(self, path):
        """Returns the bytes that the server has at a path."""
        return self._exchange(Http(path, b''))

    def send(self, work):
        """Sends a WebSocket message."""
        self._socket.sendall(work.frame)

    def receive(self, work):
        """Receives its echo."""
        if self._receive(len(work.answer)) != work.answer:
            raise OSError('another message came back')

    def _receive(self, size):
        data = self._socket.recv(size)
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise OSError('the server has closed the connection')
            data += piece
        return data

    def _exchange(self, work):
        if not self._socket:
            self.open(work)
        self._socket.sendall(work.request(self._number))
        with HTTPResponse(self._socket) as response:
            response.begin()
            body = response.read()
            if response.status != 200 or work.expected not in body:
                raise OSError(f'{work.path}: {response.status} {body[:200]}')
            if response.will_close:
                self.close()
        return body


def wait_until_it_serves(port, process, timeout):
    """Waits until a server answers. process: subprocess.Popen of it. timeout: seconds. Raises OSError in vain."""
    end = time.monotonic() + timeout
    while True:
        try:
            with Session(port, timeout) as session:
                return session.do(WORK['hello'])
        except ConnectionError:
            if process.poll() is not None:
                raise OSError(f'the server ended with status {process.returncode}') from None
            if time.monotonic() > end:
                raise
        time.sleep(0.02)
