"""What wsBytes does, by what CPython has for it: big integers and a decoder in C that keep to no small heap."""

from codecs import utf_8_decode

try:
    from websockets.speedups import apply_mask  # in C, where that package happens to be installed
except ImportError:
    apply_mask = None

_LONG = 512  # octets from which on integers are the slower way
_tables = {}  # octet of a mask: the table for bytes.translate()


def unmask_portably(data, start, stop):
    """Takes the mask off a payload (RFC 6455, 5.3).

    data: bytes. start, stop: int, the payload; the 4 octets before it are the key. Returns bytes.
    """
    size = stop - start
    if size > _LONG:
        plain = bytearray(data[start:stop])
        unmask_in_portably(plain, 0, size, data[start - 4 : start])
        return bytes(plain)
    words = size + 3 >> 2
    plain = int.from_bytes(data[start:stop], 'little') ^ int.from_bytes(data[start - 4 : start] * words, 'little')
    return plain.to_bytes(words << 2, 'little')[:size]


def unmask_in_portably(buffer, start, stop, key):
    """Takes the mask off a payload, or a piece of one, where it lies.

    buffer: bytearray. start, stop: int, the payload. key: bytes, the 4 octets of the mask, the first octet's first.
    """
    for i in range(4):
        buffer[start + i : stop : 4] = buffer[start + i : stop : 4].translate(_table(key[i]))


def _table(key):
    """Returns the table by which bytes.translate() takes an octet of a mask off."""
    if key not in _tables:
        _tables[key] = bytes([key ^ octet for octet in range(256)])
    return _tables[key]


def _unmask_in_c(data, start, stop):
    return apply_mask(data[start:stop], data[start - 4 : start])


def _unmask_there_in_c(buffer, start, stop, key):
    buffer[start:stop] = apply_mask(buffer[start:stop], key)


unmask = _unmask_in_c if apply_mask else unmask_portably
unmask_in = _unmask_there_in_c if apply_mask else unmask_in_portably


def unmask_text(data, start, stop):
    """Takes the mask off a text, as unmask(), and decodes it. Returns str. Raises UnicodeError if it is no UTF-8."""
    return unmask(data, start, stop).decode()


def utf8_length(data):
    """Tells how much of some bytes is whole characters of UTF-8 (RFC 3629).

    data: bytes or memoryview. Returns int: less than its length where the last character may go on behind it.
    Raises UnicodeError at the first octet that cannot be UTF-8.
    """
    length = utf_8_decode(data, 'strict', False)[1]
    if data[length : length + 1] == b'\xed' and bytes(data[length + 1 :]) > b'\x9f':
        raise UnicodeError('surrogate')  # the decoder would wait for the third octet
    return length


def decode_utf8(data):
    """Decodes a whole text. data: bytes or bytearray. Returns str. Raises UnicodeError if it is no UTF-8."""
    return data.decode()


def check_utf8(data):
    """Nothing is to be checked: the coder is strict. data: bytes."""
