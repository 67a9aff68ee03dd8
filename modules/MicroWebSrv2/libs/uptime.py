"""A clock that no one sets and that never goes back."""

import time

if hasattr(time, 'ticks_ms'):

    class _Uptime:
        """Milliseconds since the module was imported, of a counter that wraps."""

        def __init__(self):
            self._now = 0
            self._mark = time.ticks_ms()

        def milliseconds(self):
            """Return int, milliseconds; to be called at least once in half a wrap of the counter (days)."""
            mark = time.ticks_ms()
            self._now += time.ticks_diff(mark, self._mark)
            self._mark = mark
            return self._now

    milliseconds = _Uptime().milliseconds

else:

    def milliseconds():
        """Return int, milliseconds."""
        return time.monotonic_ns() // 1000000


def seconds():
    """Return int, seconds."""
    return milliseconds() // 1000
