"""Timers of a pool: what XAsyncSocketsPool.CallLater() and CallEvery() make."""

import time

from .checks import is_int, require

_NOTHING_MS = 60000

if hasattr(time, 'ticks_ms'):
    _now = time.ticks_ms
    _passed = time.ticks_diff
    _later = time.ticks_add
else:

    def _now():
        return int(time.monotonic() * 1000)

    def _passed(end, start):
        return end - start

    def _later(start, milliseconds):
        return start + milliseconds


class XAsyncTimer:
    """A timer, as CallLater() and CallEvery() return it."""

    def __init__(self, pool, milliseconds, function, again):
        require(is_int(milliseconds) and milliseconds >= 0, ValueError, '"milliseconds" must be a positive integer.')
        require(callable(function), ValueError, '"function" must be a function.')
        self._pool = pool
        self._function = function
        self._period = milliseconds if again else None
        self._due = _later(_now(), milliseconds)

    def Cancel(self):
        """Call the function no more. Return bool, False if the timer was over already. From any thread."""
        if self._function is None:
            return False
        self._function = None
        return True

    def left(self, now):
        """Return int, the milliseconds that are left, 0 or less where the timer is due or was cancelled."""
        return 0 if self._function is None else _passed(self._due, now)

    def ring(self, now):
        """Call the function. now: ticks. Return bool: whether the timer goes on."""
        function = self._function
        if function is None:
            return False
        if self._period is None:
            self._function = None
        else:  # from when it was due, unless the loop was held for longer than that
            self._due = _later(self._due if _passed(now, self._due) < self._period else now, self._period)
        try:
            function()
        except BaseException as error:
            self._pool.report(error)
        return self._function is not None


class Timers:
    """The timers of one pool."""

    def __init__(self):
        self._timers = []

    def add(self, timer):
        """Take a timer. From any thread."""
        self._timers.append(timer)

    def run(self):
        """Call what is due. Return int, milliseconds until the next one is."""
        now = _now()
        for timer in [timer for timer in self._timers if timer.left(now) <= 0]:
            if not timer.ring(now):
                self._timers.remove(timer)
        now = _now()
        return max(0, min([timer.left(now) for timer in self._timers] or [_NOTHING_MS]))
