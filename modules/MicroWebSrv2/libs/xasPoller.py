"""What the platform gives to wait for sockets: the poll object, a clock in whole seconds, locks, thread identities.

On CPython these come from xasPollerHost.py, under the same names.
"""

import sys

try:
    from _thread import allocate_lock, get_ident, start_new_thread
except ImportError:  # firmware without threads: one thread needs no lock

    class allocate_lock:
        """Stand for `_thread.allocate_lock` in firmware without threads."""

        def __init__(self):
            self._taken = False

        def acquire(self, wait=True):
            """Take the lock. wait: bool. Return bool, False only where it is taken and wait is False."""
            if self._taken and not wait:
                return False
            self._taken = True
            return True

        def release(self):
            """Give the lock back."""
            self._taken = False

        def locked(self):
            """Return bool: whether the lock is taken."""
            return self._taken

        def __enter__(self):
            self._taken = True
            return self

        def __exit__(self, *exception):
            self._taken = False

    def get_ident():
        """Return the one thread's identity, 0."""
        return 0

    start_new_thread = None

MAX_WAIT_MS = 1000  # deadlines are looked at once a second

if sys.implementation.name == 'micropython':
    import select
    import time
    from errno import EAGAIN

    IN = select.POLLIN
    OUT = select.POLLOUT
    GONE = select.POLLHUP | select.POLLERR
    MAX_BACKLOG = 255  # MicroPython's lwIP sockets keep it in 8 bits: 256 would be none, and overwrite memory
    MAX_RECV = 1024  # recv() clears as many bytes as it may return, whatever comes
    WAIT_MS = 100 if start_new_thread else MAX_WAIT_MS  # nothing can wake poll() here for another thread's call
    would_block = (EAGAIN,)
    new_poll = select.poll
    _main_thread = get_ident()

    def socket_key(sock):
        """Return what stands for a platform's socket in the poll object's events."""
        return sock

    def is_main_thread():
        """Return bool: whether the calling thread is the one that Ctrl-C interrupts."""
        return get_ident() == _main_thread

    def print_exception(error):
        """Write a traceback to the console. error: the exception."""
        sys.print_exception(error)

    class _Clock:
        """Seconds since the pool was made, whole ones, from a millisecond counter that wraps."""

        def __init__(self):
            self._now = 0
            self._mark = time.ticks_ms()

        def seconds(self):
            """Return int, seconds; to be called at least once in each wrap of the counter (days)."""
            passed = time.ticks_diff(time.ticks_ms(), self._mark)
            if passed >= 1000:
                passed //= 1000
                self._now += passed
                self._mark = time.ticks_add(self._mark, passed * 1000)
            return self._now

    class Poller:
        """MicroPython's poll object, and a clock."""

        def __init__(self):
            poll = select.poll()
            self.register = poll.register
            self.modify = poll.modify
            self.unregister = poll.unregister
            self.wait = poll.ipoll
            self.seconds = _Clock().seconds

        def wake(self):
            """Do nothing: the loop looks up by itself each WAIT_MS."""

        def drain(self):
            """Do nothing: no wake-up calls are to be taken away."""

        def close(self):
            """Do nothing: all of it lies on the heap."""

else:
    from .xasPollerHost import (  # noqa: F401
        GONE,
        IN,
        MAX_BACKLOG,
        MAX_RECV,
        OUT,
        WAIT_MS,
        Poller,
        is_main_thread,
        new_poll,
        print_exception,
        socket_key,
        would_block,
    )


def is_interrupt(error):
    """Return bool: whether an exception is Ctrl-C, which ends the program; any other costs only who raised it.

    error: BaseException.
    """
    return isinstance(error, KeyboardInterrupt) and is_main_thread()
