"""WebSocket: one connection of the module WebSockets (documentation, section WebSocket Class)."""

import sys

from .checks import require_callback
from .httpStream import close_if_can, is_coroutine
from .wsFrames import (
    BINARY,
    CLOSE,
    CLOSED,
    CLOSING,
    OPEN,
    PING,
    PONG,
    TEXT,
    FrameReader,
    decode_utf8,
    encode_text,
    frame,
    frame_head,
    is_close_code,
    text_frame,
)
from .xasPoller import is_interrupt

_CLOSE_TIMEOUT_SEC = 3  # for the peer to answer a Close, and for ours to reach it
_WAIT_FRAME_TIMEOUT_SEC = 300
_PING_SEC = 30
_SPARED_LAST = 1 << 29  # beside idle HTTP connections, whose rank is a time in seconds
# Octets of a message that is copied behind its frame's head: one send is quicker, two take less memory.
_MAX_JOINED = 1024 if sys.implementation.name == 'micropython' else 65536
_MAX_PIECES = 8  # received ones that wait for a worker


def _hang_up(client):
    client.Close()


def _is_length(value):
    return isinstance(value, int) and value >= 0


def _require(condition, name, what):  # small: a check
    if not condition:
        raise ValueError('"%s" must be %s.' % (name, what))


def octets_of(msg):
    """Return what a binary message consists of as bytes or bytearray."""
    if isinstance(msg, (bytes, bytearray)):
        return msg
    try:
        octets = None if isinstance(msg, (str, int)) else bytes(msg)  # bytes(5) is five zeros
    except TypeError:
        octets = None
    _require(octets is not None, 'msg', 'in bytes or convertible into bytes')
    return octets


