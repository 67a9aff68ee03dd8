"""How long somebody who has failed has to wait before trying again. Never for good. Pure but for the clock."""

from .boundedTable import BoundedTable
from .uptime import seconds

_MOST_SEC = 60
_MOST_OVER = 6  # doublings


class Throttle:
    """Failures by key.

    most: int, the keys that are remembered. free: int, failures that cost nothing. decay: int, seconds after which one
    of them is forgotten.
    After them the wait doubles with each failure, from one second to a minute. What is tried during a wait is no
    failure: it does not make it longer.
    """

    def __init__(self, most, free, decay):
        self._decay = decay
        self._free = free
        self._failures = BoundedTable(most)  # by key: (how many, when the last one was)

    def wait_sec(self, key):
        """Return int, seconds until the next try is taken, 0 for at once."""
        count, last = self._known(key)
        over = count - self._free
        return 0 if over < 0 else max(0, last + min(_MOST_SEC, 1 << over) - seconds())

    def _known(self, key):
        count, last = self._failures.use(key) or (0, 0)
        return max(0, count - (seconds() - last) // self._decay), last

    def failed(self, key):
        """Count a failure."""
        self._failures.put(key, (min(self._known(key)[0], self._free + _MOST_OVER - 1) + 1, seconds()))

    def passed(self, key):
        """Forget all failures."""
        self._failures.take(key)

    def undo(self, key):
        """Count one failure less."""
        count, last = self._known(key)
        if count > 1:
            self._failures.put(key, (count - 1, last))
        else:
            self._failures.take(key)
