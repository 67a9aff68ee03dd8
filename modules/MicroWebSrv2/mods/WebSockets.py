"""WebSockets (RFC 6455) on the connections of the web server (documentation, section WebSockets Module)."""

from binascii import a2b_base64, b2a_base64

from ..libs.checks import require, require_bool, require_callback, require_text
from ..libs.httpStream import close_if_can, is_coroutine
from ..libs.routeTable import RouteTable, normal
from ..libs.urlUtils import unquote_bytes
from ..libs.webSocket import WebSocket, octets_of
from ..libs.wsFrames import BINARY, frame, text_frame

_GUID = b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11'  # RFC 6455, 1.3

_routes = RouteTable()  # of all servers, as those of handlers


def WebSocketRoute(routePath):
    """Decorate a handler of WebSockets with its route.

    routePath: as of WebRoute(). The handler is f(microWebSrv2, webSocket), or f(microWebSrv2, webSocket, args)
    where the path has arguments: it is called when the connection is accepted, in the place of OnWebSocketAccepted.
    Return the decorator. Raise ValueError that says what was wrong.
    """

    def decorated(handler):
        _routes.register(handler, 'GET', routePath)
        return handler

    return decorated


def _routed(request):  # small: False without WebSocket routes
    """Return the handler of a request's route, f(microWebSrv2, webSocket), or None."""
    path = request.parser.path
    literal = _routes.literal.get(b'GET')
    found = literal and literal.get(normal(unquote_bytes(path))) or _routes.find_pattern(b'GET', path)
    if not found:
        return None
    route, args = found
    return route.Handler if args is None else lambda mws2, webSocket: route.Handler(mws2, webSocket, args)


def _has_routes():  # small: False without WebSocket routes
    return bool(_routes.methods())


def is_same_site(request):
    """Return bool: whether a request comes from a page of this host, or from no page at all (RFC 6455, 10.2).

    request: HttpRequest.
    """
    origin = request.Origin.lower()
    host = origin[origin.find('://') + 3 :] if '://' in origin else origin
    return not origin or _without_port(host) == _without_port(request.Host.lower())


def _without_port(host):
    """Return a host without the port where it is the scheme's own."""
    return host[: host.rfind(':')] if host.endswith(':80') or host.endswith(':443') else host


