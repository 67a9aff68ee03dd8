"""What wsBytes does, by what CPython has for it: big integers and a decoder in C that keep to no small heap."""

from codecs import utf_8_decode


def unmask(data, start, stop, key):
    """Takes the mask off a part of a payload (RFC 6455, 5.3).

    data: bytes. start, stop: int, the part. key: bytes, the 4 of the mask, turned to where the part begins.
    Returns bytes or bytearray.
    """
    size = stop - start
    words = size + 3 >> 2
    plain = int.from_bytes(data[start:stop], 'little') ^ int.from_bytes(key * words, 'little')
    return plain.to_bytes(words << 2, 'little')[:size]


def utf8_length(data):
    """Tells how much of some bytes is whole characters of UTF-8 (RFC 3629).

    data: bytes. Returns int: less than its length where the last character may go on behind it.
    Raises UnicodeError at the first octet that cannot be UTF-8.
    """
    length = utf_8_decode(data, 'strict', False)[1]
    if data[length : length + 1] == b'\xed' and data[length + 1 :] > b'\x9f':
        raise UnicodeError('surrogate')  # the decoder would wait for the third octet
    return length


def decode_utf8(data):
    """Decodes a whole text. data: bytes or bytearray. Returns str. Raises UnicodeError if it is no UTF-8."""
    return data.decode()


encode_utf8 = str.encode
