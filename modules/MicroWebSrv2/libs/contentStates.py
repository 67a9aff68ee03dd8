"""The part of an HTTP connection that gives a request's content to its handler as it comes; see httpStates.py.

Optional: without it content is collected before the handler is called.
"""

from .httpBody import MAX_DRAINED, too_large
from .httpStates import HANDLING, PAUSED, READING, RECEIVING, SENT
from .httpStream import is_coroutine


class ContentStates:
    """What HttpConnection, which is its subclass, does in the states RECEIVING, READING and PAUSED.

    What it offers to the request and to libs/httpContent.py has no underscore. `sink` is a libs.httpContent.ContentSink
    or what has its methods.
    """

    __slots__ = ()

    def want_content(self, limit):
        """Have the client send the content of the request whose handler runs.

        limit: int, the most bytes. Raise HttpError 413 if more is announced.
        """
        parser = self.parser
        if parser.length > limit:
            raise too_large(limit)
        if self._expects and parser.in_body and not parser.rest:
            self.client.put(b'HTTP/1.1 100 Continue\r\n\r\n')
        self._expects = False

    def take_content(self, sink):
        """Give the content to a sink as it comes, from when what runs now has returned.

        sink: libs.httpContent.ContentSink. Raise HttpError 413 if more is announced than its limit.
        """
        self.want_content(sink.limit)
        self._is_unusual = True  # it is dropped with the request
        sink.since = self._began
        self._body = sink

    def timeout_sec(self):
        """Return int: RequestsTimeoutSec."""
        return self._mws2.timeout_sec

    def run(self, function, *args):
        """Call what the application gave for its content, as its handler is called. Return as _on_data()."""
        self.state = HANDLING
        self.note_left()
        if self._body:
            self._body.since = self.client.pool.now
        if self._workers:
            self._suspend()
            self._submit(lambda: self._call(function, args) and self._handler_returned())
            return False
        if self._call(function, args):
            if self.state == SENT:
                return self._finish()
            return self._returned()
        return False

    def _call(self, function, args):
        """Call a function of the application. Return False if a coroutine goes on with it."""
        try:
            result = function(*args)
            if result is not None and is_coroutine(result):
                return self._spawn(result)
            if self.state == HANDLING:
                self._not_answered()
        except BaseException as error:
            self._handler_failed(error)
        return True

    def note_left(self):
        """Keep the connection after an answer now only where what is left of the content can be passed over."""
        parser = self.parser
        is_little = not parser.in_body or (parser.length > 0 and parser.left <= MAX_DRAINED and not self._expects)
        self.keep_alive = parser.keep_alive and is_little

    def _end_content(self):
        """Tell the sink that all has come. Return as _on_data()."""
        if self.state == READING:
            return self._stop_reading().end()
        body, self._body = self._body, None
        return body.end()

    def _receive_on(self):
        """Go on with content: first with what is here."""
        parser = self.parser
        goes_on = parser.in_body or self._end_content()
        if goes_on and (not (parser.rest or parser.in_body) or self._on_data(b'')):
            if self.client.take_received(self._on_data):
                self.client.receive(self._on_data)

    def pause_content(self):
        """Take no more content until resume_content(); the client has to wait. From what runs, or the pool's thread."""
        if self._body:
            self._body.is_paused = True
            if self.state == RECEIVING and not self.client.pool.is_foreign():
                self._pauses()

    def _pauses(self):
        """Return bool: whether the application has paused its content; then the state says so, and reading is off."""
        lock = self._lock
        if lock:
            lock.acquire()
        body = self._body
        is_paused = body.is_paused
        if is_paused:
            body.since = self.client.pool.now
            self._suspend()
            self.state = PAUSED
        if lock:
            lock.release()
        return is_paused

    def resume_content(self):
        """Take content again. From any thread."""
        self.client.pool.call(self._resume)

    def _resume(self):
        lock = self._lock
        if lock:
            lock.acquire()
        was_paused = self.state == PAUSED
        if self._body:
            self._body.is_paused = False
        if was_paused:
            self.state = RECEIVING
        if lock:
            lock.release()
        if was_paused:
            self._began += self.client.pool.now - self._body.since
            self._receive_on()

    def await_content(self, sink):
        """Give the next piece to a sink, while the handler, a coroutine, waits for it."""
        self._began += self.client.pool.now - sink.since
        self._body = sink
        self.state = READING
        self._receive_on()

    def _stop_reading(self):
        """The handler, a coroutine, need not wait any more. Return its sink."""
        self._suspend()
        self.state = HANDLING
        self.note_left()
        body, self._body = self._body, None
        body.since = self.client.pool.now
        return body
