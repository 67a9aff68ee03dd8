"""Streams of events (HTML Standard, section 9.2, server-sent events): answers that are fed later, by any thread."""

import sys

from .checks import is_int, require, require_callback, require_positive, require_string
from .httpStream import close_if_can, is_coroutine
from .xasPoller import is_interrupt

_COMMENT = b':\n\n'
_QUEUE = 8192 if sys.implementation.name == 'micropython' else 65536
_HEARTBEAT_SEC = 15
_CLOSE_TIMEOUT_SEC = 3  # for the client to take what is queued at Close()
_MAX_DROPPED = 4096  # bytes that a client may send while it listens
_TCP_USER_TIMEOUT = 18  # Linux: milliseconds after which a peer that acknowledges nothing is gone


def _require_line(value, name):  # small: a check
    """Raise ValueError, which names the argument, unless value is a str without control characters."""
    require_string(value, name)
    for character in value:
        require(character >= ' ' and character != '\x7f', ValueError, '"%s" must have no control characters.' % name)


def event_bytes(data, event=None, id=None):
    """Encode an event. Arguments and errors as of EventStream.Send(). Return bytes."""
    require_string(data, 'data')
    lines = []
    if event is not None:
        _require_line(event, 'event')
        lines.append('event: ' + event)
    if id is not None:
        id = str(id) if is_int(id) else id
        _require_line(id, 'id')
        lines.append('id: ' + id)
    for line in data.replace('\r\n', '\n').replace('\r', '\n').split('\n'):
        lines.append('data: ' + line)
    lines.append('\n')
    return '\n'.join(lines).encode()


def open_stream(response, microWebSrv2, retry):
    """Answer with a stream of events; see HttpResponse.ReturnEventStream(). Return EventStream."""
    require(retry is None or (is_int(retry) and retry >= 0), ValueError, '"retry" must be a positive integer or None.')
    last_id = response.Request.GetHeader('Last-Event-ID')
    response.ContentType = 'text/event-stream'
    response.ContentCharset = None
    response.SetHeader('Cache-Control', 'no-store, no-transform')
    response.SetHeader('X-Accel-Buffering', 'no')  # nginx would keep events back
    stream = EventStream(microWebSrv2, last_id)
    client = response.hand_over(200)
    if client:
        stream.start(client, retry)
    return stream