class WebSocket(FrameReader):
    """A WebSocket connection (documentation, section WebSocket Class). Made by the module WebSockets.

    Its properties raise ValueError for what they cannot be.
    """

    CLOSE_SLOW = 0
    DROP_NEWEST = 1
    DROP_OLDEST = 2

    _pieces = None  # what was received and waits for a worker, where there are workers
    _queue = None  # of libs.wsQueue, unless the policy is CLOSE_SLOW

    def __init__(self, microWebSrv2, request):
        FrameReader.__init__(self)
        self.limit = self._queue_limit = microWebSrv2.MaxRequestContentLength
        self._mws2 = microWebSrv2
        self._request = request
        self._client = request.XAsyncTCPClient
        self._wait = _WAIT_FRAME_TIMEOUT_SEC
        self._silent = self._policy = 0
        self._ended = self._told = False
        self._text_callback = self._binary_callback = self._closed_callback = None

    @property
    def OnTextMessage(self):
        """Callback f(webSocket, msg) or None: a text message was received; msg is a str."""
        return self._text_callback

    @OnTextMessage.setter
    def OnTextMessage(self, value):
        """Set it."""
        require_callback(value, 'OnTextMessage')
        self._text_callback = value

    @property
    def OnBinaryMessage(self):
        """Callback f(webSocket, msg) or None: a binary message was received; msg is a memoryview."""
        return self._binary_callback

    @OnBinaryMessage.setter
    def OnBinaryMessage(self, value):
        """Set it."""
        require_callback(value, 'OnBinaryMessage')
        self._binary_callback = value

    @property
    def MaxRecvMessageLength(self):
        """int or None: octets of the longest message to receive, None for any.

        At first the server's MaxRequestContentLength.
        """
        return self.limit

    @MaxRecvMessageLength.setter
    def MaxRecvMessageLength(self, value):
        """Set it."""
        _require(value is None or _is_length(value), 'MaxRecvMessageLength', 'a positive integer or None')
        self.limit = value

    @property
    def MaxSendQueueLength(self):
        """int: bytes that may wait for a slow client; beyond, SendQueuePolicy says what is lost.

        At first the server's MaxRequestContentLength.
        """
        return self._queue_limit

    @MaxSendQueueLength.setter
    def MaxSendQueueLength(self, value):
        """Set it."""
        _require(_is_length(value), 'MaxSendQueueLength', 'a positive integer')
        self._queue_limit = value

    @property
    def SendQueueLength(self):
        """int: bytes that wait for the client to take them."""
        return self._client.queued + (self._queue.length() if self._queue else 0)

    @property
    def SendQueuePolicy(self):
        """int: what a client that takes messages too slowly loses: CLOSE_SLOW, DROP_NEWEST or DROP_OLDEST.

        WebSocket.CLOSE_SLOW (0), the first: its connection. DROP_NEWEST (1): the new message, Send… returns False.
        DROP_OLDEST (2): those that have waited longest, but what is being sent; Send… returns True.
        """
        return self._policy

    @SendQueuePolicy.setter
    def SendQueuePolicy(self, value):
        """Set it."""
        _require(value in (0, 1, 2), 'SendQueuePolicy', 'CLOSE_SLOW, DROP_NEWEST or DROP_OLDEST')
        queue, self._queue = self._queue, None
        if value:
            from .wsQueue import DropNewest, DropOldest

            self._queue = (DropOldest if value == WebSocket.DROP_OLDEST else DropNewest)(self, self._client)
            self.post = self._queue.post  # for this one: nobody else pays for the question
        elif queue:
            del self.post
        if queue:
            queue.flush()
        self._policy = value

    @property
    def OnClosed(self):
        """Callback f(webSocket) or None: called exactly once; at once where the connection is closed already."""
        return self._closed_callback

    @OnClosed.setter
    def OnClosed(self, value):
        """Set it."""
        require_callback(value, 'OnClosed')
        self._closed_callback = value
        if self._ended:
            self._client.pool.call(self._tell_closed)

    def SendTextMessage(self, msg):
        """Send a text message. msg: str, of any length. From any thread.

        Return bool: False if the connection is closed, or closes because the peer does not take what is sent to it.
        Raise ValueError if msg is no str.
        """
        if not isinstance(msg, str):
            raise ValueError('"msg" must be a string.')
        if len(msg) > _MAX_JOINED:
            payload = encode_text(msg)
            return self.post(frame_head(TEXT, len(payload)), payload)
        return self.post(text_frame(msg))

    def SendBinaryMessage(self, msg):
        """Send a binary message. msg: bytes-like or convertible into bytes, of any length. From any thread.

        Return bool, as SendTextMessage(). Raise ValueError if msg does not convert.
        """
        octets = octets_of(msg)
        if len(octets) > _MAX_JOINED:
            return self.post(frame_head(BINARY, len(octets)), bytes(octets))
        return self.post(frame(BINARY, octets))

    def Close(self, code=1000):
        """Close the WebSocket. No message is received or sent from now on; OnClosed follows.

        code: int, why (RFC 6455, 7.4): 1000 … 4999, but what must not be sent. Raise ValueError for anything else.
        """
        _require(isinstance(code, int) and is_close_code(code), 'code', 'a close code, such as 1000')
        if self.state == OPEN:
            self.state = CLOSING
            self._send_close(code.to_bytes(2, 'big'))

    @property
    def Request(self):
        """HttpRequest: the request that opened the connection."""
        return self._request

    @property
    def IsClosed(self):
        """bool: whether the connection is closed or is being closed: nothing can be sent any more."""
        return self.state != OPEN

    @property
    def WaitFrameTimeoutSec(self):
        """int: seconds, 1 or more (at first 300), after which a quiet peer is dropped; it is pinged before."""
        return self._wait

    @WaitFrameTimeoutSec.setter
    def WaitFrameTimeoutSec(self, value):
        """Set it."""
        _require(_is_length(value) and value, 'WaitFrameTimeoutSec', 'a positive integer')
        self._wait = value
        if self.state == OPEN:
            self._watch()

    def start(self, accepted, received):
        """Take the connection over.

        accepted: the callback that is told, f(microWebSrv2, webSocket). received: bytes that came after the request.
        """
        self.rest = received
        self._client.protocol = self
        self._watch()
        self._run(accepted, self._mws2, self)
        if not self.is_busy:
            self._go_on()

    def post(self, data, payload=None):
        """Send a frame. data: bytes, the frame, or only its head, with the payload as bytes. Return bool."""
        if self.state != OPEN:
            return False
        client = self._client
        if client.queued > self._queue_limit:
            client.Close()
            return False
        return client.send(data) if payload is None else client.send_two(data, payload)

    def _send_close(self, payload):
        """Send a Close frame; ends the connection then, or waits for the peer's."""
        client = self._client
        client.expire(_CLOSE_TIMEOUT_SEC)
        if self._queue:
            self._queue.flush()
        client.send(frame(CLOSE, payload), _hang_up if self.state == CLOSED else None)

    def _interval(self):
        """Return int, seconds after which a quiet peer is pinged: proxies drop what is silent for 60."""
        return max(1, min(self._wait >> 1, _PING_SEC))

    def _watch(self):
        self._client.expire(self._interval())

    # What the connection tells, as client.protocol.

    def progress(self):
        """The peer has taken data that were queued."""

    def expired(self):
        """A peer that was quiet is pinged, and dropped when it has been so for WaitFrameTimeoutSec."""
        if self.is_busy:
            self.has_heard = True  # it may have sent what nobody reads now
        interval = self._interval()
        self._silent = 0 if self.has_heard else self._silent + interval
        if self.state != OPEN or self._silent >= max(self._wait, 2 * interval):
            self._client.Close()
            return
        if self._silent:
            self.post(frame(PING, b''))
        self.has_heard = False
        self._watch()

    def spare(self):
        """Return int where the connection could be closed for a newcomer, the least first; None where it is in use."""
        return _SPARED_LAST - self._silent if self._silent and not self.has_heard else None

    def released(self, reason):
        """The connection is closed."""
        self.state = CLOSED
        self.rest = self.message = None
        self._ended = True
        if self._queue:  # the two hold each other
            self.SendQueuePolicy = WebSocket.CLOSE_SLOW
        self._tell_closed()

    def _tell_closed(self):
        """Call OnClosed, once. In the pool's thread."""
        if self._closed_callback and not self._told:
            self._told = True
            self._run(self._closed_callback, self)

    def on_text(self, text):
        """Take a whole text message. text: str."""
        callback = self._text_callback  # _on_message() written out: most messages are short texts
        if callback:
            try:
                result = callback(self, text)
                if result is not None:
                    self._returned(result)
            except BaseException as error:
                self._callback_failed(error)

    def on_binary(self, data):
        """Take a whole binary message. data: bytes or bytearray."""
        self._on_message(self._binary_callback, memoryview(data))

    def on_control(self, first, payload):
        """Take a control frame. first: int, its first byte. payload: bytes."""
        if first == CLOSE:
            self._on_close(payload)
        elif first == PING:
            self.post(frame(PONG, payload))

    def _on_close(self, payload):
        if self.state == CLOSING:  # the answer to ours
            self._client.Close()
            return
        self.state = CLOSED
        answer = payload[:2]
        if payload:
            try:
                if not is_close_code(int.from_bytes(answer, 'big')):
                    answer = b'\x03\xea'  # 1002
                decode_utf8(payload[2:])
            except UnicodeError:
                answer = b'\x03\xef'  # 1007
        self._send_close(answer)

    def on_violation(self, code, first):
        """Close for what the peer did wrong. code: int, of the Close frame. first: bool, whether it was the first."""
        if first:
            self._send_close(code.to_bytes(2, 'big'))
        else:
            self._client.Close()

    # What callbacks raise costs their own connection only.

    def _on_message(self, callback, msg):
        if callback:
            try:
                result = callback(self, msg)
                if result is not None:
                    self._returned(result)
            except BaseException as error:
                self._callback_failed(error)

    def _run(self, callback, *args):
        try:
            self._returned(callback(*args))
        except BaseException as error:
            self._callback_failed(error)

    def _returned(self, result):
        """Have the coroutine run that a callback may have returned; until its end, nothing more is received."""
        if is_coroutine(result):
            if not self._mws2.spawn:
                close_if_can(result)
                raise TypeError('A callback is a coroutine: run the pool by asyncio (StartInAsyncio).')
            self.is_busy = True
            self._client.receive(None)
            self._mws2.spawn(result, self._awaited)

    def _awaited(self, error):
        if error:
            self._callback_failed(error)
        self._go_on()

    def _go_on(self):
        """Take what was received meanwhile, and receives again."""
        self.is_busy = False
        if self.rest:
            self.feed(b'')
        self._listen()

    def _listen(self):
        if not self.is_busy:
            client = self._client
            workers = client.pool.workers
            if workers and self._pieces is None:
                self._pieces = []
            client.receive(self._feed_by_worker if workers else self.feed)

    def _feed_by_worker(self, data):
        """Have a worker thread take what was received: the one that takes what came before, if it still does."""
        pieces = self._pieces
        if len(pieces) >= _MAX_PIECES:
            self._client.receive(None)  # until the worker has come to the end of them
        lock = self._client.pool.workers.lock
        lock.acquire()
        pieces.append(data)
        count = len(pieces)
        lock.release()
        if count == 1:
            self._client.pool.workers.submit(self._work)

    def _work(self):
        pieces = self._pieces
        lock = self._client.pool.workers.lock
        more = True
        while more:
            self.feed(pieces[0])
            lock.acquire()
            pieces.pop(0)
            more = len(pieces)
            lock.release()
        self._listen()

    def _callback_failed(self, error):
        if is_interrupt(error):
            raise error
        self._mws2.log_exception('A WebSocket callback failed', error)
        if self.state == OPEN:
            self.Close(1011)
