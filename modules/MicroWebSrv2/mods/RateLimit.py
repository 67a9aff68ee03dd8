"""RateLimit: how often one peer may ask (429, RFC 6585 section 4)."""

import sys

from ..libs.boundedTable import BoundedTable
from ..libs.checks import require, require_positive
from ..libs.uptime import milliseconds

_MAX_PEERS = 64 if sys.implementation.name == 'micropython' else 10000


def _segments(path):
    """Return how a path is compared: list of str. path: str, decoded."""
    return [segment for segment in path.lower().split('/') if segment]


def _peer_of(request):
    """Return who asks, str: the address, of IPv6 its network of 64 bits, in which a host has any address it wants."""
    address = request.UserAddress[0]
    if ':' not in address or '.' in address:
        return address
    head = address.split('%')[0].split('::')
    groups = head[0].split(':')
    if len(head) == 2:
        tail = head[1].split(':') if head[1] else []
        groups = groups + ['0'] * (8 - len(groups) - len(tail)) + tail
    return ':'.join(groups[:4])


class _Rule:
    """So many requests in so many seconds, at once or evenly (the generic cell rate algorithm, in whole milliseconds).

    requests, seconds: int. table: BoundedTable, by rule and peer: when what was granted is used up.
    """

    def __init__(self, requests, seconds, table):
        self._interval = max(1, require_positive(seconds, 'seconds') * 1000 // require_positive(requests, 'requests'))
        self._most = self._interval * (requests - 1)
        self._table = table

    def take(self, request):
        """Take one request. Return int, 0 where it is granted, else the seconds after which one will be."""
        key = '%d %s' % (id(self), _peer_of(request))
        now = milliseconds()
        used = max(self._table.use(key) or now, now)
        if used - now > self._most:
            return max(1, (used - now - self._most + 999) // 1000)
        self._table.put(key, used + self._interval)
        return 0


def _refuse(request, seconds):
    request.Response.SetHeader('Retry-After', seconds)
    request.Response.Return(429)


class RateLimit:
    """The module, as LoadModule('RateLimit') gives it: who asks too often gets 429 with Retry-After.

    A peer is an address as the connection has it; an IPv6 network of 64 bits is one. Behind a proxy all clients are one
    peer: limit them there.
    """

    IS_GUARD = True  # is asked before modules that answer

    def __init__(self):
        self._table = BoundedTable(_MAX_PEERS)
        self._rules = []  # (segments of the path, method or None, _Rule)

    @property
    def MaxPeers(self):
        """int: peers that are remembered, for each limit one; beyond, the one that asked longest ago is forgotten."""
        return self._table.most

    @MaxPeers.setter
    def MaxPeers(self, value):
        """Set it. Raise ValueError for anything else."""
        self._table.most = require_positive(value, 'MaxPeers')

    def Limit(self, requests, seconds, path='/', method=None):
        """Limit all below a path: routes, files and pages.

        requests, seconds: int, 1 or more: so many in that time for each peer. path: str. method: str, or None for any.
        Raise ValueError for anything else.
        """
        require(isinstance(path, str) and path[:1] == '/', ValueError, '"path" must begin with a slash.')
        require(method is None or isinstance(method, str), ValueError, '"method" must be a string or None.')
        rule = _Rule(requests, seconds, self._table)
        self._rules.append((_segments(path), method and method.upper(), rule))

    def PerPeer(self, requests, seconds):
        """Decorate a handler, below its route: limit how often a peer comes to it.

        Arguments and errors as of Limit(). Return the decorator.
        """
        rule = _Rule(requests, seconds, self._table)

        def decorated(handler):
            def limited(microWebSrv2, request, *args):
                seconds = rule.take(request)
                return _refuse(request, seconds) if seconds else handler(microWebSrv2, request, *args)

            return limited

        return decorated

    def WantsContent(self, microWebSrv2, request):
        """Return False: no content of a request without a route is read. Arguments as of OnRequest()."""
        return False

    def OnRequest(self, microWebSrv2, request):
        """Refuse what comes too often. microWebSrv2: MicroWebSrv2. request: HttpRequest."""
        if not self._rules:
            return
        segments, method = _segments(request.Path), request.Method
        for path, wanted, rule in self._rules:
            if (wanted is None or wanted == method) and segments[: len(path)] == path:
                seconds = rule.take(request)
                if seconds:
                    _refuse(request, seconds)
                    return