class EventStream:
    """An answer to which events are added; obtained from HttpResponse.ReturnEventStream().

    It holds no buffer slot and no worker while it is quiet. Its properties raise ValueError for what they cannot be.

    - State: any object: free for the application.
    """

    __slots__ = (
        'State',
        '_client',
        '_closed_callback',
        '_dropped',
        '_has_ended',
        '_heartbeat',
        '_is_closed',
        '_is_stuck',
        '_last_event_id',
        '_mws2',
        '_queue_limit',
    )

    def __init__(self, microWebSrv2, lastEventID):
        self.State = None
        self._mws2 = microWebSrv2
        self._last_event_id = lastEventID
        self._client = None
        self._is_closed = self._has_ended = True
        self._heartbeat = _HEARTBEAT_SEC
        self._queue_limit = _QUEUE
        self._closed_callback = None
        self._dropped = 0
        self._is_stuck = False

    def start(self, client, retry):
        """Begin on a connection whose head is sent. client: XAsyncTCPClient. retry: int or None."""
        self._client = client
        self._is_closed = self._has_ended = False
        client.protocol = self
        if client.closed:
            self.released(None)
            return
        self._limit_silence()
        client.expire(self._heartbeat)
        client.send(_COMMENT if retry is None else b'retry: %d\n\n' % retry)
        client.receive(self._on_data)

    @property
    def LastEventID(self):
        """str: the id of the last event that the client has seen, empty if there is none."""
        return self._last_event_id

    @property
    def IsClosed(self):
        """bool: whether nothing can be sent any more."""
        return self._is_closed

    @property
    def SendQueueLength(self):
        """int: bytes that wait for the client to take them."""
        return 0 if self._is_closed else self._client.queued

    @property
    def MaxSendQueueLength(self):
        """int: bytes that may wait for a slow client, at first 65536, on MicroPython 8192; see Send()."""
        return self._queue_limit

    @MaxSendQueueLength.setter
    def MaxSendQueueLength(self, value):
        """Set it."""
        require(is_int(value) and value >= 0, ValueError, '"MaxSendQueueLength" must be a positive integer or zero.')
        self._queue_limit = value

    @property
    def HeartbeatSec(self):
        """int: seconds, 1 or more, at first 15, between two comments: a client that does not take them is gone."""
        return self._heartbeat

    @HeartbeatSec.setter
    def HeartbeatSec(self, value):
        """Set it."""
        self._heartbeat = require_positive(value, 'HeartbeatSec')
        if not self._is_closed:
            self._limit_silence()
            self._client.expire(value)

    @property
    def OnClosed(self):
        """Callback f(eventStream) or None: called once, when the stream has ended; at once where it has already."""
        return self._closed_callback

    @OnClosed.setter
    def OnClosed(self, value):
        """Set it."""
        require_callback(value, 'OnClosed')
        self._closed_callback = value
        if self._has_ended and value:
            self._tell_closed()

    def Send(self, data, event=None, id=None):
        """Send an event. From any thread.

        data: str; CR, LF and CRLF come as LF. event: str, its type, or None for `message`. id: str or int, which the
        client names as LastEventID when it comes again, or None.
        Return bool: False if the stream is closed, or as much as may be waits for the client already: then the event is
        lost to it. Raise ValueError for other arguments, and for control characters in event and id.
        """
        return self.post(event_bytes(data, event, id))

    @staticmethod
    def Broadcast(eventStreams, data, event=None, id=None):
        """Send one event through many streams; it is encoded once. From any thread.

        eventStreams: iterable of EventStream. The rest as of Send(). Return int, the number of streams that took it.
        """
        encoded = event_bytes(data, event, id)
        return sum([eventStream.post(encoded) for eventStream in list(eventStreams)])

    def post(self, encoded):
        """Send an event that is encoded already. encoded: bytes, of event_bytes(). Return bool, as Send()."""
        if self._is_closed:
            return False
        client = self._client
        if client.queued and client.queued + len(encoded) > self._queue_limit:
            return False
        return client.send(encoded)

    def Close(self):
        """End the stream when the client has taken what waits, but within 3 seconds. From any thread."""
        if not self._is_closed:
            self._is_closed = True
            self._client.expire(_CLOSE_TIMEOUT_SEC)
            self._client.send(_COMMENT, _hang_up)

    def _limit_silence(self):
        """Have the operating system give up a client that acknowledges nothing, where it can be told to."""
        if sys.platform == 'linux':
            try:
                self._client.socket.setsockopt(6, _TCP_USER_TIMEOUT, 2000 * self._heartbeat)
            except (AttributeError, OSError):
                pass  # TLS of MicroPython hides the socket

    def _on_data(self, data):
        """Pass over what the client sends: it only listens."""
        self._dropped += len(data)
        if self._dropped > _MAX_DROPPED:
            self._client.Close()

    # What the connection tells, as client.protocol.

    def progress(self):
        """The client has taken data that were queued."""
        self._is_stuck = False

    def expired(self):
        """It is time for a heartbeat; a client that has taken nothing since the last one is gone."""
        client = self._client
        if self._is_closed or (self._is_stuck and client.queued):
            client.Close()
            return
        client.expire(self._heartbeat)
        client.send(_COMMENT)
        self._is_stuck = client.queued > 0

    def spare(self):
        """Return None: a stream of events is in use however quiet it is."""
        return None

    def released(self, reason):
        """The connection is closed."""
        self._is_closed = self._has_ended = True
        self._tell_closed()

    def _tell_closed(self):
        """Call OnClosed, once."""
        callback, self._closed_callback = self._closed_callback, None
        if callback:
            try:
                result = callback(self)
                if is_coroutine(result):
                    self._await(result)
            except BaseException as error:
                if is_interrupt(error):
                    raise error
                self._mws2.log_exception('OnClosed of a stream of events failed', error)

    def _await(self, coroutine):
        if not self._mws2.spawn:
            close_if_can(coroutine)
            raise TypeError('OnClosed is a coroutine: start the server by StartInAsyncio().')
        self._mws2.spawn(coroutine)


def _hang_up(client):
    client.Close()
