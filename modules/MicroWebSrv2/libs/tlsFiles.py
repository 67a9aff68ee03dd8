"""Certificates and keys from files in the forms that they come in. Knows no TLS.

PEM (RFC 7468) or DER; keys in PKCS#8 (RFC 5958), PKCS#1 (RFC 8017 appendix A.1.2) or SEC1 (RFC 5915). What is in which
file, and in which order, does not matter: the key tells which certificate is the server's, issuers tell the rest of the
chain.
"""

from binascii import a2b_base64

_INTEGER = 2
_BITS = 3
_OCTETS = 4
_OID = 6
_SEQUENCE = 0x30
_TAG0 = 0xA0
_TAG1 = 0xA1

CERTIFICATE = 'CERTIFICATE'
PKCS8 = 'PRIVATE KEY'
PKCS1 = 'RSA PRIVATE KEY'
SEC1 = 'EC PRIVATE KEY'
_KEYS = (PKCS8, PKCS1, SEC1)

# What else there is: what it is called, and the command that makes of it what is needed.
_OTHERS = {
    'ENCRYPTED PRIVATE KEY': 'is an encrypted key: openssl pkey -in "%s" -out plain.key',
    'OPENSSH PRIVATE KEY': 'is a key in the form of OpenSSH: ssh-keygen -p -m PEM -f "%s"',
    'PKCS12': 'is a PKCS#12 bundle: openssl pkcs12 -in "%s" -out both.pem -nodes',
    'PKCS7': 'is a PKCS#7 bundle: openssl pkcs7 -in "%s" -print_certs -out cert.pem',
    'CERTIFICATE REQUEST': 'is a request for a certificate, not a certificate; to sign it by the key of its own: '
    'openssl x509 -req -in "%s" -signkey server.key -out cert.pem',
    'TRUSTED CERTIFICATE': 'is in a form of OpenSSL alone: openssl x509 -in "%s" -out cert.pem',
    'PUBLIC KEY': 'is a public key: the private one is needed; "%s" cannot be converted',
}


def read_chain(paths):
    """Return (certificates, kind of the key, key) of files.

    paths: the files, of which each has something; the same one may come twice. certificates: list of bytes, DER: the
    server's, and each time after one its issuer's. kind: PKCS8, PKCS1 or SEC1. key: bytes, DER.
    Raise OSError where a file cannot be read; ValueError that says in one line which file is wrong, and how to convert
    it.
    """
    certificates, keys = [], []
    for path in paths:
        with open(path, 'rb') as file:
            found = _contents(file.read(), path)
        certificates += [der for kind, der in found if kind == CERTIFICATE and der not in certificates]
        keys += [(kind, der) for kind, der in found if kind != CERTIFICATE]
    names = ' or '.join(['"%s"' % path for path in paths])
    if not certificates:
        raise ValueError('there is no certificate in %s' % names)
    if not keys:
        raise ValueError('there is no private key in %s' % names)
    for kind, key in keys:
        public = public_part(kind, key)
        for certificate in certificates:
            if not public or public in certificate:
                return _chain(certificate, certificates), kind, key
    raise ValueError('the key does not belong to the certificate in %s' % names)


def _contents(data, path):
    """Return the certificates and keys of a file as a list of (kind, DER). Raise ValueError where there are none."""
    found = _pem_blocks(data, path) if b'-----BEGIN ' in data else [(_kind(data), data)]
    good = [part for part in found if part[0] in _KEYS or part[0] == CERTIFICATE]
    for kind, _ in found:
        if kind in _OTHERS and (not good or kind.startswith('ENCRYPTED')):
            raise ValueError('"%s" %s' % (path, _OTHERS[kind] % path))
    if not good:
        raise ValueError('"%s" holds no certificate and no private key, neither as PEM nor as DER' % path)
    return good


def _pem_blocks(data, path):
    """Return the blocks of a PEM text as a list of (kind, DER)."""
    blocks = []
    for part in data.split(b'-----BEGIN ')[1:]:
        label, _, rest = part.partition(b'-----')
        body, end, _ = rest.partition(b'-----END ' + label + b'-----')
        if not end:
            raise ValueError('"%s" is cut: a block of PEM has no end' % path)
        label = str(label, 'utf-8')
        if b'ENCRYPTED' in body:  # a header of the older form: Proc-Type: 4,ENCRYPTED
            blocks.append(('ENCRYPTED PRIVATE KEY', b''))
        elif label in _OTHERS:
            blocks.append((label, b''))
        else:
            try:
                der = a2b_base64(b''.join(body.split()))
            except ValueError:
                raise ValueError('"%s" is damaged: a block of PEM is no base64' % path)
            blocks.append((_kind(der), der))
    return blocks


