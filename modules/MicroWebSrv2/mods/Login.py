"""Login: users with passwords, who sign in and out of a session."""

from binascii import hexlify

from ..httpRequest import is_same
from ..libs.boundedTable import BoundedTable
from ..libs.checks import is_int, require, require_string, require_text
from ..libs.secrets import COUNT, IS_BOARD, parse_stored, pbkdf2_sha256, stored_password
from ..libs.throttle import Throttle
from ..microWebSrv2 import MicroWebSrv2

_MAX_PASSWORD = 1024  # characters
_NOBODY = 'x' * 16
_KNOWN_PEERS = 16


def _segments(path):
    """Return how a path is compared: list of str. path: str, decoded."""
    return [segment for segment in path.lower().split('/') if segment]


class Login:
    """The module, as LoadModule('Login') gives it. It loads the module Sessions.

    Passwords are stored as PBKDF2-HMAC-SHA256 (RFC 8018) with a salt and a count of rounds. Who fails has to wait, from
    the fourth time on, up to a minute: per user, and for the whole server where very many fail. Who has signed in from
    an address before does not wait for the failures of others.
    """

    IS_GUARD = True  # is asked before modules that answer

    def __init__(self):
        self._sessions = MicroWebSrv2.LoadModule('Sessions')
        self._users = {}  # name -> (count, salt, key)
        self._nobody = parse_stored(stored_password(_NOBODY, 1))
        self._paths = []
        self._url = None
        self._throttle = Throttle(64, 3, 300)
        self._server_throttle = Throttle(1, 30, 10) if IS_BOARD else Throttle(1, 1000, 1)
        self._peers = BoundedTable(_KNOWN_PEERS)

    @staticmethod
    def HashPassword(password, count=COUNT):
        """Return what is to be stored of a password: str. Another one each time.

        password: str, 1 to 1024 characters. count: int, rounds, 1 to 10,000,000: 600,000 on computers, 1,000 on boards,
        which take a part of a second. Raise ValueError for anything else.
        """
        require_text(password, 'password')
        require(len(password) <= _MAX_PASSWORD, ValueError, '"password" has more than 1024 characters.')
        require(is_int(count) and 0 < count <= 10000000, ValueError, '"count" must be from 1 to 10,000,000.')
        return stored_password(password, count)

    def AddUser(self, name, stored):
        """Add a user, or give one another password, which signs the user out everywhere.

        name: str. stored: str, as of HashPassword(). Raise ValueError for anything else.
        """
        require_text(name, 'name')
        require_text(stored, 'stored')
        self._users[name] = parse_stored(stored)
        # Who fails for an unknown name takes as long as for a known one.
        self._nobody = (max([user[0] for user in self._users.values()]),) + self._nobody[1:]

    def RemoveUser(self, name):
        """Remove a user, who is signed out everywhere. name: str. Return bool, False where there is none."""
        return self._users.pop(name, None) is not None

    def SignIn(self, request, name, password):
        """Sign a user in, where the password is right: the session goes on under a new token.

        request: HttpRequest. name, password: str. Return bool, False also as long as WaitSec() is not 0.
        Raise ValueError for anything else.
        """
        require_string(name, 'name')
        require_string(password, 'password')
        if self.WaitSec(request, name) or len(password) > _MAX_PASSWORD:
            return False
        key = self._key(request, name)
        self._throttle.failed(key)  # before it is looked at: tries at the same time are counted
        self._server_throttle.failed(0)
        user = self._users.get(name)
        count, salt, wanted = user or self._nobody
        if not is_same(pbkdf2_sha256(password.encode(), salt, count), wanted) or not user:
            return False
        self._throttle.passed(key)
        self._server_throttle.undo(0)
        self._peers.put(request.UserAddress[0], True)
        session = request.Session
        session.Renew()
        session['login'] = [name, _mark(user)]
        return True

    def _key(self, request, name):
        """Return whose failures count: the user's, or the peer's where somebody has signed in from there before."""
        peer = request.UserAddress[0]
        if self._peers.use(peer):
            return 'peer ' + peer
        return 'user ' + (name if name in self._users else '')

    def WaitSec(self, request, name):
        """Return int: seconds until the next password is looked at, 0 for at once. request: HttpRequest. name: str."""
        key = self._key(request, name)
        wait = self._throttle.wait_sec(key)
        return wait if key[:5] == 'peer ' else max(wait, self._server_throttle.wait_sec(0))

    def ForgetPeers(self):
        """Forget from where somebody has signed in: all wait for the failures of all."""
        self._peers.clear()

    def SignOut(self, request):
        """Sign out: the session ends. request: HttpRequest."""
        request.Session.End()

    def UserOf(self, request):
        """Return the user who is signed in: str, or None. request: HttpRequest."""
        return self._user_of(request.Session)

    def _user_of(self, session):
        login = session.get('login')
        user = self._users.get(login[0]) if login else None
        return login[0] if user and login[1] == _mark(user) else None

    def Required(self, handler):
        """Decorate a handler, below its route: who is not signed in does not come to it. Return the new handler."""

        def guarded(microWebSrv2, request, *args):
            if self.UserOf(request) is None:
                return self._refuse(request)
            return handler(microWebSrv2, request, *args)

        return guarded

    def Protect(self, path):
        """Have all below a path need a user who is signed in: routes, files and pages. path: str, as `/private`."""
        require(isinstance(path, str) and path[:1] == '/', ValueError, '"path" must begin with a slash.')
        self._paths.append(_segments(path))

    @property
    def LoginURL(self):
        """str or None: where browsers are sent to sign in, instead of 401. It is never protected."""
        return self._url

    @LoginURL.setter
    def LoginURL(self, value):
        """Set it. Raise ValueError for anything else."""
        if value is not None:
            require_text(value, 'LoginURL')
        self._url = value

    def WantsContent(self, microWebSrv2, request):
        """Return False: no content of a request without a route is read. Arguments as of OnRequest()."""
        return False

    def OnRequest(self, microWebSrv2, request):
        """Refuse what is protected. microWebSrv2: MicroWebSrv2. request: HttpRequest."""
        if self._paths and self._is_protected(request.Path):
            self._sessions.OnRequest(microWebSrv2, request)  # modules are asked in any order
            if self.UserOf(request) is None:
                self._refuse(request)

    def _is_protected(self, path):
        segments = _segments(path)
        if self._url and segments == _segments(self._url.split('?')[0]):
            return False
        return bool([1 for protected in self._paths if segments[: len(protected)] == protected])

    def _refuse(self, request):
        response = request.Response
        if self._url and request.raw_method in (b'GET', b'HEAD') and 'text/html' in request.field(b'accept'):
            response.ReturnRedirect(self._url, 303)
        else:
            response.ReturnUnauthorized('Session')


def _mark(user):
    """Return what of a user's stored password stands in sessions: another password ends them. user: as it is kept."""
    return hexlify(user[1]).decode()
