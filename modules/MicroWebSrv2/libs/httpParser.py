"""HTTP/1.1 requests from bytes (RFC 9112): heads and bodies, without sockets.

Fed by pieces of any size; the events that come out never depend on where the pieces were cut.
"""

from .httpHead import CHUNKED, TCHARS, HttpError, has_controls, known_heads, parse_head

NEED_DATA = 0  # feed() more
HEAD = 1  # the attributes that describe the head are set
BODY = 2  # a piece of the body is in `piece`
END = 3  # the body is complete

_MAX_CHUNK_LINE = 256  # bytes of a chunk's size with its extensions
_MAX_EMPTY_LINES = 4  # before a request; RFC 9112 section 2.2 asks for one
_NO_HEAD = (b'', b'', b'', b'', (b'HTTP/1.1', {}, False, 0))  # before the first
_HEX = b'0123456789abcdefABCDEF'


class RequestParser:
    """The requests of one connection, in order.

    max_head: int, bytes, the most that request line and header fields may take together.
    Call feed() with what was received, then next() until NEED_DATA. Errors are final: HttpError is raised and the
    connection is to be closed.

    After HEAD: method, target, version, headers, path, query, keep_alive and length, as of httpHead.parse_head(), and
    head, the tuple of them: the very same object where the same head has come again. With a length of 0 no BODY and
    END come.
    After BODY: piece, bytes.
    At any time: rest, bytes received and not parsed yet; in_body, None, or true while a body is not complete; left,
    int, the bytes of the body, or of a chunk of it whose size has come, that are still to come.
    """

    __slots__ = (
        '_empty',
        '_searched',
        'head',
        'headers',
        'in_body',
        'keep_alive',
        'left',
        'length',
        'max_head',
        'method',
        'path',
        'piece',
        'query',
        'rest',
        'target',
        'version',
    )

    def __init__(self, max_head):
        self.max_head = max_head
        self.rest = b''
        self._empty = 0  # empty lines before this request
        self._searched = 0  # bytes of a head that hold no end of it, or of trailers that are dropped
        self._set_head(_NO_HEAD)
        self.in_body = self.piece = None
        self.left = 0

    def release(self):
        """Drop what was received: the connection is gone."""
        self.rest = b''
        self.in_body = self.piece = None

    def forget_head(self):
        """Forget the last head: what describes one says that there is none."""
        self._set_head(_NO_HEAD)

    def feed(self, data):
        """Take received bytes. data: bytes. Return the first event. Raise HttpError."""
        if self.rest:
            data = self.rest + data
        elif not (self.in_body or self._empty):
            head = known_heads.get(data)
            if head:
                if head is not self.head:
                    self._set_head(head)
                return HEAD
        return self.in_body(data) if self.in_body else self._parse_head(data)

    def next(self):
        """Return the next event of what was fed: NEED_DATA, HEAD, BODY or END. Raise HttpError."""
        return self.in_body(self.rest) if self.in_body else self._parse_head(self.rest)

    def idle(self):
        """Tell whether nothing of a next request has come yet. Return bool."""
        return not self.rest and not self.in_body

    # ---- heads

    def _parse_head(self, data):
        end = data.find(b'\r\n\r\n', self._searched) + 4
        if end < 4:
            return self._part_of_head(data)
        if data[0] == 13:  # CR
            return self._empty_lines(data)
        if end > self.max_head + 4:
            self._too_large(data)
        self._searched = self._empty = 0
        if end == len(data):
            self.rest = b''
            self._set_head(parse_head(data))
        else:
            self.rest = data[end:]
            data = data[:end]
            self._set_head(known_heads.get(data) or parse_head(data))
        if self.length:
            self._begin_body()
        return HEAD

    def _set_head(self, head):
        self.head = head
        self.method, self.target, self.path, self.query, meaning = head
        self.version, self.headers, self.keep_alive, self.length = meaning

    def _empty_lines(self, data):
        """Pass over a few empty lines before a request (RFC 9112 section 2.2)."""
        start = 0
        while data[start : start + 2] == b'\r\n':
            start += 2
            self._empty += 1
            if self._empty > _MAX_EMPTY_LINES:
                raise HttpError(400, 'Too many empty lines before a request.')
        data = data[start:]
        if not data or data == b'\r':
            return self._wait(data)
        if data[0] == 13:
            raise HttpError(400, 'Not an HTTP request.')
        return self._parse_head(data)

    def _part_of_head(self, data):
        if data:
            if data[0] == 13:
                return self._empty_lines(data)
            if len(data) >= self.max_head + 4:
                self._too_large(data)
            self._check_start(data, self._searched)
            self._searched = max(len(data) - 3, 0)
        return self._wait(data)

    def _check_start(self, data, start):
        """Refuse what can become no head, without waiting for its end. start: int, up to where it was checked."""
        if data[0] not in TCHARS:
            raise HttpError(400, 'Not an HTTP request.')
        if data.count(b'\n', start) != data.count(b'\r\n', max(start - 1, 0)):
            raise HttpError(400, 'A line that ends by LF alone.')

    def _too_large(self, data):
        limit = self.max_head
        self._check_start(data[: limit + 4], 0)
        line = data.find(b'\r\n')
        if 0 <= line <= limit:
            raise HttpError(431, 'Header section larger than %d bytes.' % limit)
        raise HttpError(414, 'Request line larger than %d bytes.' % limit)

    def _wait(self, data):
        self.rest = data
        return NEED_DATA

    # ---- bodies

    def _begin_body(self):
        if self.length == CHUNKED:
            self.in_body = self._first_chunk
        else:
            self.left = self.length
            self.in_body = self._sized

    def _sized(self, data):
        if not data:
            return self._wait(data)
        size = min(len(data), self.left)
        self.left -= size
        if size == len(data):
            self.piece = data
            self.rest = b''
        else:
            self.piece = data[:size]
            self.rest = data[size:]
        if not self.left:
            self.in_body = self._end
        return BODY

    def _end(self, data):
        self.in_body = None
        self.rest = data
        return END

    def _first_chunk(self, data):
        """Begin as after a chunk: its CRLF comes before each size but the first."""
        if not data:
            return self._wait(data)
        self.in_body = self._chunks
        return self._chunks(b'\r\n' + data)

    def _chunks(self, data):
        """Decode all chunks that are here (RFC 9112 section 7.1), as one piece."""
        pieces = []
        start = 0
        take = self._wait
        try:
            while start < len(data):
                if self.left:
                    size = min(self.left, len(data) - start)  # a slice takes no number beyond 31 bits on boards
                    pieces.append(data[start : start + size])
                    start += size
                    self.left -= size
                else:
                    end = self._chunk_line(data, start)
                    if not end:
                        break
                    start = end
                    if not self.left:
                        self.in_body = take = self._trailers
                        break
        except HttpError:
            if not pieces:  # else it is raised when what came before it is taken
                raise
        data = data[start:]
        if pieces:
            self.piece = b''.join(pieces)
            self.rest = data
            return BODY
        return take(data)

    def _chunk_line(self, data, start):
        """Set `left` by a chunk's size, which begins by the CRLF of the chunk before.

        Return int, where the chunk begins, or 0 where more is needed.
        """
        if data[start : start + 2] != b'\r\n':
            if data[start:] == b'\r':
                return 0
            raise HttpError(400, 'A chunk longer than its size.')
        start += 2
        end = data.find(b'\r\n', start)
        if (end if end >= 0 else len(data) - 1) - start > _MAX_CHUNK_LINE:  # without CRLF, its CR may be the last byte
            raise HttpError(400, 'Chunk line too long.')
        if end < 0:
            return 0
        self.left = _chunk_size(data[start:end])
        return end + 2

    def _trailers(self, data):
        """Drop the trailer fields (RFC 9112 section 7.1.2)."""
        start = 0
        while True:
            end = data.find(b'\r\n', start)
            size = end + 2 if end >= 0 else len(data) - 1
            if self._searched + size > self.max_head:
                raise HttpError(431, 'Trailer section larger than %d bytes.' % self.max_head)
            if end < 0:
                self._searched += start
                return self._wait(data[start:])
            if end == start:
                self._searched = 0
                return self._end(data[end + 2 :])
            line = data[start:end]
            if line.find(b':') < 1 or has_controls(line):
                raise HttpError(400, 'Bad trailer field.')
            start = end + 2


def _chunk_size(line):
    """Return the size that a chunk's line gives: hex digits, then extensions, which mean nothing here."""
    extensions = b''
    if b';' in line:
        line, extensions = line.split(b';', 1)
    if (extensions and has_controls(extensions)) or line.strip(_HEX) or not 1 <= len(line) <= 15:
        raise HttpError(400, 'Bad chunk size.')
    return int(line, 16)