# ---- DER (ITU-T X.690)


def _element(data, at=0):
    """Return (tag, begin of the content, its end) of the element at a place. Raise ValueError where there is none."""
    if at + 2 > len(data):
        raise ValueError('cut')
    size = data[at + 1]
    begin = at + 2
    if size > 127:
        begin += size & 127
        size = int.from_bytes(data[at + 2 : begin], 'big')
    if begin + size > len(data):
        raise ValueError('cut')
    return data[at], begin, begin + size


def _elements(data):
    """Return the elements of the first one as a list of (tag, content), and all of each: (tag, content, whole)."""
    _, at, end = _element(data)
    found = []
    while at < end:
        tag, begin, after = _element(data, at)
        found.append((tag, data[begin:after], data[at:after]))
        at = after
    return found


def _kind(der):
    """Return what a DER text is, as the label of PEM says it, or None."""
    try:
        if _element(der)[0] != _SEQUENCE or _element(der)[2] != len(der):
            return None
        parts = _elements(der)
        tags = [part[0] for part in parts]
        first = parts[0][1]
        if tags == [_SEQUENCE, _SEQUENCE, _BITS]:
            return CERTIFICATE if len(_elements(parts[0][2])) > 5 else 'CERTIFICATE REQUEST'
        if tags == [_SEQUENCE, _OCTETS]:
            return 'ENCRYPTED PRIVATE KEY'
        if tags == [_SEQUENCE, _BITS]:
            return 'PUBLIC KEY'
        if tags[0] == _OID:
            return 'PKCS7'
        if tags[:3] == [_INTEGER, _SEQUENCE, _OCTETS]:
            return PKCS8
        if tags[:2] == [_INTEGER, _SEQUENCE] and first == b'\x03':
            return 'PKCS12'
        if tags[:2] == [_INTEGER, _OCTETS] and first == b'\x01':
            return SEC1
        if tags[:9] == [_INTEGER] * 9:
            return PKCS1
    except (ValueError, IndexError):
        pass
    return None


def traditional(kind, key):
    """Return (kind, key) with a key of PKCS#8 as PKCS#1 or SEC1, where there is such a form.

    kind, key: as read_chain() returns them.
    """
    if kind != PKCS8:
        return kind, key
    parts = _elements(key)
    inner = parts[2][1]
    if _kind(inner) == PKCS1:
        return PKCS1, inner
    if _kind(inner) != SEC1:
        return kind, key
    found = _elements(inner)
    if _TAG0 not in [part[0] for part in found]:  # the curve stands outside only
        curve = _elements(parts[1][2])[1][2]
        found.insert(2, (_TAG0, curve, _whole(_TAG0, curve)))
    return SEC1, _whole(_SEQUENCE, b''.join([part[2] for part in found]))


def _whole(tag, content):
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    return bytes([tag, 0x82, size >> 8, size & 255]) + content


def public_part(kind, key):
    """Return the bytes of a key that stand in its certificate, too, or None where that cannot be told.

    kind, key: as read_chain() returns them.
    """
    try:
        kind, key = traditional(kind, key)
        parts = _elements(key)
        if kind == PKCS1:
            return parts[1][1]
        if kind == SEC1:
            for tag, content, _ in parts:
                if tag == _TAG1:
                    return content[_element(content)[1] + 1 :]  # a BIT STRING, whose first byte counts spare bits
    except (ValueError, IndexError):
        pass
    return None


def _chain(first, certificates):
    """Return a certificate, then that of its issuer, and so on, as far as they are there."""
    chain = [first]
    left = [other for other in certificates if other != first]
    issuer = _names(first)[0]
    while issuer:
        found = [other for other in left if _names(other)[1] == issuer]
        if not found:
            break
        chain.append(found[0])
        left.remove(found[0])
        issuer = _names(found[0])[0]
    return chain


def _names(certificate):
    """Return (issuer, subject) of a certificate, DER (RFC 5280 section 4.1)."""
    fields = _elements(_elements(certificate)[0][2])
    if fields[0][0] == _TAG0:  # the version
        fields = fields[1:]
    return fields[2][2], fields[4][2]
