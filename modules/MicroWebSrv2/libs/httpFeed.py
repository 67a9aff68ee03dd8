"""Sends what an iterator gives as the body of an answer: it holds no buffer, and no worker while it has nothing."""

import sys

from .httpStream import StreamSender
from .xasPool import XClosedReason

# Bytes of a piece that is copied into its chunk: one send is quicker, three take less memory.
_MAX_JOINED = 1024 if sys.implementation.name == 'micropython' else 65536


def iterator_of(stream):
    """Return the iterator of something iterable. Raise TypeError for anything else."""
    return stream if hasattr(stream, '__next__') else iter(stream)


def sender_of(stream, microWebSrv2):
    """Return the class of what sends an iterable. stream: as of ReturnStream(). microWebSrv2: MicroWebSrv2.

    Raise ValueError for anything else, and for an asynchronous one where asyncio does not drive the server.
    """
    if not (hasattr(stream, '__anext__') or hasattr(stream, '__aiter__')):
        try:
            if not isinstance(stream, (str, bytes, bytearray, memoryview, dict)):
                iterator_of(stream)
                return IteratorSender
        except TypeError:
            pass
        raise ValueError('"stream" must have readinto(), or be an iterable of bytes or str.')
    if not microWebSrv2.spawn:
        raise ValueError('"stream" is asynchronous: start the server by StartInAsyncio().')
    from .httpFeedAsync import AsyncSender

    return AsyncSender


def as_bytes(piece):
    """Return a piece of a body as bytes-like. piece: str, bytes-like or None. Raise TypeError for anything else."""
    if piece is None:
        return b''
    if isinstance(piece, str):
        return piece.encode()
    if isinstance(piece, (bytes, bytearray, memoryview)):
        return piece
    raise TypeError('A stream gave %r, not bytes or str.' % (piece,))


class IteratorSender(StreamSender):
    """What an iterable gives, on its way. stream: iterable; the rest as of StreamSender."""

    __slots__ = ()

    def start(self):
        """Begin, at once."""
        self._stream = self._iterator()
        head, self._view = self._view, None
        if self._client.put(head) is None:
            self._client.close(XClosedReason.ClosedByPeer)
        else:
            self._go_on()

    def _iterator(self):
        return iterator_of(self._stream)

    def _next(self):
        """Return the next piece, bytes-like, empty where there is nothing yet; None at the end."""
        try:
            return as_bytes(next(self._stream))
        except StopIteration:
            return None

    def _next_piece(self):
        piece = self._next()
        left = self._left
        if piece is None:
            self.close()
            if left:
                self._connection.cut('A stream ended %d bytes before its length.' % left)
                return None
            return b''
        if left is not None:
            if len(piece) > left:
                piece = piece[:left]
            self._left = left - len(piece)
            if not self._left:
                self.close()
        return piece

    def _next_chunk(self):
        piece = self._next()
        if piece is None:
            self.close()
            return b'0\r\n\r\n'
        size = len(piece)
        if not size:
            return b''
        if size <= _MAX_JOINED:
            return b'%x\r\n%s\r\n' % (size, bytes(piece))
        self._client.put(b'%x\r\n' % size)  # what comes of it, the last one tells
        self._client.put(piece)
        return b'\r\n'
