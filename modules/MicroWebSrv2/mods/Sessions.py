"""Sessions: what a server remembers of a browser from one request to the next, by a cookie."""

import sys

from ..libs.checks import require, require_positive, require_text
from ..libs.cookies import parse_cookies
from ..libs.sessionStores import ServerStore, SignedStore

_IS_BOARD = sys.implementation.name == 'micropython'
_MAX_COUNT = 64 if _IS_BOARD else 10000
_IDLE_SEC = 1800
_AGE_SEC = 86400
_MIN_KEY = 16


class Session:
    """The session of a request: `request.Session`. A dict of str to what JSON has, which is the same at each request.

    It begins when something is put into it, before the answer: then the browser gets its cookie.
    """

    __slots__ = ('_is_new', '_kept', '_request', '_sessions', '_token')

    def __init__(self, sessions, request):
        self._sessions = sessions
        self._request = request
        self._kept = self._token = None
        self._is_new = False

    def _data(self):
        """Return the dict that is kept; an empty one without a session."""
        if self._kept is None:
            self._kept, self._token = self._sessions.load(self._request)
        return self._kept.data if self._kept else {}

    def _own(self):
        """Return the dict that is kept, of a session that is begun where there is none."""
        self._data()
        if not self._kept:
            require(not self._request.Response.HeadersSent, RuntimeError, 'A session begins before the answer.')
            self._kept, self._token = self._sessions.begin(self._request)
            self._is_new = True
        return self._kept.data

    def __getitem__(self, name):
        return self._data()[name]

    def __setitem__(self, name, value):
        self._own()[name] = value

    def __delitem__(self, name):
        del self._data()[name]

    def __contains__(self, name):
        return name in self._data()

    def __iter__(self):
        return iter(self._data())

    def __len__(self):
        return len(self._data())

    def get(self, name, default=None):
        """Return what is kept by a name, or the default."""
        return self._data().get(name, default)

    def setdefault(self, name, default=None):
        """Return what is kept by a name; where there is nothing, keep the default."""
        return self._own().setdefault(name, default)

    def pop(self, name, *default):
        """Return what was kept by a name, and forget it; the default where there is nothing, or raise KeyError."""
        return self._data().pop(name, *default)

    def update(self, values):
        """Keep several values. values: dict."""
        self._own().update(values)

    def clear(self):
        """Forget all values; the session goes on."""
        self._data().clear()

    def keys(self):
        """Return the names."""
        return self._data().keys()

    def values(self):
        """Return the values."""
        return self._data().values()

    def items(self):
        """Return names and values."""
        return self._data().items()

    @property
    def IsNew(self):
        """bool: whether there was no session before this request."""
        self._data()
        return self._is_new or not self._kept

    def Renew(self):
        """Go on under another token: to be called where somebody gets more rights, as at a login.

        A token that somebody has slipped to the browser before is worth nothing then. Raise RuntimeError after the
        answer has begun.
        """
        if self._data() or self._kept:
            require(not self._request.Response.HeadersSent, RuntimeError, 'A session is renewed before the answer.')
            self._token = self._sessions.renew(self._request, self._kept, self._token)

    def End(self):
        """Forget the session, and have the browser forget its cookie."""
        self._data()
        if self._kept:
            self._sessions.end(self._request, self._kept, self._token)
        self._kept, self._token = False, None


