"""Files that are there whole or not at all: written to a part file beside them, synced, and renamed over them."""

import os

from .httpHead import HttpError

_FULL = (28, 122, 27, 112)  # ENOSPC, EDQUOT, EFBIG, and what Windows says of a full disk
_KEPT_FREE = 4096  # bytes that are left to the file system, for folders and what it notes besides

_open_parts = set()  # paths of part files that are being written


def is_there(path):
    """Return bool: whether there is a file or folder of a path."""
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def _split(path):
    """Return (folder with its slash, name)."""
    end = path.rfind('/') + 1
    return path[:end], path[end:]


def require_room(path, length):
    """Raise HttpError 507 where a file system is known to have no room for a file of `length` bytes."""
    if hasattr(os, 'statvfs'):
        try:
            found = os.statvfs(_split(path)[0] or '.')
        except OSError:
            return  # opening the file will tell
        if found[4] < (length + _KEPT_FREE) // (found[1] or 1):
            raise HttpError(507, 'No room for a file of %d bytes.' % length)


def _failed(error):
    """Return what is to be raised for an OSError: HttpError 507 where no room was left, else the same."""
    return HttpError(507, 'No room is left for a file.') if error.errno in _FULL else error


class AtomicFile:
    """A file that takes another's place, or is new, when keep() is called.

    path: str. Raise HttpError 507 if there is no room, OSError if it cannot be written.
    """

    def __init__(self, path):
        self._path = path
        self._part = self._new_part()
        try:
            self._file = open(self._part, 'wb')
        except OSError as error:
            _open_parts.discard(self._part)
            raise _failed(error)

    def _new_part(self):
        """Return the path of a part file that nobody writes: hidden, and always one of few, as a cut one stays."""
        folder, name = _split(self._path)
        for number in range(len(_open_parts) + 1):
            part = '%s.%s.%d.part' % (folder, name, number)
            if part not in _open_parts:
                break
        _open_parts.add(part)
        return part

    def write(self, data):
        """Write bytes at the end. Raise HttpError 507 if there is no room."""
        try:
            self._file.write(data)
        except OSError as error:
            raise _failed(error)

    def close(self):
        """Have all of it on the medium; still as a part file. Raise as write()."""
        try:
            self._file.flush()
            if hasattr(os, 'fsync'):
                os.fsync(self._file.fileno())
            self._file.close()
            if hasattr(os, 'sync') and not hasattr(os, 'fsync'):
                os.sync()
        except OSError as error:
            raise _failed(error)
        self._file = None

    def keep(self):
        """Put the file in its place. Return bool: whether there was none. On failure remove the part, and raise."""
        try:
            if self._file:
                self.close()
            is_new = not is_there(self._path)
            self._rename(is_new)
        except BaseException:
            self.drop()
            raise
        _open_parts.discard(self._part)
        return is_new

    def _rename(self, is_new):
        try:
            os.rename(self._part, self._path)
        except OSError:
            if is_new:
                raise
            os.remove(self._path)  # FAT does not replace
            os.rename(self._part, self._path)

    def drop(self):
        """Remove the part file; what was in its place stays."""
        if self._file:
            try:
                self._file.close()
            except OSError:
                pass  # what it still held does not fit
            self._file = None
        try:
            os.remove(self._part)
        except OSError:
            pass
        _open_parts.discard(self._part)
