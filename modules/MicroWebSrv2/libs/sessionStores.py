"""Where sessions are kept: in a table of the server, or signed in the client's cookie."""

import time
from binascii import a2b_base64

from ..httpRequest import is_same
from .boundedTable import BoundedTable
from .secrets import hmac_sha256, new_token, to_text
from .strictJson import dumps_strict, loads_strict
from .uptime import seconds

_MAX_COOKIE = 3800  # bytes of a cookie's value: browsers take 4096 with its name and attributes
_SKEW_SEC = 60  # that a clock may have been set back
_RENEWALS = 8  # a signed session that is used gets a new time each eighth of the idle time


class Kept:
    """What is known of a session. data: dict. begun, seen: int, seconds of the store's clock."""

    __slots__ = ('begun', 'data', 'seen', 'sent')

    def __init__(self, data, begun, seen, sent=None):
        self.data = data
        self.begun = begun
        self.seen = seen
        self.sent = sent


class ServerStore:
    """Sessions in a table, by a random token. most: int, of them; beyond, the one that is idle longest goes."""

    is_server = True

    def __init__(self, most):
        self.table = BoundedTable(most)

    def load(self, token, idle, age):
        """Return the Kept session of a cookie's value, str, or None. idle, age: int, seconds that it may have."""
        kept = self.table.use(token)
        now = seconds()
        if kept is None:
            return None
        if now - kept.seen >= idle or now - kept.begun >= age:
            self.table.take(token)
            return None
        kept.seen = now
        return kept

    def add(self, idle):
        """Return (token, Kept): a new session. idle: int, seconds: those that have been idle for longer go."""
        now = seconds()
        self.table.forget_first(lambda kept: now - kept.seen >= idle)
        token, kept = new_token(), Kept({}, now, now)
        self.table.put(token, kept)
        return token, kept

    def rename(self, token, kept):
        """Return a new token for a session. token: str, the one before."""
        self.table.take(token)
        token = new_token()
        self.table.put(token, kept)
        return token

    def remove(self, token):
        """Forget a session."""
        self.table.take(token)


class SignedStore:
    """Sessions in the client's cookie: JSON with an HMAC-SHA256. key: bytes. name: str, of the cookie.

    The client can read them, and one that was ended is good until its time is over where somebody has kept the cookie.
    """

    is_server = False

    def __init__(self, key):
        self._key = key

    def load(self, value, name, idle, age):
        """Return the Kept session of a cookie's value, str, or None. name: str, of the cookie."""
        parts = value.split('.')
        if len(parts) != 4:
            return None
        signed = '.'.join(parts[:3])
        if not is_same(self._code(name, signed).encode(), parts[3].encode()):
            return None
        begun, seen = int(parts[1], 16), int(parts[2], 16)
        now = int(time.time())
        if seen > now + _SKEW_SEC or now - seen >= idle or now - begun >= age:
            return None
        text = a2b_base64(parts[0])
        return Kept(loads_strict(text), begun, seen, text)

    def add(self):
        """Return Kept: a new session."""
        now = int(time.time())
        return Kept({}, now, now)

    def value(self, kept, name, idle):
        """Return the cookie's value, str, or None where the client has it already. name: str, of the cookie.

        Raise ValueError where it is too large, TypeError or ValueError for data that are no JSON.
        """
        text = dumps_strict(kept.data).encode()
        now = int(time.time())
        if text == kept.sent and now - kept.seen < max(1, idle // _RENEWALS):
            return None
        signed = '%s.%x.%x' % (to_text(text), kept.begun, now)
        value = signed + '.' + self._code(name, signed)
        if len(value) > _MAX_COOKIE:
            raise ValueError('A signed session has %d bytes, %d at the most.' % (len(value), _MAX_COOKIE))
        return value

    def _code(self, name, signed):
        return to_text(hmac_sha256(self._key, (name + '=' + signed).encode()))
