"""HttpResponse: what a handler answers (documentation, section HttpResponse Class)."""

import sys

from .libs.attributes import Extensible, drop_attributes
from .libs.checks import require_bool, require_callback, require_text
from .libs.httpAnswer import Answer, encoded, error_page, require_line
from .libs.httpStream import FileSender, StreamSender, close_if_can
from .libs.staticFiles import send_file
from .libs.strictJson import dumps_strict
from .libs.unrouted import allowed
from .libs.xasPoller import is_interrupt
from .libs.xasPool import XClosedReason

# Bytes of a body that is copied after its head: one send is quicker, two take less memory.
_MAX_JOINED = 1024 if sys.implementation.name == 'micropython' else 4096


def _quoted(text):
    """Return a quoted-string (RFC 9110 section 5.6.4)."""
    return '"%s"' % text.replace('\\', '\\\\').replace('"', '\\"')


class HttpResponse(Extensible):
    """The response to a request; obtained as HttpRequest.Response.

    microWebSrv2: MicroWebSrv2. connection: HttpConnection; made by it.
    Attributes of your own are gone with the response.

    - answer: libs.httpAnswer.Answer or None: what this answer sets.
    """

    __slots__ = ('_connection', '_mws2', 'answer')

    def __init__(self, microWebSrv2, connection):
        self._mws2 = microWebSrv2
        self._connection = connection
        self.answer = None

    # ---- for the rooms beside it

    @property
    def server(self):
        """MicroWebSrv2: the server that answers."""
        return self._mws2

    def own(self):
        """Return what this answer sets: an Answer, made when it is first asked for."""
        if self.answer is None:
            self.answer = Answer()
        return self.answer

    def prepare(self):
        """Note what the request and the server's settings say about the head of the answer."""
        answer = self.own()
        answer.is_common = False
        answer.bodiless = self._connection.request.raw_method == b'HEAD'
        self._mws2.prepare(answer, self._connection.request)

    def renew(self):
        """Forget what was set; nothing of it is sent."""
        self.answer = None

    def forget(self):
        """Drop what belonged to the last response alone."""
        drop_attributes(self)

    def drop(self):
        """The answer is out: forget what was set, and log it where that is asked for."""
        answer, self.answer = self.answer, None
        if answer.begun is not None:
            self._mws2.log_answer(self._connection.request, answer)

    def vary(self, field):
        """Add a request field's name to Vary (RFC 9110 section 12.5.5). field: str."""
        self.own().vary(field)

    def send_stream(self, code, stream, length, kind=None):
        """Answer with a stream of `length` bytes, or of an unknown number (None).

        code: int. stream: as of ReturnStream(); it is closed in any case. kind: the class of its sender, or None.
        """
        try:
            sender = self._sender(_require_code(code), stream, length, kind)
        except BaseException:
            close_if_can(stream)
            raise
        if not hasattr(sender, 'start'):
            close_if_can(stream)
            self._connection.answer(sender)
        elif self._connection.begin():
            self._connection.send_stream(sender)
        else:
            close_if_can(stream)

    def _sender(self, code, stream, length, kind):
        """Return what sends a stream: the bytes themselves where there is little, else a sender."""
        connection = self._connection
        chunked = length is None and not connection.is_old
        if length is None and not chunked:
            connection.close_after_answer()  # its end is the connection's
        head = self._head(code, length, chunked)
        if self.answer.bodiless or code in (204, 304) or length == 0:
            return head
        if kind:
            return kind(connection, head, stream, length, chunked)
        if length is not None and hasattr(stream, 'send_to'):
            if length <= self._mws2.slot_size:
                return head + self._whole(stream, length)
            if connection.client.transport is connection.client.socket:
                return FileSender(connection, head, stream, length)
        if length is not None and len(head) + length <= self._mws2.slot_size:
            slot = connection.borrow_slot()
            if slot:
                return self._filled(slot.Buffer, head, stream, length)
        return StreamSender(connection, head, stream, length, chunked)

    def _whole(self, stream, length):
        """Return the bytes of a file that is no larger than a buffer slot."""
        body = stream.read(length)
        if len(body) < length:
            self._fell_short(length - len(body))
        return body

    def _filled(self, buffer, head, stream, length):
        """Return memoryview: head and body in a buffer that has room for both; a sender where a part comes later."""
        view = memoryview(buffer)
        at = len(head)
        end = at + length
        view[:at] = head
        while at < end:
            count = stream.readinto(view[at:end])
            if count is None:
                return StreamSender(self._connection, bytes(view[:at]), stream, end - at, False)
            if not count:
                self._fell_short(end - at)
                break
            at += count
        return view[:at]

    def _fell_short(self, count):
        self._mws2.Log('A stream ended %d bytes before its length.' % count, 3)
        self._connection.close_after_answer()

    # ---- heads

    def _head(self, code, length, chunked=False):
        """Return status line and header fields, bytes. length: int, bytes of the body, or None.

        In bytes throughout: MicroPython looks each new str up among its interned ones.
        """
        answer = self.own()
        connection = self._connection
        if answer.before_head:
            self._tell_before_head(answer, code)
        if code != 200 or answer.code != 200:  # the class says 200
            answer.code = code
        answer.sent = length or 0
        if answer.headers and answer.wants_close():
            connection.close_after_answer()
        media_type = None if code in (204, 304) else answer.content_type
        fields = [self._mws2.heads.start(code, media_type, answer.charset)]
        if code == 101:
            fields.append(b'Connection: Upgrade')
        elif not connection.keep_alive:
            fields.append(b'Connection: close')
        elif connection.is_old:
            fields.append(b'Connection: keep-alive')
        answer.add_fields(fields, code, length, chunked)
        if answer.headers:
            fields = answer.overridden(b'\r\n'.join(fields).split(b'\r\n'), length)
        fields.append(b'\r\n')
        return b'\r\n'.join(fields)

    def _tell_before_head(self, answer, code):
        """Call what wants to see the answer before its head is made. What it raises is logged."""
        functions, answer.before_head = answer.before_head, None
        for function in functions:
            try:
                function(self, code)
            except BaseException as error:
                if is_interrupt(error):
                    raise error
                self._mws2.log_exception('Before the head of an answer', error)

    def send(self, code, media_type, body):
        """Answer with bytes: head and body leave in one send, unless joining them would take much memory.

        code: int, 200 to 999. media_type: str or None. body: bytes.
        """
        answer = self.answer
        if code == 200 and (answer is None or answer.is_common and answer.charset is None):
            head = self._mws2.heads.ok(media_type, self._connection.keep_alive)
            if len(body) <= _MAX_JOINED:
                body = b'%s%d\r\n\r\n%s' % (head, len(body), body)
                self._connection.answer(body)
                return
            head = b'%s%d\r\n\r\n' % (head, len(body))
        else:
            answer = self.own()
            answer.content_type = media_type
            if code == 205:  # has no content (RFC 9110 section 15.3.6)
                body = b''
            head = self._head(code, len(body))
            if answer.bodiless or code in (204, 304):
                body = b''
            if len(body) <= _MAX_JOINED:
                self._connection.answer(head + body)
                return
        if self._connection.begin():
            self._connection.client.put(head)  # what comes of it, the next one tells
            self._connection.put_last(body)

    # ---- the documentation's methods

    def SetHeader(self, name, value):
        """Set a header field; a second Set-Cookie is sent too, any other name keeps its last value.

        name: str, a token. value: anything but None, sent as its str. `Connection: close` closes after the answer.
        Raise ValueError for a name that is no token, for a CR, LF or NUL (RFC 9110 section 5.5), and for
        Transfer-Encoding, which is the server's.
        """
        require_text(name, 'name')
        if value is None:
            raise ValueError('"value" cannot be None.')
        self.own().set_header(name, str(value))

    def SetCookie(
        self,
        name,
        value,
        maxAge=None,
        path='/',
        domain=None,
        secure=False,
        httpOnly=True,
        sameSite='Lax',
        expires=None,
    ):
        """Set a cookie (RFC 6265 section 4.1), instead of one of this answer with its name, path and domain.

        name: str, a token. value: str of ASCII without space, quote, comma, semicolon and backslash: quote others.
        maxAge: int, seconds, or None: until the browser ends; 0 deletes it. path, domain: str or None.
        secure: bool, by https only. httpOnly: bool, not for scripts. sameSite: 'Strict', 'Lax', 'None' or None.
        expires: int, seconds as of time.time(), or None. Raise ValueError for anything else.
        """
        from .libs.cookies import cookie, replace_cookie

        line = cookie(name, value, maxAge, path, domain, secure, httpOnly, sameSite, expires)
        replace_cookie(self.own().own_headers(), line)

    def DeleteCookie(self, name, path='/', domain=None):
        """Have a cookie deleted. name, path, domain: as of SetCookie(), and as they were when it was set."""
        self.SetCookie(name, '', 0, path, domain, name[:2] == '__', True, 'Lax', 0)

    def SwitchingProtocols(self, upgrade):
        """Answer 101: the connection goes on with another protocol (RFC 9110 section 15.2.2).

        upgrade: str, the protocol. Return bool: False if there was an answer before, or the client is gone.
        Raise ValueError for anything else.
        """
        require_text(upgrade, 'upgrade')
        self.SetHeader('Upgrade', upgrade)
        head = self._head(101, None)
        return self._connection.begin() and self._connection.client.put(head) is not None

    def ReturnStream(self, code, stream):
        """Answer with what a stream gives, until its end: in chunks, or ContentLength bytes where that is set.

        code: int, status code, 200 to 999. stream: has readinto(buffer), or is iterable, as a generator is, and gives
        bytes or str (sent as UTF-8); under asyncio an asynchronous iterator too. It is asked when the client has taken
        what came before. Where it has nothing yet, readinto() returns None, an iterator gives None or nothing at all:
        it is asked again 20 ms later, and the connection ends when it has nothing for five minutes. Its close(), if it
        has one, is called at the end, also when the client goes. Raise ValueError for anything else.
        """
        kind = None if hasattr(stream, 'readinto') else self._feeder(stream)
        answer = self.own()
        if answer.content_type is None:
            answer.content_type = 'application/octet-stream'
        self.send_stream(code, stream, answer.length, kind)

    def _feeder(self, stream):  # small: False without timers
        """Return the class of what sends an iterable. Raise ValueError for anything else."""
        from .libs.httpFeed import sender_of

        return sender_of(stream, self._mws2)

    def ReturnEventStream(self, retry=None):
        """Answer 200 with a stream of events (HTML Standard, server-sent events), which are sent later, by any thread.

        retry: int, milliseconds after which the client is to come again when it has lost the connection; None: its own.
        Return libs.eventStream.EventStream. Raise ValueError for anything else.
        """
        from .libs.eventStream import open_stream

        return open_stream(self, self._mws2, retry)

    def hand_over(self, code):
        """Answer with a head, after which the connection belongs to another protocol, until it ends.

        code: int. Return XAsyncTCPClient, not reading; None if HEAD was asked, there was an answer before, or the
        client is gone.
        """
        connection = self._connection
        client = connection.client
        connection.close_after_answer()
        head = self._head(code, None)
        if self.own().bodiless:
            connection.answer(head)
        elif connection.begin():
            if client.put(head) is not None:
                connection.detach()
                return client
            client.close(XClosedReason.ClosedByPeer)
        return None

    def Return(self, code, content=None):
        """Answer with or without content.

        code: int, status code, 200 to 999. content: str (sent in ContentCharset, else as UTF-8), bytes, anything that
        bytes() takes, or None: then an error has a small page.
        Raise ValueError for anything else; UnicodeError for a text that does not encode.
        """
        if code != 200:
            _require_code(code)
        answer = self.answer
        if isinstance(content, str):
            if answer is None or answer.charset is None:
                body = content.encode()
            else:
                body = encoded(content, answer.charset)
            media_type = 'text/html'
        elif content is None:
            body = b''
            if code >= 400:
                self._send_error(code)
                return
        else:
            body = content if isinstance(content, bytes) else _bytes_of(content)
            media_type = 'application/octet-stream'
        if answer is not None and answer.content_type is not None:
            media_type = answer.content_type
        elif not body:
            media_type = None
        self.send(code, media_type, body)

    def _send_error(self, code):
        if self.answer is not None:
            self.answer.charset = None
        if not self._mws2.errors or not self._mws2.errors.answer(self, code):
            self.send(code, 'text/html', error_page(code))

    def ReturnJSON(self, code, obj):
        """Answer with an object as JSON.

        code: int, status code. obj: anything that serialises. Raise ValueError or TypeError for anything else,
        NaN and infinite numbers included, which JSON lacks (RFC 8259 section 6).
        """
        if code != 200:
            _require_code(code)
        answer = self.answer
        text = dumps_strict(obj)
        charset = None if answer is None else answer.charset
        self.send(code, 'application/json', text.encode() if charset is None else encoded(text, charset))

    def ReturnOk(self, content=None):
        """Answer 200. content: as of Return()."""
        if content and self.answer is None and isinstance(content, str):  # Return() written out: most are that
            self.send(200, 'text/html', content.encode())
        else:
            self.Return(200, content)

    def ReturnOkJSON(self, obj):
        """Answer 200 with an object as JSON. obj, errors: as of ReturnJSON()."""
        self.ReturnJSON(200, obj)

    def ReturnFile(self, filename, attachmentName=None):
        """Answer with a file, as on-the-fly content, or as a download.

        filename: str, the file's physical path. attachmentName: str, the name to save it by, or None.
        Answers 404 if there is no such file. Raise ValueError for anything else.
        """
        require_text(filename, 'filename')
        if attachmentName is not None:
            require_text(attachmentName, 'attachmentName')
            ascii_name = ''.join([c if ' ' <= c <= '~' else '_' for c in attachmentName])
            value = 'attachment; filename=' + _quoted(ascii_name)
            if ascii_name != attachmentName:  # RFC 8187
                from .libs.urlUtils import UrlUtils

                value += "; filename*=UTF-8''" + UrlUtils.Quote(attachmentName, '')
            self.SetHeader('Content-Disposition', value)
        send_file(self, filename)

    def ReturnNotModified(self):
        """Answer 304."""
        self.Return(304)

    def ReturnRedirect(self, location, code=307):
        """Answer with a redirect (RFC 9110 section 15.4).

        location: str, relative or absolute URL, not empty. code: int, 301, 302, 303, 307 or 308; 307 and 308 have the
        client repeat its method, 303 has it GET: what a form's handler wants. Raise ValueError for anything else.
        """
        require_text(location, 'location')
        if code not in (301, 302, 303, 307, 308):
            raise ValueError('"code" must be 301, 302, 303, 307 or 308.')
        self.SetHeader('Location', location)
        self.Return(code)

    def ReturnBadRequest(self):
        """Answer 400."""
        self.Return(400)

    def ReturnUnauthorized(self, typeName, realm=None):
        """Answer 401 (RFC 9110 section 11.6.1).

        typeName: str, the authentication scheme. realm: str, the name of what is protected, or None.
        Raise ValueError for anything else.
        """
        require_text(typeName, 'typeName')
        if realm is not None and not isinstance(realm, str):
            raise ValueError('"realm" must be a string or None.')
        challenge = typeName + ' realm=' + _quoted(realm or 'Restricted')
        if typeName.lower() == 'basic':
            challenge += ', charset="UTF-8"'
        self.SetHeader('WWW-Authenticate', challenge)
        self.Return(401)

    def ReturnForbidden(self):
        """Answer 403."""
        self.Return(403)

    def ReturnNotFound(self):
        """Answer 404, or redirect a page's request to the server's NotFoundURL: GET and HEAD that accept HTML."""
        url = self._mws2.NotFoundURL
        request = self._connection.request
        if url and request.raw_method in (b'GET', b'HEAD') and _accepts_pages(request) and not _is_at(request, url):
            self.ReturnRedirect(url)
        else:
            self._mws2.Log('Not found: %s %s' % (request.Method, request.Path), 1)
            self.Return(404)

    def ReturnMethodNotAllowed(self):
        """Answer 405, with the methods that are allowed."""
        if not self.own().has_header('allow'):
            self.SetHeader('Allow', ', '.join(allowed(self._mws2, self._connection.request)))
        self.Return(405)

    def ReturnEntityTooLarge(self):
        """Answer 413."""
        self.Return(413)

    def ReturnInternalServerError(self):
        """Answer 500."""
        self.Return(500)

    def ReturnNotImplemented(self):
        """Answer 501."""
        self.Return(501)

    def ReturnServiceUnavailable(self):
        """Answer 503."""
        self.Return(503)

    def ReturnBasicAuthRequired(self):
        """Answer 401 with the Basic scheme (RFC 7617)."""
        self.ReturnUnauthorized('Basic')

    def ReturnBearerAuthRequired(self):
        """Answer 401 with the Bearer scheme (RFC 6750)."""
        self.ReturnUnauthorized('Bearer')

    @property
    def Request(self):
        """HttpRequest: the request that is answered."""
        return self._connection.request

    @property
    def UserAddress(self):
        """(str_ip_addr, int_port): the user's remote address."""
        return self._connection.request.UserAddress

    @property
    def IsSSL(self):
        """bool: whether the connection is secured by TLS."""
        return self._connection.request.IsSSL

    @property
    def AllowCaching(self):
        """bool: whether the user may keep this response."""
        return self.answer is not None and self.answer.caching

    @AllowCaching.setter
    def AllowCaching(self, value):
        """Set it. Raise ValueError for anything else."""
        answer = self.own()
        answer.caching = require_bool(value, 'AllowCaching')
        answer.is_common = False

    @property
    def AccessControlAllowOrigin(self):
        """str or None: the origin that may use this response."""
        return self.answer and self.answer.origin

    @AccessControlAllowOrigin.setter
    def AccessControlAllowOrigin(self, value):
        """Set it. Raise ValueError for anything else."""
        answer = self.own()
        answer.origin = require_line(value, 'AccessControlAllowOrigin')
        answer.is_common = False

    @property
    def ContentType(self):
        """str or None: media type of the content."""
        return self.answer and self.answer.content_type

    @ContentType.setter
    def ContentType(self, value):
        """Set it. Raise ValueError for anything else."""
        self.own().content_type = require_line(value, 'ContentType')

    @property
    def ContentCharset(self):
        """str or None: charset of the content, said with its type."""
        return self.answer and self.answer.charset

    @ContentCharset.setter
    def ContentCharset(self, value):
        """Set it. Raise ValueError for anything else."""
        self.own().charset = require_line(value, 'ContentCharset')

    @property
    def ContentLength(self):
        """int: length of the content, bytes, of a stream; 0 where none was set."""
        return (self.answer and self.answer.length) or 0

    @ContentLength.setter
    def ContentLength(self, value):
        """Set it. Raise ValueError for anything else."""
        if not isinstance(value, int) or value < 0:
            raise ValueError('"ContentLength" must be a positive integer or zero.')
        self.own().length = value

    @property
    def HeadersSent(self):
        """bool: whether the header fields have been sent."""
        return self._connection.is_answered()

    @property
    def OnSent(self):
        """Callback f(microWebSrv2, response) or None: called when the response is fully sent."""
        return self.answer and self.answer.on_sent

    @OnSent.setter
    def OnSent(self, value):
        """Set it. Raise ValueError for anything else."""
        require_callback(value, 'OnSent')
        self.own().on_sent = value

    # What programs in the field reach for: of this answer, too.

    @property
    def _headers(self):
        return self.own().own_headers()

    @property
    def _contentType(self):
        return self.ContentType

    @_contentType.setter
    def _contentType(self, value):
        self.ContentType = value

    @property
    def _contentCharset(self):
        return self.ContentCharset

    @_contentCharset.setter
    def _contentCharset(self, value):
        self.ContentCharset = value


def _require_code(code):  # small: a check
    """Return code. Raise ValueError unless it is the status code of an answer: those below 200 are not final."""
    if not isinstance(code, int) or not 200 <= code <= 999:
        raise ValueError('"code" must be a final status code, from 200 to 999.')
    return code


def _bytes_of(content):
    error = ValueError('"content" must be a string, or in bytes, or convertible into bytes, or None.')
    if isinstance(content, int):  # bytes(5) is five zeros
        raise error
    try:
        return bytes(content)
    except TypeError:
        raise error


def _accepts_pages(request):
    """Return bool: whether a client wants a page for people to read (RFC 9110 section 12.5.1)."""
    accepted = request.field(b'accept')
    return not accepted or 'text/html' in accepted


def _is_at(request, url):
    """Return bool: whether a request is for the path of an URL already."""
    return request.Path.rstrip('/') == url.split('?')[0].split('#')[0].rstrip('/')
