"""Forms of the type multipart/form-data (RFC 7578) from bytes: pure, pushed in pieces of any size.

What comes out does not depend on where the pieces were cut, but for how a value is cut.
"""

from .httpHead import HttpError, has_controls
from .urlUtils import MAX_FIELDS, decode_text

MAX_BOUNDARY = 70  # bytes (RFC 2046 section 5.1.1)
_MAX_PART_HEAD = 1024  # bytes of a part's header fields together
_MAX_PART_FIELDS = 8
_MAX_PREAMBLE = 1024  # bytes before the first boundary; browsers send none
_MAX_PADDING = 64  # bytes of white space after a boundary
_BOUNDARY_CHARS = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? "


def _bad(text):
    return HttpError(400, text)


def parse_parameters(value):
    """Parse a field's value with parameters, as Content-Type and Content-Disposition have.

    value: bytes. Return (bytes, lower-case, what stands before them; dict of lower-case name to value, both bytes).
    In quoted values `\\"` stands for a quote; other backslashes stay, as in the paths that old browsers send.
    Raise HttpError 400 for what is malformed, and for a parameter that comes twice.
    """
    end = value.find(b';')
    if end < 0:
        return value.strip().lower(), {}
    found = {}
    kind, rest = value[:end].strip().lower(), value[end:]
    while rest:
        if rest[:1] != b';':
            raise _bad('Bad parameter of a header field.')
        rest = rest[1:].lstrip()
        if not rest:
            break
        end = rest.find(b'=')
        name = rest[: max(end, 0)].strip().lower()
        if not name or b';' in name or name in found:
            raise _bad('Bad parameter of a header field.')
        found[name], rest = _parameter(rest[end + 1 :].lstrip())
    return kind, found


def _parameter(text):
    """Return (a parameter's value, what comes after it)."""
    if text[:1] != b'"':
        end = text.find(b';')
        end = len(text) if end < 0 else end
        return text[:end].strip(), text[end:]
    end = text.find(b'"', 1)
    while end > 0 and text[end - 1 : end] == b'\\' and text.find(b'"', end + 1) > 0:
        end = text.find(b'"', end + 1)
    if end < 0:
        raise _bad('A quote is open in a header field.')
    return text[1:end].replace(b'\\"', b'"'), text[end + 1 :].lstrip()


def boundary_of(content_type):
    """Return the boundary of a form, bytes, or None for a type that is not multipart/form-data.

    content_type: bytes. Raise HttpError 400 for a boundary that cannot be (RFC 2046 section 5.1.1).
    """
    if content_type[:19].lower() != b'multipart/form-data':
        return None
    kind, parameters = parse_parameters(content_type)
    if kind != b'multipart/form-data':
        return None
    boundary = parameters.get(b'boundary', b'')
    if not 1 <= len(boundary) <= MAX_BOUNDARY or boundary.strip(_BOUNDARY_CHARS) or boundary[-1:] == b' ':
        raise _bad('Bad boundary of a form.')
    return boundary


def safe_filename(name):
    """Return a file's name that is safe to use in a folder: without its path, controls, leading dots; '' where
    nothing is left.

    name: str, as a client gave it. Windows's reserved characters become `_`.
    """
    for separator in '/\\':
        name = name[name.rfind(separator) + 1 :]
    kept = []
    for char in name:
        code = ord(char)
        if code < 32 or 127 <= code < 160 or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:
            continue
        kept.append('_' if char in '<>:"|?*' else char)
    return ''.join(kept).strip().lstrip('. ').rstrip('. ')


class Part:
    """The head of a part. head: bytes, its header fields. Raise HttpError 400 or 431.

    - Name: str, of the field.
    - Filename: str, safe, empty where the client gave none that is; None for a field that is no file.
    - ContentType: str.
    """

    __slots__ = ('ContentType', 'Filename', 'Name')

    def __init__(self, head):
        fields = {}
        for line in head.split(b'\r\n'):
            end = line.find(b':')
            name = line[: max(end, 0)].lower()
            if end < 1 or name.strip() != name or has_controls(line):
                raise _bad('Bad header field of a part.')
            if name in fields:
                raise _bad('A header field of a part comes twice.')
            if len(fields) >= _MAX_PART_FIELDS:
                raise HttpError(431, 'More than %d header fields of a part.' % _MAX_PART_FIELDS)
            fields[name] = line[end + 1 :].strip()
        kind, parameters = parse_parameters(fields.get(b'content-disposition', b''))
        if kind != b'form-data' or b'name' not in parameters:
            raise _bad('A part without the name of its field.')
        self.Name = decode_text(parameters[b'name'].replace(b'%22', b'"'))
        filename = parameters.get(b'filename')
        self.Filename = None if filename is None else safe_filename(decode_text(filename.replace(b'%22', b'"')))
        default = b'text/plain' if filename is None else b'application/octet-stream'
        self.ContentType = decode_text(fields.get(b'content-type') or default)


