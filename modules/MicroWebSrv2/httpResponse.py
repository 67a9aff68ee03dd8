"""HttpResponse: what a handler answers (documentation, section HttpResponse Class)."""

import sys
from json import dumps

from .libs.httpHead import is_token
from .libs.staticFiles import send_file
from .libs.XAsyncSockets import XClosedReason
from .webRoute import _require_text

# In one constant: a dict of them would take memory that most responses never need.
_REASONS = (
    b'\n'
    b'100 Continue\n'
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
    b'422 Unprocessable Content\n'
    b'426 Upgrade Required\n'
    b'429 Too Many Requests\n'
    b'431 Request Header Fields Too Large\n'
    b'500 Internal Server Error\n'
    b'501 Not Implemented\n'
    b'502 Bad Gateway\n'
    b'503 Service Unavailable\n'
    b'504 Gateway Timeout\n'
    b'505 HTTP Version Not Supported\n'
)

_ERROR_PAGE = (
    '<!DOCTYPE html><html lang="en"><meta charset="UTF-8"><meta name="viewport" content="width=device-width">'
    '<title>%d %s</title><h1>%d %s</h1></html>\n'
)
_CHUNK_HEAD = 6  # four hexadecimal digits and CRLF
# Octets of a body that is copied behind its head: one send is quicker, two take less memory.
_MAX_JOINED = 1024 if sys.implementation.name == 'micropython' else 4096
_PUMPED_AT_ONCE = 65536  # octets after which other connections get their turn
_SENT_AT_ONCE = 1 << 20  # the same where the operating system sends


def _quoted(text):
    """A quoted-string (RFC 9110 section 5.6.4)."""
    return '"%s"' % text.replace('\\', '\\\\').replace('"', '\\"')


def reason_phrase(code):
    """Returns the reason phrase of a status code (RFC 9110 section 15), str, empty for one that is not known.

    code: int, 100 to 999.
    """
    start = _REASONS.find(b'\n%d ' % code)
    return _REASONS[start + 5 : _REASONS.find(b'\n', start + 5)].decode() if start >= 0 else ''


def content_type(media_type, charset=None):
    """The value of Content-Type: text goes with its charset.

    media_type: str. charset: str or None for UTF-8. Returns str.
    """
    if charset is None and 'charset' not in media_type:
        if media_type[:5] == 'text/' or media_type in ('application/json', 'application/javascript'):
            charset = 'UTF-8'
    return '%s; charset=%s' % (media_type, charset) if charset else media_type


def _encoded(text, charset):
    """Encodes a text for a charset other than the default; raises UnicodeError where it lacks a character."""
    if sys.implementation.name != 'micropython':
        return text.encode(charset)
    limit = {'ISO-8859-1': 256, 'US-ASCII': 128}.get(charset.upper(), 0)
    if charset.upper() != 'UTF-8' and [c for c in text if ord(c) >= limit]:
        raise UnicodeError('%s: give bytes for characters that this firmware cannot encode.' % charset)
    return bytes([ord(c) for c in text]) if limit else text.encode()


