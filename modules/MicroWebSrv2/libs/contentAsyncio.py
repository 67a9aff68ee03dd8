"""Content for handlers that are coroutines: HttpRequest.ContentReader()."""

import asyncio

from .httpBody import earned_seconds
from .httpContent import PieceReader, limits
from .httpHead import HttpError


class ContentReader(PieceReader):
    """The content of a request, for a handler that is a coroutine. Between two reads the client has to wait.

    request: HttpRequest. maxLength, timeoutSec: as of HttpRequest.ReceiveContent().
    Use it as `async for piece in reader`, each piece bytes as they come, or by Read(). Both raise an HttpError where
    the content is too large, malformed or late, or the client is gone; left alone, it is answered by its status.
    """

    def __init__(self, request, maxLength, timeoutSec):
        connection, limit = limits(request, maxLength, timeoutSec)
        PieceReader.__init__(self, connection, limit)
        connection.want_content(limit)
        self._seconds = timeoutSec
        self._event = asyncio.Event()
        self._error = None
        self.since = connection.client.pool.now
        self.is_paused = False

    async def Read(self, size=None):
        """Return bytes: `size` of them, less at the end, none after it; without a size those that come first."""
        if size is None:
            if not self.left():
                await self._receive()
            return self.take(None)
        pieces = []
        while size:
            if not self.left() and not await self._receive():
                break
            piece = self.take(size)
            pieces.append(piece)
            size -= len(piece)
        return b''.join(pieces)

    def __aiter__(self):
        return self

    async def __anext__(self):
        piece = await self.Read()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def _receive(self):
        """Wait for a piece. Return bool, False at the end."""
        if not self.connection.parser.in_body:
            return False
        if self._error is None:
            self._event.clear()
            self.connection.await_content(self)
            await self._event.wait()
        if self._error:
            raise self._error
        return self.left() > 0

    # ---- what the connection asks, see libs/httpBody.py

    def seconds(self):
        """Return int: the seconds beyond the timeout in which what has come may have come."""
        if self._seconds is None:
            return earned_seconds(self.size)
        return self._seconds - self.connection.timeout_sec()

    def add(self, piece):
        """Take a piece. Return False: the next one is asked for."""
        self.put(piece)
        self._event.set()
        return False

    def end(self):
        """All has come. Return False, as add()."""
        self._event.set()
        return False

    def abort(self, reason, status=0):
        """Nothing more comes."""
        self._error = HttpError(status or 400, reason)
        self._event.set()