_PREAMBLE = 0  # states of a parser
_LINE = 1  # a delimiter is here, the rest of its line is not
_HEAD = 2
_VALUE = 3
_EPILOGUE = 4


class MultipartParser:
    """Parses a form.

    boundary: bytes. on_part(part): a Part begins. on_data(view): a piece of its value, a memoryview that is valid
    during the call. on_part_end(): it has ended. max_parts: int.
    Call feed() with each piece, then end(). Both raise HttpError: 400 for what is malformed, 413 for too many parts,
    431 for a part's header section that is too large. What the callbacks raise comes through.
    Between two calls no more is kept than a part's header section, or the delimiter and its line.
    """

    def __init__(self, boundary, on_part, on_data, on_part_end, max_parts=MAX_FIELDS):
        self._delimiter = b'\r\n--' + boundary
        self._on_part = on_part
        self._on_data = on_data
        self._on_part_end = on_part_end
        self._parts_left = max_parts
        self._rest = b'\r\n'  # the first boundary needs no CRLF before it
        self._passed = 0  # bytes of preamble
        self._state = self._before = _PREAMBLE

    def feed(self, data):
        """Take a piece. data: bytes-like."""
        if self._state == _EPILOGUE:
            return
        data = self._rest + bytes(data) if self._rest else bytes(data)
        self._rest = b''
        start = 0
        while start is not None:
            state = self._state
            if state == _HEAD:
                start = self._head(data, start)
            elif state == _LINE:
                start = self._line(data, start)
            else:
                start = self._until_delimiter(data, start)

    def end(self):
        """Nothing more comes. Raise HttpError 400 where the form is not whole."""
        if self._state != _EPILOGUE:
            raise _bad('A form without its end.')

    # Each step takes what it can of the data from `start` on. It returns where the next step goes on, int, or None
    # where more is needed: then what is to come again is in `_rest`.

    def _until_delimiter(self, data, start):
        """Take the preamble, or a part's value."""
        end = data.find(self._delimiter, start)
        kept = end if end >= 0 else self._begun(data, start)
        self._take(data, start, kept)
        if end < 0:
            self._rest = data[kept:]
            return None
        self._before = self._state
        self._state = _LINE
        return end

    def _begun(self, data, start):
        """Return where a delimiter has begun that is cut: int, len(data) where none has."""
        first = max(start, len(data) - len(self._delimiter) + 1)
        while True:
            first = data.find(b'\r', first)
            if first < 0:
                return len(data)
            if self._delimiter.startswith(data[first:]):
                return first
            first += 1

    def _take(self, data, start, end):
        """Pass data on, or over where it is preamble."""
        if self._state == _PREAMBLE:
            self._passed += end - start
            if self._passed > _MAX_PREAMBLE:
                raise _bad('A form that does not begin with its boundary.')
        elif end > start:
            self._on_data(memoryview(data)[start:end])

    def _line(self, data, start):
        """Take the rest of a delimiter's line: nothing, white space, or the two hyphens of the end.

        With anything else it is no delimiter.
        """
        after = start + len(self._delimiter)
        window = data[after : after + _MAX_PADDING + 2]
        end = window.find(b'\r\n')
        if window[:2] == b'--':
            self._end_part()
            self._state = _EPILOGUE
            return None
        if end < 0 and len(window) < _MAX_PADDING + 2:
            begun = window[:-1] if window[-1:] == b'\r' or window == b'-' else window
            if not begun.strip(b' \t'):
                self._rest = data[start:]
                return None
        if end < 0 or window[:end].strip(b' \t'):
            self._state = self._before
            self._take(data, start, after)
            return after
        self._end_part()
        self._state = _HEAD
        return after + end + 2

    def _end_part(self):
        if self._before == _VALUE:
            self._on_part_end()

    def _head(self, data, start):
        """Take the header section of a part."""
        if data[start : start + 2] == b'\r\n':
            raise _bad('A part without header fields.')
        end = data.find(b'\r\n\r\n', start)
        if (end if end >= 0 else len(data) - 3) - start > _MAX_PART_HEAD:
            raise HttpError(431, 'Header section of a part larger than %d bytes.' % _MAX_PART_HEAD)
        if end < 0:
            self._rest = data[start:]
            return None
        if not self._parts_left:
            raise HttpError(413, 'Too many parts of a form.')
        self._parts_left -= 1
        self._state = _VALUE
        self._on_part(Part(data[start:end]))
        return end + 4
