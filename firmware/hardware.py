"""What differs between boards, and between a board and a computer: time, reset, watchdog, tracebacks."""

import sys
import time

try:
    import machine
except ImportError:
    machine = None

# What sys.platform says where this is a program on a computer, not a board.
_HOSTS = ('linux', 'darwin', 'win32')

# The loop may sleep for a second and needs some time for itself.
_WATCHDOG_MIN_S = 4

_CAUSES = (
    ('PWRON_RESET', 'power-on'),
    ('HARD_RESET', 'hard reset'),
    ('WDT_RESET', 'watchdog'),
    ('SOFT_RESET', 'soft reset'),
    ('DEEPSLEEP_RESET', 'deep sleep'),
)


def sleep(ms):
    """Sleep for `ms` milliseconds; other threads run meanwhile. (sleep_ms of MicroPython's UNIX port lets none run.)"""
    if sys.platform in _HOSTS:
        time.sleep(ms / 1000)
    else:
        time.sleep_ms(ms)


def reset_cause():
    """Return why the board started, as 'power-on' or 'watchdog'; None where it is not known."""
    try:
        cause = machine.reset_cause()
    except AttributeError:
        return None
    for name, text in _CAUSES:
        if getattr(machine, name, None) == cause:
            return text
    return str(cause)


def find_reset(board):
    """Return the function that resets the board, or None. `board`: the module of that name."""
    return getattr(board, 'reset', None) or getattr(machine, 'reset', None)


def print_exception(error):
    """Print an exception with its traceback."""
    if hasattr(sys, 'print_exception'):
        sys.print_exception(error)
    else:
        sys.excepthook(type(error), error, error.__traceback__)


def reason(error):
    """Return one line that says what an exception is."""
    return '%s: %s' % (type(error).__name__, error)


class Watchdog:
    """The board's watchdog: resets the board when feed() is not called in time."""

    def __init__(self):
        self._dog = None

    def start(self, seconds):
        """Start it, once. `seconds`: int, 0 for none; less than 4 count as 4. Print a line where that fails."""
        if seconds and not self._dog:
            try:
                self._dog = machine.WDT(timeout=max(seconds, _WATCHDOG_MIN_S) * 1000)
            except Exception as error:
                print('watchdog: %s' % (reason(error) if hasattr(machine, 'WDT') else 'this board has none'))

    def feed(self):
        """Say that the server is alive."""
        if self._dog:
            self._dog.feed()
