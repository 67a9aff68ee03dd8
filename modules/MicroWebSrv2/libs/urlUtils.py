"""URL quoting and query strings (RFC 3986 sections 2.1 and 3.4, WHATWG URL section 5 for forms)."""

from binascii import unhexlify

_UNRESERVED = b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~'


def decode_text(data):
    """Decodes bytes of a client, never failing.

    data: bytes. Returns str: UTF-8, or ISO-8859-1 where the bytes are no UTF-8.
    """
    try:
        return str(data, 'utf-8')
    except UnicodeError:
        return ''.join([chr(byte) for byte in data])


def unquote_bytes(data):
    """Decodes percent escapes (RFC 3986 section 2.1).

    data: bytes. Returns bytes; an escape that is none (`%zz`) stays as it is.
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


def parse_query(data):
    """Parses `name=value&name=value`, of a query or of an URL-encoded form.

    data: bytes. Returns dict of str to str, decoded; of a name given twice the last value wins.
    """
    pairs = {}
    for field in data.replace(b'+', b' ').split(b'&'):
        if field:
            pair = field.split(b'=', 1)
            value = decode_text(unquote_bytes(pair[1])) if len(pair) == 2 else ''
            pairs[decode_text(unquote_bytes(pair[0]))] = value
    return pairs


class UrlUtils:
    """Static helpers for applications that build or read URLs."""

    @staticmethod
    def Quote(s, safe='/'):
        """Percent-encodes a text as UTF-8 (RFC 3986 section 2.1).

        s: str. safe: str of the ASCII characters to leave besides letters, digits and `-._~`.
        Returns str. Raises ValueError if s is no str.
        """
        if not isinstance(s, str):
            raise ValueError('"s" must be a string.')
        keep = _UNRESERVED + safe.encode()
        return ''.join([chr(byte) if byte in keep else '%%%02X' % byte for byte in s.encode()])

    @staticmethod
    def UrlEncode(s):
        """Percent-encodes a whole URL: its delimiters stay. s: str. Returns str. Raises ValueError if s is no str."""
        return UrlUtils.Quote(s, ';/?:@&=+$,#%')

    @staticmethod
    def Unquote(s):
        """Decodes percent escapes; `+` stays `+`. s: str. Returns str. Raises ValueError if s is no str."""
        if not isinstance(s, str):
            raise ValueError('"s" must be a string.')
        return decode_text(unquote_bytes(s.encode()))

    @staticmethod
    def UnquotePlus(s):
        """Decodes percent escapes, and `+` as space, as in a form.

        s: str. Returns str. Raises ValueError if s is no str.
        """
        if not isinstance(s, str):
            raise ValueError('"s" must be a string.')
        return UrlUtils.Unquote(s.replace('+', ' '))
