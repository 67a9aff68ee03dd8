"""HttpRequest: what a client asked (documentation, section HttpRequest Class)."""

from binascii import a2b_base64

from .libs.attributes import Extensible, drop_attributes
from .libs.checks import require_string, require_text
from .libs.strictJson import loads_strict
from .libs.urlUtils import decode_text, parse_query, unquote_bytes


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

    For the rooms beside it, as the parser has them: raw_method, raw_path (percent-encoded) and fields (dict of header
    fields, lower-case name to value), all bytes. And parser itself, for what looks at each request: on MicroPython a
    property takes as long as five attributes.
    """

    __slots__ = ('Response', '_connection', '_content', '_form', 'parser')

    def __init__(self, connection, parser):
        self._connection = connection
        self.parser = parser
        self._content = None
        self._form = None

    def forget(self):
        """Drop what belongs to this request alone."""
        self._content = self._form = None
        drop_attributes(self)

    def take_content(self, content):
        """Take the content. content: memoryview."""
        self._content = content

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
        return self.ContentType.lower().startswith('application/x-www-form-urlencoded')

    def GetPostedURLEncodedForm(self):
        """Return the fields of a posted form: dict of str to str, empty if the content is no URL-encoded form."""
        if self._form is None:
            if self._content is None or not self.is_form():
                return {}
            self._form = parse_query(bytes(self._content))
        return self._form

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
        return 0 if self._content is None else len(self._content)

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
