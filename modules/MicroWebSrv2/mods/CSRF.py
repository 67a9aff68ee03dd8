"""CSRF: what other sites have a browser send is refused (OWASP, Cross-Site Request Forgery Prevention)."""

from ..httpRequest import is_same
from ..libs.checks import require, require_bool, require_text
from ..libs.cookies import parse_cookies
from ..libs.secrets import new_token

_SAFE = (b'GET', b'HEAD', b'OPTIONS', b'TRACE')
_COOKIE = 'csrf'
_PORTS = {'http': ':80', 'https': ':443'}


def _host_of(url):
    """Return the host with its port of an origin or an URL, str, lower-case, without the port that its scheme has."""
    scheme, separator, rest = url.lower().partition('://')
    if not separator:
        return None
    for end in '/?#':
        rest = rest.split(end)[0]
    port = _PORTS.get(scheme)
    return rest[: -len(port)] if port and rest.endswith(port) else rest


class CSRF:
    """The module, as LoadModule('CSRF') gives it: requests that change something come from this site's own pages.

    A browser says where a request comes from: by Sec-Fetch-Site, which it leaves out on plain http, or by Origin, which
    has to be the host that was asked; `null` is nobody. Where it says neither and sends cookies or a password, a token
    is needed that only pages of this site can know: Token() puts it into a form as `csrf_token`, or a script sends it
    as X-CSRF-Token. Programs that are no browsers, and send no cookies, are not concerned.
    """

    IS_GUARD = True  # is asked before modules that answer

    def __init__(self):
        self._origins = []
        self._needs_token = False

    @property
    def RequireToken(self):
        """bool: whether the token is needed too where the browser says that the page is of this site."""
        return self._needs_token

    @RequireToken.setter
    def RequireToken(self, value):
        """Set it. Raise ValueError for anything else."""
        self._needs_token = require_bool(value, 'RequireToken')

    def AllowOrigin(self, origin):
        """Let pages of another site send requests. origin: str, as `https://other.example`.

        Raise ValueError for anything else.
        """
        require_text(origin, 'origin')
        host = _host_of(origin)
        require(host and origin.lower().rstrip('/').endswith(host), ValueError, '"origin" must be as https://host.')
        self._origins.append(origin.lower().rstrip('/'))

    def Token(self, request):
        """Return the token for a form of this site: str. The browser gets the cookie that belongs to it.

        request: HttpRequest, whose answer has not begun.
        """
        token = self._cookie_of(request)
        if not token:
            token = new_token()
            request.Response.SetCookie(self._name(request), token, secure=request.IsSSL, sameSite='Strict')
        return token

    def Field(self, request):
        """Return the token as a hidden field of a form: str of HTML. request: as of Token()."""
        return '<input type="hidden" name="csrf_token" value="%s">' % self.Token(request)

    def WantsContent(self, microWebSrv2, request):
        """Return False: no content of a request without a route is read. Arguments as of OnRequest()."""
        return False

    def OnRequest(self, microWebSrv2, request):
        """Refuse what another site has sent. microWebSrv2: MicroWebSrv2. request: HttpRequest."""
        if request.parser.method in _SAFE:
            return
        fault = self._fault(request)
        if fault:
            microWebSrv2.Log('%s %s was refused: %s.' % (request.Method, request.Path, fault), microWebSrv2.WARNING)
            request.Response.ReturnForbidden()

    def _fault(self, request):
        """Return what is wrong with where a request comes from, str, or None."""
        origin = request.Origin.lower()
        if origin and origin in self._origins:
            return None
        is_ours = self._is_ours(request, origin)
        if is_ours is False:
            return 'it comes from %s' % (origin or request.Referer or 'another site')
        needs_token = self._needs_token or (
            is_ours is None and (b'cookie' in request.fields or b'authorization' in request.fields)
        )
        return 'it has not the token of its cookie' if needs_token and not self._has_token(request) else None

    def _is_ours(self, request, origin):
        """Return whether a browser says that a request comes from this site: bool, or None where it says nothing."""
        site = request.field(b'sec-fetch-site').lower()
        if origin == 'null':
            return False
        if site:
            return site in ('same-origin', 'none')
        url = origin or request.Referer
        return self._is_own(request, url) if url else None

    @staticmethod
    def _is_own(request, url):
        host = _host_of(url)
        return bool(host) and host == _host_of(('https://' if url[:6] == 'https:' else 'http://') + request.Host)

    @staticmethod
    def _name(request):
        return '__Host-' + _COOKIE if request.IsSSL else _COOKIE

    def _cookie_of(self, request):
        return parse_cookies(request.fields.get(b'cookie', b'')).get(self._name(request))

    def _has_token(self, request):
        token = self._cookie_of(request)
        given = request.GetHeader('X-CSRF-Token') or request.GetPostedURLEncodedForm().get('csrf_token', '')
        return bool(token and given) and is_same(given.encode(), token.encode())
