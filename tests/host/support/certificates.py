"""Keys and certificates for the tests, made by openssl as they are needed; valid for localhost and 127.0.0.1."""

import subprocess


def _openssl(*arguments):
    subprocess.run(['openssl', *map(str, arguments)], check=True, capture_output=True)


def make(folder):
    """Make the files in a folder.

    ca.pem; server.pem, server.key, server.der, server.key.der (P-256), rsa.pem, rsa.key, all signed by ca; client.pem,
    client.key; other.pem, other.key (self-signed); locked.key (server.key under the password `secret`); noise.pem.
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
    (folder / 'noise.pem').write_bytes(b'-----BEGIN NOISE-----\n' + bytes(range(256)))
    return folder
