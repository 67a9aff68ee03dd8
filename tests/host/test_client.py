"""The test clients for applications: without sockets, through the server's own connections."""

import asyncio
import json
import socket

import pytest
from MicroWebSrv2 import GET, POST, MicroWebSrv2
from MicroWebSrv2.host.testClient import AsyncTestClient, TestClient


def made(site):
    """Returns a server with routes of its own."""
    server = MicroWebSrv2()
    server.RootPath = str(site)
    server.LogLevel = 3

    @server.WebRoute(GET, '/hello')
    def hello(mws2, request):
        request.Response.ReturnOk('hello')

    @server.WebRoute(POST, '/echo')
    def echo(mws2, request):
        content = bytes(request.Content or b'').decode()
        entry = {'content': content, 'type': request.ContentType, 'query': request.QueryParams, 'host': request.Host}
        request.Response.ReturnOkJSON({**entry, 'x': request.GetHeader('X-One'), 'tls': request.IsSSL})

    @server.WebRoute(GET, '/peer')
    def peer(mws2, request):
        request.Response.ReturnOkJSON(request.UserAddress)

    @server.WebRoute(GET, '/visits')
    def visits(mws2, request):
        count = int(request.GetCookie('visits') or 0) + 1
        request.Response.SetCookie('visits', str(count), path='/visits', secure=request.IsSSL)
        request.Response.ReturnOkJSON(count)

    @server.WebRoute(GET, '/forget')
    def forget(mws2, request):
        request.Response.DeleteCookie('visits', path='/visits')
        request.Response.ReturnOk()

    @server.WebRoute(GET, '/later')
    async def later(mws2, request):
        await asyncio.sleep(0)
        request.Response.ReturnOk('later')

    @server.WebRoute(GET, '/stream')
    def stream(mws2, request):
        import io

        request.Response.ReturnStream(200, io.BytesIO(b'x' * 100_000))

    @server.WebRoute(GET, '/raises')
    def raises(mws2, request):
        raise ValueError('on purpose')

    @server.WebRoute(GET, '/never')
    async def never(mws2, request):
        await asyncio.Event().wait()

    return server


@pytest.fixture
def client(site, monkeypatch):
    """A client of a server that is not started, where nothing may listen or connect."""
    for name in ('bind', 'connect', 'listen'):
        monkeypatch.setattr(socket, name, None, raising=False)
    with TestClient(made(site)) as client:
        yield client


def test_an_answer(client):
    answer = client.Get('/hello')
    assert (answer.Status, answer.Reason, answer.Text, answer.Content) == (200, 'OK', 'hello', b'hello')
    assert answer.Headers['content-type'] == 'text/html; charset=UTF-8'
    assert client.Get('/none').Status == 404
    assert client.Get('/raises').Status == 500
    assert client.Post('/hello').Status == 405
    assert client.Get('/later').Text == 'later'


def test_files_and_streams_of_any_size(client, site):
    for name in ('text.txt', 'empty.txt', 'big.txt'):
        assert client.Get('/' + name).Content == (site / name).read_bytes()
    assert client.Get('/stream').Content == b'x' * 100_000
    head = client.Head('/big.txt')
    assert (head.Content, head.Headers['content-length']) == (b'', str((site / 'big.txt').stat().st_size))


def test_what_is_sent(client):
    def sent(**given):
        answer = client.Post('/echo', **given).GetJSON()
        return answer['content'], answer['type']

    assert sent() == ('', '')
    assert sent(form={'a': 'é&', 'b': ['1', '2']}) == ('a=%C3%A9%26&b=1&b=2', 'application/x-www-form-urlencoded')
    assert sent(json={'a': [1]}) == ('{"a": [1]}', 'application/json')
    assert sent(content='é') == ('é', 'text/plain; charset=UTF-8')
    assert sent(content=b'12', headers={'content-type': 'x/y'}) == ('12', 'x/y')
    answer = client.Post('/echo?c=3', query={'a': '1 2'}, headers={'X-One': 'x', 'Host': 'other'}).GetJSON()
    assert (answer['query'], answer['x'], answer['host']) == ({'c': '3', 'a': '1 2'}, 'x', 'other')


