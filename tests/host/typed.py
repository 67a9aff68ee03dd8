"""Uses each documented name as an application does; read by mypy (tests/host/test_types.py), never run."""

import asyncio
from collections.abc import AsyncIterator

from MicroWebSrv2 import *
from MicroWebSrv2.host.testClient import AsyncTestClient, TestClient
from MicroWebSrv2.libs.eventStream import EventStream
from MicroWebSrv2.libs.xasAsyncio import StartInAsyncio
from MicroWebSrv2.libs.xasTimers import XAsyncTimer
from MicroWebSrv2.mods.WebSockets import WebSocket, WebSocketRoute


@WebRoute(GET, '/plain', name='plain')
def plain(mws2: MicroWebSrv2, request: HttpRequest) -> None:
    text: str = request.HttpVer + request.Method + request.Path + request.QueryString + request.Host + request.Referer
    text += request.CacheControl + request.ContentType + request.UserAgent + request.Authorization + request.Origin
    text += request.Upgrade + request.QueryParams['a'] + request.GetPostedURLEncodedForm()['a']
    lists: list[str] = request.Accept + request.AcceptEncodings + request.AcceptLanguages + request.Cookies
    flags: list[bool] = [request.IsSSL, request.IsKeepAlive, request.IsUpgrade, request.CheckBearerAuth('t')]
    flags.append(request.CheckBasicAuth('a', 'b'))
    address: tuple[str, int] = request.UserAddress
    size: int = request.ContentLength + (len(request.Content) if request.Content else 0)
    cookie: str | None = request.GetCookie('a') or request.GetCookies().get('b')
    client: XAsyncTCPClient = request.XAsyncTCPClient
    request.Response.ReturnOkJSON([text, lists, flags, address, size, cookie, client.SrvAddr])
    request.Response.ReturnJSON(200, request.GetPostedJSONObject())
    request.Response.ReturnOk(request.GetHeader('X'))


@WebRoute(HEAD, '/answers/<n:int>')
async def answers(mws2: MicroWebSrv2, request: HttpRequest, args: dict[str, int]) -> None:
    response = request.Response
    response.SetHeader('X', args['n'])
    response.SetCookie('a', 'b', 5, '/', None, False, True, 'Lax', 0)
    response.DeleteCookie('a')
    response.AllowCaching = response.IsSSL or response.HeadersSent
    response.AccessControlAllowOrigin = response.ContentType = response.ContentCharset = None
    response.ContentLength = response.UserAddress[1]
    response.OnSent = lambda mws2, response: response.Request.Path
    response.Return(200, b'')
    response.ReturnFile('a', attachmentName='b')
    response.ReturnStream(200, open('a', 'rb'))
    response.ReturnStream(200, iter(['a', b'b', None]))
    response.ReturnStream(200, parts())
    response.ReturnRedirect('/', 303)
    response.ReturnUnauthorized('Basic', realm='x')
    if response.SwitchingProtocols('x'):
        return
    response.ReturnNotModified()
    response.ReturnBadRequest()
    response.ReturnForbidden()
    response.ReturnNotFound()
    response.ReturnMethodNotAllowed()
    response.ReturnEntityTooLarge()
    response.ReturnInternalServerError()
    response.ReturnNotImplemented()
    response.ReturnServiceUnavailable()
    response.ReturnBasicAuthRequired()
    response.ReturnBearerAuthRequired()


@WebRoute(POST, '/forms')
def forms(mws2: MicroWebSrv2, request: HttpRequest) -> None:
    value = request.GetPostedForm()['a']
    text: str = value if isinstance(value, str) else value.Filename + value.ContentType + value.Content.decode()
    texts = [value for value in request.GetPostedValues('a') if isinstance(value, str)] + request.GetQueryValues('b')
    request.Response.ReturnOkJSON([text, *texts])


