"""Content that a handler takes piece by piece, as it comes: by callbacks, into a file, or by reads in a worker.

Imported with the first route that asks for it. Nothing is collected: while what takes a piece runs, in a worker too, or
has paused, nothing is read, and TCP has the client wait.
"""

from .atomicFile import AtomicFile, require_room
from .checks import require, require_callback, require_positive, require_text
from .httpBody import earned_seconds, reason_of, too_large
from .httpHead import CHUNKED, HttpError
from .httpParser import BODY, NEED_DATA
from .xasPoller import IN, new_poll, would_block

_LOOK_UP_MS = 1000  # whether the pool has closed the connection for which a worker waits


class ContentSink:
    """Gives content to callbacks; what a connection asks of it is in libs/httpBody.py.

    connection: HttpConnection, whose handler runs. onContent: f(request, view) or None. onEnd: f(request) or None.
    onAbort: f(request, reason) or None. limit: int, bytes. seconds: int or None, the time for all of it.
    After the connection has taken the sink, exactly one of onEnd and onAbort is called.

    - since: int, the second of the pool's clock since when the client need not send.
    - is_paused: bool, whether the application takes nothing.
    """

    __slots__ = (
        '_connection',
        '_on_abort',
        '_on_content',
        '_on_end',
        '_seconds',
        'is_paused',
        'limit',
        'since',
        'size',
    )

    def __init__(self, connection, onContent, onEnd, onAbort, limit, seconds):
        self._connection = connection
        self._on_content = onContent
        self._on_end = onEnd
        self._on_abort = onAbort
        self._seconds = seconds
        self.limit = limit
        self.size = self.since = 0
        self.is_paused = False

    def seconds(self):
        """Return int: the seconds beyond the timeout in which what has come may have come."""
        if self._seconds is None:
            return earned_seconds(self.size)
        return self._seconds - self._connection.timeout_sec()

    def add(self, piece):
        """Take a piece, as of BodyBuffer.add()."""
        self.size += len(piece)
        return self._connection.run(self.take, memoryview(piece))

    def end(self):
        """All has come. Return bool, as add()."""
        return self._connection.run(self.finish)

    def abort(self, reason, status=0):
        """Nothing more comes. reason: str. status: int, what was answered, or 0."""
        self.drop()
        if self._on_abort:
            return self._on_abort(self._connection.request, reason)

    # ---- what another kind of sink does otherwise

    def take(self, view):
        """Do with a piece, a memoryview, what is to be done; where handlers run. Return a coroutine or None."""
        return self._on_content(self._connection.request, view)

    def finish(self):
        """Do what is to be done at the end; where handlers run. Return a coroutine or None."""
        if self._on_end:
            return self._on_end(self._connection.request)

    def drop(self):
        """Give back what the sink holds."""


class FileSink(ContentSink):
    """Writes content to a file, which is there when all has come. path: str. The rest as of ContentSink."""

    __slots__ = ('_file', '_path')

    def __init__(self, connection, path, onEnd, onAbort, limit, seconds):
        ContentSink.__init__(self, connection, None, onEnd, onAbort, limit, seconds)
        self._path = path
        self._file = None

    def open(self, length):
        """Make the part file. length: int, bytes that are announced. Raise HttpError 507 if they do not fit."""
        require_room(self._path, length)
        self._file = AtomicFile(self._path)

    def take(self, view):
        """Write a piece."""
        self._file.write(view)

    def finish(self):
        """Put the file in its place."""
        file, self._file = self._file, None
        try:
            is_new = file.keep()
        except BaseException as error:
            self.abort(reason_of(error))
            raise
        if self._on_end:
            return self._on_end(self._connection.request)
        self._connection.request.Response.Return(201 if is_new else 204)

    def drop(self):
        """Remove the part file."""
        file, self._file = self._file, None
        if file:
            file.drop()


class FormSink(ContentSink):
    """Gives content to a libs.httpForm.FormReceiver, `receiver`. The rest as of ContentSink."""

    __slots__ = ('_receiver',)

    def __init__(self, connection, receiver, onEnd, onAbort, limit, seconds):
        ContentSink.__init__(self, connection, None, onEnd, onAbort, limit, seconds)
        self._receiver = receiver

    def take(self, view):
        """Take a piece of the form."""
        self._receiver.feed(view)

    def finish(self):
        """Put the files in their places, then tell the application."""
        try:
            self._receiver.finish()
        except BaseException as error:
            self.abort(reason_of(error))
            raise
        return ContentSink.finish(self)

    def drop(self):
        """Remove the form's files."""
        self._receiver.drop()


def limits(request, maxLength, timeoutSec):
    """Check what a handler says of the content that it takes. Return (int, bytes at the most; connection)."""
    connection = request.connection
    require(request.Content is None, ValueError, 'Register the route with streamContent=True.')
    if maxLength is not None:
        require_positive(maxLength, 'maxLength')
    if timeoutSec is not None:
        require_positive(timeoutSec, 'timeoutSec')
    return connection, maxLength or request.Response.server.max_content


