"""WebSockets (RFC 6455) on the connections of the web server (documentation, section WebSockets Module)."""

import sys
from binascii import a2b_base64, b2a_base64

from ..libs.wsFrames import (
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

_GUID = b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11'  # RFC 6455, 1.3
_CLOSE_TIMEOUT_SEC = 3  # for the peer to answer a Close, and for ours to reach it
_WAIT_FRAME_TIMEOUT_SEC = 300
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


def _require_callback(value, name):  # small: a check
    _require(value is None or callable(value), name, 'a function or None')


def _octets(msg):
    """Returns what a binary message consists of as bytes or bytearray."""
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

    Its properties raise ValueError if they are set to what they must not be.
    """

    _pieces = None  # what was received and waits for a worker, where there are workers

    def __init__(self, microWebSrv2, request):
        FrameReader.__init__(self)
        self._limit = self._queue_limit = microWebSrv2.MaxRequestContentLength
        self._mws2 = microWebSrv2
        self._request = request
        self._client = request.XAsyncTCPClient
        self._wait = _WAIT_FRAME_TIMEOUT_SEC
        self._pinged = self._ended = self._told = False
        self._text_callback = self._binary_callback = self._closed_callback = None

    @property
    def OnTextMessage(self):
        """Callback f(webSocket, msg) or None: a text message was received; msg is a str."""
        return self._text_callback

    @OnTextMessage.setter
    def OnTextMessage(self, value):
        """Sets it."""
        _require_callback(value, 'OnTextMessage')
        self._text_callback = value

    @property
    def OnBinaryMessage(self):
        """Callback f(webSocket, msg) or None: a binary message was received; msg is a memoryview."""
        return self._binary_callback

    @OnBinaryMessage.setter
    def OnBinaryMessage(self, value):
        """Sets it."""
        _require_callback(value, 'OnBinaryMessage')
        self._binary_callback = value

    @property
    def MaxRecvMessageLength(self):
        """int or None: octets of the longest message to receive, None for any.

        At first the server's MaxRequestContentLength.
        """
        return self._limit

    @MaxRecvMessageLength.setter
    def MaxRecvMessageLength(self, value):
        """Sets it."""
        _require(value is None or _is_length(value), 'MaxRecvMessageLength', 'a positive integer or None')
        self._limit = value

    @property
    def MaxSendQueueLength(self):
        """int: octets that may wait for a slow peer; beyond, it is dropped.

        At first the server's MaxRequestContentLength.
        """
        return self._queue_limit

    @MaxSendQueueLength.setter
    def MaxSendQueueLength(self, value):
        """Sets it."""
        _require(_is_length(value), 'MaxSendQueueLength', 'a positive integer')
        self._queue_limit = value

    @property
    def OnClosed(self):
        """Callback f(webSocket) or None: called exactly once; at once where the connection is closed already."""
        return self._closed_callback

    @OnClosed.setter
    def OnClosed(self, value):
        """Sets it."""
        _require_callback(value, 'OnClosed')
        self._closed_callback = value
        if self._ended:
            self._client._pool._call(self._tell_closed)

    def SendTextMessage(self, msg):
        """Sends a text message. msg: str, of any length. From any thread.

        Returns bool: False if the connection is closed, or closes because the peer does not take what is sent to it.
        Raises ValueError if msg is no str.
        """
        if not isinstance(msg, str):
            raise ValueError('"msg" must be a string.')
        if len(msg) > _MAX_JOINED:
            payload = encode_text(msg)
            return self._post(frame_head(TEXT, len(payload)), payload)
        return self._post(text_frame(msg))

    def SendBinaryMessage(self, msg):
        """Sends a binary message. msg: bytes-like or convertible into bytes, of any length. From any thread.

        Returns bool, as SendTextMessage(). Raises ValueError if msg does not convert.
        """
        octets = _octets(msg)
        if len(octets) > _MAX_JOINED:
            return self._post(frame_head(BINARY, len(octets)), bytes(octets))
        return self._post(frame(BINARY, octets))

    def Close(self, code=1000):
        """Closes the WebSocket. No message is received or sent from now on; OnClosed follows.

        code: int, why (RFC 6455, 7.4): 1000 … 4999, but what must not be sent. Raises ValueError if it is none.
        """
        _require(isinstance(code, int) and is_close_code(code), 'code', 'a close code, such as 1000')
        if self._state == OPEN:
            self._state = CLOSING
            self._send_close(code.to_bytes(2, 'big'))

    @property
    def Request(self):
        """HttpRequest: the request that opened the connection."""
        return self._request

    @property
    def IsClosed(self):
        """bool: whether the connection is closed or is being closed: nothing can be sent any more."""
        return self._state != OPEN

    @property
    def WaitFrameTimeoutSec(self):
        """int: seconds, 1 or more (at first 300), after which a quiet peer is dropped; it is pinged before."""
        return self._wait

    @WaitFrameTimeoutSec.setter
    def WaitFrameTimeoutSec(self, value):
        """Sets it."""
        _require(_is_length(value) and value, 'WaitFrameTimeoutSec', 'a positive integer')
        self._wait = value
        if self._state == OPEN:
            self._watch()

    def _start(self, accepted, received):
        """Takes the connection over.

        accepted: the callback that is told, f(microWebSrv2, webSocket). received: bytes that came behind the request.
        """
        client = self._client
        self._rest = received
        client.OnClosed = self._closed
        client.OnExpired = self._expired
        self._watch()
        self._run(accepted, self._mws2, self)
        if not self._busy:
            self._go_on()

    def _post(self, data, payload=None):
        """Sends a frame. data: bytes, the frame, or only its head, with the payload as bytes. Returns bool."""
        if self._state != OPEN:
            return False
        client = self._client
        if client._queued > self._queue_limit:
            client.Close()
            return False
        return client._send(data) if payload is None else client._send_two(data, payload)

    def _send_close(self, payload):
        """Sends a Close frame; ends the connection then, or waits for the peer's."""
        client = self._client
        client._expire(_CLOSE_TIMEOUT_SEC)
        client._send(frame(CLOSE, payload), _hang_up if self._state == CLOSED else None)

    def _watch(self):
        self._client._expire(max(1, self._wait >> 1))

    def _expired(self, client):
        """Half of the time to wait has passed: a peer that was quiet is pinged, and dropped the next time."""
        if self._busy:
            self._heard = True  # it may have sent what nobody reads now
        if self._state != OPEN or self._pinged and not self._heard:
            client.Close()
            return
        self._pinged = not self._heard
        if self._pinged:
            self._post(frame(PING, b''))
        self._heard = False
        self._watch()

    def _closed(self, client, reason):
        self._state = CLOSED
        self._rest = self._message = None
        self._ended = True
        self._tell_closed()

    def _tell_closed(self):
        """Calls OnClosed, once. In the pool's thread."""
        if self._closed_callback and not self._told:
            self._told = True
            self._run(self._closed_callback, self)

    def _on_text(self, text):
        self._on_message(self._text_callback, text)

    def _on_binary(self, data):
        self._on_message(self._binary_callback, memoryview(data))

    def _on_control(self, first, payload):
        if first == CLOSE:
            self._on_close(payload)
        elif first == PING:
            self._post(frame(PONG, payload))

    def _on_close(self, payload):
        if self._state == CLOSING:  # the answer to ours
            self._client.Close()
            return
        self._state = CLOSED
        answer = payload[:2]
        if payload:
            try:
                if not is_close_code(int.from_bytes(answer, 'big')):
                    answer = b'\x03\xea'  # 1002
                decode_utf8(payload[2:])
            except UnicodeError:
                answer = b'\x03\xef'  # 1007
        self._send_close(answer)

    def _on_violation(self, code, first):
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
            except Exception as ex:
                self._callback_failed(ex)

    def _run(self, callback, *args):
        try:
            self._returned(callback(*args))
        except Exception as ex:
            self._callback_failed(ex)

    def _returned(self, result):
        """Has the coroutine run that a callback may have returned; until its end, nothing more is received."""
        if hasattr(result, 'send') and hasattr(result, 'throw'):
            if not self._mws2._spawn:
                raise TypeError('A callback is a coroutine: run the pool by asyncio (StartInAsyncio).')
            self._busy = True
            self._client._receive(None)
            self._mws2._spawn(result, self._awaited)

    def _awaited(self, ex):
        if ex:
            self._callback_failed(ex)
        self._go_on()

    def _go_on(self):
        """Takes what was received meanwhile, and receives again."""
        self._busy = False
        if self._rest:
            self._feed(b'')
        self._listen()

    def _listen(self):
        if not self._busy:
            client = self._client
            workers = client._pool._workers
            if workers and self._pieces is None:
                self._pieces = []
            client._receive(self._feed_by_worker if workers else self._feed)

    def _feed_by_worker(self, data):
        """Has a worker thread take what was received: the one that takes what came before, if it still does."""
        pieces = self._pieces
        if len(pieces) >= _MAX_PIECES:
            self._client._receive(None)  # until the worker has come to the end of them
        lock = self._client._pool._lock
        lock.acquire()
        pieces.append(data)
        count = len(pieces)
        lock.release()
        if count == 1:
            self._client._pool._workers.submit(self._work)

    def _work(self):
        pieces = self._pieces
        lock = self._client._pool._lock
        more = True
        while more:
            self._feed(pieces[0])
            lock.acquire()
            pieces.pop(0)
            more = len(pieces)
            lock.release()
        self._listen()

    def _callback_failed(self, ex):
        self._mws2._log_exception('A WebSocket callback failed', ex)
        if self._state == OPEN:
            self.Close(1011)


class WebSockets:
    """The module that accepts WebSocket connections (documentation, section WebSockets module properties).

    Its properties raise ValueError if they are set to what they must not be.
    """

    def __init__(self):
        self._protocol_callback = self._accepted_callback = None

    @property
    def OnWebSocketProtocol(self):
        """Callback f(microWebSrv2, protocols) or None: selects a sub-protocol.

        protocols: list of str, those that the client proposes. It returns one of them, or None.
        """
        return self._protocol_callback

    @OnWebSocketProtocol.setter
    def OnWebSocketProtocol(self, value):
        """Sets it."""
        _require_callback(value, 'OnWebSocketProtocol')
        self._protocol_callback = value

    @property
    def OnWebSocketAccepted(self):
        """Callback f(microWebSrv2, webSocket) or None: a connection was accepted.

        The place to assign the callbacks of the WebSocket. Without this callback, no connection is accepted.
        """
        return self._accepted_callback

    @OnWebSocketAccepted.setter
    def OnWebSocketAccepted(self, value):
        """Sets it."""
        _require_callback(value, 'OnWebSocketAccepted')
        self._accepted_callback = value

    @staticmethod
    def Broadcast(webSockets, msg):
        """Sends one message through many WebSockets; it is encoded once. From any thread.

        webSockets: iterable of WebSocket. msg: str for a text message, else bytes-like or convertible into bytes.
        Returns int, the number of WebSockets that took it; as to the others see SendTextMessage().
        Raises ValueError if msg does not convert.
        """
        data = text_frame(msg) if isinstance(msg, str) else frame(BINARY, _octets(msg))
        return sum([webSocket._post(data) for webSocket in list(webSockets)])

    def OnRequest(self, microWebSrv2, request):
        """Accepts requests that open a WebSocket (RFC 6455, 4.2). microWebSrv2: MicroWebSrv2. request: HttpRequest."""
        if b'upgrade' not in request._headers or not request.IsUpgrade:
            return
        if 'websocket' not in [name.strip() for name in request.Upgrade.lower().split(',')]:
            return
        response = request.Response
        key = self._key(request)
        if request.Method != 'GET' or key is None:
            response.Return(400, 'A WebSocket needs GET and a Sec-WebSocket-Key of 16 bytes in base64.')
        elif request.GetHeader('Sec-WebSocket-Version') != '13':
            response.SetHeader('Sec-WebSocket-Version', '13')
            response.Return(426, 'WebSocket version 13 is needed.')
        elif self._accepted_callback is None:
            response.ReturnNotImplemented()
        else:
            self._accept(microWebSrv2, request, key)

    @staticmethod
    def _key(request):
        """Returns the handshake's key as bytes, None if it is none."""
        key = request.GetHeader('Sec-WebSocket-Key').encode()
        try:
            return key if len(key) == 24 and len(a2b_base64(key)) == 16 else None
        except ValueError:
            return None

    def _accept(self, microWebSrv2, request, key):
        response = request.Response
        protocols = [name.strip() for name in request.GetHeader('Sec-WebSocket-Protocol').split(',') if name.strip()]
        if protocols and self._protocol_callback:
            protocol = self._protocol_callback(microWebSrv2, protocols)
            if protocol is not None:
                _require(protocol in protocols, 'OnWebSocketProtocol', 'a function that returns one of %r' % protocols)
                response.SetHeader('Sec-WebSocket-Protocol', protocol)
        try:
            from hashlib import sha1
        except ImportError:
            from ..libs.sha1 import sha1
        response.SetHeader('Sec-WebSocket-Accept', b2a_base64(sha1(key + _GUID).digest()).decode().strip())
        webSocket = WebSocket(microWebSrv2, request)
        response.SwitchingProtocols('websocket')
        webSocket._start(self._accepted_callback, request._detach())