@WebRoute(PUT, '/pieces', streamContent=True)
def pieces(mws2: MicroWebSrv2, request: HttpRequest) -> None:
    def received(request: HttpRequest, view: memoryview) -> None:
        request.PauseContent()
        mws2.Pool.CallLater(len(view), request.ResumeContent)

    request.ReceiveContent(received, answered, lambda request, reason: print(reason.upper()), 5, timeoutSec=5)
    request.SaveContent('a', answered, 5, timeoutSec=5)
    request.ReceiveForm(
        lambda request, name, value: print(name + value),
        lambda request, part: part.Name + part.Filename + part.ContentType,
        answered,
        maxFieldLength=5,
    )
    request.ReceiveForm(None, lambda request, part: open(part.Filename, 'wb'), None)
    print(request.ReadContent(5) + request.ReadContent())


async def read_pieces(mws2: MicroWebSrv2, request: HttpRequest) -> None:
    reader = request.ContentReader(maxLength=5, timeoutSec=5)
    head: bytes = await reader.Read(5)
    async for piece in reader:
        head += piece
    request.Response.ReturnOk(head)


async def parts() -> AsyncIterator[bytes | None]:
    yield b''
    yield None


def answered(request: HttpRequest) -> None:
    request.Response.Return(204)


@WebRoute(GET, '/events')
def events(mws2: MicroWebSrv2, request: HttpRequest) -> None:
    stream: EventStream = request.Response.ReturnEventStream(retry=5)
    stream.State = stream.LastEventID.upper()
    stream.MaxSendQueueLength = stream.HeartbeatSec = stream.SendQueueLength + 1
    stream.OnClosed = lambda stream: print(stream.State)
    if not stream.IsClosed and stream.Send('a', event='b', id=5) and EventStream.Broadcast([stream], 'a', id='c'):
        stream.Close()


def guards(request: HttpRequest) -> None:
    sessions = MicroWebSrv2.LoadModule('Sessions')
    sessions.CookieName, sessions.IdleTimeoutSec, sessions.MaxAgeSec, sessions.MaxCount = 's', 1, 1, sessions.Count()
    sessions.SameSite, sessions.SigningKey = 'Strict', b'x' * 16
    session = request.Session
    session['a'] = session.get('b', 0)
    if session.IsNew and 'a' in session and len(session):
        session.Renew()
        session.End()
    login = MicroWebSrv2.LoadModule('Login')
    login.AddUser('a', login.HashPassword('b', count=5))
    login.LoginURL = '/login' if login.RemoveUser('a') else None
    login.Protect('/private')
    login.ForgetPeers()
    if not login.SignIn(request, 'a', 'b') and login.WaitSec(request, 'a'):
        login.SignOut(request)
    user: str | None = login.UserOf(request)
    csrf = MicroWebSrv2.LoadModule('CSRF')
    csrf.RequireToken = user is None
    csrf.AllowOrigin(csrf.Token(request) + csrf.Field(request))
    limits = MicroWebSrv2.LoadModule('RateLimit')
    limits.MaxPeers = 5
    limits.Limit(5, 60, '/', POST)
    server = MicroWebSrv2()
    for module in (sessions, login, csrf, limits):
        if module.WantsContent(server, request):
            module.OnRequest(server, request)

    @WebRoute(PUT, '/guarded')
    @login.Required
    @limits.PerPeer(1, 1)
    def guarded(mws2: MicroWebSrv2, request: HttpRequest) -> None:
        request.Response.ReturnOk(request.Path)


def modules(request: HttpRequest) -> None:
    sockets = MicroWebSrv2.LoadModule('WebSockets')
    sockets.AllowAllOrigins = sockets.Compression = False
    sockets.AllowedOrigins = ['https://a', *sockets.AllowedOrigins]
    sockets.OnWebSocketRequest = lambda mws2, request: request.IsSSL
    sockets.OnWebSocketProtocol = lambda mws2, protocols: protocols[0]
    sockets.OnWebSocketAccepted = accepted
    pages = MicroWebSrv2.LoadModule('PyhtmlTemplate')
    pages.ShowDebug = True
    pages.SetGlobalVar('a', pages.GetGlobalVar('b'))
    pages.ReturnTemplate(MicroWebSrv2(), request, 'a')


