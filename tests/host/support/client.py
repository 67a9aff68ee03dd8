"""A raw HTTP client for tests: sends exactly the bytes it is told, and lets h11 judge what comes back."""

import errno
import json as json_
import socket
import ssl
import time

import h11

TIMEOUT = 30  # seconds that any one wait may take; reached only when the server is at fault


class Response:
    """One parsed response. Header names are lower-case; ``headers`` keeps order and duplicates."""

    def __init__(self, event, body, informational, raw):
        self.status = event.status_code
        self.reason = event.reason.decode('ascii')
        self.version = event.http_version.decode('ascii')
        self.headers = [(name.decode('ascii'), value.decode('latin-1')) for name, value in event.headers]
        self.body = body
        self.informational = informational
        self.raw = raw

    def all(self, name):
        """Return the values of all headers of that name, in order."""
        return [value for key, value in self.headers if key == name.lower()]

    def header(self, name):
        """Return the value of a header that stands at most once, None if it is missing."""
        values = self.all(name)
        assert len(values) <= 1, f'{name} stands {len(values)} times: {values}'
        return values[0] if values else None

    @property
    def text(self):
        """The body decoded as UTF-8."""
        return self.body.decode('utf-8')

    def json(self):
        """Return the body decoded from JSON."""
        return json_.loads(self.body)

    def __repr__(self):
        return f'<Response {self.status} {self.reason} {self.headers} {self.body[:200]!r}>'


class Connection:
    """A TCP connection to the server under test. Every wait ends after ``timeout`` seconds with an error."""

    def __init__(self, address, timeout=TIMEOUT, tls=None, receive_buffer=None, server_hostname='localhost'):
        self.timeout = timeout
        self.buffer = b''
        self.ended = False
        self.reset = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.set_receive_buffer(receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_hostname)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def set_timeout(self, seconds):
        """Set how long any one wait may take from now on."""
        self.timeout = seconds
        self.socket.settimeout(seconds)

    def set_receive_buffer(self, size):
        """Set how many bytes may lie unread here; the server sends no more at once.

        A few KB each time that both sides get their turn is slow on a busy computer: enlarge it before reading much.
        """
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)

    def close(self):
        """Close the connection at once."""
        self.socket.close()

    def abort(self):
        """Close with RST, as a client does that is switched off."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        self.socket.close()

    def half_close(self):
        """End the sending direction (FIN) and go on reading."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            if error.errno != errno.ENOTCONN:  # the server was quicker
                raise

    def send(self, *pieces):
        """Send the pieces of bytes or str, each by a send of its own."""
        for piece in pieces:
            self.socket.sendall(piece if isinstance(piece, bytes) else piece.encode('latin-1'))
        return self

    def receive(self):
        """Wait for more bytes; return False when the server has ended its direction."""
        if self.ended:
            return False
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError) as error:
            if isinstance(error, TimeoutError):
                raise
            self.reset = True
            data = b''
        self.buffer += data
        self.ended = not data
        return not self.ended

    def response(self, method='GET', upgrade=None):
        """Read exactly one final response; what comes after it stays for the next call.

        ``method`` is the request's method (the framing of an answer to HEAD depends on it). Raise
        h11.RemoteProtocolError if the answer breaks the protocol, ConnectionError if the server closes before its end.
        """
        headers = [('Host', 'test')] + ([('Connection', 'Upgrade'), ('Upgrade', upgrade)] if upgrade else [])
        parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
        parser.send(h11.Request(method=method, target='/', headers=headers))
        parser.send(h11.EndOfMessage())
        head, body, informational, start = None, b'', [], self.buffer
        if self.buffer:
            parser.receive_data(self.buffer)
        deadline = time.monotonic() + self.timeout
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                assert time.monotonic() < deadline, f'no complete response in {self.timeout} s: {self.buffer[:300]!r}'
                had = len(self.buffer)
                if self.receive():
                    parser.receive_data(self.buffer[had:])
                elif head is None:
                    raise ConnectionError(f'closed (reset={self.reset}) before a response; received {start!r}')
                else:
                    parser.receive_data(b'')
            elif isinstance(event, h11.InformationalResponse):
                informational.append(event.status_code)
                if event.status_code == 101:
                    head = event
                    break
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)) or event is h11.PAUSED:
                break
        raw = self.buffer
        self.buffer = parser.trailing_data[0]
        return Response(head, body, informational, raw[: len(raw) - len(self.buffer)])

    def request(self, method, target, headers=(), body=None):
        """Send one request and return its response; the connection stays open if both sides agree."""
        self.send(request_bytes(method, target, headers, body))
        return self.response(method)

    def read_until_close(self):
        """Return all bytes up to the server's end of the connection."""
        while self.receive():
            pass
        data, self.buffer = self.buffer, b''
        return data

    def receive_exactly(self, size):
        """Return the next ``size`` bytes."""
        while len(self.buffer) < size:
            if not self.receive():
                raise ConnectionError(f'closed after {len(self.buffer)} of {size} bytes')
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def responses(self, *methods):
        """Read one response per given request method, then asserts that the server closes and sends nothing more."""
        found = [self.response(method) for method in methods]
        assert self.is_closed(), f'the connection is open after {found}, or holds {self.buffer!r}'
        return found

    def refused(self, method='GET'):
        """Read a response after which the server closes, end this side as a client does then, and assert the end.

        Without `shutdown` (MicroPython) the server waits for the client's end, to keep the answer whole.
        """
        found = self.response(method)
        assert found.header('connection') == 'close', found
        self.half_close()
        assert self.is_closed(), f'more than one answer: {self.buffer!r}'
        return found

    def is_closed(self):
        """Wait for the server's end of the connection; return False if bytes come instead."""
        return not self.buffer and not self.receive()

    def is_open(self):
        """Show that the connection still serves: sends a request and gets its answer."""
        return self.request('GET', '/hello').status == 200

    def is_silent(self):
        """Tell whether nothing has arrived yet, without waiting."""
        if self.buffer:
            return False
        self.socket.setblocking(False)
        try:
            self.buffer += self.socket.recv(65536)
            return False
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(self.timeout)


def request_bytes(method, target, headers=(), body=None):
    """Return a request as bytes; Host and Content-Length are added if they are not among the headers.

    ``headers`` is a dict or a list of pairs, ``body`` bytes or None.
    """
    pairs = list(headers.items() if isinstance(headers, dict) else headers)
    names = {name.lower() for name, _ in pairs}
    if 'host' not in names:
        pairs.insert(0, ('Host', 'test'))
    if body is not None and not names & {'content-length', 'transfer-encoding'}:
        pairs.append(('Content-Length', str(len(body))))
    head = f'{method} {target} HTTP/1.1\r\n' + ''.join(f'{name}: {value}\r\n' for name, value in pairs) + '\r\n'
    return head.encode('latin-1') + (body or b'')
