"""What one answer sets, and the head that is made of it: without sockets."""

import sys

from .httpHead import is_token

# In one constant: a dict of them would take memory that most responses never need.
_REASONS = (
    b'\n'
    b'101 Switching Protocols\n'
    b'200 OK\n'
    b'201 Created\n'
    b'202 Accepted\n'
    b'204 No Content\n'
    b'206 Partial Content\n'
    b'301 Moved Permanently\n'
    b'302 Found\n'
    b'303 See Other\n'
    b'304 Not Modified\n'
    b'307 Temporary Redirect\n'
    b'308 Permanent Redirect\n'
    b'400 Bad Request\n'
    b'401 Unauthorized\n'
    b'403 Forbidden\n'
    b'404 Not Found\n'
    b'405 Method Not Allowed\n'
    b'406 Not Acceptable\n'
    b'408 Request Timeout\n'
    b'409 Conflict\n'
    b'410 Gone\n'
    b'411 Length Required\n'
    b'412 Precondition Failed\n'
    b'413 Content Too Large\n'
    b'414 URI Too Long\n'
    b'415 Unsupported Media Type\n'
    b'416 Range Not Satisfiable\n'
    b'417 Expectation Failed\n'
    b'421 Misdirected Request\n'
    b'422 Unprocessable Content\n'
    b'426 Upgrade Required\n'
    b'428 Precondition Required\n'
    b'429 Too Many Requests\n'
    b'431 Request Header Fields Too Large\n'
    b'500 Internal Server Error\n'
    b'501 Not Implemented\n'
    b'502 Bad Gateway\n'
    b'503 Service Unavailable\n'
    b'504 Gateway Timeout\n'
    b'505 HTTP Version Not Supported\n'
    b'507 Insufficient Storage\n'
)
_ERROR_PAGE = (
    '<!DOCTYPE html><html lang="en"><meta charset="UTF-8"><meta name="viewport" content="width=device-width">'
    '<title>%d %s</title><h1>%d %s</h1></html>\n'
)


def reason_phrase(code):
    """Return the reason phrase of a status code (RFC 9110 section 15), str, empty for one that is not known.

    code: int, 100 to 999.
    """
    start = _REASONS.find(b'\n%d ' % code)
    return _REASONS[start + 5 : _REASONS.find(b'\n', start + 5)].decode() if start >= 0 else ''


def error_page(code):
    """Return the small page of an error, bytes. code: int, its status code."""
    reason = reason_phrase(code)
    return (_ERROR_PAGE % (code, reason, code, reason)).encode()


def content_type(media_type, charset=None):
    """Return the value of Content-Type, str: text goes with its charset.

    media_type: str. charset: str or None for UTF-8.
    """
    if charset is None and 'charset' not in media_type:
        if media_type[:5] == 'text/' or media_type in ('application/json', 'application/javascript'):
            charset = 'UTF-8'
    return '%s; charset=%s' % (media_type, charset) if charset else media_type


def encoded(text, charset):
    """Return a text as bytes, in a charset other than the default.

    Raise UnicodeError where it lacks a character, LookupError where the charset is not known.
    """
    if sys.implementation.name != 'micropython':
        return text.encode(charset)
    limit = {'ISO-8859-1': 256, 'US-ASCII': 128}.get(charset.upper(), 0)
    if charset.upper() != 'UTF-8' and [c for c in text if ord(c) >= limit]:
        raise UnicodeError('%s: give bytes for characters that this firmware cannot encode.' % charset)
    return bytes([ord(c) for c in text]) if limit else text.encode()


def _has_controls(text):
    return '\r' in text or '\n' in text or '\0' in text


def require_field(name, value):
    """Raise ValueError unless name and value can be a header field (RFC 9110 sections 5.1 and 5.5). Both: str."""
    if not is_token(name.encode()) or _has_controls(value):
        raise ValueError('A header field cannot be %r: %r.' % (name, value))
    value.encode()


def require_line(value, name):  # small: a check
    """Return value. Raise ValueError, which names the property, unless it is None or a str that fits into a field."""
    if value is not None and (not isinstance(value, str) or _has_controls(value)):
        raise ValueError('"%s" must be a string without CR, LF and NUL, or None.' % name)
    return value


