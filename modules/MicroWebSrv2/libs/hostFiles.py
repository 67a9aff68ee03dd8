"""Files on CPython: without buffers between the operating system's file and its socket."""

import os
from errno import EAGAIN

_sendfile = getattr(os, 'sendfile', None)


class HostFile:
    """A file that is sent, from a position on.

    filename: str. first: int, octets to pass over. Raises OSError.
    """

    __slots__ = ('_fd', '_position')

    def __init__(self, filename, first):
        self._fd = os.open(filename, os.O_RDONLY | getattr(os, 'O_BINARY', 0))
        self._position = first
        if first:
            os.lseek(self._fd, first, os.SEEK_SET)

    def readinto(self, buffer):
        """Reads on. buffer: memoryview, writable. Returns int, octets read, 0 at the end."""
        data = os.read(self._fd, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def read(self, size):
        """Reads on. size: int, octets. Returns bytes, empty at the end."""
        data = os.read(self._fd, size)
        self._position += len(data)
        return data

    def send_to(self, sock, count):
        """Has the operating system send on. sock: plain socket. count: int, octets.

        Returns int, octets sent, 0 at the end of the file, -1 if it would block. Raises OSError.
        """
        try:
            sent = _sendfile(sock.fileno(), self._fd, self._position, count)
        except OSError as ex:
            if ex.errno == EAGAIN:
                return -1
            raise
        self._position += sent
        return sent

    def close(self):
        """Closes the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


if not _sendfile:
    del HostFile.send_to
