"""Certificates and keys on CPython, whose ssl takes them from PEM files only."""

import base64
import contextlib
import os
import ssl
import tempfile

from ..libs.tlsFiles import read_chain


def load_chain(context, paths):
    """Have a context take the certificate, its chain and the key of files. context: ssl.SSLContext. paths: list of str.

    Raise OSError or ValueError, which says what is wrong, and how to convert it where it can be converted.
    """
    try:
        context.load_cert_chain(*paths, password=_refuse)
        return
    except (OSError, ValueError):  # not PEM, in another order, or wrong: reading them tells
        certificates, kind, key = read_chain(paths)
    with _private_file() as (file, name):
        for certificate in certificates:
            file.write(ssl.DER_cert_to_PEM_cert(certificate).encode())
        file.write(b'-----BEGIN %s-----\n' % kind.encode())
        file.write(base64.encodebytes(key))
        file.write(b'-----END %s-----\n' % kind.encode())
        file.flush()
        context.load_cert_chain(name)


def _refuse():
    raise ValueError('the key is encrypted')


@contextlib.contextmanager
def _private_file():
    """Give a file for nobody else, and its name; in memory only, where the system can."""
    if hasattr(os, 'memfd_create'):
        with os.fdopen(os.memfd_create('tls'), 'wb') as file:
            yield file, '/proc/self/fd/%d' % file.fileno()
    else:
        handle, name = tempfile.mkstemp()
        try:
            with os.fdopen(handle, 'wb') as file:
                yield file, name
        finally:
            os.unlink(name)
