"""HTTP/1.1 requests from bytes (RFC 9112): heads and bodies, without sockets.

Fed by pieces of any size; the events that come out never depend on where the pieces were cut.
"""

NEED_DATA = 0  # feed() more
HEAD = 1  # method, target, version, headers and length are set
BODY = 2  # a piece of the body is in `piece`
END = 3  # the body is complete

CHUNKED = -1  # a body in chunks, of a length not known before its end

_MAX_CHUNK_LINE = 256

# Clients that poll send the same heads again and again: the last ones are known by what was parsed of them.
_heads = {}
_MAX_KNOWN_HEADS = 4
_MAX_KNOWN_HEAD = 512  # octets
_TCHARS = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_HEX = b'0123456789abcdefABCDEF'

# Field names as clients wrote them, with their lower-case form: each is checked byte by byte only once.
_field_names = {}
_MAX_FIELD_NAMES = 24

# Values of Host that were checked, likewise.
_hosts = {}
_MAX_HOSTS = 8
_HOST_CHARS = b"-._~%!$&'()*+,;=:[]0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class HttpError(Exception):
    """A request that cannot be taken.

    status: int, the response's status code. text: str, what was wrong, for the log and the client.
    """

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status
        self.text = text


def is_token(data):
    """Tells whether bytes form a token (RFC 9110 section 5.6.2). data: bytes. Returns bool."""
    for byte in data:
        if byte not in _TCHARS:
            return False
    return len(data) > 0


def _new_field_name(name):
    if not is_token(name):
        raise HttpError(400, 'Bad header field name.')
    lower = name.lower()
    if len(name) <= 32:
        if len(_field_names) >= _MAX_FIELD_NAMES:
            _field_names.clear()
        _field_names[name] = lower
    return lower


def _new_host(host):
    """Checks a value of Host (RFC 9112 section 3.2) and keeps it."""
    for byte in host:
        if byte not in _HOST_CHARS:
            raise HttpError(400, 'Bad Host.')
    if len(host) <= 64:
        if len(_hosts) >= _MAX_HOSTS:
            _hosts.clear()
        _hosts[host] = True


def _joined(name, first, second):
    """The value of a field that came twice (RFC 9110 section 5.3)."""
    if name == b'host':
        raise HttpError(400, 'More than one Host.')
    return first + (b'; ' if name == b'cookie' else b', ') + second


def _origin_form(target, headers):
    """Path and query of a target that does not start with a slash (RFC 9112 section 3.2)."""
    if target == b'*':
        return target
    scheme = target.find(b'://')
    if target[:scheme].lower() not in (b'http', b'https'):
        raise HttpError(400, 'Bad request target.')
    rest = target[scheme + 3 :]
    ends = [i for i in (rest.find(b'/'), rest.find(b'?')) if i >= 0]
    end = min(ends) if ends else len(rest)
    if not end:
        raise HttpError(400, 'Request target without a host.')
    headers[b'host'] = rest[:end]
    target = rest[end:]
    return target if target[:1] == b'/' else b'/' + target


def _check_version(version):
    if len(version) == 8 and version[:5] == b'HTTP/' and version[6] == 46 and (version[5:6] + version[7:]).isdigit():
        if version[5] != 49:
            raise HttpError(505, 'Only HTTP/1.x is spoken here.')
    else:
        raise HttpError(400, 'Bad HTTP version.')


def parse_head(head):
    """Parses a request line and header fields (RFC 9112 sections 3 and 5).

    head: bytes, whole, with or without the empty line behind it.
    Returns (method, target, version, headers): bytes, bytes in origin-form or `*`, bytes such as b"HTTP/1.1", and a
    dict of lower-case field name to value, both bytes. Raises HttpError 400 or 505.
    """
    lines = head.split(b'\r\n')
    breaks = len(lines) - 1
    if head.count(b'\n') != breaks or head.count(b'\r') != breaks or head.find(b'\0') >= 0:
        raise HttpError(400, 'CR, LF or NUL where none may be.')
    fields = iter(lines)
    words = next(fields).split(b' ')
    if len(words) != 3:
        raise HttpError(400, 'Bad request line.')
    method, target, version = words
    if method not in _METHODS and not is_token(method):
        raise HttpError(400, 'Bad method.')
    if version == b'HTTP/1.1':
        version = b'HTTP/1.1'  # the constant: one object for all connections
    else:
        _check_version(version)
    headers = {}
    for line in fields:
        if not line:
            break
        field = line.split(b':', 1)
        if len(field) != 2:
            raise HttpError(400, 'Bad header field.')
        name, value = field
        name = _field_names.get(name) or _new_field_name(name)
        value = value.strip(b' \t')
        headers[name] = _joined(name, headers[name], value) if name in headers else value
    if b'host' in headers:
        if headers[b'host'] not in _hosts:
            _new_host(headers[b'host'])
    elif version != b'HTTP/1.0':
        raise HttpError(400, 'Host is missing.')
    if target[:1] != b'/':
        target = _origin_form(target, headers)
    return method, target, version, headers


