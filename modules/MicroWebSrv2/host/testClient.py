"""Clients for the tests of applications: requests go through the server's own connections, without sockets.

    with TestClient(server) as client:
        assert client.Get('/hello').Text == 'hello'

The server is a MicroWebSrv2, which need not be started. Handlers may be `async def`.
"""

import asyncio
import http.client
import http.cookiejar
import io
import json as json_
import time
import urllib.parse
import urllib.request

from ..libs import xasAsyncio
from .played import PlayedConnection, PlayedPool
from .testWebSocket import AsyncTestWebSocket, TestWebSocket, handshake

_WAIT_SEC = 0.001
_ADDRESS = ('127.0.0.1', 50000)


class TestResponse:
    """An answer.

    - Status: int. Reason: str. Headers: http.client.HTTPMessage, whose names have no case. Content: bytes.
    """

    __test__ = False  # no test of pytest's

    def __init__(self, data, method):
        found = http.client.HTTPResponse(_Received(data), method=method)
        found.begin()
        self.Status = found.status
        self.Reason = found.reason
        self.Headers = found.headers
        self.Content = found.read()

    @property
    def Text(self):
        """str: the content, as its charset says, else as UTF-8."""
        return self.Content.decode(self.Headers.get_content_charset('utf-8'))

    def GetJSON(self):
        """Return the content decoded from JSON. Raise ValueError where it is none."""
        return json_.loads(self.Content)

    def __repr__(self):
        return f'<TestResponse {self.Status} {self.Reason} {self.Content[:100]!r}>'


class _Received:
    """What has been received, as http.client wants a socket."""

    def __init__(self, data):
        self._data = data

    def makefile(self, mode):
        """Return it as a file."""
        return io.BytesIO(self._data)


class _Exchanges:
    """What the sync and the async client have in common: requests as generators, which yield where they wait."""

    def __init__(self, microWebSrv2, host='localhost', address=_ADDRESS, isSSL=None, timeoutSec=10):
        self._server = microWebSrv2
        self._host = host
        self._address = address
        self._is_tls = microWebSrv2.IsSSLEnabled if isSSL is None else isSSL
        self._timeout = timeoutSec
        self._pool = PlayedPool()
        self._cookies = http.cookiejar.CookieJar()
        self._connection = None
        self._sockets = []

    @property
    def Cookies(self):
        """dict of str to str: the cookies that are kept, by name."""
        return {cookie.name: cookie.value for cookie in self._cookies}

    def ClearCookies(self):
        """Forget all cookies."""
        self._cookies.clear()

    def _url(self, path):
        return ('https://' if self._is_tls else 'http://') + self._host + path

    def _request(self, method, path, headers=None, query=None, form=None, json=None, content=None):
        """Send a request, as a generator that returns a TestResponse."""
        if query:
            path += ('&' if '?' in path else '?') + urllib.parse.urlencode(query, doseq=True)
        body, media_type = _body(form, json, content)
        head = self._head(method, path, headers, media_type, body)
        data = yield from self._exchange(head + (body or b''))
        answer = TestResponse(data, method)
        self._keep_cookies(answer.Headers, path)
        return answer

    def _head(self, method, path, headers, media_type, body):
        fields = {'Host': self._host}
        if media_type:
            fields['Content-Type'] = media_type
        if body is not None:
            fields['Content-Length'] = str(len(body))
        request = urllib.request.Request(self._url(path))
        self._cookies.add_cookie_header(request)
        if request.has_header('Cookie'):
            fields['Cookie'] = request.get_header('Cookie')
        given = {name.lower() for name in headers or ()}
        fields = {name: value for name, value in fields.items() if name.lower() not in given}
        lines = [f'{name}: {value}\r\n' for name, value in {**fields, **(headers or {})}.items()]
        return f'{method} {path} HTTP/1.1\r\n{"".join(lines)}\r\n'.encode('latin-1')

    def _keep_cookies(self, headers, path):
        request = urllib.request.Request(self._url(path))
        self._cookies.extract_cookies(_WithInfo(headers), request)

    def _exchange(self, data):
        connection = self._connection
        if connection is None or not connection.is_open():
            connection = self._connection = self._connect()
        connection.send(data)
        while connection.step() or not connection.is_answered():
            yield
        data = connection.take()
        if not connection.is_open():
            connection.close()
            self._connection = None
        return data

    def _connect(self):
        if self._server.spawn is None:
            self._server.spawn = xasAsyncio.spawn
        return PlayedConnection(self._server, self._pool, self._address, self._is_tls)

    def _open(self, path, headers):
        """Open a WebSocket, as a generator that returns (PlayedConnection, TestResponse)."""
        connection = self._connect()
        connection.send(self._head('GET', path, {**handshake(), **(headers or {})}, None, None))
        while connection.step() or not connection.is_answered():
            yield
        head, end, rest = connection.take().partition(b'\r\n\r\n')
        answer = TestResponse(head + end + rest, 'GET')
        self._keep_cookies(answer.Headers, path)
        if answer.Status != 101:
            connection.close()
            raise ConnectionRefusedError(f'The server answered {answer.Status} {answer.Reason}.')
        self._sockets.append(connection)
        return connection, answer, rest

    def _leave(self):
        for connection in (self._connection, *self._sockets):
            if connection:
                connection.close()
        self._connection = None

    # What Request() returns: a TestResponse, or what is awaited for it.

    def Get(self, path, **others):
        """Send GET. Arguments and result as of Request()."""
        return self.Request('GET', path, **others)

    def Head(self, path, **others):
        """Send HEAD. Arguments and result as of Request()."""
        return self.Request('HEAD', path, **others)

    def Post(self, path, **others):
        """Send POST. Arguments and result as of Request()."""
        return self.Request('POST', path, **others)

    def Put(self, path, **others):
        """Send PUT. Arguments and result as of Request()."""
        return self.Request('PUT', path, **others)

    def Patch(self, path, **others):
        """Send PATCH. Arguments and result as of Request()."""
        return self.Request('PATCH', path, **others)

    def Delete(self, path, **others):
        """Send DELETE. Arguments and result as of Request()."""
        return self.Request('DELETE', path, **others)

    def Options(self, path, **others):
        """Send OPTIONS. Arguments and result as of Request()."""
        return self.Request('OPTIONS', path, **others)


