"""Sends what a stream gives as the body of an answer, piece by piece, as the client takes it."""

from .xasPool import XClosedReason

AGAIN_MS = 20  # after which a stream that has nothing yet is asked again
_QUIET_SEC = 300  # that a stream may have nothing: a client that has left meanwhile is not noticed

_CHUNK_HEAD = 6  # four hexadecimal digits and CRLF
_PUMPED_AT_ONCE = 65536  # bytes after which other connections get their turn
_SENT_AT_ONCE = 1 << 20  # the same where the operating system sends


def close_if_can(stream):
    """Close a stream, generator or coroutine that can be closed."""
    if hasattr(stream, 'close'):
        stream.close()


def is_coroutine(result):  # small: False without coroutines
    """Return bool: whether what a handler or callback has returned is a coroutine, and still to be run."""
    return hasattr(result, 'send') and hasattr(result, 'throw')


class StreamSender:
    """A body on its way: made with its answer, and dropped with it.

    connection: HttpConnection. head: bytes. stream: has readinto(buffer), which returns the number of bytes, 0 at the
    end, None where there is nothing yet: then it is asked again after AGAIN_MS; and, if it wants, close(). length: int,
    bytes of the body, or None for an unknown number. chunked: bool.
    """

    __slots__ = ('_chunked', '_client', '_connection', '_filled', '_left', '_quiet_until', '_stream', '_view')

    def __init__(self, connection, head, stream, length, chunked):
        self._connection = connection
        self._client = connection.client
        self._stream = stream
        self._left = length
        self._chunked = chunked
        self._view = head
        self._filled = 0
        self._quiet_until = None

    def start(self):
        """Begin, at once or when a buffer slot is free."""
        self._connection.with_slot(self._begin)

    def close(self):
        """Close the stream, in the middle too: the connection may be gone. May be called again."""
        stream, self._stream = self._stream, None
        if stream:
            close_if_can(stream)

    def _begin(self, slot):
        head = self._view
        buffer = slot.Buffer
        self._view = memoryview(buffer)
        size = len(head)
        if not self._chunked and size < len(buffer):
            self._view[:size] = head  # head and beginning leave in one send
            self._filled = size
        elif self._client.put(head) is None:
            self._client.close(XClosedReason.ClosedByPeer)
            return
        self._go_on()

    def _go_on(self):
        """Send pieces now, or when the client has taken what is queued."""
        if self._client.is_sending():
            self._client.pump_with(self._pump)
        else:
            self._connection.work(self._pump_now)

    def _pump(self):
        """Take the pool's call: the client takes more. The stream is read where handlers run: it may block."""
        if self._connection.is_worked():
            self._client.pump_with(None)
        self._connection.work(self._pump_now)

    def _pump_now(self):
        """Send pieces of the stream while the socket takes them."""
        client = self._client
        budget = _PUMPED_AT_ONCE
        done = True
        while done and budget > 0 and not client.closed:
            piece = self._next_chunk() if self._chunked else self._next_piece()
            if piece is None:
                return
            if self._has_nothing(piece):
                self._wait(budget < _PUMPED_AT_ONCE)
                return
            if self._stream is None:  # that was the last one
                client.pump_with(None)
                self._view = None
                self._connection.put_last(piece)
                return
            done = client.put(piece)
            if done is None:
                client.close(XClosedReason.ClosedByPeer)
                return
            budget -= len(piece)
        if not client.closed:
            self._connection.progress()
            client.pump_with(self._pump)

    def _has_nothing(self, piece):  # small: False without timers
        """Return bool: whether the stream has nothing yet. piece: bytes-like, what it gave."""
        return not len(piece) and self._stream is not None

    def _wait(self, has_sent):
        """The stream has nothing yet: let others have their turn, and ask it again later.

        has_sent: bool, whether it had something just before.
        """
        self._be_quiet(has_sent)
        self._client.pool.CallLater(AGAIN_MS, self._ask_again)

    def _be_quiet(self, has_sent):
        client = self._client
        client.pump_with(None)
        if has_sent or client.deadline != self._quiet_until:
            self._quiet_until = client.deadline = client.pool.now + _QUIET_SEC + 1

    def _ask_again(self):
        client = self._client
        try:
            if self._stream is not None and not client.closed:
                self._connection.work(self._pump_now)
        except BaseException as error:
            client.fail()
            client.pool.report(error)

    def _next_piece(self):
        """Return the next piece, after what is in the buffer already; end the stream when it is the last.

        An empty piece: there is nothing yet. None: the connection is cut.
        """
        view = self._view
        size = len(view)
        filled, self._filled = self._filled, 0
        left = self._left
        if not filled and (left is None or left >= size):
            count = self._stream.readinto(view)
        else:
            count = self._stream.readinto(view[filled:] if left is None else view[filled : filled + left])
        if count is None:
            return view[:filled]
        if left is not None:
            self._left = left - count
            if self._left and not count:
                self.close()
                self._connection.cut('A stream ended %d bytes before its length.' % left)
                return None
        if not count or self._left == 0:
            self.close()
        return view if filled + count == size else view[: filled + count]

    def _next_chunk(self):
        """Return the next chunk (RFC 9112 section 7.1): its size is written before the data, in the same buffer."""
        view = self._view
        count = self._stream.readinto(view[_CHUNK_HEAD : min(len(view) - 2, 0xFFFF)])
        if count is None:
            return b''
        if not count:
            self.close()
            return b'0\r\n\r\n'
        view[:_CHUNK_HEAD] = b'%04x\r\n' % count
        end = _CHUNK_HEAD + count
        view[end : end + 2] = b'\r\n'
        return view[: end + 2]


class FileSender:
    """A file on its way, sent by the operating system. connection, head, length: as of StreamSender.

    stream: has send_to(socket, count) and close().
    """

    __slots__ = ('_client', '_connection', '_head', '_left', '_stream')

    def __init__(self, connection, head, stream, length):
        self._connection = connection
        self._client = connection.client
        self._head = head
        self._stream = stream
        self._left = length

    def start(self):
        """Begin."""
        if self._client.put(self._head) is None:
            self._client.close(XClosedReason.ClosedByPeer)
        elif self._client.is_sending():
            self._client.pump_with(self._pump)
        else:
            self._pump()

    def close(self):
        """Close the file. May be called again."""
        self._stream.close()

    def _pump(self):
        """Have the operating system send the file while the socket takes it."""
        client = self._client
        try:
            sent = self._stream.send_to(client.socket, min(self._left, _SENT_AT_ONCE))
        except OSError:
            sent = 0
        if sent == 0:
            client.close(XClosedReason.ClosedByPeer)  # the peer is gone, or the file ended before its length
            return
        if sent > 0:
            self._left -= sent
            self._connection.progress()
            if not self._left:
                client.pump_with(None)
                self.close()
                self._connection.sent()
                return
        client.pump_with(self._pump)
