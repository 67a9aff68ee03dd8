"""TLS on TCP connections: contexts, and a transport whose handshake takes its steps as the peer's messages come."""

import ssl
import sys
from errno import EAGAIN, EIO

from .checks import require
from .xasPool import XClosedReason
from .xasTCP import XAsyncTCPClientException

_is_micropython = sys.implementation.name == 'micropython'
_CONN_EOF = -0x7280  # MBEDTLS_ERR_SSL_CONN_EOF
_MAX_RECORD = 16384  # bytes of one TLS record (RFC 8446 section 5.1)


class _HostTransport:
    """CPython's SSLSocket, which fails as a plain socket does: with OSError, and once for all.

    - failed: bool, whether it is broken: nothing is asked of it then.
    """

    def __init__(self, sock):
        self._sock = sock
        self.failed = False

    def recv(self, size):
        """As socket.recv()."""
        return self._do(self._sock.recv, size)

    def send(self, data):
        """As socket.send(); at most one record, which can be tried again as it was."""
        return self._do(self._sock.send, data[:_MAX_RECORD])

    def _do(self, function, argument):
        if self.failed:
            raise OSError(EIO, 'TLS has failed')
        try:
            return function(argument)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise OSError(EAGAIN, 'would block')
        except ssl.SSLEOFError:  # the peer left without a word
            self.failed = True
            if function == self._sock.recv:
                return b''
            raise
        except (OSError, ValueError) as error:  # ValueError: ssl's word for a connection that is gone
            self.failed = True
            raise OSError(EIO, str(error))

    def begin(self):
        """Send a client's first message. Raise OSError."""
        self.send(b'')

    def pending(self):
        """Return bool: whether more has been decrypted than was taken."""
        return not self.failed and self._sock.pending() > 0

    def close(self):
        """Tell the peer, if it listens, that nothing more comes."""
        try:
            if not self.failed:
                self._sock.unwrap()
        except (OSError, ValueError):
            pass
        self._sock.close()


class _FirmwareTransport:
    """MicroPython's TLS stream with the calls of a socket.

    - failed: bool, as of _HostTransport.
    """

    def __init__(self, sock, plain):
        self._sock = sock
        self._plain = plain
        self._more = self._is_open = self._has_let_go = self.failed = False

    def recv(self, size):
        """As socket.recv()."""
        data = self._do(self._sock.read, size)
        self._more = len(data) == size
        return data

    def send(self, data):
        """As socket.send()."""
        return self._do(self._sock.write, data[:_MAX_RECORD])

    def _do(self, function, argument):
        if self.failed:
            raise OSError(EIO)
        try:
            result = function(argument)
        except OSError as error:
            if error.errno != EAGAIN:
                self.failed = True
                self._has_let_go = not self._is_open and error.errno != _CONN_EOF
            raise
        except ValueError as error:  # a certificate that is not trusted
            self.failed = True
            self._has_let_go = not self._is_open
            raise OSError(EIO, str(error))
        if result is None:
            raise OSError(EAGAIN)
        self._is_open = True
        return result

    def begin(self):
        """Send a client's first message. Raise OSError."""
        self.recv(1)

    def pending(self):
        """Return bool: whether more may have been decrypted than was taken."""
        return self._more

    def close(self):
        """Close the stream and its socket."""
        self._sock.close()
        if self._has_let_go:  # after a failed handshake the stream has let go of the socket
            self._plain.close()


def _require_file(path, error):  # small: a check
    try:
        open(path, 'rb').close()
    except OSError as reason:
        raise error('Cannot read the TLS file "%s": %s' % (path, reason))


def _load(function, files, error):
    """Call function(*files); an error names the files. files: tuple of str."""
    for path in files:
        _require_file(path, error)
    try:
        function(*files)
    except (OSError, ValueError) as reason:  # ssl.SSLError is an OSError
        names = ' and '.join(['"%s"' % path for path in files])
        raise error('Cannot use the TLS files %s: %s' % (names, reason))


def _load_chain(context, certFile, keyFile, error):
    """Have a context take a certificate, its chain and the key, in whatever form they are. An error names the files."""
    _load(lambda *paths: load_chain(context, paths), (certFile, keyFile), error)


def load_chain(context, paths):
    """As load_chain() of host/tls.py, on MicroPython: whose TLS takes one certificate at a time, and the key with it.

    A second key takes the place of the first only where it is no PKCS#8.
    """
    from .tlsFiles import read_chain, traditional

    certificates, kind, key = read_chain(paths)
    for certificate in certificates:
        context.load_cert_chain(certificate, key)
        kind, key = traditional(kind, key)


if not _is_micropython:
    from ..host.tls import load_chain


def server_context(certFile, keyFile, caFile, error):
    """Make the context of a server.

    certFile, keyFile: str, paths. caFile: str, path of a PEM file of authorities that clients must be certified by,
    or None.
    error: exception class to raise, with the name of the file that is wrong.
    Return ssl.SSLContext.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if not _is_micropython:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load_chain(context, certFile, keyFile, error)
    if caFile is not None:
        _load(context.load_verify_locations, (caFile,), error)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _wrapped(client, sslContext, arguments):
    """Return the TLS socket of a connection. Raise OSError, ValueError.

    CPython closes the descriptor of a peer that is gone already: until it is known to stay, the pool knows nothing of
    it.
    """
    is_known = not _is_micropython and client.pool.remove(client)
    try:
        sock = sslContext.wrap_socket(client.socket, **arguments)
    except ValueError:  # of an argument: nothing was closed
        if is_known:
            client.pool.add(client)
        raise
    if is_known:
        client.pool.add(client)
    return sock


def start_context(client, sslContext, serverSide=False):
    """Begin TLS on a connection; the handshake goes on as data come.

    client: XAsyncTCPClient. sslContext: ssl.SSLContext. serverSide: bool.
    Raise XAsyncTCPClientException if TLS has begun already, or cannot.
    """
    require(client.tls is None, XAsyncTCPClientException, 'TLS has begun already on this connection.')
    arguments = {'server_side': serverSide, 'do_handshake_on_connect': False}
    if not serverSide and getattr(sslContext, 'check_hostname', _is_micropython):
        arguments['server_hostname'] = client.SrvAddr[0]
    try:
        sock = _wrapped(client, sslContext, arguments)
    except (OSError, ValueError) as error:
        if serverSide and not _is_micropython and isinstance(error, OSError):
            client.close(XClosedReason.ClosedByPeer)  # it was gone before it could be talked to
            return
        raise XAsyncTCPClientException('TLS cannot begin: %s' % error)
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
    """Begin TLS on a connection with files.

    client: XAsyncTCPClient. keyfile, certfile: str, paths, needed for a server, or None. server_side: bool.
    cert_reqs: int,
    ssl.CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED. ca_certs: str, path of the authorities' certificates, or None.
    Raise XAsyncTCPClientException with what was wrong.
    """
    error = XAsyncTCPClientException
    require(not server_side or (keyfile and certfile), error, 'A server needs "keyfile" and "certfile".')
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    if not _is_micropython and not server_side:
        context.check_hostname = cert_reqs == ssl.CERT_REQUIRED
    context.verify_mode = cert_reqs
    if certfile:
        _load_chain(context, certfile, keyfile or certfile, error)
    if ca_certs:
        _load(context.load_verify_locations, (ca_certs,), error)
    start_context(client, context, server_side)
