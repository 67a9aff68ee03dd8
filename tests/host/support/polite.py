"""A polite client: one that does what clients do, one thing after the other, and notes how it fared."""

import base64
import contextlib
import threading
import time

import h11

from . import site
from .client import TIMEOUT

KEY = base64.b64encode(bytes(range(16))).decode()
HANDSHAKE = (
    'GET /socket HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
    f'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n'
)
MASK = b'\1\2\3\4'
STREAMED = 16384
UPLOADED = bytes(range(256)) * 8
PAGE = b'<p>45</p><b>0</b><b>1</b><b>2</b>\n'
# What is asked for on one connection before the next is opened.
REQUESTS = 8
IDLE = 0.5  # seconds that a connection may have been idle and is used again


class Refused(Exception):
    """The server answered 503: it says that it is busy."""


def frame(payload, first=0x81):
    """Return a frame of a client, masked. `payload`: at most 125 bytes."""
    return bytes((first, 0x80 | len(payload))) + MASK + bytes(c ^ MASK[i % 4] for i, c in enumerate(payload))


def _ask(connection, method, target, headers=(), body=None):
    found = connection.request(method, target, headers, body)
    if found.status == 503:
        raise Refused
    assert found.status == 200, found
    return found.body


def hello(connection, _):
    assert _ask(connection, 'GET', '/hello') == b'hello'


def argument(connection, number):
    assert _ask(connection, 'GET', f'/number/{number}') == b'{"n": %d}' % number


def json(connection, number):
    body = b'{"a": [%d, null, true]}' % number
    assert _ask(connection, 'POST', '/json', {'Content-Type': 'application/json'}, body) == b'[%s]' % body


def form(connection, number):
    headers = {'Content-Type': 'application/x-www-form-urlencoded'}
    assert _ask(connection, 'POST', '/form', headers, b'n=%d' % number) == b'{"n": "%d"}' % number


def upload(connection, _):
    assert _ask(connection, 'POST', '/echo', body=UPLOADED) == UPLOADED


def file(connection, _):
    assert _ask(connection, 'GET', '/style.css') == site.STYLE


def page(connection, _):
    assert _ask(connection, 'GET', '/abuse.pyhtml') == PAGE


def stream(connection, _):
    assert _ask(connection, 'GET', f'/stream/{STREAMED}') == b'0123456789abcdef' * (STREAMED // 16)


def websocket(connection, number):
    """Talk by WebSocket, and closes: nothing comes after it on this connection."""
    connection.send(HANDSHAKE)
    found = connection.response(upgrade='websocket')
    if found.status == 503:
        raise Refused
    assert found.status == 101, found
    text = b'message %d' % number
    connection.send(frame(text), frame(b'', 0x89), frame(text), frame(b'\x03\xe8', 0x88))
    echo = bytes((0x81, len(text))) + text
    wanted = echo + b'\x8a\0' + echo + b'\x88\x02\x03\xe8'
    assert connection.receive_exactly(len(wanted)) == wanted


KINDS = (hello, argument, json, form, upload, file, page, stream)


def one_of_each(scene):
    """Do each of the things once: what a server makes when it first does them, it has from then on."""
    for number, kind in enumerate((*KINDS, websocket)):
        with scene.connection() as connection:
            kind(connection, number)


class Polite:
    """A client that works in a thread of its own as long as the block lasts.

    `done`: how many things went well; `refused`: how many times 503 was the answer; `failures`: what went wrong, as a
    list of str; `longest`: the seconds that the slowest one took, waiting for the connection included.
    """

    def __init__(self, scene, pause=0.01):
        """`scene`: its connection() gives connections. `pause`: seconds between two things: others need a turn, too."""
        self.done, self.refused, self.longest = 0, 0, 0.0
        self.failures = []
        self._scene, self._pause = scene, pause
        self._ended = threading.Event()
        self._worked = threading.Condition()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def wait_for_one(self, timeout=2 * TIMEOUT):
        """Wait until one more thing is done, well or not."""
        count = self._count()
        with self._worked:
            self._worked.wait_for(lambda: self._count() > count, timeout)

    def _count(self):
        return self.done + self.refused + len(self.failures)

    def _work(self):
        number = 0
        while not self._ended.is_set():
            number = self._one_connection(number)

    def _one_connection(self, number):
        begun = time.monotonic()
        with contextlib.ExitStack() as stack:
            connection = None
            for kind in (*(KINDS[(number + i) % len(KINDS)] for i in range(REQUESTS - 1)), websocket):
                number += 1
                try:
                    if connection is None:
                        connection = stack.enter_context(self._scene.connection())
                    kind(connection, number)
                    self.done += 1
                except Refused:
                    self.refused += 1
                    self._ended.wait(0.2)
                    break
                except (OSError, AssertionError, h11.ProtocolError) as error:
                    self.failures.append(f'{kind.__name__}: {type(error).__name__}: {str(error)[:200]}')
                    break
                finally:
                    now = time.monotonic()
                    self.longest = max(self.longest, now - begun)
                    with self._worked:
                        self._worked.notify_all()
                # A server closes a connection that was idle for too long: a busy computer may make it so.
                if self._ended.wait(self._pause) or time.monotonic() - now > IDLE:
                    break
                begun = time.monotonic()
        return number
