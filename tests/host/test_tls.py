"""https: the ssl module, openssl and curl as peers; EnableSSL and its errors; handshakes that hold up nobody."""

import contextlib
import shutil
import ssl
import subprocess
import time

import pytest
from support import site
from support.checks import names_of
from support.client import TIMEOUT, request_bytes
from support.targets import free_port

ON_BOARD = True

pytestmark = pytest.mark.needs('tls')
HELLO = request_bytes('GET', '/hello')


PEM = {'certFile': 'server.pem', 'keyFile': 'server.key'}


@pytest.fixture
def https(target, files, site):
    """A server of the wire application over TLS."""
    settings = {'root': target.path(site), 'tls': PEM, 'set': {'RequestsTimeoutSec': 2}}
    server = target.server('wire', settings)
    yield server
    assert server.alive, server.log()


@pytest.mark.parametrize('check', names_of('checks_tls'))
def test_tls(device, files, check):
    device.check('checks_tls', check)


@pytest.mark.parametrize(
    'tls',
    [
        PEM,
        {'certFile': 'rsa.pem', 'keyFile': 'rsa.key'},
        {'certFile': 'server.der', 'keyFile': 'server.key.der'},
    ],
    ids=['PEM', 'RSA', 'DER'],
)
def test_requests_over_tls(start, files, context, tls):
    server = start('wire', tls=tls)
    with server.connect(tls=context) as connection:
        found = connection.request('GET', '/request').json()
        assert found['IsSSL'] is True and found['same'] is True
        assert connection.request('GET', '/big.txt').body == site.FILES['big.txt']
        assert connection.request('GET', '/stream').body == b'0123456789' * 2000
        assert connection.request('GET', '/ok-large').body == b'0123456789abcdef' * 65536
        body = bytes(range(256)) * 1000
        assert connection.request('POST', '/echo', body=body).body == body
        assert connection.is_open()


@pytest.mark.parametrize(
    'cert, key',
    [
        ('server.pem', 'sec1.key'),
        ('rsa.pem', 'pkcs1.key'),
        ('rsa.pem', 'pkcs1.der'),
        ('rsa.pem', 'rsa.key.der'),
        ('both.pem', 'both.pem'),
        ('server.key', 'server.pem'),
        ('server.key.der', 'server.der'),
        ('shuffled.pem', 'leaf.key'),
    ],
)
def test_keys_and_certificates_in_any_form_and_order(start, files, context, cert, key):
    server = start('wire', tls={'certFile': cert, 'keyFile': key})
    with server.connect(tls=context) as connection:
        assert connection.is_open()


@pytest.mark.needs('processes')
def test_resets_behind_pieces_of_the_first_message_cost_nobody_else(https, context):
    hello = client_hello(context)
    since = len(https.log())
    for i in range(1000):
        with https.connect() as connection:
            connection.send(hello[: i % (len(hello) + 1)])
            connection.abort()
        if i % 100 == 0:
            with https.connect(tls=context) as connection:
                assert connection.is_open()
    assert 'Traceback' not in https.log()[since:]


def test_any_segmentation_over_tls(https, context):
    with https.connect(tls=context) as connection:
        for byte in request_bytes('POST', '/echo', body=b'abc'):
            connection.send(bytes([byte]))
        assert connection.response().body == b'abc'
        connection.send(HELLO * 300)
        for _ in range(300):
            assert connection.response().body == b'hello'


def test_requests_that_come_with_the_end_of_the_handshake(https, context):
    for _ in range(5):
        with https.connect(tls=context) as connection:
            connection.send(HELLO + HELLO)
            assert [connection.response().body for _ in range(2)] == [b'hello', b'hello']


@pytest.mark.parametrize(
    'version', ['TLSv1_2', pytest.param('TLSv1_3', marks=pytest.mark.needs('tls-1.3'))]
)  # MicroPython's TLS ends at 1.2
def test_versions(https, context, version):
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    with https.connect(tls=context) as connection:
        assert connection.socket.version() == version.replace('_', '.')
        assert connection.is_open()


def test_connection_close_ends_tls_properly(https, context):
    with https.connect(tls=context) as connection:
        connection.send(request_bytes('GET', '/hello', {'Connection': 'close'}))
        assert connection.responses('GET')[0].body == b'hello'


