"""EnableSSL, DisableSSL, and TLS on both ends of a connection. Needs the files of support/certificates.py."""

from checking import equal, raises
from checks_xas import Pair
from MicroWebSrv2 import MicroWebSrv2, MicroWebSrv2Exception, XAsyncTCPClientException, XClosedReason


def check_enabling_and_disabling():
    server = MicroWebSrv2()
    equal((server.IsSSLEnabled, server.BindAddress), (False, ('0.0.0.0', 80)))
    server.EnableSSL(certFile='server.pem', keyFile='server.key')
    equal((server.IsSSLEnabled, server.BindAddress), (True, ('0.0.0.0', 443)))
    server.DisableSSL()
    equal((server.IsSSLEnabled, server.BindAddress), (False, ('0.0.0.0', 80)))
    server.BindAddress = ('127.0.0.1', 8443)
    server.EnableSSL('server.pem', 'server.key', caFile='ca.pem')
    equal((server.IsSSLEnabled, server.BindAddress), (True, ('127.0.0.1', 8443)))
    server.DisableSSL()
    equal(server.BindAddress, ('127.0.0.1', 8443))


def check_wrong_files_are_named():
    server = MicroWebSrv2()
    for cert, key, ca, wrong in (
        ('none.pem', 'server.key', None, 'none.pem'),
        ('server.pem', 'none.key', None, 'none.key'),
        ('server.pem', 'server.key', 'none-ca.pem', 'none-ca.pem'),
        ('noise.pem', 'server.key', None, 'noise.pem'),
        ('server.pem', 'noise.pem', None, 'noise.pem'),
        ('server.pem', 'locked.key', None, 'locked.key'),
        ('server.pem', 'server.key', 'noise.pem', 'noise.pem'),
        ('server.pem', 'other.key', None, 'other.key'),
    ):
        error = raises(MicroWebSrv2Exception, server.EnableSSL, cert, key, ca)
        assert wrong in str(error), error
        equal((server.IsSSLEnabled, server.BindAddress), (False, ('0.0.0.0', 80)))
    for arguments, name in (
        (('', 'x'), 'certFile'),
        ((None, 'x'), 'certFile'),
        (('x', 1), 'keyFile'),
        (('x', 'y', ''), 'caFile'),
        (('x', 'y', 1), 'caFile'),
    ):
        assert name in str(raises(ValueError, server.EnableSSL, *arguments))


def check_what_is_wrong_and_how_to_convert_it_is_said_in_one_line():
    server = MicroWebSrv2()
    for cert, key, said in (
        ('server.pem', 'locked.key', '"locked.key" is an encrypted key: openssl pkey -in "locked.key" -out plain.key'),
        ('rsa.pem', 'locked1.key', 'openssl pkey -in "locked1.key" -out plain.key'),
        ('rsa.pem', 'locked.der', 'openssl pkey -in "locked.der" -out plain.key'),
        ('server.p12', 'server.p12', '"server.p12" is a PKCS#12 bundle: openssl pkcs12 -in "server.p12"'),
        ('server.csr', 'server.key', '"server.csr" is a request for a certificate'),
        ('server.pem', 'public.pem', '"public.pem" is a public key'),
        ('server.pem', 'server.pem', 'there is no private key in "server.pem" or "server.pem"'),
        ('sec1.key', 'server.key', 'there is no certificate in "sec1.key" or "server.key"'),
        ('server.pem', 'rsa.key', 'the key does not belong to the certificate in "server.pem" or "rsa.key"'),
        ('rsa.pem', 'server.key', 'the key does not belong to the certificate in "rsa.pem" or "server.key"'),
        ('noise.pem', 'server.key', '"noise.pem" is cut'),
        ('ca.srl', 'server.key', '"ca.srl" holds no certificate and no private key'),
    ):
        text = str(raises(MicroWebSrv2Exception, server.EnableSSL, cert, key))
        assert said in text and '\n' not in text, text


def both_ends(**options):
    """Returns a Pair with TLS begun on both ends."""
    pair = Pair()
    pair.far.StartSSL(keyfile='server.key', certfile='server.pem', server_side=True)
    pair.near.StartSSL(**options)
    return pair


def check_both_ends():
    pair = both_ends()
    lines, got = [], []
    pair.near.AsyncRecvLine(onLineRecv=lambda client, line, arg: lines.append(line))
    pair.far.AsyncRecvData(5, lambda client, data, arg: got.append(bytes(data)))
    pair.far.AsyncSendData(b'from the server\r\n')
    pair.near.AsyncSendData(b'12345')
    pair.until(lambda: lines and got)
    equal((lines, got), (['from the server'], [b'12345']))
    equal((pair.near.IsSSL, pair.far.IsSSL), (True, True))
    pair.near.Close()
    pair.far.AsyncRecvData()
    pair.until(lambda: ('far', True, XClosedReason.ClosedByPeer) in pair.closed)
    pair.end()


def check_much_data_over_tls():
    pair = both_ends()
    size = 1000000
    total, sent = [0], []

    def received(client, data, arg):
        total[0] += len(data)
        client.AsyncRecvData(onDataRecv=received)

    pair.near.AsyncRecvData(onDataRecv=received)
    for i in range(4):
        pair.far.AsyncSendData(bytes([65 + i]) * (size // 4), lambda client, arg: sent.append(arg), i)
    pair.until(lambda: total[0] == size and len(sent) == 4, 30)
    equal(sent, [0, 1, 2, 3])
    pair.end()


def check_a_certificate_is_verified_when_asked_for():
    for ca_certs, ok in (('ca.pem', True), ('other.pem', False)):
        pair = both_ends(cert_reqs=2, ca_certs=ca_certs)
        lines = []
        pair.near.AsyncRecvLine(onLineRecv=lambda client, line, arg: arg.append(line), onLineRecvArg=lines)
        pair.far.AsyncSendData(b'trusted\n')
        pair.until(lambda lines=lines, pair=pair: lines or pair.closed)
        equal(lines, ['trusted'] if ok else [])
        pair.end()


def check_wrong_arguments_of_start_ssl():
    pair = Pair()
    error = XAsyncTCPClientException
    raises(error, pair.far.StartSSL, server_side=True)
    assert 'none.key' in str(raises(error, pair.far.StartSSL, 'none.key', 'server.pem', True))
    assert 'none.pem' in str(raises(error, pair.near.StartSSL, ca_certs='none.pem'))
    pair.end()
