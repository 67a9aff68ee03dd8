"""Sends what an asynchronous iterator gives as the body of an answer, where asyncio drives the server."""

import asyncio

from .httpFeed import IteratorSender, as_bytes
from .httpStream import AGAIN_MS


class AsyncSender(IteratorSender):
    """What an asynchronous iterable gives, on its way. stream: iterable so; the rest as of StreamSender."""

    __slots__ = ('_is_putting', '_piece', '_task', '_wants')

    def start(self):
        """Begin, at once."""
        self._is_putting = False
        self._piece = b''
        self._wants = asyncio.Event()
        IteratorSender.start(self)

    def _iterator(self):
        stream = self._stream
        iterator = stream if hasattr(stream, '__anext__') else stream.__aiter__()
        self._task = asyncio.create_task(self._feed(iterator))
        return iterator

    def close(self):
        """End the task, which closes the iterator. May be called again."""
        stream, self._stream = self._stream, None
        if stream is not None and not self._is_putting:
            asyncio.create_task(_cancel(self._task))

    def _next(self):
        piece, self._piece = self._piece, b''
        return piece

    def _wait(self, has_sent):
        """The client has taken what there was: ask for the next piece."""
        self._be_quiet(has_sent)
        self._wants.set()

    async def _feed(self, stream):
        """Take the pieces of the iterator, each when the client wants it, to the end."""
        try:
            while self._stream is not None:
                await self._wants.wait()
                piece = await _next_of(stream)
                if piece is None or len(piece):
                    self._put(piece)
                await asyncio.sleep(0 if piece else AGAIN_MS / 1000)  # 0: others have their turn
        except BaseException as error:
            if self._stream is not None:  # else it is this task that was ended
                self._client.fail()
                self._client.pool.report(error)
        finally:
            if hasattr(stream, 'aclose'):
                await stream.aclose()

    def _put(self, piece):
        """Send a piece; None: the end."""
        self._wants.clear()
        self._piece = piece
        self._is_putting = True
        try:
            self._pump_now()
        finally:
            self._is_putting = False


async def _cancel(task):
    """End a task. MicroPython takes the task that has run last for the one that runs, and none can end itself."""
    task.cancel()


async def _next_of(stream):
    """Await the next piece. Return bytes-like, None at the end."""
    try:
        return as_bytes(await stream.__anext__())
    except StopAsyncIteration:
        return None