@pytest.mark.parametrize('name, data', [('plain', HELLO), ('noise', bytes(range(256)) * 20)])
def test_what_is_no_tls_is_closed(https, context, name, data):
    with https.connect() as connection:
        connection.send(data)
        connection.half_close()
        assert b'HTTP/' not in connection.read_until_close()
    with https.connect(tls=context) as connection:
        assert connection.is_open()


def client_hello(context):
    """Returns the bytes with which a client begins."""
    outgoing = ssl.MemoryBIO()
    session = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname='localhost')
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


def test_handshakes_that_are_begun_and_left_hold_up_nobody(https, context):
    hello = client_hello(context)
    with https.connect(tls=context) as connection:
        sockets = connection.request('GET', '/stats').json()['sockets']
    with contextlib.ExitStack() as stack:
        left = []
        for end in (0, 1, 5, 10, len(hello) // 2, len(hello) - 1, len(hello)):
            connection = stack.enter_context(https.connect())
            connection.send(hello[:end])
            left.append(connection)
        with https.connect(tls=context) as connection:
            connection.set_timeout(1)
            assert connection.is_open()
        for connection in left:
            connection.read_until_close()
    for end in range(0, len(hello) + 1, 7):
        with https.connect() as connection:
            connection.send(hello[:end])
            connection.abort()
    deadline = time.monotonic() + TIMEOUT
    with https.connect(tls=context) as connection:
        while connection.request('GET', '/stats').json()['sockets'] > sockets:
            assert time.monotonic() < deadline, 'sockets of handshakes that were left are still open'


def test_clients_that_refuse_the_certificate(https, context):
    strict = ssl.create_default_context()
    for _ in range(5):
        with pytest.raises(ssl.SSLCertVerificationError):
            https.connect(tls=strict)
    with https.connect(tls=context) as connection:
        assert connection.is_open()


def test_a_slow_reader_over_tls(https, context):
    with https.connect(tls=context, receive_buffer=4096) as connection:
        connection.send(request_bytes('GET', '/ok-large') + HELLO)
        with https.connect(tls=context) as other:
            assert other.is_open()
        assert len(connection.response().body) == 1048576
        assert connection.response().body == b'hello'


@pytest.mark.needs('client-certificates')
def test_clients_are_asked_for_certificates(start, files, certificates, context):
    server = start('wire', tls=dict(PEM, caFile='ca.pem'))
    with pytest.raises((ssl.SSLError, ConnectionError)), server.connect(tls=context) as connection:
        connection.request('GET', '/hello')
    context.load_cert_chain(certificates / 'client.pem', certificates / 'client.key')
    with server.connect(tls=context) as connection:
        assert connection.is_open()


@pytest.mark.needs('threads')
def test_http_and_https_from_one_pool(start, files, context):
    from support.client import Connection

    https_port = free_port()
    server = start('dual', https_port=https_port, certificate=PEM)
    assert server.get('/text.txt').body == site.TEXT
    with Connection((server.host, https_port), tls=context) as connection:
        assert connection.request('GET', '/text.txt').body == site.TEXT
    server.interrupt()
    assert server.process.wait(10) == 0


def test_openssl(https, certificates):
    command = ['openssl', 's_client', '-connect', f'127.0.0.1:{https.port}', '-servername', 'localhost']
    command += ['-CAfile', certificates / 'ca.pem', '-verify_return_error', '-quiet', '-no_ign_eof']
    request = request_bytes('GET', '/hello', {'Connection': 'close'})
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(request)
        process.stdin.flush()
        assert process.stdout.read().endswith(b'\r\n\r\nhello')


def test_curl(https, certificates):
    curl = shutil.which('curl')
    assert curl, 'curl is missing: `apt-get install curl`'
    url = f'https://localhost:{https.port}'
    command = [curl, '-sS', '--max-time', '20', '--noproxy', '*', '--cacert', certificates / 'ca.pem', '-4']
    output = subprocess.run([*command, f'{url}/hello', f'{url}/text.txt'], stdout=subprocess.PIPE, check=True).stdout
    assert output == b'hello' + site.TEXT
