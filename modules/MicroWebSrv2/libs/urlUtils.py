"""URL quoting and query strings (RFC 3986 sections 2.1 and 3.4, WHATWG URL section 5 for forms)."""

import sys
from binascii import unhexlify

# The most fields of a query or form. Names that collide in MicroPython's small hashes take the square of their number.
MAX_FIELDS = 256 if sys.implementation.name == 'micropython' else 1000

_UNRESERVED = b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~'


def decode_text(data):
    """Decode bytes of a client, never failing.

    data: bytes. Return str: UTF-8, or ISO-8859-1 where the bytes are not UTF-8.
    """
    try:
        return str(data, 'utf-8')
    except UnicodeError:
        return ''.join([chr(byte) for byte in data])


def unquote_bytes(data):
    """Decode percent escapes (RFC 3986 section 2.1).

    data: bytes. Return bytes; what is not an escape (`%zz`) stays as it is.
    """
    parts = data.split(b'%')
    if len(parts) == 1:
        return data
    for i in range(1, len(parts)):
        part = parts[i]
        try:
            parts[i] = (unhexlify(part[:2]) if part else b'%') + part[2:]
        except ValueError:
            parts[i] = b'%' + part
    return b''.join(parts)


def count_fields(data):
    """Return how many fields a query or form has, empty ones included, without decoding it. data: bytes."""
    return data.count(b'&') + 1 if data else 0


def _split_fields(data):
    """Return the first MAX_FIELDS fields of a query or form: list of bytes."""
    fields = data.replace(b'+', b' ').split(b'&', MAX_FIELDS)
    if len(fields) > MAX_FIELDS:
        fields.pop()
    return fields


def parse_query(data):
    """Parse `name=value&name=value`, of a query or of an URL-encoded form.

    data: bytes. Return dict of str to str, decoded; of a name given twice the last value wins. Fields beyond the first
    MAX_FIELDS are left out: refuse data whose count_fields() is higher.
    """
    pairs = {}
    for field in _split_fields(data):
        if field:
            pair = field.split(b'=', 1)
            value = decode_text(unquote_bytes(pair[1])) if len(pair) == 2 else ''
            pairs[decode_text(unquote_bytes(pair[0]))] = value
    return pairs


def query_values(data, name):
    """Return all values of a name in a query or an URL-encoded form, in their order.

    data: bytes. name: str. Return list of str, decoded, empty without that name.
    """
    values = []
    for field in _split_fields(data):
        pair = field.split(b'=', 1)
        if field and decode_text(unquote_bytes(pair[0])) == name:
            values.append(decode_text(unquote_bytes(pair[1])) if len(pair) == 2 else '')
    return values


class UrlUtils:
    """Static helpers for applications that build or read URLs."""

    @staticmethod
    def Quote(s, safe='/'):
        """Percent-encode a text as UTF-8 (RFC 3986 section 2.1).

        s: str. safe: str of the ASCII characters to leave besides letters, digits and `-._~`.
        Return str. Raise ValueError if s is not a str.
        """
        if not isinstance(s, str):
            raise ValueError('"s" must be a string.')
        keep = _UNRESERVED + safe.encode()
        return ''.join([chr(byte) if byte in keep else '%%%02X' % byte for byte in s.encode()])

    @staticmethod
    def UrlEncode(s):
        """Percent-encode a whole URL: its delimiters stay. s: str. Return str. Raise ValueError if s is not a str."""
        return UrlUtils.Quote(s, ';/?:@&=+$,#%')

    @staticmethod
    def Unquote(s):
        """Decode percent escapes; `+` stays `+`. s: str. Return str. Raise ValueError if s is not a str."""
        if not isinstance(s, str):
            raise ValueError('"s" must be a string.')
        return decode_text(unquote_bytes(s.encode()))

    @staticmethod
    def UnquotePlus(s):
        """Decode percent escapes, and `+` as space, as in a form.

        s: str. Return str. Raise ValueError if s is not a str.
        """
        if not isinstance(s, str):
            raise ValueError('"s" must be a string.')
        return UrlUtils.Unquote(s.replace('+', ' '))
