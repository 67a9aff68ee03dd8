"""Timers of a pool: what XAsyncSocketsPool.CallLater() and CallEvery() make."""

import time

from .checks import is_int, require
from .xasPoller import WAIT_MS

_LONGEST_MS = 1 << 28  # that ticks of MicroPython are told apart over, in both directions

if hasattr(time, 'ticks_ms'):
    now_ms = time.ticks_ms
    passed_ms = time.ticks_diff
    after_ms = time.ticks_add
else:

    def now_ms():
        """Return int, milliseconds of a clock that never goes back."""
        return int(time.monotonic() * 1000)

    def passed_ms(end, start):
        """Return int, the milliseconds from one time to another one."""
        return end - start

    def after_ms(start, milliseconds):
        """Return the time so many milliseconds after one."""
        return start + milliseconds


class XAsyncTimer:
    """A timer, as CallLater() and CallEvery() return it.

    pool, milliseconds, function: as of these. timers: Timers. again: bool, whether it is called more than once.
    """

    __slots__ = ('_due', '_function', '_left', '_period', '_pool', '_timers')

    def __init__(self, pool, timers, milliseconds, function, again):
        require(is_int(milliseconds) and milliseconds >= 0, ValueError, '"milliseconds" must be a positive integer.')
        require(callable(function), ValueError, '"function" must be a function.')
        self._pool = pool
        self._timers = timers
        self._function = function
        self._period = milliseconds if again else None
        self._wait(now_ms(), milliseconds)

    def Cancel(self):
        """Call the function no more. Return bool, False if the timer was over already. From any thread."""
        if self._function is None:
            return False
        self._function = None
        self._timers.note(self)
        return True

    def is_over(self):
        """Return bool: whether the function will not be called any more."""
        return self._function is None

    def left(self, now):
        """Return int, the milliseconds until something is to be done, 0 or less where it is due. now: ticks."""
        return passed_ms(self._due, now)

    def is_after(self, other):
        """Return bool: whether the timer is due after another one, an XAsyncTimer."""
        return passed_ms(self._due, other._due) > 0

    def _wait(self, since, milliseconds):
        """Be due so many milliseconds after a time: by way of others, where ticks do not reach that far."""
        step = min(milliseconds, _LONGEST_MS)
        self._left = milliseconds - step
        self._due = after_ms(since, step)

    def move_on(self, now):
        """Get ready for the next time. now: ticks. Return the function where it is to be called now, else None."""
        if self._left:
            self._wait(self._due, self._left)
            return None
        function = self._function
        if self._period is None:
            self._function = None
        else:  # from when it was due, unless the loop was held for longer than that
            self._wait(self._due if passed_ms(now, self._due) < self._period else now, self._period)
        return function

    def call(self, function):
        """Call the function. What it raises is shown, and costs nobody else; its coroutine is awaited by asyncio."""
        try:
            result = function()
            if result is not None and hasattr(result, 'throw'):
                self._await(result)
        except BaseException as error:
            self._pool.report(error)

    def _await(self, coroutine):
        spawn = self._pool.spawn
        if not spawn:
            coroutine.close()
            raise TypeError('The function of a timer is a coroutine: run the pool by asyncio (StartInAsyncio).')
        spawn(coroutine)


class Timers:
    """The timers of one pool.

    Only the thread that runs the pool touches their order; what is new or cancelled is noted for it, by any thread,
    and by what may interrupt it.
    """

    def __init__(self):
        self._timers = []  # in the order in which they are due
        self._noted = []

    def count(self):
        """Return int: how many timers are under way."""
        return len(self._timers)

    def note(self, timer):
        """Take a timer that is new, or was cancelled. From any thread."""
        self._noted.append(timer)

    def run(self):
        """Call what is due now. Return int, milliseconds until something is, WAIT_MS where nothing is known to be."""
        timers = self._timers
        now = now_ms()
        self._take_noted()
        for _ in range(len(timers)):  # no more: those that they set again and again wait for the next turn
            if not timers or timers[0].left(now) > 0:
                break
            timer = timers.pop(0)
            function = timer.move_on(now)
            if not timer.is_over():
                self._insert(timer)
            if function:
                timer.call(function)
                self._take_noted()
        return max(0, timers[0].left(now_ms())) if timers else WAIT_MS

    def _take_noted(self):
        while self._noted:
            timer = self._noted.pop(0)
            if not timer.is_over():
                self._insert(timer)
            elif timer in self._timers:
                self._timers.remove(timer)

    def _insert(self, timer):
        """Put a timer in its place, after those that are due at the same time."""
        timers = self._timers
        at = len(timers)
        while at and timers[at - 1].is_after(timer):
            at -= 1
        timers.insert(at, timer)