class Sessions:
    """The module, as LoadModule('Sessions') gives it: each request has a `Session`, which is a dict.

    They are kept in the server under a random token of 128 bits, and gone when it is restarted; or, with SigningKey, in
    the browser's cookie. The cookie is HttpOnly, and Secure where the request came by https.
    """

    def __init__(self):
        self._name = 'session'
        self._idle = _IDLE_SEC
        self._age = _AGE_SEC
        self._same_site = 'Lax'
        self._store = ServerStore(_MAX_COUNT)
        self._key = None

    def WantsContent(self, microWebSrv2, request):
        """Return False: no content of a request without a route is read. Arguments as of OnRequest()."""
        return False

    def OnRequest(self, microWebSrv2, request):
        """Give a request its Session. microWebSrv2: MicroWebSrv2. request: HttpRequest."""
        request.Session = Session(self, request)

    @property
    def CookieName(self):
        """str: the name of the cookie, `session` at first."""
        return self._name

    @CookieName.setter
    def CookieName(self, value):
        """Set it. Raise ValueError for anything else."""
        require_text(value, 'CookieName')
        self._name = value

    @property
    def IdleTimeoutSec(self):
        """int: seconds after which a session that is not used ends, 1800 at first."""
        return self._idle

    @IdleTimeoutSec.setter
    def IdleTimeoutSec(self, value):
        """Set it. Raise ValueError for anything else."""
        self._idle = require_positive(value, 'IdleTimeoutSec')

    @property
    def MaxAgeSec(self):
        """int: seconds after which any session ends, 86400 at first."""
        return self._age

    @MaxAgeSec.setter
    def MaxAgeSec(self, value):
        """Set it. Raise ValueError for anything else."""
        self._age = require_positive(value, 'MaxAgeSec')

    @property
    def MaxCount(self):
        """int: sessions that the server keeps, 10,000 on computers, 64 on boards; beyond, the idlest goes."""
        return self._store.table.most if self._store.is_server else 0

    @MaxCount.setter
    def MaxCount(self, value):
        """Set it. Raise ValueError for anything else."""
        most = require_positive(value, 'MaxCount')
        require(self._store.is_server, ValueError, '"MaxCount" is of sessions that the server keeps.')
        self._store.table.most = most

    @property
    def SameSite(self):
        """str: `Lax` or `Strict`, whether links from other sites come without the session."""
        return self._same_site

    @SameSite.setter
    def SameSite(self, value):
        """Set it. Raise ValueError for anything else."""
        require(value in ('Lax', 'Strict'), ValueError, '"SameSite" must be "Lax" or "Strict".')
        self._same_site = value

    @property
    def SigningKey(self):
        """bytes or None: 16 random bytes or more, which sign sessions that the cookie keeps; None: the server does.

        The browser can read such a session; it may have some 2,700 bytes as JSON. One that was ended is good until its
        time is over for somebody who has kept the cookie. It needs a clock that is set.
        """
        return self._key

    @SigningKey.setter
    def SigningKey(self, value):
        """Set it. Raise ValueError for anything else."""
        ok = value is None or (isinstance(value, bytes) and len(value) >= _MIN_KEY)
        require(ok, ValueError, '"SigningKey" must be 16 random bytes or more, or None.')
        self._key = value
        self._store = SignedStore(value) if value else ServerStore(_MAX_COUNT)

    def Count(self):
        """Return int: the sessions that the server keeps."""
        return len(self._store.table) if self._store.is_server else 0

    # ---- for Session

    def load(self, request):
        """Return (Kept or False, token or None): the session that a request's cookie names."""
        value = parse_cookies(request.fields.get(b'cookie', b'')).get(self._name)
        if not value:
            return False, None
        if self._store.is_server:
            kept = self._store.load(value, self._idle, self._age)
            return (kept, value) if kept else (False, None)
        kept = self._store.load(value, self._name, self._idle, self._age)
        if not kept:
            return False, None
        self._sign_before_answer(request, kept)
        return kept, None

    def begin(self, request):
        """Return (Kept, token or None): a new session."""
        if self._store.is_server:
            token, kept = self._store.add(self._idle)
            self._set_cookie(request, token)
        else:
            token, kept = None, self._store.add()
            self._sign_before_answer(request, kept)
        return kept, token

    def renew(self, request, kept, token):
        """Return another token for a session; None for one that is signed, whose cookie is another anyway."""
        if not self._store.is_server:
            return None
        token = self._store.rename(token, kept)
        self._set_cookie(request, token)
        return token

    def end(self, request, kept, token):
        """Forget a session."""
        kept.data = {}
        kept.begun = None
        if self._store.is_server:
            self._store.remove(token)
        if not request.Response.HeadersSent:
            request.Response.DeleteCookie(self._name)

    def _sign_before_answer(self, request, kept):
        """Have the cookie set when the answer is decided: until then the session may change."""

        def sign(response, code):
            value = self._store.value(kept, self._name, self._idle) if kept.begun is not None else None
            if value:
                self._set_cookie(request, value)

        if not request.Response.HeadersSent:
            request.Response.own().tell_before_head(sign)

    def _set_cookie(self, request, value):
        request.Response.SetCookie(self._name, value, secure=request.IsSSL, sameSite=self._same_site)
