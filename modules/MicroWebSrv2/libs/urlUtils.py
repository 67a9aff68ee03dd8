"""URL quoting and query strings (RFC 3986 sections 2.1 and 3.4, WHATWG URL section 5 for forms)."""

import sys
from binascii import unhexlify

# The most fields of a query or form. Names that collide in MicroPython's small hashes take the square of their number.
MAX_FIELDS = 256 if sys.implementation.name == 'micropython' else 1000
_MAX_AT_ONCE = 16  # different escapes; each takes a pass over the text

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
    return _parse_at_once(data) or _parse_fields(data)


def _parse_at_once(data):  # small: False without speed
    """Do what parse_query() does, decoding before the fields are split: each escape once, wherever it stands.

    Return None where that is not the same.
    """
    pairs = {}
    try:
        text = _decode_at_once(data.replace(b'+', b' '))
    except ValueError:  # of what is no escape or no UTF-8
        return None
    fields = text.split('&', MAX_FIELDS)
    if len(fields) > MAX_FIELDS:
        fields.pop()
    for field in fields:
        if field:
            pair = field.split('=', 1)
            pairs[pair[0]] = pair[1] if len(pair) == 2 else ''
    return pairs


def _decode_at_once(data):
    """Return a query or form, decoded, str. Raise ValueError where its fields would not be the same."""
    if b'%' in data:
        escapes = {part[:2] for part in data.split(b'%')[1:]}
        if len(escapes) > _MAX_AT_ONCE:
            raise ValueError
        for escape in escapes:
            byte = unhexlify(escape)
            if not byte or byte in b'&=':
                raise ValueError
            if byte != b'%':
                data = data.replace(b'%' + escape, byte)
        data = data.replace(b'%25', b'%')  # last: what it gives is no escape
    return str(data, 'utf-8')


def _parse_fields(data):
    """Do what parse_query() does, field by field."""
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