class WebSockets:
    """The module that accepts WebSocket connections (documentation, section WebSockets module properties).

    Its properties raise ValueError for what they cannot be.
    """

    def __init__(self):
        self._protocol_callback = self._accepted_callback = self._request_callback = None
        self._all_origins = False
        self._origins = None
        self._deflate = None  # module host.deflate, where compression is wanted

    @property
    def AllowAllOrigins(self):
        """bool: whether pages of other sites may open WebSockets; so they may where the server's AllowAllOrigins is.

        Browsers send their cookies and passwords along: without this, a page of another site gets 403.
        """
        return self._all_origins

    @AllowAllOrigins.setter
    def AllowAllOrigins(self, value):
        """Set it."""
        self._all_origins = require_bool(value, 'AllowAllOrigins')

    @property
    def AllowedOrigins(self):
        """list of str: the other sites whose pages may open WebSockets, such as `https://app.example:8443`."""
        return list(self._origins or ())

    @AllowedOrigins.setter
    def AllowedOrigins(self, value):
        """Set it."""
        require(isinstance(value, (list, tuple)), ValueError, '"AllowedOrigins" must be a list of strings.')
        for origin in value:
            require_text(origin, 'AllowedOrigins')
        self._origins = [origin.lower().rstrip('/') for origin in value]

    @property
    def Compression(self):
        """bool: whether messages are compressed for clients that ask for it (RFC 7692); False at first.

        On CPython only; elsewhere True raises ValueError.
        """
        return self._deflate is not None

    @Compression.setter
    def Compression(self, value):
        """Set it."""
        require_bool(value, 'Compression')
        self._deflate = None
        if value:
            try:
                from ..host import deflate
            except ImportError:
                raise ValueError('"Compression": there is no zlib here.')
            self._deflate = deflate

    @property
    def OnWebSocketRequest(self):
        """Callback f(microWebSrv2, request) or None: decides on a WebSocket before it is accepted.

        It returns True or None to go on; or it answers by request.Response, with any status; False answers 403.
        It cannot be a coroutine.
        """
        return self._request_callback

    @OnWebSocketRequest.setter
    def OnWebSocketRequest(self, value):
        """Set it."""
        require_callback(value, 'OnWebSocketRequest')
        self._request_callback = value

    @property
    def OnWebSocketProtocol(self):
        """Callback f(microWebSrv2, protocols) or None: selects a sub-protocol.

        protocols: list of str, those that the client proposes. It returns one of them, or None.
        """
        return self._protocol_callback

    @OnWebSocketProtocol.setter
    def OnWebSocketProtocol(self, value):
        """Set it."""
        require_callback(value, 'OnWebSocketProtocol')
        self._protocol_callback = value

    @property
    def OnWebSocketAccepted(self):
        """Callback f(microWebSrv2, webSocket) or None: a connection was accepted whose path has no WebSocketRoute().

        The place to assign the callbacks of the WebSocket. Without this callback, paths without such a route get 404,
        and 501 where there are no such routes.
        """
        return self._accepted_callback

    @OnWebSocketAccepted.setter
    def OnWebSocketAccepted(self, value):
        """Set it."""
        require_callback(value, 'OnWebSocketAccepted')
        self._accepted_callback = value

    @staticmethod
    def Broadcast(webSockets, msg):
        """Send one message through many WebSockets; it is encoded once. From any thread.

        webSockets: iterable of WebSocket. msg: str for a text message, else bytes-like or convertible into bytes.
        Return int, the number of WebSockets that took it; as to the others see SendTextMessage().
        Raise ValueError if msg does not convert.
        """
        data = text_frame(msg) if isinstance(msg, str) else frame(BINARY, octets_of(msg))
        return sum([webSocket.post(data) for webSocket in list(webSockets)])

    def WantsContent(self, microWebSrv2, request):
        """Return False: a request that opens a WebSocket has no content. Arguments as of OnRequest()."""
        return False

    def OnRequest(self, microWebSrv2, request):
        """Accept a request that opens a WebSocket (RFC 6455, 4.2), or refuse it.

        microWebSrv2: MicroWebSrv2. request: HttpRequest.
        """
        if b'upgrade' not in request.parser.headers or not request.IsUpgrade:
            return
        if 'websocket' not in [name.strip() for name in request.Upgrade.lower().split(',')]:
            return
        response = request.Response
        key = self._key(request)
        if request.Method != 'GET' or key is None:
            response.Return(400, 'A WebSocket needs GET and a Sec-WebSocket-Key of 16 bytes in base64.')
        elif request.GetHeader('Sec-WebSocket-Version') != '13':
            response.SetHeader('Sec-WebSocket-Version', '13')
            response.Return(426, 'WebSocket version 13 is needed.')
        else:
            accepted = self._handler(microWebSrv2, request)
            if accepted is not None and self._is_wanted(microWebSrv2, request):
                self._accept(microWebSrv2, request, key, accepted)

    @staticmethod
    def _key(request):
        """Return the handshake's key as bytes, None if it is none."""
        key = request.GetHeader('Sec-WebSocket-Key').encode()
        try:
            return key if len(key) == 24 and len(a2b_base64(key)) == 16 else None
        except ValueError:
            return None

    def _handler(self, microWebSrv2, request):
        """Return what is called with an accepted WebSocket, f(microWebSrv2, webSocket); or answer, and return None."""
        handler = _routed(request)
        if handler:
            return handler
        if self._accepted_callback is None:
            if _has_routes():
                request.Response.Return(404)  # not the NotFoundURL: no page is asked for
            else:
                request.Response.ReturnNotImplemented()
        return self._accepted_callback

    def _is_wanted(self, microWebSrv2, request):
        """Return bool: whether a WebSocket may be opened; if not, answer."""
        response = request.Response
        if not (self._all_origins or microWebSrv2.AllowAllOrigins or is_same_site(request) or self._is_listed(request)):
            microWebSrv2.Log('A WebSocket of the site %s was refused.' % request.Origin, microWebSrv2.INFO)
            response.ReturnForbidden()
            return False
        if self._request_callback is None:
            return True
        wanted = self._request_callback(microWebSrv2, request)
        if is_coroutine(wanted):
            close_if_can(wanted)
            raise TypeError('OnWebSocketRequest cannot be a coroutine.')
        if response.HeadersSent:
            return False
        if wanted is None or wanted:
            return True
        response.ReturnForbidden()
        return False

    def _is_listed(self, request):  # small: False without WebSocket routes
        return bool(self._origins) and request.Origin.lower() in self._origins

    def _accept(self, microWebSrv2, request, key, accepted):
        """Answer 101, and hand the connection over. accepted: as _handler() returns it."""
        response = request.Response
        protocols = [name.strip() for name in request.GetHeader('Sec-WebSocket-Protocol').split(',') if name.strip()]
        if protocols and self._protocol_callback:
            protocol = self._protocol_callback(microWebSrv2, protocols)
            if protocol is not None:
                if protocol not in protocols:
                    raise ValueError('"OnWebSocketProtocol" must be a function that returns one of %r.' % protocols)
                response.SetHeader('Sec-WebSocket-Protocol', protocol)
        try:
            from hashlib import sha1
        except ImportError:
            from ..libs.sha1 import sha1
        response.SetHeader('Sec-WebSocket-Accept', b2a_base64(sha1(key + _GUID).digest()).decode().strip())
        webSocket = (self._deflate and self._deflate.negotiate(microWebSrv2, request)) or WebSocket(
            microWebSrv2, request
        )
        if response.SwitchingProtocols('websocket'):
            webSocket.start(accepted, request.detach())