_METHODS = (b'GET', b'POST', b'HEAD', b'PUT', b'DELETE', b'OPTIONS', b'PATCH')


def is_known(method):
    """Tells whether a method is one of the documentation's seven. method: bytes. Returns bool."""
    return method in _METHODS


def body_length(method, version, headers):
    """The length of a request's body (RFC 9112 section 6.3).

    method, version: bytes. headers: dict of parse_head(). Returns int, octets, or CHUNKED.
    Raises HttpError 400 where the framing is not certain, 501 for a transfer coding that is not known,
    411 where a body is announced by its type only.
    """
    coding = headers.get(b'transfer-encoding')
    length = headers.get(b'content-length')
    if coding is not None:
        if length is not None:
            raise HttpError(400, 'Content-Length beside Transfer-Encoding.')
        if version == b'HTTP/1.0':
            raise HttpError(400, 'Transfer-Encoding in HTTP/1.0.')
        if coding.lower() != b'chunked':
            raise HttpError(501, 'Only the transfer coding chunked is known.')
        return CHUNKED
    if length is None:
        if b'content-type' in headers and method in (b'POST', b'PUT', b'PATCH'):
            raise HttpError(411, 'Content-Length is missing.')
        return 0
    if not length.isdigit() or len(length) > 18:
        raise HttpError(400, 'Bad Content-Length.')
    return int(length)


def _know_head(head, parsed):
    if len(_heads) >= _MAX_KNOWN_HEADS:
        _heads.clear()
    _heads[head] = parsed


