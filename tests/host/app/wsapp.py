"""WebSocket applications by path: /close, /threads, /flood, /blocked, /release, /group, /quiet, /silent, the route
/room/<name>; /refused/<status> is refused before it is accepted; others echo.

Settings: ``limit`` (MaxRecvMessageLength of each connection; absent: the module's own), ``compression``.
"""

import testbed
from MicroWebSrv2 import GET, POST, MicroWebSrv2, WebRoute
from MicroWebSrv2.mods.WebSockets import WebSocketRoute

try:
    from _thread import start_new_thread
except ImportError:
    start_new_thread = None

LIMIT = testbed.SETTINGS.get('limit', False)
PROTOCOL = 'echo-v1'
THREADS = 4
group = []
released = []


def protocol(microWebSrv2, protocols):
    return PROTOCOL if PROTOCOL in protocols else None


def accepted(microWebSrv2, webSocket):
    path = webSocket.Request.Path
    if LIMIT is not False:
        webSocket.MaxRecvMessageLength = LIMIT
    webSocket.OnTextMessage = CALLBACKS.get(path, echo)
    webSocket.OnBinaryMessage = lambda ws, msg: ws.SendBinaryMessage(msg)
    webSocket.OnClosed = lambda ws: print('CLOSED', path, ws.IsClosed)
    if path == '/group':
        group.append(webSocket)
        webSocket.OnClosed = left
        webSocket.SendTextMessage('welcome')
    elif path in ('/quiet', '/silent'):
        webSocket.WaitFrameTimeoutSec = 1


def echo(webSocket, msg):
    webSocket.SendTextMessage(msg)


def close(webSocket, msg):
    webSocket.Close(int(msg))


def threads(webSocket, msg):
    for number in range(THREADS):
        start_new_thread(send_many, (webSocket, 'abcdefgh'[number], int(msg)))


def send_many(webSocket, letter, count):
    for _ in range(count):
        webSocket.SendTextMessage(letter * 3000)


def flood(webSocket, msg):
    count = 0
    while webSocket.SendTextMessage(msg):
        count += 1
    print('FLOODED %d bytes' % (count * len(msg)))


def blocked(webSocket, msg):
    while not released:
        testbed.sleep_ms(5)
    webSocket.SendTextMessage(msg)


def release(webSocket, msg):
    if msg == 'release':
        released.append(True)
    webSocket.SendTextMessage(msg)


def to_group(webSocket, msg):
    module.Broadcast(group, msg)


def left(webSocket):
    group.remove(webSocket)
    module.Broadcast(group, 'one left')


@WebSocketRoute('/room/<name>')
def room(microWebSrv2, webSocket, args):
    webSocket.OnTextMessage = lambda ws, msg: ws.SendTextMessage(args['name'] + ': ' + msg)


def decide(microWebSrv2, request):
    parts = request.Path.split('/')
    if parts[1] == 'refused':
        if parts[2] == '401':
            request.Response.ReturnBasicAuthRequired()
        else:
            request.Response.Return(int(parts[2]), 'refused')


CALLBACKS = {
    '/close': close,
    '/threads': threads,
    '/flood': flood,
    '/blocked': blocked,
    '/release': release,
    '/group': to_group,
}


@WebRoute(POST, '/post')
def post(microWebSrv2, request):
    request.Response.ReturnOk(bytes(request.Content))


@WebRoute(GET, '/hello')
def hello(microWebSrv2, request):
    request.Response.ReturnOk('hello')


@WebRoute(GET, '/stats')
def stats(microWebSrv2, request):
    pool = request.XAsyncTCPClient.GetAsyncSocketsPool()
    request.Response.ReturnOkJSON({'sockets': len(pool.GetAllAsyncSockets()), 'memory': testbed.memory()})


module = MicroWebSrv2.LoadModule('WebSockets')
module.OnWebSocketProtocol = protocol
module.OnWebSocketAccepted = accepted
module.OnWebSocketRequest = decide
if testbed.SETTINGS.get('compression'):
    module.Compression = True

if __name__ == '__main__':
    testbed.main()
