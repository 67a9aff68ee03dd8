"""Masking and UTF-8 of WebSockets for MicroPython, by operations on whole buffers that need little heap."""

_CHUNK = 256  # octets that are unmasked at once: larger integers cost heap, smaller ones time
_from_bytes = int.from_bytes


def unmask_portably(data, start, stop):
    """Takes the mask off a payload (RFC 6455, 5.3).

    data: bytes that nobody else uses. start, stop: int, the payload; the 4 octets before it are the key.
    Returns bytes or bytearray.
    """
    key = data[start - 4 : start]
    size = stop - start
    if size <= _CHUNK:
        words = size + 3 >> 2
        plain = _from_bytes(data[start:stop], 'little') ^ _from_bytes(key * words, 'little')
        plain = plain.to_bytes(words << 2, 'little')
        return plain if size == len(plain) else plain[:size]
    plain = bytearray(data[start:stop])
    unmask_in_portably(plain, 0, size, key)
    return plain


def unmask_in_portably(buffer, start, stop, key):
    """Takes the mask off a payload, or a piece of one, where it lies.

    buffer: bytearray. start, stop: int, the payload. key: bytes, the 4 octets of the mask, the first octet's first.
    """
    mask = _from_bytes(key * (_CHUNK >> 2), 'little')
    while start < stop:
        end = min(start + _CHUNK, stop)
        plain = _from_bytes(buffer[start:end], 'little') ^ mask
        buffer[start:end] = plain.to_bytes(_CHUNK, 'little')[: end - start]
        start = end


try:
    from .wsNative import unmask, unmask_in  # machine code, where the board's firmware has it
except ImportError:
    unmask = unmask_portably
    unmask_in = unmask_in_portably


def _check_second(data, lead, lowest, highest):
    """Some first octets allow a part of the second ones only."""
    at = data.find(lead)
    while at >= 0:
        if at + 1 < len(data) and not lowest <= data[at + 1] <= highest:
            raise UnicodeError
        at = data.find(lead, at + 1)


def check_utf8(data):
    """Checks what MicroPython's coder passes over: it looks at the lengths of sequences only (RFC 3629, section 4).

    data: bytes. Raises UnicodeError if it holds octets that are none of UTF-8, overlong forms or surrogates.
    """
    for octet in (b'\xc0', b'\xc1', b'\xf5', b'\xf6', b'\xf7'):
        if octet in data:
            raise UnicodeError
    _check_second(data, b'\xe0', 0xA0, 0xBF)
    _check_second(data, b'\xed', 0x80, 0x9F)
    _check_second(data, b'\xf0', 0x90, 0xBF)
    _check_second(data, b'\xf4', 0x80, 0x8F)


def utf8_length(data):
    """Tells how much of some bytes is whole characters of UTF-8 (RFC 3629).

    data: bytes or memoryview. Returns int: less than its length where the last character may go on behind it.
    Raises UnicodeError at the first octet that cannot be UTF-8.
    """
    length = len(data)
    for back in range(1, min(length, 3) + 1):
        octet = data[length - back]
        if octet >= 0xC0:
            if octet >= 0xF8:
                raise UnicodeError
            if back < (2 if octet < 0xE0 else 3 if octet < 0xF0 else 4):
                length -= back
            break
        if octet < 0x80:
            break
    if len(str(data[:length], 'utf-8')) < len(data):
        check_utf8(bytes(data))
    return length


def decode_utf8(data):
    """Decodes a whole text. data: bytes or bytearray. Returns str. Raises UnicodeError if it is no UTF-8."""
    text = str(data, 'utf-8')
    if len(text) < len(data):
        check_utf8(bytes(data))
    return text


def unmask_text(data, start, stop):
    """Takes the mask off a text, as unmask(), and decodes it. Returns str. Raises UnicodeError if it is no UTF-8."""
    text = str(unmask(data, start, stop), 'utf-8')
    if len(text) != stop - start:
        check_utf8(text.encode())
    return text