class RequestParser:
    """The requests of one connection, in order.

    max_head: int, octets, the most that request line and header fields may take together.
    Call feed() with what was received, then next() until NEED_DATA. After HEAD, `length` is 0 when the request has no
    body: then no BODY and END come. Attributes: method, target, version, headers, length, piece, and
    rest: bytes received and not parsed yet. Errors are final: HttpError is raised and the connection is to be closed.
    """

    __slots__ = (
        'path',
        'query',
        'keep_alive',
        'in_body',
        'left',
        '_searched',
        'headers',
        'length',
        'max_head',
        'method',
        'piece',
        'rest',
        'target',
        'version',
    )

    def __init__(self, max_head):
        self.max_head = max_head
        self.method = self.path = self.query = self.target = self.version = b''
        self.headers = {}
        self.keep_alive = False
        self.rest = b''
        self._searched = 0
        self.in_body = self.piece = None
        self.left = 0

    def feed(self, data):
        """Takes received bytes. data: bytes. Returns the first event. Raises HttpError."""
        if self.rest:
            data = self.rest + data
        else:
            parsed = _heads.get(data)
            if parsed and not self.in_body:
                self.method, self.target, self.version, self.headers = parsed
                self.length = 0
                self._split()
                return HEAD
        return self.in_body(data) if self.in_body else self._head(data)

    def next(self):
        """Returns the next event of what was fed: NEED_DATA, HEAD, BODY or END. Raises HttpError."""
        return self.in_body(self.rest) if self.in_body else self._head(self.rest)

    def idle(self):
        """Tells whether nothing of a next request has come yet. Returns bool."""
        return not self.rest and not self.in_body

    def _head(self, data):
        if data[:1] == b'\r':  # an empty line before a request is to be passed over (RFC 9112 section 2.2)
            while data[:2] == b'\r\n':
                data = data[2:]
                self._searched = 0
        end = data.find(b'\r\n\r\n', self._searched)
        if end < 0:
            return self._part_of_head(data)
        if end > self.max_head:
            self._too_large(data)
        self._searched = 0
        whole = data
        if end + 4 == len(data):
            self.rest = b''
        else:
            self.rest = data[end + 4 :]
            data = data[:end]
        parsed = parse_head(data)
        self.method, self.target, self.version, headers = parsed
        self.headers = headers
        if b'content-length' in headers or b'transfer-encoding' in headers or b'content-type' in headers:
            self._frame()
        else:
            self.length = 0
            if whole is data and end < _MAX_KNOWN_HEAD:
                _know_head(whole, parsed)
        self._split()
        return HEAD

    def _split(self):
        self.path, _, self.query = self.target.partition(b'?')
        options = self.headers.get(b'connection', b'').lower().replace(b',', b' ').split()
        self.keep_alive = (b'keep-alive' in options or self.version != b'HTTP/1.0') and b'close' not in options

    def release(self):
        self.rest = b''
        self.piece = None

    def _frame(self):
        self.length = self.left = body_length(self.method, self.version, self.headers)
        if self.length:
            self.in_body = self._chunk_line if self.length == CHUNKED else self._sized

    def _part_of_head(self, data):
        self.rest = data
        if data and data != b'\r':
            self._check_start(data)
        if len(data) >= self.max_head + 4:
            self._too_large(data)
        self._searched = max(len(data) - 3, 0)
        return NEED_DATA

    def _check_start(self, data):
        if data[0] not in _TCHARS:
            raise HttpError(400, 'That is no HTTP.')

    def _too_large(self, data):
        self._check_start(data)
        line = data.find(b'\r\n')
        if 0 <= line <= self.max_head:
            raise HttpError(431, 'Header section larger than %d octets.' % self.max_head)
        raise HttpError(414, 'Request line larger than %d octets.' % self.max_head)

    def _sized(self, data):
        if not data:
            return self._wait(data)
        self._take(data)
        if not self.left:
            self.in_body = self._end
        return BODY

    def _take(self, data):
        """Gives the octets of `data` that belong to the body or chunk as `piece`."""
        size = min(len(data), self.left)
        self.left -= size
        if size == len(data):
            self.piece = data
            self.rest = b''
        else:
            self.piece = data[:size]
            self.rest = data[size:]

    def _wait(self, data):
        self.rest = data
        return NEED_DATA

    def _end(self, data):
        self.in_body = None
        self.rest = data
        return END

    def _chunk_line(self, data):
        end = data.find(b'\r\n')
        if (end if end >= 0 else len(data) - 1) > _MAX_CHUNK_LINE:  # without CRLF, its CR may be the last octet
            raise HttpError(400, 'Chunk line too long.')
        if end < 0:
            return self._wait(data)
        self.left = self._chunk_size(data[:end])
        self.rest = data[end + 2 :]
        self.in_body = self._chunk if self.left else self._trailer
        self._searched = 0
        return self.next()

    def _chunk_size(self, line):
        semicolon = line.find(b';')
        digits = (line if semicolon < 0 else line[:semicolon]).rstrip(b' \t')
        for byte in digits:
            if byte not in _HEX:
                raise HttpError(400, 'Bad chunk size.')
        if not 1 <= len(digits) <= 15 or b'\n' in line or b'\r' in line:
            raise HttpError(400, 'Bad chunk size.')
        return int(digits, 16)

    def _chunk(self, data):
        if not data:
            return self._wait(data)
        self._take(data)
        if not self.left:
            self.in_body = self._chunk_end
        return BODY

    def _chunk_end(self, data):
        if len(data) < 2 and data == b'\r\n'[: len(data)]:
            return self._wait(data)
        if data[:2] != b'\r\n':
            raise HttpError(400, 'Chunk longer than its size.')
        self.in_body = self._chunk_line
        self.rest = data[2:]
        return self.next()

    def _trailer(self, data):
        """Drops the trailer fields (RFC 9112 section 7.1.2)."""
        while True:
            end = data.find(b'\r\n')
            self._searched += end + 2 if end >= 0 else 0
            if self._searched + (len(data) - 1 if end < 0 else 0) > self.max_head:
                raise HttpError(431, 'Trailer section larger than %d octets.' % self.max_head)
            if end < 0:
                return self._wait(data)
            line = data[:end]
            data = data[end + 2 :]
            if not line:
                self._searched = 0
                return self._end(data)
            if line.find(b':') < 1 or b'\n' in line or b'\r' in line:
                raise HttpError(400, 'Bad trailer field.')
