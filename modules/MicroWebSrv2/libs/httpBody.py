"""The content of a request, collected before its handler is called: takes memory as data come, not as announced."""

from .httpHead import HttpError

MAX_DRAINED = 16384  # bytes of unwanted content that are read, to keep the connection
_LEAST_RATE = 256  # bytes a second of content, after the first RequestsTimeoutSec


def earned_seconds(size):
    """Return int, the seconds beyond the timeout that `size` bytes may have taken."""
    return size // _LEAST_RATE


def too_large(limit):
    """Return the HttpError of content of more than a limit, int, bytes."""
    return HttpError(413, 'Content larger than %d bytes.' % limit)


def reason_of(error):
    """Return str: what to tell of an exception that has ended a request."""
    return error.text if isinstance(error, HttpError) else str(error)


class BodyBuffer:
    """The content of one request.

    length: int, bytes that are announced, or -1 where the content comes in chunks. limit: int, bytes, the most.

    What a connection asks of all that takes content (libs/httpContent.py has others):
    - size: int, bytes taken. limit: int. seconds(): int, the time beyond the timeout in which they may have come.
    - add(piece): take a piece. Return bool, whether the next may come at once.
    - abort(reason, status=0): nothing more comes. reason: str. status: int, what was answered, or 0.
    """

    __slots__ = ('_data', '_length', 'limit', 'size')

    def __init__(self, length, limit):
        self.limit = limit
        self._length = length
        self._data = b''
        self.size = 0

    def add(self, piece):
        """Take a piece of the content. piece: bytes that nobody else uses. Raise MemoryError."""
        size = self.size
        if not size:
            self._data = piece  # most contents come whole
        else:
            end = size + len(piece)
            if end > len(self._data):
                self._grow(end)
            self._data[size:end] = piece
        self.size += len(piece)
        return True

    def seconds(self):
        """Return int: the seconds beyond the timeout that what has come may have taken."""
        return earned_seconds(self.size)

    def abort(self, reason, status=0):
        """Drop what was taken: it will not be whole."""
        self._data = b''

    def _grow(self, end):
        """Make room for `end` bytes, and for as much again, but for no more than is announced."""
        room = 2 * end
        if self._length >= 0:
            room = min(room, self._length)
        if isinstance(self._data, bytes):
            first, self._data = self._data, bytearray(room)
            self._data[: len(first)] = first
        else:
            self._data.extend(bytes(room - len(self._data)))

    def content(self):
        """Return memoryview: all of it."""
        view = memoryview(self._data)
        return view if len(view) == self.size else view[: self.size]
