"""Module `ssl` over the firmware's C module `tls`: the part of CPython's `ssl` that MicroPython can do.

For images made without micropython-lib, which has a module of this name with the same calls. Certificates and keys are
given as file names or bytes, in DER or PEM; of a PEM file the first certificate and the first key are taken, and a key
must not be encrypted.
"""

from binascii import a2b_base64

import tls
from tls import CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED, PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER  # noqa: F401

SSLError = OSError


def _der(source):
    """Return the DER bytes of a file name, or of bytes in DER or PEM. Raise OSError, ValueError."""
    if isinstance(source, str):
        with open(source, 'rb') as file:
            source = file.read()
    begin = source.find(b'-----BEGIN ')
    if begin < 0:
        return source
    # `openssl ecparam -genkey` puts a block of parameters before the key.
    if source[begin:].startswith(b'-----BEGIN EC PARAMETERS-----'):
        begin = source.find(b'-----BEGIN ', begin + 1)
    end = source.find(b'-----END ', begin)
    body = source.find(b'-----', begin + 11) + 5
    if begin < 0 or body < begin + 16 or end < body:
        raise ValueError('PEM without a whole block')
    text = source[body:end]
    if source[begin:body].find(b'ENCRYPTED') >= 0 or text.find(b'ENCRYPTED') >= 0:
        raise ValueError('the key is encrypted: MicroPython needs it without a password')
    return a2b_base64(text.replace(b'\r', b'').replace(b'\n', b''))


class SSLContext:
    """As CPython's class, with what `tls.SSLContext` has; `protocol` is PROTOCOL_TLS_CLIENT or PROTOCOL_TLS_SERVER."""

    def __init__(self, protocol):
        self._context = tls.SSLContext(protocol)

    @property
    def verify_mode(self):
        """CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED."""
        return self._context.verify_mode

    @verify_mode.setter
    def verify_mode(self, mode):
        self._context.verify_mode = mode

    def load_cert_chain(self, certfile, keyfile):
        """Take the certificate and the key: file names or bytes. Raise OSError (file), ValueError (content)."""
        self._context.load_cert_chain(_der(certfile), _der(keyfile))

    def load_verify_locations(self, cafile=None, cadata=None):
        """Take the certificate that peers' certificates must be signed by. Raise OSError, ValueError."""
        self._context.load_verify_locations(_der(cafile if cafile is not None else cadata))

    def get_ciphers(self):
        """Return the list of the names of all ciphers."""
        return self._context.get_ciphers()

    def set_ciphers(self, ciphers):
        """Allows only these ciphers (list of names)."""
        self._context.set_ciphers(ciphers)

    def wrap_socket(self, sock, server_side=False, do_handshake_on_connect=True, server_hostname=None):
        """Return a TLS socket over `sock`; without `do_handshake_on_connect`, reads and writes do the handshake."""
        return self._context.wrap_socket(
            sock,
            server_side=server_side,
            do_handshake_on_connect=do_handshake_on_connect,
            server_hostname=server_hostname,
        )


def wrap_socket(
    sock,
    server_side=False,
    key=None,
    cert=None,
    cert_reqs=CERT_NONE,
    cadata=None,
    server_hostname=None,
    do_handshake=True,
):
    """The older call: makes a context of the arguments and wraps `sock` in it."""
    context = SSLContext(PROTOCOL_TLS_SERVER if server_side else PROTOCOL_TLS_CLIENT)
    if cert is not None or key is not None:
        context.load_cert_chain(cert, key)
    if cadata is not None:
        context.load_verify_locations(cadata=cadata)
    context.verify_mode = cert_reqs
    return context.wrap_socket(sock, server_side, do_handshake, server_hostname)
