"""The self-benchmark: measures the server by a client in the same firmware, see selfbench_client.py."""

import gc

import machine
import www_image
from MicroWebSrv2 import GET, MicroWebSrv2, WebRoute
from selfbench_client import CLOSING_REQUEST, GET_REQUEST, ONLY, WS_FRAME, WS_REQUEST, WS_TEXT, Client, report


@WebRoute(GET, '/hello')
def hello(server, request):
    """Answers with a short text."""
    request.Response.ReturnOk('Hello, world!')


@WebRoute(GET, '/sensor/<number>')
def sensor(server, request, args):
    """Answers with JSON that holds the route's argument."""
    request.Response.ReturnOkJSON({'sensor': args['number'], 'value': 21, 'unit': 'C'})


def echo(web_socket, message):
    """Sends a WebSocket's message back."""
    web_socket.SendTextMessage(message)


def accept(server, web_socket):
    """Takes a WebSocket."""
    web_socket.OnTextMessage = echo


def measure(pool, name, request, expected, first=None, closes=False):
    """Measures a kind of request."""
    if ONLY not in (None, name):
        return
    gc.enable()
    gc.collect()
    client = Client(first, request, expected, pool.StopWaitEvents, closes)
    while not client.start():
        pool.ProcessEvents(10)
    pool.AsyncWaitEvents(0)
    gc.enable()
    report(name, client)


def main():
    """Measures all kinds of requests; the modules come last, as each one looks at every request."""
    from MicroWebSrv2 import XAsyncSocketsPool

    pool = XAsyncSocketsPool()
    server = MicroWebSrv2()
    server.SetEmbeddedConfig()
    server.RootPath = www_image.mount()
    server.LogLevel = MicroWebSrv2.WARNING
    server.StartInPool(pool)
    if ONLY == 'closing':  # beside a server that ends each connection; the record has none of it
        measure(pool, 'closing', CLOSING_REQUEST, b'Hello, world!', closes=True)
    measure(pool, 'hello', GET_REQUEST % b'/hello', b'Hello, world!')
    measure(pool, 'json', GET_REQUEST % b'/sensor/42', b'"sensor": 42')
    measure(pool, 'file', GET_REQUEST % b'/1k.txt', b'quick brown fox')
    web_sockets = MicroWebSrv2.LoadModule('WebSockets')
    web_sockets.OnWebSocketAccepted = accept
    measure(pool, 'websocket', WS_FRAME, WS_TEXT, WS_REQUEST)
    MicroWebSrv2.LoadModule('PyhtmlTemplate')
    measure(pool, 'pyhtml', GET_REQUEST % b'/page.pyhtml?who=me', b'Squares for me')
    server.Stop()


try:
    main()
finally:
    machine.reset()  # ends QEMU, which runs with -no-reboot
