"""HttpRequest: what a client asked (documentation, section HttpRequest Class)."""

from binascii import a2b_base64
from json import loads

from .libs.urlUtils import decode_text, parse_query, unquote_bytes


def _is_same(first, second):
    """Compares bytes in a time that does not tell where they differ."""
    difference = len(first) ^ len(second)
    for a, b in zip(first, second):
        difference |= a ^ b
    return difference == 0


def _require_text(value, name):  # small: a check
    if not isinstance(value, str):
        raise ValueError('"%s" must be a string.' % name)


class HttpRequest:
    """A received HTTP request. What it holds is decoded when it is asked for.

    microWebSrv2: MicroWebSrv2. client: XAsyncTCPClient. connection: the HttpConnection; all are made by it.
    One object serves the requests of a connection one after the other: copy what you need after the answer.

    - Response: HttpResponse: the response to this request.
    """

    __slots__ = (
        'Response',
        '_client',
        '_connection',
        '_content',
        '_form',
        '_headers',
        '_keep_alive',
        '_method',
        '_mws2',
        '_path',
        '_query',
        '_version',
    )

    def __init__(self, microWebSrv2, client, connection):
        self._mws2 = microWebSrv2
        self._client = client
        self._connection = connection
        self._content = None
        self._form = None
        self._headers = {}
        self._keep_alive = False
        self._method = self._path = self._query = self._version = b''

    def _field(self, name):
        return decode_text(self._headers.get(name, b''))

    def _list(self, name, separator):
        """The members of a list-based field (RFC 9110 section 5.6.1)."""
        return [text.strip() for text in self._field(name).split(separator) if text.strip()]

    def _detach(self):
        """Takes the connection out of HTTP's hands, for another protocol. Returns bytes: what came behind the head."""
        return self._connection.detach()

    def GetPostedURLEncodedForm(self):
        """Obtains the fields of a posted form.

        Returns dict of str to str, empty if the content is no URL-encoded form.
        """
        if self._form is None:
            if self._content is None or not self.ContentType.lower().startswith('application/x-www-form-urlencoded'):
                return {}
            self._form = parse_query(bytes(self._content))
        return self._form

    def GetPostedJSONObject(self):
        """Obtains the posted JSON value. Returns any object, None if the content is no JSON or does not parse."""
        media_type = self.ContentType.split(';')[0].strip().lower()
        if self._content is None or not (media_type == 'application/json' or media_type.endswith('+json')):
            return None
        try:
            return loads(str(self._content, 'utf-8'))
        except (ValueError, RuntimeError):  # RuntimeError: nested too deep
            return None

    def GetHeader(self, name):
        """Obtains a header field. name: str, not empty, in any case. Returns str, empty if it is not there.

        Raises ValueError if name is none.
        """
        if not isinstance(name, str) or not name:
            raise ValueError('"name" must be a not empty string.')
        return self._field(name.lower().encode())

    def _credentials(self, scheme):
        value = self._headers.get(b'authorization', b'')
        space = value.find(b' ')
        return value[space + 1 :].strip() if space > 0 and value[:space].lower() == scheme else None

    def CheckBasicAuth(self, username, password):
        """Checks the "Basic" credentials (RFC 7617). username, password: str. Returns bool.

        Raises ValueError if an argument is none.
        """
        _require_text(username, 'username')
        _require_text(password, 'password')
        given = self._credentials(b'basic')
        if given is None:
            return False
        try:
            given = a2b_base64(given)
        except ValueError:
            return False
        return _is_same(given, ('%s:%s' % (username, password)).encode())

    def CheckBearerAuth(self, token):
        """Checks the "Bearer" token (RFC 6750 section 2.1).

        token: str. Returns bool. Raises ValueError if it is none.
        """
        _require_text(token, 'token')
        given = self._credentials(b'bearer')
        return given is not None and _is_same(given, token.encode())

    @property
    def UserAddress(self):
        """(str_ip_addr, int_port): the user's remote address."""
        return self._client.CliAddr

    @property
    def IsSSL(self):
        """bool: whether the connection is secured by TLS."""
        return self._client.IsSSL

    @property
    def HttpVer(self):
        """str: the client's protocol version, such as "1.1"."""
        return self._version[5:].decode()

    @property
    def Method(self):
        """str: the method."""
        return self._method.decode()

    @property
    def Path(self):
        """str: the path, percent-decoded."""
        return decode_text(unquote_bytes(self._path))

    @property
    def QueryString(self):
        """str: the query as it came."""
        return decode_text(self._query)

    @property
    def QueryParams(self):
        """dict of str to str: the query's parameters; of one given twice the last value."""
        return parse_query(self._query)

    @property
    def Host(self):
        """str: the host that was asked for, with the port where one was given."""
        return self._field(b'host')

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

    @property
    def CacheControl(self):
        """str: Cache-Control."""
        return self._field(b'cache-control')

    @property
    def Referer(self):
        """str: Referer."""
        return self._field(b'referer')

    @property
    def ContentType(self):
        """str: type of the content."""
        return self._field(b'content-type')

    @property
    def ContentLength(self):
        """int: length of the content, octets; of one in chunks what has been received."""
        return 0 if self._content is None else len(self._content)

    @property
    def UserAgent(self):
        """str: User-Agent."""
        return self._field(b'user-agent')

    @property
    def Authorization(self):
        """str: Authorization."""
        return self._field(b'authorization')

    @property
    def Origin(self):
        """str: Origin."""
        return self._field(b'origin')

    @property
    def IsKeepAlive(self):
        """bool: whether the connection stays open behind the answer."""
        return self._keep_alive

    @property
    def IsUpgrade(self):
        """bool: whether the client asks for another protocol (RFC 9110 section 7.8)."""
        return b'upgrade' in self._headers and 'upgrade' in self._field(b'connection').lower().replace(',', ' ').split()

    @property
    def Upgrade(self):
        """str: the protocols asked for."""
        return self._field(b'upgrade')

    @property
    def Content(self):
        """memoryview or None: the content."""
        return self._content

    @property
    def XAsyncTCPClient(self):
        """XAsyncTCPClient: the connection."""
        return self._client
