"""The client's side of a WebSocket (RFC 6455), for the tests of applications."""

import os
from binascii import b2a_base64

from ..libs.wsFrames import BINARY, CLOSE, PING, PONG, TEXT

_FIN = 0x80
_MASKED = 0x80
_NO_CODE = 1005  # where a Close frame gives none (section 7.1.5)


def handshake():
    """Return dict: the fields that ask for a WebSocket (RFC 6455 section 4.1)."""
    return {
        'Upgrade': 'websocket',
        'Connection': 'Upgrade',
        'Sec-WebSocket-Key': b2a_base64(os.urandom(16)).decode().strip(),
        'Sec-WebSocket-Version': '13',
    }


def _frame(first, payload):
    """Return a masked frame (section 5.2), bytes. first: int, its first byte. payload: bytes."""
    size = len(payload)
    if size < 126:
        head = bytes((first, _MASKED | size))
    elif size < 65536:
        head = bytes((first, _MASKED | 126)) + size.to_bytes(2, 'big')
    else:
        head = bytes((first, _MASKED | 127)) + size.to_bytes(8, 'big')
    mask = os.urandom(4)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], 'big')
    return head + mask + (int.from_bytes(payload, 'big') ^ key).to_bytes(size, 'big')


class TestWebSocket:
    """An open WebSocket of a TestClient.

    - Response: TestResponse, the answer that opened it. CloseCode: int or None, that of the server's Close frame.
    """

    __test__ = False

    def __init__(self, client, connection, response, received):
        self.Response = response
        self.CloseCode = None
        self._client = client
        self._connection = connection
        self._received = received
        self._parts = []

    @property
    def IsClosed(self):
        """bool: whether the server has closed it."""
        return self.CloseCode is not None or self._connection.client.closed != 0

    def SendText(self, text):
        """Send a text message. text: str."""
        self._send(TEXT, text.encode())

    def SendBinary(self, data):
        """Send a binary message. data: bytes."""
        self._send(BINARY, bytes(data))

    def Close(self, code=1000):
        """Begin to close. code: int."""
        self._send(CLOSE, code.to_bytes(2, 'big'))

    def Receive(self):
        """Return the next message, str or bytes; None where the server has closed. Raise TimeoutError."""
        return self._client.wait(self._next_message())

    def _send(self, first, payload):
        self._connection.send(_frame(first, payload))

    def _next_message(self):
        """Take frames until a message is whole, as a generator that returns it."""
        while True:
            frame = self._next_frame()
            if frame is None:
                if not self._connection.step():
                    self._received += self._connection.take()
                    if self.IsClosed and not self._received:
                        return None
                    yield
                self._received += self._connection.take()
                continue
            message = self._message_of(*frame)
            if message is not None:
                return message
            if self.CloseCode is not None:
                return None

    def _next_frame(self):
        """Return (its first byte, payload) of the next frame, or None where it is not whole."""
        data = self._received
        if len(data) < 2:
            return None
        size, start = data[1] & 0x7F, 2
        if size > 125:
            start = 4 if size == 126 else 10
            size = int.from_bytes(data[2:start], 'big')
        if len(data) < start + size:
            return None
        self._received = data[start + size :]
        return data[0], data[start : start + size]

    def _message_of(self, first, payload):
        """Return the message that a frame completes, or None."""
        if first == PING:
            self._send(PONG, payload)
        elif first == CLOSE:
            self.CloseCode = int.from_bytes(payload[:2], 'big') if payload else _NO_CODE
        elif first != PONG:
            self._parts.append((first, payload))
            if first & _FIN:
                data = b''.join(part for _, part in self._parts)
                is_text = self._parts[0][0] | _FIN == TEXT
                self._parts = []
                return data.decode() if is_text else data
        return None


class AsyncTestWebSocket(TestWebSocket):
    """An open WebSocket of an AsyncTestClient: Receive() is awaited."""
