"""Heads of HTTP/1.1 requests from bytes (RFC 9112 sections 3, 5, 6.3 and 9.3), whole ones: pure.

What came before need not be parsed again. Clients that poll send the same head each time, and browsers have some six
kinds of header sections (pages, styles, scripts, images, fetch, WebSockets) under ever other request lines. Both are
kept from the second time on, so that what never comes again displaces nothing.
"""

import gc

CHUNKED = -1  # a body in chunks, of a length not known before its end
MAX_FIELDS = 100  # in a header section; browsers send some 15, proxies add some

METHODS = (b'GET', b'POST', b'HEAD', b'PUT', b'DELETE', b'OPTIONS', b'PATCH')
TCHARS = b"etaoinsrhldcumfpgwybvkxjqz-ETAOINSRHLDCUMFPGWYBVKXJQZ0123456789!#$%&'*+.^_`|~"  # the frequent ones first
_HOST_CHARS = b"0123456789.:abcdefghijklmnopqrstuvwxyz-_~%!$&'()*+,;=[]ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CONTROLS = bytes(list(range(9)) + list(range(10, 32)) + [127])

_MAX_MARKS = 64  # of keys that came once
_ENTRY = 128  # bytes that an entry is taken to need besides its key


class HttpError(Exception):
    """A request that cannot be taken.

    status: int, the response's status code. text: str, what was wrong, for the log and the client.
    """

    def __init__(self, status, text):
        self.status = status
        self.text = text


class Repeated:
    """A cache of what was made of bytes that come again and again.

    room: int, bytes that it may take, keys and entries. found: dict of bytes to what was made of them, to look in.
    """

    __slots__ = ('_left', '_marks', '_room', 'found')

    def __init__(self, room):
        self._room = self._left = room
        self._marks = set()
        self.found = {}

    def keep(self, key, value):
        """Keep a value, unless its key comes for the first time or is too large. key: bytes. value: any object."""
        mark = hash(key)
        marks = self._marks
        if mark in marks:
            self._insert(key, value)
        else:
            if len(marks) >= _MAX_MARKS:
                marks.clear()
            marks.add(mark)

    def _insert(self, key, value):
        size = len(key) + _ENTRY
        if size <= self._room >> 1 and key not in self.found:
            if size > self._left:
                self.found.clear()
                self._left = self._room
            self._left -= size
            self.found[key] = value

    def marked_bytes(self):
        """Return about how many bytes the keys that came once take: int."""
        return 16 * len(self._marks)

    def forget(self):
        """Forget all."""
        self.found.clear()
        self._marks.clear()
        self._left = self._room


def _part_of_heap(shift):
    """Return the bytes of a 2**shift-th part of the heap, or of 2 MB, as on CPython, whose heap has no size."""
    heap = gc.mem_alloc() + gc.mem_free() if hasattr(gc, 'mem_alloc') else 1 << 21
    return min(heap, 1 << 21) >> shift


_heads = Repeated(_part_of_heap(6))
known_heads = _heads.found  # whole heads of requests without a body, with their empty line -> what parse_head() returns
_sections = Repeated(_part_of_heap(5))
_known_sections = _sections.found  # all behind a request's target -> (version, headers, keep_alive, length)

# Field names as clients wrote them, with their lower-case form, and values of Host: each is checked only once.
_field_names = {}
_MAX_FIELD_NAMES = 32
_hosts = {}
_MAX_HOSTS = 8


def forget_heads():
    """Forget all that is kept of earlier requests."""
    _heads.forget()
    _sections.forget()
    _field_names.clear()
    _hosts.clear()


def kept_bytes():
    """Return about how many bytes all that is kept of earlier requests takes: int, for tests."""
    size = _heads.marked_bytes() + _sections.marked_bytes()
    for kept in (known_heads, _known_sections, _field_names, _hosts):
        size += sum([len(key) + _ENTRY for key in kept])
    return size


def is_token(data):
    """Tell whether bytes form a token (RFC 9110 section 5.6.2). data: bytes. Return bool."""
    return len(data) > 0 and not data.strip(TCHARS)


def is_known(method):
    """Tell whether a method is one of the documentation's seven. method: bytes. Return bool."""
    return method in METHODS


def has_controls_portably(data):
    """Tell whether there are control characters but HTAB (RFC 9110 section 5.5). data: bytes. Return bool."""
    if not data or min(data) > 31:
        return data.find(b'\x7f') >= 0
    for byte in data:
        if byte < 32 and byte != 9 or byte == 127:
            return True
    return False


def _has_controls_on_host(data):
    return data.translate(None, _CONTROLS) != data


if hasattr(bytes, 'translate'):
    has_controls = _has_controls_on_host
else:
    try:
        from .httpNative import has_controls  # machine code, where the board's firmware has it
    except ImportError:
        has_controls = has_controls_portably


# On MicroPython the functions here keep to frames of 11 words where they can: a larger one lies in the heap.


def parse_head(head):
    """Parse a request line and header fields (RFC 9112 sections 3 and 5).

    head: bytes, whole, with its empty line.
    Return (method, target, path, query, (version, headers, keep_alive, length)): method, target, path and query are
    bytes, the target in origin-form or `*`, the path and the query what stands before and after its first `?`;
    version is bytes such as b"HTTP/1.1"; headers a dict of lower-case field name to value, both bytes, which is not to
    be changed: other requests have it, too; keep_alive is bool; length int, bytes of the body, or CHUNKED.
    Raise HttpError 400, 431, 501 or 505.
    """
    words = head.split(b' ', 2)  # where they are less than three, the last one holds the line's end
    if words[0] not in METHODS and not is_token(words[0]):
        raise HttpError(400, 'Bad method.')
    if has_controls(words[1]):
        raise HttpError(400, 'A control character in the head.')
    known = _known_sections.get(words[2])
    parsed = _with_target(words, known or _new_section(words[2]))
    if known and not known[3]:
        _heads.keep(head, parsed)
    return parsed


