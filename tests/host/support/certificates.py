"""Keys and certificates for the tests, made by openssl as they are needed; valid for localhost and 127.0.0.1."""

import subprocess


def _openssl(*arguments):
    subprocess.run(['openssl', *map(str, arguments)], check=True, capture_output=True)


def make(folder):
    """Make the files in a folder.

    ca.pem; server.pem, server.key, server.der, server.key.der (P-256), rsa.pem, rsa.key, all signed by ca; client.pem,
    client.key; other.pem, other.key (self-signed); locked.key, locked.der, locked1.key (under the password `secret`);
    noise.pem; sec1.key (server.key), pkcs1.key, pkcs1.der (rsa.key), rsa.key.der (PKCS#8); both.pem (server.key and
    server.pem); server.p12; public.pem; leaf.key, shuffled.pem (the chain of leaf, in the wrong order).
    """
    curve = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes')
    subject = ('-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1')
    for name in ('ca', 'other'):
        key, certificate = folder / f'{name}.key', folder / f'{name}.pem'
        _openssl('req', '-x509', *curve, '-keyout', key, '-out', certificate, '-days', 30, '-subj', f'/CN={name}')
    for name, key_options in (('server', curve), ('rsa', ('-newkey', 'rsa:2048', '-nodes')), ('client', curve)):
        key, request = folder / f'{name}.key', folder / f'{name}.csr'
        _openssl('req', '-new', *key_options, '-keyout', key, '-out', request, *subject)
        signer = ('-CA', folder / 'ca.pem', '-CAkey', folder / 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy')
        _openssl('x509', '-req', '-in', request, *signer, '-out', folder / f'{name}.pem', '-days', 30)
    _openssl('x509', '-in', folder / 'server.pem', '-outform', 'DER', '-out', folder / 'server.der')
    _openssl('pkey', '-in', folder / 'server.key', '-outform', 'DER', '-out', folder / 'server.key.der')
    locked = ('-aes128', '-passout', 'pass:secret', '-out', folder / 'locked.key')
    _openssl('pkey', '-in', folder / 'server.key', *locked)
    _make_forms(folder)
    _make_chain(folder, curve)
    (folder / 'noise.pem').write_bytes(b'-----BEGIN NOISE-----\n' + bytes(range(256)))
    return folder


def _make_forms(folder):
    """Makes the other forms of the keys and certificates of make()."""
    for options in (
        ('ec', '-in', folder / 'server.key', '-out', folder / 'sec1.key'),
        ('rsa', '-traditional', '-in', folder / 'rsa.key', '-out', folder / 'pkcs1.key'),
        ('rsa', '-traditional', '-in', folder / 'rsa.key', '-outform', 'DER', '-out', folder / 'pkcs1.der'),
        ('pkcs8', '-topk8', '-nocrypt', '-in', folder / 'rsa.key', '-outform', 'DER', '-out', folder / 'rsa.key.der'),
        ('rsa', '-traditional', '-aes128', '-passout', 'pass:secret', '-in', folder / 'rsa.key')
        + ('-out', folder / 'locked1.key'),
        ('pkcs8', '-topk8', '-passout', 'pass:secret', '-in', folder / 'rsa.key', '-outform', 'DER')
        + ('-out', folder / 'locked.der'),
        ('pkey', '-in', folder / 'server.key', '-pubout', '-out', folder / 'public.pem'),
        ('pkcs12', '-export', '-passout', 'pass:', '-inkey', folder / 'server.key', '-in', folder / 'server.pem')
        + ('-out', folder / 'server.p12'),
    ):
        _openssl(*options)
    both = (folder / 'server.key').read_bytes() + (folder / 'server.pem').read_bytes()
    (folder / 'both.pem').write_bytes(b'Bag Attributes\r\n' + both.replace(b'\n', b'\r\n'))


def _make_chain(folder, curve):
    """Makes a certificate that is signed by one that ca has signed."""
    signer = 'ca'
    for name, extension in (('middle', 'basicConstraints=critical,CA:TRUE'), ('leaf', 'subjectAltName=DNS:localhost')):
        key, request, certificate = (folder / f'{name}.{kind}' for kind in ('key', 'csr', 'pem'))
        _openssl('req', '-new', *curve, '-keyout', key, '-out', request, '-subj', f'/CN={name}', '-addext', extension)
        authority = ('-CA', folder / f'{signer}.pem', '-CAkey', folder / f'{signer}.key', '-CAcreateserial')
        _openssl('x509', '-req', '-in', request, *authority, '-copy_extensions', 'copy', '-out', certificate)
        signer = name
    names = ('other', 'ca', 'middle', 'leaf')
    (folder / 'shuffled.pem').write_bytes(b''.join((folder / f'{name}.pem').read_bytes() for name in names))