@pytest.mark.parametrize('is_tls', [False, True])
def test_cookies_are_kept_as_browsers_do(site, is_tls):
    with TestClient(made(site), isSSL=is_tls) as client:
        assert [client.Get('/visits').GetJSON() for _ in range(3)] == [1, 2, 3]
        assert client.Cookies == {'visits': '3'}
        client.Get('/forget')
        assert client.Cookies == {}
        client.Get('/visits')
        client.ClearCookies()
        assert client.Get('/visits').GetJSON() == 1
        assert client.Post('/echo').GetJSON()['tls'] is is_tls


def test_the_address_of_a_client(site):
    with TestClient(made(site), address=('192.0.2.7', 1234)) as client:
        assert client.Get('/peer').GetJSON() == ['192.0.2.7', 1234]


def test_a_connection_that_the_server_closes_is_followed_by_another(client):
    assert client.Get('/hello', headers={'Connection': 'close'}).Text == 'hello'
    assert client.Post('/echo', headers={'Content-Length': '99999999'}).Status == 413
    assert client.Get('/hello').Text == 'hello'


def test_an_answer_that_never_comes(site):
    with TestClient(made(site), timeoutSec=0) as client, pytest.raises(TimeoutError):
        client.Get('/never')


def test_the_async_client(site):
    async def run():
        async with AsyncTestClient(made(site)) as client:
            texts = [(await client.Get(path)).Text for path in ('/hello', '/later')]
            assert [(await client.Get('/visits')).GetJSON() for _ in range(2)] == [1, 2]
            assert (await client.Post('/echo', json=5)).GetJSON()['content'] == '5'
            return texts

    assert asyncio.run(run()) == ['hello', 'later']


@pytest.fixture
def accepted():
    """Has WebSockets echo messages, and close at the binary message `close`."""
    module = MicroWebSrv2.LoadModule('WebSockets')
    before = module.OnWebSocketAccepted

    def accept(mws2, web_socket):
        web_socket.OnTextMessage = lambda web_socket, msg: web_socket.SendTextMessage(msg)
        web_socket.OnBinaryMessage = lambda web_socket, msg: (
            web_socket.Close(4000) if msg == b'close' else web_socket.SendBinaryMessage(msg)
        )

    module.OnWebSocketAccepted = accept
    yield
    module.OnWebSocketAccepted = before


def test_a_websocket(accepted, client):
    web_socket = client.WebSocket('/chat')
    assert web_socket.Response.Status == 101
    for message in ('', 'é', 'x' * 126, 'y' * 70_000):
        web_socket.SendText(message)
        assert web_socket.Receive() == message
        web_socket.SendBinary(message.encode())
        assert web_socket.Receive() == message.encode()
    assert not web_socket.IsClosed
    web_socket.SendBinary(b'close')
    assert (web_socket.Receive(), web_socket.CloseCode, web_socket.IsClosed) == (None, 4000, True)
    other = client.WebSocket('/chat')
    other.Close(1000)
    assert (other.Receive(), other.CloseCode) == (None, 1000)
    assert client.Get('/hello').Text == 'hello'


def test_a_websocket_that_is_refused(accepted, client):
    with pytest.raises(ConnectionRefusedError, match='403'):
        client.WebSocket('/chat', headers={'Origin': 'http://evil.example'})


def test_an_async_websocket(accepted, site):
    async def run():
        async with AsyncTestClient(made(site)) as client:
            web_socket = await client.WebSocket('/chat')
            web_socket.SendText(json.dumps([1]))
            return json.loads(await web_socket.Receive())

    assert asyncio.run(run()) == [1]