@WebSocketRoute('/sockets')
def routed(mws2: MicroWebSrv2, web_socket: WebSocket) -> None:
    if web_socket.SendQueuePolicy == WebSocket.CLOSE_SLOW:
        web_socket.SendQueuePolicy = WebSocket.DROP_OLDEST if web_socket.SendQueueLength else WebSocket.DROP_NEWEST


@WebSocketRoute('/sockets/<n:int>')
async def routed_by_number(mws2: MicroWebSrv2, web_socket: WebSocket, args: dict[str, int]) -> None:
    web_socket.MaxSendQueueLength = args['n']


def accepted(mws2: MicroWebSrv2, web_socket: WebSocket) -> None:
    web_socket.OnTextMessage = lambda web_socket, msg: web_socket.SendTextMessage(msg.upper())
    web_socket.OnBinaryMessage = lambda web_socket, msg: web_socket.SendBinaryMessage(msg)
    web_socket.OnClosed = lambda web_socket: print(web_socket.Request.Path)
    web_socket.MaxRecvMessageLength = None
    web_socket.MaxSendQueueLength = web_socket.WaitFrameTimeoutSec = 5
    if not web_socket.IsClosed and MicroWebSrv2.LoadModule('WebSockets').Broadcast([web_socket], 'x'):
        web_socket.Close(1000)


def server() -> None:
    mws2 = MicroWebSrv2()
    mws2.SetEmbeddedConfig()
    mws2.SetLightConfig()
    mws2.SetNormalConfig()
    mws2.SetLargeConfig()
    mws2.AddDefaultPage('a')
    mws2.AddMimeType('.a', mws2.GetMimeTypeFromFilename('b') or 'a/b')
    mws2.BindAddress = ('0.0.0.0', 80)
    mws2.RootPath, mws2.FallbackVersion = mws2.HTMLEscape('<'), 'x'
    mws2.FallbackRootPath = mws2.NotFoundURL = mws2.MaxConnections = None
    mws2.ConnQueueCapacity = mws2.BufferSlotsCount = mws2.BufferSlotSize = mws2.MaxRequestContentLength = 5
    mws2.RequestsTimeoutSec, mws2.LogLevel = 5, MicroWebSrv2.DEBUG
    mws2.KeepAllocBufferSlots = mws2.AllowAllOrigins = mws2.CORSAllowAll = mws2.JSONErrors = mws2.IsSSLEnabled
    mws2.OnLogging = lambda mws2, msg, kind: print(msg.upper(), kind + 1)
    mws2.OnRequest = lambda mws2, request: request.Response.ReturnOk()
    mws2.OnResponse = lambda mws2, request, response, code: response.SetHeader('X', code)
    mws2.OnError(404, lambda mws2, request, code: request.Response.Return(code, request.Path))
    mws2.RegisterRoute(plain, DELETE, '/a', name='a')
    mws2.RegisterRoute(pieces, PUT, '/c', streamContent=True)
    mws2.WebRoute(PATCH, '/b')(answers)
    mws2.WebRoute(PUT, '/d', streamContent=True)(read_pieces)
    RegisterRoute(plain, OPTIONS, mws2.PathFromRoute('a') + PathFromRoute('plain', {'a': 1}), streamContent=False)
    for route in (mws2.ResolveRoute(GET, '/a'), ResolveRoute(GET, '/a')):
        if route:
            print(route.Handler, route.Method + route.RoutePath, route.Name, route.Args, route.StreamContent)
    try:
        mws2.EnableSSL('a', 'b', caFile=None)
        mws2.DisableSSL()
        mws2.StartManaged(parllProcCount=0, procStackSize=0)
    except MicroWebSrv2Exception as error:
        mws2.Log(error, mws2.ERROR + mws2.INFO + mws2.WARNING)
    if mws2.IsRunning and mws2.ResolvePhysicalPath('/'):
        mws2.Stop()
    print(UrlUtils.Quote('a') + UrlUtils.UrlEncode('b') + UrlUtils.Unquote('c') + UrlUtils.UnquotePlus('d'))


