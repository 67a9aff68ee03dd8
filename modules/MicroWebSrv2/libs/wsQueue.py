"""What a WebSocket does with messages for a client that takes them too slowly, but to close its connection."""

from .wsFrames import PING, frame
from .xasPoller import allocate_lock


class DropNewest:
    """Refuses a message while more than the WebSocket's MaxSendQueueLength waits.

    webSocket: WebSocket. client: XAsyncTCPClient, its connection.

    - post: f(data, payload=None): sends a frame, as WebSocket.post().
    - length: f(): bytes that wait here, besides those that wait in the connection.
    - flush: f(): hands over to the connection what waits here.
    """

    def __init__(self, webSocket, client):
        self._web_socket = webSocket
        self._client = client

    def post(self, data, payload=None):
        """Send a frame, or drop it. Return bool: whether it was sent or is queued."""
        client = self._client
        if self._web_socket.IsClosed or client.queued > self._web_socket.MaxSendQueueLength:
            return False
        return client.send(data) if payload is None else client.send_two(data, payload)

    def length(self):
        """Return 0: all that waits does so in the connection."""
        return 0

    def flush(self):
        """Do nothing."""


class DropOldest(DropNewest):
    """Drops the messages that have waited longest where a new one would not fit; one that is being sent is finished.

    Messages wait here, and go into the connection when nothing waits there. Who finds the gate open sends, until there
    is nothing to be sent: any thread, or what interrupts it. webSocket, client: as of DropNewest.
    """

    def __init__(self, webSocket, client):
        DropNewest.__init__(self, webSocket, client)
        self._waiting = []
        self._gate = allocate_lock()
        if client.queued:  # what was queued before does not tell when it is sent
            client.send(frame(PING, b''), self._send)

    def post(self, data, payload=None):
        """Send a frame after those that wait. Return bool, False only if the connection is closed."""
        if self._web_socket.IsClosed:
            return False
        waiting = self._waiting
        waiting.append(data if payload is None else data + payload)
        self._send()
        limit = self._web_socket.MaxSendQueueLength
        while len(waiting) > 1 and self._client.queued + self.length() > limit:
            self._take()
        return not self._client.closed

    def length(self):
        """Return int, the bytes that wait here."""
        return sum([len(data) for data in list(self._waiting)])

    def flush(self):
        """Hand over to the connection what waits: nothing is dropped any more."""
        while self._waiting:
            data = self._take()
            if data is not None:
                self._client.send(data)

    def _take(self):
        """Return the oldest of what waits, None where another thread was quicker."""
        try:
            return self._waiting.pop(0)
        except IndexError:
            return None

    def _send(self, client=None):
        """Send while the connection takes all at once; it calls again when it has taken the rest."""
        while self._waiting and not self._client.queued and self._gate.acquire(False):
            try:
                data = self._take()
                if data is not None:
                    self._client.send(data, self._send)
            finally:
                self._gate.release()
