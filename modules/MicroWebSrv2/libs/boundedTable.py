"""A table that clients fill: it never holds more than it may."""

from .routeTable import Ordered
from .xasPoller import allocate_lock


class BoundedTable:
    """Values by key, the one that was used longest ago first. From any thread.

    most: int, 1 or more. Where there are so many and one comes, the first goes.

    - most: as given; may be changed.
    """

    def __init__(self, most):
        self.most = most
        self._values = Ordered()
        self._lock = allocate_lock()

    def __len__(self):
        return len(self._values)

    def use(self, key):
        """Return the value of a key, which is the last used from now on; None without one."""
        with self._lock:
            value = self._values.pop(key, None)
            if value is not None:
                self._values[key] = value
            return value

    def put(self, key, value):
        """Set the value of a key, anything but None, which is the last used from now on."""
        with self._lock:
            self._values.pop(key, None)
            while len(self._values) >= self.most:
                self._values.pop(next(iter(self._values)))
            self._values[key] = value

    def take(self, key):
        """Return the value of a key, and forget it; None without one."""
        with self._lock:
            return self._values.pop(key, None)

    def forget_first(self, is_over):
        """Forget the values that were used longest ago as long as is_over(value) is true."""
        with self._lock:
            while self._values:
                key = next(iter(self._values))
                if not is_over(self._values[key]):
                    return
                self._values.pop(key)

    def clear(self):
        """Forget all."""
        with self._lock:
            self._values.clear()