def sockets() -> None:
    pool = XAsyncSocketsPool()
    mws2 = MicroWebSrv2()
    mws2.Pool = pool
    mws2.StartInPool(mws2.Pool)
    timer: XAsyncTimer = pool.CallLater(5, sleep_a_little)
    print(timer.Cancel(), pool.CallEvery(5, sleep_a_little).Cancel())
    listening = XAsyncTCPServer.Create(pool, ('127.0.0.1', 0), srvBacklog=5, bufSlots=XBufferSlots(5, 5))
    listening.OnClientAccepted = lambda server, client: print(server.SrvAddr, client.CliAddr[0].upper())
    client = XAsyncTCPClient.Create(pool, ('a', 1))
    if client:
        client.OnConnected = client.OnFailsToConnect = client.OnExpired = lambda client: print(client.IsSSL)
        client.OnClosed = lambda client, reason: print(reason == XClosedReason.Error)
        client.AsyncRecvLine(onLineRecv=lambda client, line, arg: print(line.upper()))
        client.AsyncRecvData(5, lambda client, data, arg: print(bytes(data)))
        client.SendingBuffer[0] = 0
        client.AsyncSendData(b'x')
        client.AsyncSendSendingBuffer(1)
        client.StartSSL()
        client.State = client.ExpireTimeSec
        if pool.AddAsyncSocket(client) or pool.RemoveAsyncSocket(client):
            pool.NotifyNextReadyForReading(client, True)
            pool.NotifyNextReadyForWriting(client, False)
        client.OnReadyForReading()
        client.OnReadyForWriting()
        client.OnExceptionalCondition()
        client.GetAsyncSocketsPool().GetAsyncSocketByID(client.SocketID)
        print(client.GetSocketObj(), client.Close(), pool.GetAllAsyncSockets()[0].Close())
    slots = XBufferSlots(5, 5)
    slot = slots.GetAvailableSlot()
    if slot and slots.SlotsCount * slots.SlotsSize * len(slots.Slots):
        slot.Buffer[: slot.Size] = b''
        slot.Available = True
    udp = XAsyncUDPDatagram.Create(pool, ('127.0.0.1', 0))
    udp.Close()
    while pool.WaitEventsProcessing:
        pool.ProcessEvents(timeoutMs=5)
    pool.AsyncWaitEvents(threadsCount=0)
    pool.StopWaitEvents()


def sleep_a_little() -> None:
    with allocate_lock():
        sleep(1)


async def in_asyncio() -> None:
    pool: XAsyncSocketsPool = StartInAsyncio(MicroWebSrv2())
    async with AsyncTestClient(MicroWebSrv2()) as client:
        answer = await client.Get('/a', headers={'X': 'y'})
        print(answer.Status + 1, answer.Text.upper(), await client.Post('/a', json=[1]), pool)
        web_socket = await client.WebSocket('/')
        print(await web_socket.Receive())


def in_tests() -> None:
    with TestClient(MicroWebSrv2()) as client:
        print(client.Get('/').GetJSON(), client.Cookies['a'].upper(), client.Put('/', form={'a': 1}).Headers['x'])
        web_socket = client.WebSocket('/')
        web_socket.SendText('a')
        web_socket.SendBinary(b'a')
        print(web_socket.Receive(), web_socket.IsClosed, web_socket.CloseCode)


asyncio.run(in_asyncio())
