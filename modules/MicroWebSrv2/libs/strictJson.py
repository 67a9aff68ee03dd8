"""JSON as RFC 8259 has it, alike on all targets: without NaN and Infinity, and not nested too deeply."""

try:
    from .strictJsonHost import INFINITY, NAN, dumps, loads

    _is_lenient = False
except ImportError:
    from json import dumps, loads

    NAN = 'nan'
    INFINITY = 'inf'
    _is_lenient = True  # MicroPython's parser takes what is not closed, or has no commas

MAX_DEPTH = 64  # deeper values overflow the stack of a firmware's threads as soon as they are compared or printed

_BACKSLASH = 92
_OPENING = b'[{'
_CLOSING = b']}'


def dumps_strict(obj):
    """Return the JSON text of a value. obj: any object that JSON has a form for.

    Return str. Raise ValueError that names a number which JSON has no form for (RFC 8259 section 6); on CPython
    also TypeError for other objects, and RecursionError for those that hold themselves.
    """
    text = dumps(obj)
    if _is_not_finite(text):
        raise ValueError('JSON has no %s.' % _not_finite(text))
    return text


def _is_not_finite(text):  # small: False without floats
    return (NAN in text or INFINITY in text) and _not_finite(text) is not None


def _not_finite(text):
    """Return the first word in a JSON text that stands for no finite number, or None."""
    outside = text.replace('\\\\', '').replace('\\"', '').split('"')[::2]
    for piece in outside:
        piece = piece.lower()
        for word in ('nan', '-inf', 'inf'):
            if word in piece:
                return word
    return None


def loads_strict(text):
    """Return the value of a JSON text, which may begin with a byte order mark.

    text: str, or bytes, bytearray or memoryview of UTF-8. Return any object; None for what is no JSON, has NaN,
    Infinity or a number that is too large for this target, or is nested deeper than MAX_DEPTH.
    """
    try:
        if not isinstance(text, str):
            text = str(text, 'utf-8')
        if text.startswith('\ufeff'):
            text = text[1:]
        if _is_lenient or text.count('[') + text.count('{') > MAX_DEPTH:
            if not _nests_well(text.encode()):
                return None
        value = loads(text)
        return None if _is_infinite(value, text) else value
    except (ValueError, RuntimeError):  # RuntimeError: nested too deeply after all
        return None


def _is_infinite(value, text):  # small: False without floats
    """Tell whether a number of a text was too large for the target, which makes it infinite."""
    if '.' in text or _has_exponent(text):
        try:
            dumps_strict(value)
        except ValueError:
            return True
    return False


def _has_exponent(text):
    pieces = text.lower().split('e')
    pieces.pop()
    for piece in pieces:
        if piece[-1:].isdigit():
            return True
    return False


def _nests_well(data):
    """Tell whether lists and objects in a JSON text are not too deep, and all closed.

    data: bytes. Takes a time linear in its length.
    """
    depth = start = 0
    while True:
        end = data.find(b'"', start)
        for byte in data[start : end if end >= 0 else len(data)]:
            if byte in _OPENING:
                depth += 1
                if depth > MAX_DEPTH:
                    return False
            elif byte in _CLOSING:
                depth -= 1
        if end < 0:
            return depth == 0
        start = _string_end(data, end + 1)
        if not start:
            return False


def _string_end(data, start):
    """Return the place after a string, or 0 where it has no end. start: int, the place after its first quote."""
    end = start
    while True:
        end = data.find(b'"', end) + 1
        before = end - 2
        while before >= start and data[before] == _BACKSLASH:
            before -= 1
        if not end or (end - before) % 2 == 0:
            return end
