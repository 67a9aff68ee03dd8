"""The module os of a board: the folders that its flash has, and no others."""

from uos import *  # noqa: F403
from uos import chdir as _chdir

FOLDERS = ('/', '/flash')


def chdir(path):
    """Accepts the folders of a board's flash; stays where it is."""
    if path not in FOLDERS:
        raise OSError(2)
    _chdir('.')


def dupterm(stream, index=0):
    """Takes a UART, as the board's console."""
    import machine

    if not isinstance(stream, machine.UART) or index != 0:
        raise TypeError('dupterm')