def receive(request, onContent, onEnd, onAbort, maxLength, timeoutSec):
    """Do what HttpRequest.ReceiveContent() says."""
    require(callable(onContent), ValueError, '"onContent" must be a function.')
    require_callback(onEnd, 'onEnd')
    require_callback(onAbort, 'onAbort')
    connection, limit = limits(request, maxLength, timeoutSec)
    connection.take_content(ContentSink(connection, onContent, onEnd, onAbort, limit, timeoutSec))


def save(request, path, onSaved, onAbort, maxLength, timeoutSec):
    """Do what HttpRequest.SaveContent() says."""
    require_text(path, 'path')
    require_callback(onSaved, 'onSaved')
    require_callback(onAbort, 'onAbort')
    connection, limit = limits(request, maxLength, timeoutSec)
    sink = FileSink(connection, path, onSaved, onAbort, limit, timeoutSec)
    if request.ContentLength > limit:
        raise too_large(limit)
    sink.open(request.ContentLength)
    connection.take_content(sink)


def receive_form(request, onField, onFile, onEnd, onAbort, maxLength, maxFieldLength, timeoutSec):
    """Do what HttpRequest.ReceiveForm() says."""
    from .httpForm import FormReceiver

    require_callback(onEnd, 'onEnd')
    require_callback(onAbort, 'onAbort')
    require_positive(maxFieldLength, 'maxFieldLength')
    connection, limit = limits(request, maxLength, timeoutSec)
    receiver = FormReceiver(request, onField, onFile, maxFieldLength)
    connection.take_content(FormSink(connection, receiver, onEnd, onAbort, limit, timeoutSec))


class PieceReader:
    """Gives content in the sizes that are asked for, of the pieces that come.

    connection: HttpConnection. limit: int, bytes.
    """

    def __init__(self, connection, limit):
        self.connection = connection
        self.limit = limit
        self.size = 0  # bytes received
        self._piece = b''
        self._start = 0  # of what is left of the piece

    def put(self, piece):
        """Take a piece when the one before is used up. piece: bytes."""
        self.size += len(piece)
        self._piece = piece
        self._start = 0

    def left(self):
        """Return int: bytes that are here."""
        return len(self._piece) - self._start

    def take(self, size):
        """Return bytes: at the most `size`, or all that are here (None)."""
        start, piece = self._start, self._piece
        if not start and (size is None or size >= len(piece)):
            self._piece = b''
            return piece
        self._start = len(piece) if size is None else min(start + size, len(piece))
        return piece[start : self._start]


class WorkerReader(PieceReader):
    """Reads content in a worker, which owns the connection while the handler runs there: it receives itself."""

    def __init__(self, connection, limit, seconds):
        PieceReader.__init__(self, connection, limit)
        client = connection.client
        require(client.pool.is_foreign(), ValueError, 'ReadContent() blocks: it needs StartManaged(2) or more.')
        connection.want_content(limit)
        self._seconds = seconds
        self._until = client.pool.now + (seconds or connection.timeout_sec())
        self._poll = new_poll()
        self._poll.register(client.key, IN)

    def read(self, size):
        """Return bytes: `size` of them, less at the end, none after it; of None those that come first."""
        if size is None:
            if not self.left():
                self._receive()
            return self.take(None)
        pieces = []
        while size:
            if not self.left() and not self._receive():
                break
            piece = self.take(size)
            pieces.append(piece)
            size -= len(piece)
        return b''.join(pieces)

    def _receive(self):
        """Wait for a piece. Return bool, False at the end. Raise HttpError."""
        parser = self.connection.parser
        if not parser.in_body:
            return False
        event = parser.next()
        while event == NEED_DATA:
            if self.size + parser.left > self.limit:
                raise too_large(self.limit)
            event = parser.feed(self._recv())
        if event != BODY:
            self.connection.note_left()
            return False
        piece, parser.piece = parser.piece, None
        if parser.length == CHUNKED and self.size + len(piece) + parser.left > self.limit:
            raise too_large(self.limit)
        self.put(piece)
        self.connection.note_left()
        return True

    def _recv(self):
        """Return bytes that have come, one or more. Raise HttpError where none do."""
        client = self.connection.client
        begun = client.pool.now
        seconds = self.connection.timeout_sec()
        while True:
            try:
                data = None if client.closed else client.transport.recv(client.recv_size)
            except OSError as error:
                if error.errno not in would_block:
                    raise _gone()
            else:
                if not data:
                    raise _gone()
                return data
            now = client.pool.now
            allowed = 0 if self._seconds else earned_seconds(self.size)
            if now - begun > seconds or now > self._until + allowed:
                raise HttpError(408, 'The content did not come in time.')
            self._poll.poll(_LOOK_UP_MS)


def _gone():
    return HttpError(400, 'The client is gone.')


def worker_reader(request, maxLength, timeoutSec):
    """Return a WorkerReader for HttpRequest.ReadContent()."""
    connection, limit = limits(request, maxLength, timeoutSec)
    return WorkerReader(connection, limit, timeoutSec)
