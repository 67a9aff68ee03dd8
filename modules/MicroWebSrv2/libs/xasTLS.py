"""TLS on TCP connections: contexts, and a transport whose handshake takes its steps as the peer's messages come."""

import ssl
import sys
from errno import EAGAIN, EIO

from .checks import require
from .xasTCP import XAsyncTCPClientException

_is_micropython = sys.implementation.name == 'micropython'
_CONN_EOF = -0x7280  # MBEDTLS_ERR_SSL_CONN_EOF
_MAX_RECORD = 16384  # octets of one TLS record (RFC 8446 section 5.1)


class _HostTransport:
    """CPython's SSLSocket, made to fail as a plain socket does where it would block."""

    def __init__(self, sock):
        self._sock = sock
        self.failed = False

    def recv(self, size):
        """As socket.recv()."""
        try:
            return self._sock.recv(size)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise OSError(EAGAIN, 'would block')
        except ssl.SSLEOFError:
            return b''
        except (OSError, ValueError) as error:
            self.failed = True
            raise OSError(EIO, str(error))

    def send(self, data):
        """As socket.send(); at most one record, which can be tried again as it was."""
        try:
            return self._sock.send(data[:_MAX_RECORD])
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise OSError(EAGAIN, 'would block')

    def begin(self):
        """Sends a client's first message."""
        self.send(b'')

    def pending(self):
        """Whether more has been decrypted than was taken. Returns bool."""
        return self._sock.pending() > 0

    def close(self):
        """Tells the peer, if it listens, that nothing more comes."""
        try:
            self._sock.unwrap()
        except (OSError, ValueError):
            pass
        self._sock.close()


class _FirmwareTransport:
    """MicroPython's TLS stream with the calls of a socket."""

    def __init__(self, sock, plain):
        self._sock = sock
        self._plain = plain
        self._more = self._is_open = self.failed = False

    def recv(self, size):
        """As socket.recv()."""
        data = self._do(self._sock.read, size)
        self._more = len(data) == size
        return data

    def send(self, data):
        """As socket.send()."""
        return self._do(self._sock.write, data[:_MAX_RECORD])

    def _do(self, function, argument):
        try:
            result = function(argument)
        except OSError as ex:
            self.failed = ex.errno != _CONN_EOF
            raise
        except ValueError as ex:  # a certificate that is not trusted
            self.failed = True
            raise OSError(EIO, str(ex))
        if result is None:
            raise OSError(EAGAIN)
        self._is_open = True
        return result

    def begin(self):
        """Sends a client's first message."""
        self.recv(1)

    def pending(self):
        """Whether more may have been decrypted than was taken. Returns bool."""
        return self._more

    def close(self):
        """Closes the stream and its socket."""
        self._sock.close()
        if self.failed and not self._is_open:  # behind a failed handshake the stream has let go of the socket
            self._plain.close()


def _require_file(path, error):  # small: a check
    try:
        open(path, 'rb').close()
    except OSError as ex:
        raise error('Cannot read the TLS file "%s": %s' % (path, ex))


def _load(function, files, error):
    """Calls function(*files); an error names the files. files: tuple of str."""
    for path in files:
        _require_file(path, error)
    try:
        function(*files)
    except (OSError, ValueError) as ex:  # ssl.SSLError is an OSError
        names = ' and '.join(['"%s"' % path for path in files])
        raise error('Cannot use the TLS files %s: %s' % (names, ex))


def server_context(certFile, keyFile, caFile, error):
    """Makes the context of a server.

    certFile, keyFile: str, paths. caFile: str, path of a PEM file of authorities that clients must be certified by,
    or None.
    error: exception class to raise, with the name of the file that is wrong.
    Returns ssl.SSLContext.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if not _is_micropython:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context.load_cert_chain, (certFile, keyFile), error)
    if caFile is not None:
        _load(context.load_verify_locations, (caFile,), error)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def start_context(client, sslContext, serverSide=False):
    """Begins TLS on a connection; the handshake goes on as data come.

    client: XAsyncTCPClient. sslContext: ssl.SSLContext. serverSide: bool.
    Raises XAsyncTCPClientException if TLS has begun already, or cannot.
    """
    require(client.tls is None, XAsyncTCPClientException, 'TLS has begun already on this connection.')
    arguments = {'server_side': serverSide, 'do_handshake_on_connect': False}
    if not serverSide and getattr(sslContext, 'check_hostname', _is_micropython):
        arguments['server_hostname'] = client.SrvAddr[0]
    try:
        sock = sslContext.wrap_socket(client.socket, **arguments)
    except (OSError, ValueError) as ex:
        raise XAsyncTCPClientException('TLS cannot begin: %s' % ex)
    if _is_micropython:
        client.secure(_FirmwareTransport(sock, client.socket))
    else:
        client.secure(_HostTransport(sock), sock)  # it has taken the file descriptor over
    if not serverSide:
        try:
            client.tls.begin()
        except OSError:
            pass  # it would block; or the peer is gone, which reading will tell


def start(client, keyfile=None, certfile=None, server_side=False, cert_reqs=0, ca_certs=None):
    """Begins TLS on a connection with files.

    client: XAsyncTCPClient. keyfile, certfile: str, paths, needed for a server, or None. server_side: bool.
    cert_reqs: int,
    ssl.CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED. ca_certs: str, path of the authorities' certificates, or None.
    Raises XAsyncTCPClientException with what was wrong.
    """
    error = XAsyncTCPClientException
    require(not server_side or (keyfile and certfile), error, 'A server needs "keyfile" and "certfile".')
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    if not _is_micropython and not server_side:
        context.check_hostname = cert_reqs == ssl.CERT_REQUIRED
    context.verify_mode = cert_reqs
    if certfile:
        _load(context.load_cert_chain, (certfile, keyfile), error)
    if ca_certs:
        _load(context.load_verify_locations, (ca_certs,), error)
    start_context(client, context, server_side)