class HttpResponse:
    """The response to a request; obtained as HttpRequest.Response.

    microWebSrv2: MicroWebSrv2. request: HttpRequest. connection: HttpConnection; made by it.
    """

    __slots__ = (
        '_acao',
        '_bodiless',
        '_caching',
        '_changed',
        '_chunked',
        '_client',
        '_connection',
        '_contentCharset',
        '_contentLength',
        '_contentType',
        '_extra',
        '_filled',
        '_headers',
        '_left',
        '_mws2',
        '_on_sent',
        '_request',
        '_special',
        '_stream',
        '_varies',
        '_view',
    )

    def __init__(self, microWebSrv2, request, connection):
        self._mws2 = microWebSrv2
        self._request = request
        self._connection = connection
        self._client = request._client
        self._headers = {}
        self._reset()

    def _reset(self):
        """Makes the object new, for the connection's next request."""
        self._connection.has_answered = False
        self._special = False  # whether the head is more than the common one
        self._changed = False  # whether anything else is to be made new
        self._bodiless = False
        self._headers.clear()
        self._acao = self._contentType = self._contentCharset = self._contentLength = None
        self._caching = self._chunked = False
        self._extra = ()  # fields that the server adds by itself
        self._varies = None
        self._on_sent = self._stream = self._view = None

    def SetHeader(self, name, value):
        """Sets a header field; a second Set-Cookie is sent too, any other name keeps its last value.

        name: str, a token. value: anything but None, sent as its str. Raises ValueError if one of them is none, or
        has a
        CR, LF or NUL in it (RFC 9110 section 5.5).
        """
        _require_text(name, 'name')
        if value is None:
            raise ValueError('"value" cannot be None.')
        value = str(value)
        if not is_token(name.encode()) or '\r' in value or '\n' in value or '\0' in value:
            raise ValueError('A header field cannot be %r: %r.' % (name, value))
        value.encode()
        self._special = True
        for known in self._headers:
            if known.lower() == name.lower():
                if known.lower() == 'set-cookie':
                    value = self._headers[known] + '\r\n' + known + ': ' + value
                name = known
                break
        self._headers[name] = value

    def _begin(self, code):
        """Marks the request as answered. Returns False, and logs, when it is already."""
        if not isinstance(code, int) or not 100 <= code <= 999:
            raise ValueError('"code" must be a status code from 100 to 999.')
        if self._connection.has_answered:
            self._mws2.Log('A second answer to one request was refused (%d).' % code, 3)
            return False
        self._connection.has_answered = True
        return True

    def _head(self, code, length, chunked=False):
        """Serialises status line and header fields. length: int, octets of the body, or None. Returns bytes.

        In bytes throughout: MicroPython looks each new str up among its interned ones.
        """
        request = self._request
        media_type = None if code in (204, 304) else self._contentType
        fields = [self._mws2._head_start(code, media_type, self._contentCharset)]
        if code == 101:
            fields.append(b'Connection: Upgrade')
        elif not request._keep_alive:
            fields.append(b'Connection: close')
        elif request._version == b'HTTP/1.0':
            fields.append(b'Connection: keep-alive')
        if chunked:
            fields.append(b'Transfer-Encoding: chunked')
        elif length is not None and code >= 200 and code not in (204, 304):
            fields.append(b'Content-Length: %d' % length)
        if self._caching:
            fields.append(b'Cache-Control: no-cache')
        elif code >= 200 and code not in (206, 304):
            fields.append(b'Cache-Control: no-store')
        fields += self._extra
        self._add_origin(fields)
        if self._varies:
            fields.append(b'Vary: ' + self._varies)
        if self._headers:
            fields = self._with_own(fields)
        fields.append(b'\r\n')
        return b'\r\n'.join(fields)

    def _with_own(self, fields):
        """The fields with those that the application has set, which win."""
        names = [name.lower().encode() for name in self._headers]
        lines = b'\r\n'.join(fields).split(b'\r\n')
        lines = [line for line in lines if line[: line.find(b':')].lower() not in names]
        return lines + [('%s: %s' % (name, self._headers[name])).encode() for name in self._headers]

    def _add_origin(self, fields):
        origin = self._acao
        if origin is None and self._mws2._allowAllOrigins:
            origin = self._request.Origin
            self._vary('Origin')
        if origin:
            fields.append(('Access-Control-Allow-Origin: ' + origin).encode())

    def _vary(self, field):
        """Adds a request field's name to Vary (RFC 9110 section 12.5.5)."""
        self._special = True
        for name in self._headers:
            if name.lower() == 'vary':
                if field.lower() not in self._headers[name].lower():
                    self._headers[name] += ', ' + field
                return
        self._varies = self._varies + b', ' + field.encode() if self._varies else field.encode()

    def _send_body(self, code, media_type, body):
        """Answers with bytes: head and body leave in one send, unless joining them would take much memory."""
        if self._special or code != 200:
            self._contentType = media_type
            self._special = True
            if code == 205:  # has no content (RFC 9110 section 15.3.6)
                body = b''
            head = self._head(code, len(body))
            if self._bodiless or code in (204, 304) or code < 200:
                body = b''
        elif len(body) <= _MAX_JOINED:
            self._put(b'%s%d\r\n\r\n%s' % (self._mws2._ok_head(media_type), len(body), body))
            return
        else:
            head = b'%s%d\r\n\r\n' % (self._mws2._ok_head(media_type), len(body))
        if len(body) <= _MAX_JOINED:
            self._put(head + body)
        elif self._client._put(head) is None:
            self._client._close(XClosedReason.ClosedByPeer)
        else:
            self._put(body)

    def _put(self, data):
        done = self._client._put(data)
        if done:
            self._connection.answered()
        elif done is None:
            self._client._close(XClosedReason.ClosedByPeer)
        else:
            self._connection.progress()
            self._client._pump_with(self._sent)

    def _sent(self):
        """Called when what was queued is in the socket's buffer."""
        self._client._pump = None
        self._connection.answered()

    def SwitchingProtocols(self, upgrade):
        """Answers 101: the connection goes on with another protocol (RFC 9110 section 15.2.2).

        upgrade: str, the protocol. Raises ValueError if it is none.
        """
        _require_text(upgrade, 'upgrade')
        if self._begin(101):
            self.SetHeader('Upgrade', upgrade)
            if self._client._put(self._head(101, None)) is None:
                self._client._close(XClosedReason.ClosedByPeer)

    def ReturnStream(self, code, stream):
        """Answers with what a stream gives, until its end: in chunks, or ContentLength octets where that is set.

        code: int, status code. stream: has readinto(buffer) and, if it wants, close(). Raises ValueError if one is
        none.
        """
        if not hasattr(stream, 'readinto'):
            raise ValueError('"stream" must be a readable buffer protocol object.')
        if self._begin(code):
            self._special = True
            if self._contentType is None:
                self._contentType = 'application/octet-stream'
            self._send_stream(code, stream, self._contentLength)

    def _send_stream(self, code, stream, length):
        """Answers with a stream of `length` octets, or of an unknown number (None)."""
        request = self._request
        self._chunked = length is None and request._version != b'HTTP/1.0'
        if length is None and not self._chunked:
            request._keep_alive = False  # its end is the connection's
        head = self._head(code, length, self._chunked)
        if self._bodiless or code in (204, 304) or length == 0:
            _close_stream(stream)
            self._put(head)
            return
        self._stream = stream
        self._left = length
        if length is not None and hasattr(stream, 'send_to'):
            if length <= self._mws2._bufferSlotSize:
                self._put_small(head, stream, length)
                return
            if not self._client._tls:
                self._start_sendfile(head)
                return
        self._view = head
        self._connection.with_slot(self._start_pump)

    def _put_small(self, head, stream, length):
        """Sends a file that is no larger than a buffer slot with its head."""
        body = stream.read(length)
        self._end_stream()
        if len(body) < length:
            self._mws2.Log('A file ended %d octets before its length.' % (length - len(body)), 3)
            self._request._keep_alive = False
        self._put(head + body)

    def _start_sendfile(self, head):
        if self._client._put(head) is None:
            self._client._close(XClosedReason.ClosedByPeer)
        elif self._client._out:
            self._client._pump_with(self._pump_file)
        else:
            self._pump_file()

    def _pump_file(self):
        """Has the operating system send the file while the socket takes it."""
        client = self._client
        try:
            sent = self._stream.send_to(client._socket, min(self._left, _SENT_AT_ONCE))
        except OSError:
            sent = 0
        if sent == 0:
            client._close(XClosedReason.ClosedByPeer)  # the peer is gone, or the file ended before its length
            return
        if sent > 0:
            self._left -= sent
            self._connection.progress()
            if not self._left:
                client._pump = None
                self._end_stream()
                self._connection.answered()
                return
        if client._pump is None:
            client._pump_with(self._pump_file)

    def _start_pump(self, slot):
        head = self._view
        buffer = slot.Buffer
        self._view = memoryview(buffer)
        size = len(head)
        if not self._chunked and size < len(buffer):
            self._view[:size] = head  # head and beginning leave in one send
            self._filled = size
        else:
            self._filled = 0
            if self._client._put(head) is None:
                self._client._close(XClosedReason.ClosedByPeer)
                return
        if self._client._out:
            self._client._pump_with(self._pump)
        else:
            self._pump()

    def _pump(self):
        """Sends pieces of the stream while the socket takes them; goes on when it is writable again."""
        client = self._client
        budget = _PUMPED_AT_ONCE
        done = True
        while done and budget > 0 and not client._closed:
            piece = self._next_chunk() if self._chunked else self._next_piece()
            if piece is None:
                return
            if self._stream is None:  # that was the last one
                client._pump = self._view = None
                self._put(piece)
                return
            done = client._put(piece)
            if done is None:
                client._close(XClosedReason.ClosedByPeer)
                return
            budget -= len(piece)
        self._connection.progress()
        if client._pump is None and not client._closed:
            client._pump_with(self._pump)

    def _next_piece(self):
        """Returns the next piece, behind what is in the buffer already; ends the stream when it is the last."""
        view = self._view
        size = len(view)
        filled, self._filled = self._filled, 0
        left = self._left
        if not filled and (left is None or left >= size):
            count = self._read(view)
        else:
            count = self._read(view[filled:] if left is None else view[filled : filled + left])
        if left is not None:
            self._left = left - count
            if self._left and not count:
                self._mws2.Log('A stream ended %d octets before its length.' % left, 3)
                self._end_stream()
                self._client._close(XClosedReason.Error)
                return None
        if not count or self._left == 0:
            self._end_stream()
        return view if filled + count == size else view[: filled + count]

    def _next_chunk(self):
        """Returns the next chunk (RFC 9112 section 7.1): its size is written before the data, in the same buffer."""
        view = self._view
        count = self._read(view[_CHUNK_HEAD : min(len(view) - 2, 0xFFFF)])
        if not count:
            self._end_stream()
            return b'0\r\n\r\n'
        view[:_CHUNK_HEAD] = b'%04x\r\n' % count
        end = _CHUNK_HEAD + count
        view[end : end + 2] = b'\r\n'
        return view[: end + 2]

    def _read(self, view):
        return self._stream.readinto(view) or 0

    def _end_stream(self):
        stream, self._stream = self._stream, None
        _close_stream(stream)

    def _released(self):
        """The connection is gone: what it held is given back."""
        if self._stream:
            self._end_stream()

    def Return(self, code, content=None):
        """Answers with or without content.

        code: int, status code. content: str (sent in ContentCharset, else as UTF-8), bytes, anything that bytes()
        takes, or None: then an error
        has a small page. Raises ValueError if one is none; a text that does not encode raises UnicodeError.
        """
        media_type = self._contentType
        if isinstance(content, str):
            body = content.encode() if self._contentCharset is None else _encoded(content, self._contentCharset)
            if media_type is None and body:
                media_type = 'text/html'
        elif content is None:
            body = b''
        else:
            body = content if isinstance(content, bytes) else self._bytes_of(content)
            if media_type is None and body:
                media_type = 'application/octet-stream'
        if code == 200 and not self._connection.has_answered:
            self._connection.has_answered = True  # what _begin() does, without the call
        elif not self._begin(code):
            return
        if content is None and code >= 400:
            media_type = 'text/html'
            self._contentCharset = None
            reason = reason_phrase(code)
            body = (_ERROR_PAGE % (code, reason, code, reason)).encode()
        self._send_body(code, media_type, body)

    def _bytes_of(self, content):
        if isinstance(content, int):  # bytes(5) is five zeros
            raise ValueError('"content" must be a string, or in bytes, or convertible into bytes, or None.')
        try:
            return bytes(content)
        except TypeError:
            raise ValueError('"content" must be a string, or in bytes, or convertible into bytes, or None.')

    def ReturnJSON(self, code, obj):
        """Answers with an object as JSON.

        code: int. obj: anything that serialises. Raises ValueError or TypeError if not.
        """
        text = dumps(obj)
        self._contentType = 'application/json'
        self._changed = True
        self.Return(code, text)

    def ReturnOk(self, content=None):
        """Answers 200. content: as of Return()."""
        self.Return(200, content)

    def ReturnOkJSON(self, obj):
        """Answers 200 with an object as JSON. obj, errors: as of ReturnJSON()."""
        self.ReturnJSON(200, obj)

    def ReturnFile(self, filename, attachmentName=None):
        """Answers with a file, as on-the-fly content, or as a download.

        filename: str, the file's physical path. attachmentName: str, the name to save it by, or None.
        Answers 404 if there is no such file. Raises ValueError if an argument is none.
        """
        _require_text(filename, 'filename')
        if attachmentName is not None:
            _require_text(attachmentName, 'attachmentName')
            ascii_name = ''.join([c if ' ' <= c <= '~' else '_' for c in attachmentName])
            value = 'attachment; filename=' + _quoted(ascii_name)
            if ascii_name != attachmentName:  # RFC 8187
                from .libs.urlUtils import UrlUtils

                value += "; filename*=UTF-8''" + UrlUtils.Quote(attachmentName, '')
            self.SetHeader('Content-Disposition', value)
        send_file(self, filename)

    def ReturnNotModified(self):
        """Answers 304."""
        self.Return(304)

    def ReturnRedirect(self, location):
        """Answers 307. location: str, relative or absolute URL, not empty. Raises ValueError if it is none."""
        _require_text(location, 'location')
        self.SetHeader('Location', location)
        self.Return(307)

    def ReturnBadRequest(self):
        """Answers 400."""
        self.Return(400)

    def ReturnUnauthorized(self, typeName, realm=None):
        """Answers 401 (RFC 9110 section 11.6.1).

        typeName: str, the authentication scheme. realm: str, the name of what is protected, or None.
        Raises ValueError if one is none.
        """
        _require_text(typeName, 'typeName')
        if realm is not None and not isinstance(realm, str):
            raise ValueError('"realm" must be a string or None.')
        challenge = typeName + ' realm=' + _quoted(realm or 'Restricted')
        if typeName.lower() == 'basic':
            challenge += ', charset="UTF-8"'
        self.SetHeader('WWW-Authenticate', challenge)
        self.Return(401)

    def ReturnForbidden(self):
        """Answers 403."""
        self.Return(403)

    def ReturnNotFound(self):
        """Answers 404, or redirects to the server's NotFoundURL."""
        url = self._mws2._notFoundURL
        if url and self._request.Path != url:
            self.ReturnRedirect(url)
        else:
            self.Return(404)

    def ReturnMethodNotAllowed(self):
        """Answers 405, with the methods that are allowed."""
        if not [name for name in self._headers if name.lower() == 'allow']:
            self.SetHeader('Allow', ', '.join(self._connection.allowed()))
        self.Return(405)

    def ReturnEntityTooLarge(self):
        """Answers 413."""
        self.Return(413)

    def ReturnInternalServerError(self):
        """Answers 500."""
        self.Return(500)

    def ReturnNotImplemented(self):
        """Answers 501."""
        self.Return(501)

    def ReturnServiceUnavailable(self):
        """Answers 503."""
        self.Return(503)

    def ReturnBasicAuthRequired(self):
        """Answers 401 with the Basic scheme (RFC 7617)."""
        self.ReturnUnauthorized('Basic')

    def ReturnBearerAuthRequired(self):
        """Answers 401 with the Bearer scheme (RFC 6750)."""
        self.ReturnUnauthorized('Bearer')

    @property
    def Request(self):
        """HttpRequest: the request that is answered."""
        return self._request

    @property
    def UserAddress(self):
        """(str_ip_addr, int_port): the user's remote address."""
        return self._request.UserAddress

    @property
    def IsSSL(self):
        """bool: whether the connection is secured by TLS."""
        return self._request.IsSSL

    @property
    def AllowCaching(self):
        """bool: whether the user may keep this response."""
        return self._caching

    @AllowCaching.setter
    def AllowCaching(self, value):
        """Sets it. Raises ValueError if value is none."""
        if not isinstance(value, bool):
            raise ValueError('"AllowCaching" must be a boolean.')
        self._caching = value
        self._special = True

    @property
    def AccessControlAllowOrigin(self):
        """str or None: the origin that may use this response."""
        return self._acao

    @AccessControlAllowOrigin.setter
    def AccessControlAllowOrigin(self, value):
        """Sets it. Raises ValueError if value is none."""
        self._acao = self._text_or_none(value, 'AccessControlAllowOrigin')
        self._special = True

    @property
    def ContentType(self):
        """str or None: media type of the content."""
        return self._contentType

    @ContentType.setter
    def ContentType(self, value):
        """Sets it. Raises ValueError if value is none."""
        self._contentType = self._text_or_none(value, 'ContentType')
        self._changed = True

    @property
    def ContentCharset(self):
        """str or None: charset of the content, said with its type."""
        return self._contentCharset

    @ContentCharset.setter
    def ContentCharset(self, value):
        """Sets it. Raises ValueError if value is none."""
        self._contentCharset = self._text_or_none(value, 'ContentCharset')
        self._special = True

    def _text_or_none(self, value, name):
        if value is not None and (not isinstance(value, str) or '\r' in value or '\n' in value or '\0' in value):
            raise ValueError('"%s" must be a string without CR, LF and NUL, or None.' % name)
        return value

    @property
    def ContentLength(self):
        """int: length of the content, octets, of a stream; 0 where none was set."""
        return self._contentLength or 0

    @ContentLength.setter
    def ContentLength(self, value):
        """Sets it. Raises ValueError if value is none."""
        if not isinstance(value, int) or value < 0:
            raise ValueError('"ContentLength" must be a positive integer or zero.')
        self._contentLength = value
        self._changed = True

    @property
    def HeadersSent(self):
        """bool: whether the header fields have been sent."""
        return self._connection.has_answered

    @property
    def OnSent(self):
        """Callback f(microWebSrv2, response) or None: called when the response is fully sent."""
        return self._on_sent

    @OnSent.setter
    def OnSent(self, value):
        """Sets it. Raises ValueError if value is none."""
        if value is not None and not callable(value):
            raise ValueError('"OnSent" must be a function or None.')
        self._on_sent = value
        self._changed = True


def _close_stream(stream):
    if hasattr(stream, 'close'):
        stream.close()
