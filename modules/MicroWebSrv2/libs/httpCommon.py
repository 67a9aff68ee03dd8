"""What the heads of answers have in common, made once a second."""

import sys
import time

from .httpAnswer import content_type, reason_phrase
from .validators import http_date

_SERVER = b'Server: MicroWebSrv2 ' + (b'MicroPython' if sys.implementation.name == 'micropython' else b'CPython')
_MAX_KEPT = 8  # media types


class CommonHeads:
    """The common beginnings of a server's answers. pool: XAsyncSocketsPool, whose clock tells when they are old."""

    def __init__(self, pool):
        self._pool = pool
        self._second = None
        self._fields = b''
        self._starts = {}
        self._ok = {}
        self._last = {}

    def _new_second(self):
        """Make the fields Server and Date of this second."""
        date = http_date(int(time.time()))
        self._fields = _SERVER + (b'\r\nDate: ' + date if date else b'')
        self._second = self._pool.now
        self._starts.clear()
        self._ok.clear()
        self._last.clear()

    def start(self, code, media_type, charset):
        """Return an answer's first lines, bytes: status, server, date, and type of the content where there is one.

        code: int. media_type, charset: str or None.
        """
        if self._pool.now != self._second:
            self._new_second()
        is_kept = code == 200 and charset is None
        start = self._starts.get(media_type) if is_kept else None
        if start is None:
            start = ('HTTP/1.1 %d %s\r\n' % (code, reason_phrase(code))).encode() + self._fields
            if media_type is not None:
                start += b'\r\nContent-Type: ' + content_type(media_type, charset).encode()
            if is_kept and len(self._starts) < _MAX_KEPT:
                self._starts[media_type] = start
        return start

    def ok(self, media_type, keeps_alive):
        """Return the common head of a 200 with a body, up to its length, bytes.

        media_type: str or None. keeps_alive: bool, whether the connection stays open.
        """
        if self._pool.now != self._second:
            self._new_second()
        heads = self._ok if keeps_alive else self._last
        head = heads.get(media_type)
        if head is None:
            head = self.start(200, media_type, None)
            if not keeps_alive:
                head += b'\r\nConnection: close'
            head += b'\r\nCache-Control: no-store\r\nContent-Length: '
            if len(heads) < _MAX_KEPT:
                heads[media_type] = head
        return head
