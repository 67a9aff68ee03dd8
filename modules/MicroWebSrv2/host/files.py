"""Files on CPython: judged by what was opened, not by what had the name before; sent without buffers in between."""

import errno
import mimetypes
import os

_sendfile = getattr(os, 'sendfile', None)
# O_NONBLOCK: to open a pipe waits for nobody. O_NOCTTY: nor does a terminal take this process over.
_FLAGS = os.O_RDONLY | getattr(os, 'O_NONBLOCK', 0) | getattr(os, 'O_NOCTTY', 0) | getattr(os, 'O_BINARY', 0)
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
# What sendfile() says of file systems and sockets that it does not know.
_UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EOVERFLOW)
_COPIED_AT_ONCE = 65536
_REGULAR = 0x8000
_FOLDER = 0x4000
# Never for everybody, though systems know types for some of them: programs, keys, and what editors leave behind.
_PRIVATE = ('.py', '.pyc', '.pyo', '.pyw', '.mpy', '.pyhtml', '.key', '.pem', '.der', '.p8', '.p12', '.pfx', '.pk8')
_PRIVATE_TYPES = ('application/x-trash',)

_real_roots = {}  # root: the folder that it is, with a slash
# Roots with the inodes and times of change of what was found below them. A file that is written, renamed or replaced
# has another time; a link that leads elsewhere has another inode.
_judged = set()
_MAX_JUDGED = 4096


def system_type(extension):
    """Return the media type that the system knows for an extension, None for none, and for what is private.

    extension: str with its dot, in lower case.
    """
    if not mimetypes.inited:
        mimetypes.init()
    media_type = mimetypes.types_map.get(extension)
    return None if extension in _PRIVATE or media_type in _PRIVATE_TYPES else media_type


def open_below(root, filename):
    """Open a file.

    root: str, the folder that symbolic links must not lead out of, or None. filename: str.
    Return (os.stat_result, HostFile) of a regular file, (os.stat_result, None) of a folder, None where there is no such
    file. Raise OSError where the system is out of descriptors or memory.
    """
    try:
        fd = os.open(filename, _FLAGS)
    except (OSError, ValueError) as error:  # ValueError: a name that the file system cannot have
        return _unopened(root, filename, error)
    stat = os.fstat(fd)
    kind = stat[0] & 0xF000
    if root is None or (root, stat[1], stat[2], stat.st_ctime_ns) in _judged or _judge(root, fd, filename, stat):
        if kind == _REGULAR:
            return stat, HostFile(fd)
        if kind == _FOLDER:
            os.close(fd)
            return stat, None
    os.close(fd)
    return None


def _judge(root, fd, filename, stat):
    """Return whether what was opened lies below the root. What does is remembered until it changes."""
    if not is_inside(root, fd, filename):
        return False
    if len(_judged) >= _MAX_JUDGED:
        _judged.clear()
    _judged.add((root, stat[1], stat[2], stat.st_ctime_ns))
    return True


def _unopened(root, filename, error):
    """Return what open_below() does where open() raised: Windows opens no folders."""
    code = getattr(error, 'errno', None)
    if code in _EXHAUSTED:
        raise error
    if (
        code == errno.EACCES
        and os.path.isdir(filename)
        and (root is None or _is_below(root, os.path.realpath(filename)))
    ):
        return os.stat(filename), None
    return None


def is_inside(root, fd, filename):
    """Return whether what was opened lies in a folder, wherever symbolic links led.

    root: str. fd: int, the open file. filename: str, the name that it was opened by.
    """
    try:
        return _is_below(root, os.readlink('/proc/self/fd/%d' % fd))
    except (OSError, AttributeError):  # no Linux
        pass
    real = os.path.realpath(filename)
    try:
        return _is_below(root, real) and os.path.samestat(os.stat(real), os.fstat(fd))
    except OSError:  # it is gone
        return False


def _is_below(root, real):
    real += os.sep
    known = _real_roots.get(root)
    if known is None or not real.startswith(known):  # the root itself may be a link that has changed
        known = _real_roots[root] = os.path.join(os.path.realpath(root), '')
    return real.startswith(known)


class HostFile:
    """An open file that is sent. fd: int, its descriptor, which it closes."""

    __slots__ = ('_fd', '_position')

    def __init__(self, fd):
        self._fd = fd
        self._position = 0

    def seek(self, position):
        """Go to a position. position: int, bytes."""
        os.lseek(self._fd, position, os.SEEK_SET)
        self._position = position

    def readinto(self, buffer):
        """Read on. buffer: memoryview, writable. Return int, bytes read, 0 at the end. Raise OSError."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size):
        """Read on. size: int, bytes. Return bytes, empty at the end. Raise OSError."""
        data = os.read(self._fd, size)
        self._position += len(data)
        return data

    def send_to(self, sock, count):
        """Have the operating system send on. sock: plain socket. count: int, bytes.

        Return int, bytes sent, 0 at the end of the file, -1 if it would block. Raise OSError.
        """
        try:
            sent = _sendfile(sock.fileno(), self._fd, self._position, count)
        except BlockingIOError:
            return -1
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
            sent = self._copy_to(sock, count)
        self._position += max(sent, 0)
        return sent

    def _copy_to(self, sock, count):
        """Send what sendfile() cannot. Return as send_to()."""
        data = os.pread(self._fd, min(count, _COPIED_AT_ONCE), self._position)
        try:
            return sock.send(data) if data else 0
        except BlockingIOError:
            return -1

    def close(self):
        """Close the file; may be called again."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


if not _sendfile:
    del HostFile.send_to
