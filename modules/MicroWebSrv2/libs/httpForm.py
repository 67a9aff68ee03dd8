"""Posted forms of the type multipart/form-data: small ones whole, large ones part by part, as they come."""

import sys

from .atomicFile import AtomicFile
from .checks import require_callback
from .httpHead import HttpError
from .multipart import MultipartParser, boundary_of
from .urlUtils import decode_text

_FED_AT_ONCE = 1024 if sys.implementation.name == 'micropython' else 65536  # bytes of a form that is here, copied once


class FormFile:
    """A file of a small form.

    - Filename: str, safe to use in a folder; empty where the user chose none. ContentType: str. Content: bytes.
    """

    def __init__(self, part, content):
        self.Filename = part.Filename
        self.ContentType = part.ContentType
        self.Content = content


def values_of(content_type, content):
    """Return the fields of a form that is here: list of (name, str or FormFile), in their order.

    content_type: bytes, of multipart/form-data. content: memoryview. Raise HttpError.
    """
    values, parts, pieces = [], [], []

    def part_ended():
        part, data = parts.pop(), b''.join(pieces)
        pieces.clear()
        values.append((part.Name, decode_text(data) if part.Filename is None else FormFile(part, data)))

    parser = MultipartParser(
        boundary_of(content_type), parts.append, lambda view: pieces.append(bytes(view)), part_ended
    )
    for start in range(0, len(content), _FED_AT_ONCE):
        parser.feed(content[start : start + _FED_AT_ONCE])
    parser.end()
    return values


class FormReceiver:
    """What HttpRequest.ReceiveForm() does with the parts of a form.

    request: HttpRequest. onField, onFile: as given to it. max_field: int, bytes.
    """

    def __init__(self, request, onField, onFile, max_field):
        require_callback(onField, 'onField')
        require_callback(onFile, 'onFile')
        boundary = boundary_of(request.fields.get(b'content-type', b''))
        if boundary is None:
            raise HttpError(415, 'Not a form of the type multipart/form-data.')
        self._request = request
        self._on_field = onField
        self._on_file = onFile
        self._max_field = max_field
        self._parser = MultipartParser(boundary, self._begin, self._data, self._end)
        self._part = self._file = None
        self._value = b''
        self._files = []  # those that are written, put in their place at the end of the form

    def feed(self, view):
        """Take a piece of the form. Raise HttpError, and what callbacks and files raise."""
        self._parser.feed(view)

    def _begin(self, part):
        self._part = part
        self._value = b''
        if part.Filename is None or not self._on_file or self._request.connection.is_answered():
            return
        target = self._on_file(self._request, part)
        if isinstance(target, str):
            target = AtomicFile(target)
            self._files.append(target)
        self._file = target

    def _data(self, view):
        if self._part.Filename is None:
            if len(self._value) + len(view) > self._max_field:
                raise HttpError(413, 'A field of a form larger than %d bytes.' % self._max_field)
            self._value += bytes(view)
        elif self._file:
            self._file.write(view)

    def _end(self):
        part, self._part = self._part, None
        if part.Filename is None:
            if self._on_field and not self._request.connection.is_answered():
                self._on_field(self._request, part.Name, decode_text(self._value))
        else:
            self._close()
        self._value = b''

    def _close(self):
        file, self._file = self._file, None
        if hasattr(file, 'close'):
            file.close()

    def finish(self):
        """All has come: put the files in their places. Raise HttpError where the form is not whole."""
        self._parser.end()
        while self._files:
            self._files.pop(0).keep()

    def drop(self):
        """Remove what was written."""
        self._close()
        while self._files:
            self._files.pop().drop()
