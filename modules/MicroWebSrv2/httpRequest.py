"""HttpRequest: what a client asked (documentation, section HttpRequest Class)."""

from binascii import a2b_base64

from .libs.attributes import Extensible, drop_attributes
from .libs.checks import require_string, require_text
from .libs.strictJson import loads_strict
from .libs.urlUtils import decode_text, parse_query, query_values, unquote_bytes

_FORM = b'application/x-www-form-urlencoded'


def is_same(first, second):
    """Compare bytes in a time that does not tell where they differ."""
    difference = len(first) ^ len(second)
    for a, b in zip(first, second):
        difference |= a ^ b
    return difference == 0


class HttpRequest(Extensible):
    """A received HTTP request. What it holds is decoded when it is asked for.

    connection: the HttpConnection. parser: its RequestParser; both are made by it.
    One object serves the requests of a connection one after the other: copy what you need after the answer. Attributes
    of your own, as `request.user`, are gone with the request.

    - Response: HttpResponse: the response to this request.

    For the rooms beside it: connection; and, as the parser has them, raw_method, raw_path (percent-encoded) and fields
    (dict of header fields, lower-case name to value), all bytes. And parser itself, for what looks at each request: on
    MicroPython a property takes as long as five attributes.
    """

    __slots__ = ('Response', '_connection', '_content', '_form', '_reader', 'parser')

    def __init__(self, connection, parser):
        self._connection = connection
        self.parser = parser
        self._content = self._form = self._reader = None

    def forget(self):
        """Drop what belongs to this request alone."""
        self._content = self._form = self._reader = None
        drop_attributes(self)

    def take_content(self, content):
        """Take the content. content: memoryview."""
        self._content = content

    @property
    def connection(self):
        """HttpConnection: the connection on which the request came."""
        return self._connection

    @property
    def raw_method(self):
        """bytes: the method."""
        return self.parser.method

    @property
    def raw_path(self):
        """bytes: the path as it came, percent-encoded."""
        return self.parser.path

    @property
    def fields(self):
        """dict of bytes to bytes: the header fields, by lower-case name."""
        return self.parser.headers

    def field(self, name):
        """Return str: a header field, empty if it is not there. name: bytes, lower-case."""
        return decode_text(self.parser.headers.get(name, b''))

    def _list(self, name, separator):
        """Return the members of a list-based field (RFC 9110 section 5.6.1)."""
        return [text.strip() for text in self.field(name).split(separator) if text.strip()]

    def detach(self):
        """Take the connection out of HTTP's hands, for another protocol. Return bytes: what came after the head."""
        return self._connection.detach()

    def is_form(self):
        """Return bool: whether the content is an URL-encoded form, by its type."""
        return self.parser.headers.get(b'content-type', b'')[: len(_FORM)].lower() == _FORM

    def GetPostedURLEncodedForm(self):
        """Return the fields of a posted form: dict of str to str, empty if the content is no URL-encoded form."""
        if self._form is None:
            if self._content is None or not self.is_form():
                return {}
            self._form = parse_query(bytes(self._content))
        return self._form

    def _form_values(self):
        """Return the fields of a form of the type multipart/form-data: list of (name, str or FormFile)."""
        if self._form is None:
            from .libs.httpForm import boundary_of, values_of

            kind = self.parser.headers.get(b'content-type', b'')
            if self._content is None or boundary_of(kind) is None:
                return ()
            self._form = values_of(kind, self._content)
        return self._form

    def GetPostedForm(self):
        """Return the fields of a posted form, URL-encoded or multipart/form-data: dict; of a name given twice the last.

        A value is a str, or for a file an object with Filename (str, safe to use in a folder), ContentType (str) and
        Content (bytes). The dict is empty if the content is no form. Raise an HttpError 400, 413 or 431 for a form that
        is malformed or has too many parts; left alone, it is the answer. For large files see ReceiveForm().
        """
        return self.GetPostedURLEncodedForm() if self.is_form() else dict(self._form_values())

    def GetPostedValues(self, name):
        """Return all values of a field of a posted form, in their order: list, as of GetPostedForm().

        name: str. Raise as GetPostedForm().
        """
        if self.is_form():
            return [] if self._content is None else query_values(bytes(self._content), name)
        return [value for known, value in self._form_values() if known == name]

    def GetQueryValues(self, name):
        """Return all values of a parameter of the query, in their order: list of str. name: str."""
        return query_values(self.parser.query, name)

    # ---- content as it comes, in handlers of routes with streamContent=True; libs/httpContent.py does it

    def ReceiveContent(self, onContent, onEnd=None, onAbort=None, maxLength=None, timeoutSec=None):
        """Have the content given to a function as it comes; to be called by the handler, which then returns.

        onContent: f(request, view): a piece, memoryview, that is valid during the call. onEnd: f(request): all has
        come; answer here at the latest. onAbort: f(request, reason): nothing more comes, as the client is gone, a limit
        is passed, or an answer was given before the end; reason: str. Exactly one of the last two is called.
        maxLength: int, bytes, instead of MaxRequestContentLength. timeoutSec: int, seconds for all of it, instead of a
        least rate. Raise ValueError for anything else, an HttpError 413 where more is announced: left alone, it is the
        answer.
        """
        from .libs.httpContent import receive

        receive(self, onContent, onEnd, onAbort, maxLength, timeoutSec)

    def PauseContent(self):
        """Take no more content until ResumeContent(): the client has to wait. In callbacks and the pool's thread."""
        self._connection.pause_content()

    def ResumeContent(self):
        """Take content again after PauseContent(). From any thread."""
        self._connection.resume_content()

    def SaveContent(self, path, onSaved=None, maxLength=None, onAbort=None, timeoutSec=None):
        """Have the content written to a file as it comes: it takes its place when it is whole and synced.

        path: str. onSaved: f(request), which answers; without, the answer is 201 for a new file, 204 for another. The
        rest as of ReceiveContent(). Raise besides an HttpError 507 where there is no room: left alone, as what is
        raised later, it is the answer.
        """
        from .libs.httpContent import save

        save(self, path, onSaved, onAbort, maxLength, timeoutSec)

    def ReceiveForm(self, onField, onFile, onEnd, onAbort=None, maxLength=None, maxFieldLength=4096, timeoutSec=None):
        """Have the parts of a form of the type multipart/form-data given to functions as they come.

        onField: f(request, name, value), str both. onFile: f(request, part), part has Name, Filename (safe to use in a
        folder) and ContentType, all str; it returns the path of a file, which is there when the whole form is, or an
        object with write(view) and, if it wants, close(), or None to pass the file over. maxFieldLength: int, bytes of
        a value. onEnd and the rest as of ReceiveContent(). Raise besides an HttpError 415 for another type.
        """
        from .libs.httpContent import receive_form

        receive_form(self, onField, onFile, onEnd, onAbort, maxLength, maxFieldLength, timeoutSec)

    def ReadContent(self, size=None, maxLength=None, timeoutSec=None):
        """Return content, bytes: wait for it, in a handler that a worker runs (StartManaged(2) or more).

        size: int, bytes: so many come, less at the end, none after it; None: what comes first. maxLength and
        timeoutSec, at the first call: as of ReceiveContent(). Raise an HttpError where the content is too large,
        malformed or late, or the client is gone: left alone, it is the answer.
        """
        if self._reader is None:
            from .libs.httpContent import worker_reader

            self._reader = worker_reader(self, maxLength, timeoutSec)
        return self._reader.read(size)

    def ContentReader(self, maxLength=None, timeoutSec=None):
        """Return what reads the content in a handler that is a coroutine: `async for piece in reader`, or
        `await reader.Read(size)`; see libs/contentAsyncio.py. The arguments as of ReceiveContent().
        """
        from .libs.contentAsyncio import ContentReader

        return ContentReader(self, maxLength, timeoutSec)

    def GetPostedJSONObject(self):
        """Return the posted JSON value: any object, None if the content is no JSON, or nested more than 64 levels."""
        media_type = self.ContentType.split(';')[0].strip().lower()
        if self._content is None or not (media_type == 'application/json' or media_type.endswith('+json')):
            return None
        return loads_strict(self._content)

    def GetHeader(self, name):
        """Return a header field: str, empty if it is not there. name: str, in any case.

        Raise ValueError for anything else, and for an empty name.
        """
        require_text(name, 'name')
        return self.field(name.lower().encode())

    def _credentials(self, scheme):
        value = self.parser.headers.get(b'authorization', b'')
        space = value.find(b' ')
        return value[space + 1 :].strip() if space > 0 and value[:space].lower() == scheme else None

    def CheckBasicAuth(self, username, password):
        """Check the "Basic" credentials (RFC 7617). username, password: str. Return bool.

        Raise ValueError for anything else.
        """
        require_string(username, 'username')
        require_string(password, 'password')
        given = self._credentials(b'basic')
        if given is None:
            return False
        try:
            given = a2b_base64(given)
        except ValueError:
            return False
        return is_same(given, ('%s:%s' % (username, password)).encode())

    def CheckBearerAuth(self, token):
        """Check the "Bearer" token (RFC 6750 section 2.1).

        token: str. Return bool. Raise ValueError for anything else.
        """
        require_string(token, 'token')
        given = self._credentials(b'bearer')
        return given is not None and is_same(given, token.encode())

    @property
    def UserAddress(self):
        """(str_ip_addr, int_port): the user's remote address."""
        return self._connection.client.CliAddr

    @property
    def IsSSL(self):
        """bool: whether the connection is secured by TLS."""
        return self._connection.client.IsSSL

    @property
    def HttpVer(self):
        """str: the client's protocol version, such as "1.1"."""
        return self.parser.version[5:].decode()

    @property
    def Method(self):
        """str: the method."""
        return self.parser.method.decode()

    @property
    def Path(self):
        """str: the path, percent-decoded."""
        return decode_text(unquote_bytes(self.parser.path))

    @property
    def QueryString(self):
        """str: the query as it came."""
        return decode_text(self.parser.query)

    @property
    def QueryParams(self):
        """dict of str to str: the query's parameters; of one given twice the last value."""
        return parse_query(self.parser.query)

    @property
    def Host(self):
        """str: the host that was asked for, with the port where one was given."""
        return self.field(b'host')

    @property
    def Accept(self):
        """list of str: content types that are accepted."""
        return self._list(b'accept', ',')

    @property
    def AcceptEncodings(self):
        """list of str: content codings that are accepted."""
        return self._list(b'accept-encoding', ',')

    @property
    def AcceptLanguages(self):
        """list of str: languages that are accepted."""
        return self._list(b'accept-language', ',')

    @property
    def Cookies(self):
        """list of str: cookies, each `name=value` (RFC 6265 section 4.2)."""
        return self._list(b'cookie', ';')

    def GetCookies(self):
        """Return the cookies: dict of str to str, as they were set. Of a name given twice, the first: that of the
        longest path (RFC 6265 section 5.4).
        """
        from .libs.cookies import parse_cookies

        return parse_cookies(self.parser.headers.get(b'cookie', b''))

    def GetCookie(self, name):
        """Return a cookie: str, or None where there is none. name: str. Raise ValueError for anything else."""
        require_text(name, 'name')
        return self.GetCookies().get(name)

    @property
    def CacheControl(self):
        """str: Cache-Control."""
        return self.field(b'cache-control')

    @property
    def Referer(self):
        """str: Referer."""
        return self.field(b'referer')

    @property
    def ContentType(self):
        """str: type of the content."""
        return self.field(b'content-type')

    @property
    def ContentLength(self):
        """int: length of the content, octets; of one in chunks what has been received."""
        return max(self.parser.length, 0) if self._content is None else len(self._content)

    @property
    def UserAgent(self):
        """str: User-Agent."""
        return self.field(b'user-agent')

    @property
    def Authorization(self):
        """str: Authorization."""
        return self.field(b'authorization')

    @property
    def Origin(self):
        """str: Origin."""
        return self.field(b'origin')

    @property
    def IsKeepAlive(self):
        """bool: whether the connection stays open behind the answer."""
        return self._connection.keep_alive

    @property
    def IsUpgrade(self):
        """bool: whether the client asks for another protocol (RFC 9110 section 7.8)."""
        if self.parser.version == b'HTTP/1.0':
            return False
        return (
            b'upgrade' in self.parser.headers
            and 'upgrade' in self.field(b'connection').lower().replace(',', ' ').split()
        )

    @property
    def Upgrade(self):
        """str: the protocols asked for."""
        return self.field(b'upgrade')

    @property
    def Content(self):
        """memoryview or None: the content."""
        return self._content

    @property
    def XAsyncTCPClient(self):
        """XAsyncTCPClient: the connection."""
        return self._connection.client