def _with_target(words, meaning):
    """Return what parse_head() returns. words: list of method, target and more."""
    target = words[1]
    if not target or target[0] != 47:  # a slash
        target, meaning = _origin_form(target, meaning)
    if b'?' not in target:
        return words[0], target, target, b'', meaning
    path, query = target.split(b'?', 1)
    return words[0], target, path, query, meaning


def _new_section(section):
    """Parse what comes behind the target. Return (version, headers, keep_alive, length)."""
    lines = section[:-4].split(b'\r\n')
    if has_controls(b''.join(lines)):
        raise HttpError(400, 'A control character in the head.')
    version = _known_version(lines.pop(0))
    if len(lines) > MAX_FIELDS:
        raise HttpError(431, 'More than %d header fields.' % MAX_FIELDS)
    meaning = _meaning(version, _known_fields(lines) or _fields(lines))
    _sections.keep(section, meaning)
    return meaning


def _meaning(version, headers):
    host = headers.get(b'host')
    if host not in _hosts:
        _new_host(host, version)
    keep_alive = version != b'HTTP/1.0'
    if b'connection' in headers:
        keep_alive = _keeps_alive(version, headers[b'connection'])
    if b'content-length' in headers or b'transfer-encoding' in headers:
        return version, headers, keep_alive, body_length(version, headers)
    return version, headers, keep_alive, 0


def _known_fields(lines):
    """Return what _fields() returns, or None unless all lines are fields, all names known, and come once."""
    headers = {}
    try:
        for line in lines:
            name, value = line.split(b':', 1)
            headers[_field_names[name]] = value.strip()  # of spaces and tabs: other white space is a control character
    except (KeyError, ValueError):
        return None
    return headers if len(headers) == len(lines) else None


def _fields(lines):
    """Return the fields of a header section: a dict of lower-case name to value. lines: list of bytes.

    Raise HttpError 400.
    """
    headers = {}
    for line in lines:
        field = line.split(b':', 1)
        if len(field) != 2:
            raise HttpError(400, 'Bad header field.')
        name = _field_names.get(field[0]) or _new_field_name(field[0])
        value = field[1].strip()
        headers[name] = _joined(name, headers[name], value) if name in headers else value
    return headers


def _new_field_name(name):
    if not is_token(name):
        raise HttpError(400, 'Bad header field name.')
    lower = name.lower()
    if len(name) <= 40:
        if len(_field_names) >= _MAX_FIELD_NAMES:
            _field_names.clear()
        _field_names[name] = lower
    return lower


def _joined(name, first, second):
    """Return the value of a field that came twice (RFC 9110 section 5.3): of Host, one that is refused."""
    return first + (b'; ' if name == b'cookie' else b', ') + second


def _new_host(host, version):
    """Check a value of Host (RFC 9112 section 3.2), None where there is none, and keep it."""
    if host is None:
        if version != b'HTTP/1.0':
            raise HttpError(400, 'Host is missing.')
    elif host.strip(_HOST_CHARS):
        raise HttpError(400, 'Bad Host.')
    elif len(host) <= 64:
        if len(_hosts) >= _MAX_HOSTS:
            _hosts.clear()
        _hosts[host] = True


def _known_version(version):
    """Return a version that is spoken here. Raise HttpError 400 or 505."""
    if version == b'HTTP/1.1':
        return b'HTTP/1.1'  # the constant: one object for all connections
    if len(version) != 8 or version[:5] != b'HTTP/' or version[6] != 46 or not (version[5:6] + version[7:]).isdigit():
        raise HttpError(400, 'Bad HTTP version.')
    if version[5] != 49:
        raise HttpError(505, 'Only HTTP/1.x is spoken here.')
    return version


def _origin_form(target, meaning):
    """Return what takes the place of a target that does not start with a slash, and of a head's meaning with it.

    Its host takes the place of the field's (RFC 9112 section 3.2). Raise HttpError 400.
    """
    if target == b'*':
        return target, meaning
    scheme = target.find(b'://')
    if scheme < 0 or target[:scheme].lower() not in (b'http', b'https'):
        raise HttpError(400, 'Bad request target.')
    rest = target[scheme + 3 :]
    ends = [i for i in (rest.find(b'/'), rest.find(b'?')) if i >= 0]
    end = min(ends) if ends else len(rest)
    if not end:
        raise HttpError(400, 'Request target without a host.')
    _new_host(rest[:end], b'HTTP/1.1')
    headers = dict(meaning[1])
    headers[b'host'] = rest[:end]
    target = rest[end:]
    return target if target[:1] == b'/' else b'/' + target, (meaning[0], headers, meaning[2], meaning[3])


def _keeps_alive(version, connection):
    """Return whether the connection goes on after the answer (RFC 9112 section 9.3). connection: bytes, the field."""
    options = [option.strip() for option in connection.lower().split(b',')]
    return b'close' not in options and (version != b'HTTP/1.0' or b'keep-alive' in options)


def body_length(version, headers):
    """Return the length of a request's body (RFC 9112 section 6.3): int, bytes, or CHUNKED.

    version: bytes. headers: dict of parse_head(). Raise HttpError 400 where the framing is not certain, 501 for a
    transfer coding that is not known.
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
        return 0
    if not length.isdigit() or len(length) > 18:
        raise HttpError(400, 'Bad Content-Length.')
    return int(length)
