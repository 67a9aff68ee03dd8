"""The content of a request, collected before its handler is called: takes memory as data come, not as announced."""


class BodyBuffer:
    """The content of one request.

    length: int, bytes that are announced, or -1 where the content comes in chunks.
    """

    __slots__ = ('_data', '_length', 'size')

    def __init__(self, length):
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