class _WithInfo:
    """An answer as http.cookiejar wants one."""

    def __init__(self, headers):
        self._headers = headers

    def info(self):
        """Return the header fields."""
        return self._headers


def _body(form, json, content):
    """Return (bytes or None, media type or None) of what a request was given."""
    if form is not None:
        return urllib.parse.urlencode(form, doseq=True).encode(), 'application/x-www-form-urlencoded'
    if json is not None:
        return json_.dumps(json).encode(), 'application/json'
    if isinstance(content, str):
        return content.encode(), 'text/plain; charset=UTF-8'
    return (None, None) if content is None else (bytes(content), 'application/octet-stream')


class TestClient(_Exchanges):
    """A client whose calls return when the server has answered.

    microWebSrv2: MicroWebSrv2, started or not. host: str, what it asks for. address: (str_ip_addr, int_port), its own.
    isSSL: bool, whether it comes by https; None: as the server is set. timeoutSec: int, for an answer or a message.
    It keeps cookies. Raise TimeoutError where no answer comes.
    """

    __test__ = False

    def __init__(self, microWebSrv2, host='localhost', address=_ADDRESS, isSSL=None, timeoutSec=10):
        _Exchanges.__init__(self, microWebSrv2, host, address, isSSL, timeoutSec)
        self._loop = asyncio.new_event_loop()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.Close()

    def Close(self):
        """Leave: close the connections."""
        self._leave()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def Request(self, method, path, headers=None, query=None, form=None, json=None, content=None):
        """Send a request.

        method: str. path: str, with its query or without. headers: dict of str to str. query, form: dict, or list of
        pairs. json: any object that serialises. content: bytes or str. Return TestResponse.
        """
        return self.wait(self._request(method, path, headers, query, form, json, content))

    def WebSocket(self, path, headers=None):
        """Open a WebSocket. Return TestWebSocket. Raise ConnectionRefusedError where the server answers otherwise."""
        return TestWebSocket(self, *self.wait(self._open(path, headers)))

    def wait(self, steps):
        """Take steps until they return, and return what they do. steps: generator."""
        return self._loop.run_until_complete(_taken(steps, self._timeout))


class AsyncTestClient(_Exchanges):
    """A client whose calls are awaited; arguments as of TestClient. Handlers run in the loop that is running."""

    __test__ = False

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exception):
        self.Close()

    def Close(self):
        """Leave: close the connections."""
        self._leave()

    async def Request(self, method, path, headers=None, query=None, form=None, json=None, content=None):
        """Send a request. Arguments and result as of TestClient.Request()."""
        return await self.wait(self._request(method, path, headers, query, form, json, content))

    async def WebSocket(self, path, headers=None):
        """Open a WebSocket. Return AsyncTestWebSocket. Raise as TestClient.WebSocket()."""
        return AsyncTestWebSocket(self, *(await self.wait(self._open(path, headers))))

    async def wait(self, steps):
        """Take steps until they return, and return what they do. steps: generator."""
        return await _taken(steps, self._timeout)


async def _taken(steps, timeout):
    """Take the steps of a generator; between them, tasks and other threads have their turn. Return what it returns."""
    end = time.monotonic() + timeout
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value
        if time.monotonic() > end:
            raise TimeoutError(f'Nothing came in {timeout} s.')
        await asyncio.sleep(0 if len(asyncio.all_tasks()) > 1 else _WAIT_SEC)