class Answer:
    """What an answer sets: made with it, when something is set, and dropped with it.

    - headers: dict of the application's header fields, name to value, or to a list of values.
    - content_type, charset, origin: str or None. length: int or None. caching: bool. on_sent: callable or None.
    - extra: list of bytes, fields of the server's own. varies: bytes, or None.
    - bodiless: bool, whether HEAD was asked.
    - is_common: bool, whether a head with the common fields says all of it.
    - before_head: list of f(response, code), or None, called when the answer is decided, before its head is made.
    - is_error: bool, whether a page of the application's for an error has been asked for.
    - code: int, the status. sent: int, bytes of the body. begun: ticks, or None where nobody asks for the time.
    """

    headers = content_type = charset = origin = length = on_sent = varies = begun = before_head = None
    caching = bodiless = is_error = False
    is_common = True
    extra = ()
    code = 200
    sent = 0

    def own_headers(self):
        """Return the dict of the application's header fields."""
        self.is_common = False
        if self.headers is None:
            self.headers = {}
        return self.headers

    def tell_before_head(self, function):
        """Call function(response, code) when the answer is decided: it can set fields yet. What it raises is logged."""
        self.is_common = False
        self.before_head = (self.before_head or []) + [function]

    def set_header(self, name, value):
        """Set a header field of the application's; a second Set-Cookie is sent too, of other names the last value.

        name, value: str. Raise ValueError for what cannot be one, and for the framing, which is the server's own.
        """
        require_field(name, value)
        lower = name.lower()
        if lower == 'transfer-encoding':
            raise ValueError('Transfer-Encoding is set by the server: use ReturnStream() without ContentLength.')
        headers = self.own_headers()
        for known in headers:
            if known.lower() == lower:
                name = known
                if lower == 'set-cookie':
                    before = headers[known]
                    value = (before if isinstance(before, list) else [before]) + [value]
                break
        headers[name] = value

    def has_header(self, name):
        """Return bool: whether the application has set a header field. name: str, lower-case."""
        return bool(self.headers) and name in [known.lower() for known in self.headers]

    def vary(self, field):
        """Add a request field's name to Vary (RFC 9110 section 12.5.5). field: str."""
        self.is_common = False
        for name in self.headers or ():
            if name.lower() == 'vary':
                if field.lower() not in self.headers[name].lower():
                    self.headers[name] += ', ' + field
                return
        self.varies = self.varies + b', ' + field.encode() if self.varies else field.encode()

    def wants_close(self):
        """Return bool: whether the application has set `Connection: close`."""
        for name in self.headers or ():
            if name.lower() == 'connection' and 'close' in str(self.headers[name]).lower().replace(',', ' ').split():
                return True
        return False

    def lines(self, length):
        """Return the application's fields, list of bytes, for a body of `length` bytes or of an unknown one (None).

        Raise ValueError for a field that cannot be, and for a framing that is not the body's.
        """
        lines = []
        for name, values in self.headers.items():
            lower = name.lower()
            if lower == 'content-length':
                if not self.bodiless and str(values).strip() != str(length):
                    raise ValueError('Content-Length is %s, but the content has %s bytes.' % (values, length))
            elif lower == 'transfer-encoding':
                raise ValueError('Transfer-Encoding is set by the server.')
            elif lower != 'connection':
                for value in values if isinstance(values, list) else (values,):
                    require_field(name, str(value))
                    lines.append(('%s: %s' % (name, value)).encode())
        return lines

    def add_fields(self, fields, code, length, chunked):
        """Append the fields that follow status, date and type; not the application's own.

        fields: list of bytes. code: int. length: int, bytes of the body, or None. chunked: bool.
        """
        if chunked:
            fields.append(b'Transfer-Encoding: chunked')
        elif length is not None and code >= 200 and code not in (204, 304):
            fields.append(b'Content-Length: %d' % length)
        if self.caching:
            fields.append(b'Cache-Control: no-cache')
        elif code >= 200 and code not in (206, 304):
            fields.append(b'Cache-Control: no-store')
        fields += self.extra
        if self.origin:
            fields.append(('Access-Control-Allow-Origin: ' + self.origin).encode())
        if self.varies:
            fields.append(b'Vary: ' + self.varies)

    def overridden(self, fields, length):
        """Return fields, list of bytes, with the application's, which win."""
        own = self.lines(length)
        names = [line[: line.find(b':')].lower() for line in own]
        return [line for line in fields if line[: line.find(b':')].lower() not in names] + own
