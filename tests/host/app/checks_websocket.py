"""The WebSockets module, over a connection that is only played: what is called, sent, refused, and when."""

from checking import equal, raises
from checks_ws_frames import fresh, masked
from MicroWebSrv2.libs.wsFrames import BINARY, CLOSE, PING, TEXT
from MicroWebSrv2.libs.XAsyncSockets import allocate_lock
from MicroWebSrv2.mods.WebSockets import WebSockets

KEY = 'dGhlIHNhbXBsZSBub25jZQ=='  # of RFC 6455, 1.3


class Pool:
    """Stands for the pool: calls at once."""

    workers = None

    def call(self, function):
        function()


class Workers:
    """Stands for worker threads: keeps what is submitted until run()."""

    def __init__(self):
        self.submitted = []
        self.lock = allocate_lock()

    def submit(self, function):
        self.submitted.append(function)

    def run(self):
        self.submitted.pop(0)()


class Client:
    """Stands for XAsyncTCPClient, by the seam between sockets and protocols."""

    def __init__(self):
        self.protocol = None
        self.pool = Pool()
        self.queued = 0
        self.sent = []
        self.waiting = []
        self.stuck = False
        self.closed = False
        self.on_data = None
        self.deadline = None

    def receive(self, on_data):
        self.on_data = on_data

    def send(self, data, on_sent=None):
        if self.closed:
            return False
        self.sent.append(data)
        if self.stuck:
            self.queued += len(data)
            self.waiting.append(on_sent)
        elif on_sent:
            on_sent(self)
        return True

    def send_two(self, head, data):
        return self.send(head + data)

    def expire(self, seconds):
        self.deadline = seconds

    def Close(self):
        self.end(1)

    def end(self, reason):
        """The connection ends."""
        if not self.closed:
            self.closed = True
            if self.protocol:
                self.protocol.released(reason)


class Response:
    """Stands for HttpResponse."""

    def __init__(self):
        self.headers = {}
        self.answer = None

    @property
    def HeadersSent(self):
        return self.answer is not None

    def SetHeader(self, name, value):
        self.headers[name] = value

    def Return(self, code, content=None):
        self.answer = code

    def ReturnNotImplemented(self):
        self.answer = 501

    def ReturnForbidden(self):
        self.answer = 403

    def SwitchingProtocols(self, upgrade):
        self.answer = (101, upgrade)
        return True


class Parser:
    """Stands for RequestParser."""

    def __init__(self, path, headers):
        self.path = path
        self.headers = headers


class Request:
    """Stands for HttpRequest."""

    def __init__(self, client, received=b'', **headers):
        self.Method = headers.pop('method', 'GET')
        self.Upgrade = headers.pop('upgrade', 'websocket')
        self.Origin = headers.pop('origin', '')
        self.Host = headers.pop('host', 'device')
        self.IsUpgrade = bool(self.Upgrade)
        self.parser = Parser(headers.pop('path', b'/'), {b'upgrade': self.Upgrade})
        self._fields = {'key': KEY, 'version': '13'}
        self._fields.update(headers)
        self.XAsyncTCPClient = client
        self.Response = Response()
        self._received = received

    def GetHeader(self, name):
        assert name.startswith('Sec-WebSocket-'), name
        return self._fields.get(name[14:].lower(), '')

    def detach(self):
        return self._received


class Server:
    """Stands for MicroWebSrv2."""

    MaxRequestContentLength = 1000
    AllowAllOrigins = False
    INFO = 1
    spawn = None

    def __init__(self):
        self.logged = []

    def Log(self, text, level):
        self.logged.append(text)

    def log_exception(self, where, error):
        self.logged.append(str(error))


class Peer:
    """An accepted WebSocket whose callbacks note what they get."""

    def __init__(self, received=b'', workers=None, before=None, spawn=None):
        self.client = Client()
        self.client.pool.workers = workers
        self.server = Server()
        self.server.spawn = spawn
        self.events = []
        self.web_socket = None
        self.before = before
        self.module = WebSockets()
        self.module.OnWebSocketAccepted = self.accepted
        self.request = Request(self.client, received)
        self.module.OnRequest(self.server, self.request)

    def accepted(self, microWebSrv2, webSocket):
        assert microWebSrv2 is self.server
        self.web_socket = webSocket
        if self.before:
            self.before(self)
        webSocket.OnTextMessage = lambda ws, msg: self.events.append(msg)
        webSocket.OnBinaryMessage = lambda ws, msg: self.events.append(msg)
        webSocket.OnClosed = lambda ws: self.events.append('closed %s' % ws.IsClosed)

    def receive(self, *frames):
        self.client.on_data(fresh(b''.join(frames)))

    def expire(self):
        self.client.protocol.expired()


def handshake(module=None, **headers):
    """Returns the response to a handshake with these headers."""
    if module is None:
        module = WebSockets()
        module.OnWebSocketAccepted = lambda microWebSrv2, webSocket: None
    request = Request(Client(), **headers)
    module.OnRequest(Server(), request)
    return request.Response


def check_handshake():
    response = handshake()
    equal(response.answer, (101, 'websocket'))
    equal(response.headers, {'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='})
    equal(handshake(upgrade='h2c, WebSocket').answer, (101, 'websocket'))


def check_other_requests_pass():
    equal(handshake(upgrade='').answer, None)
    equal(handshake(upgrade='h2c').answer, None)
    equal(handshake(upgrade='websockets').answer, None)


def check_handshake_refused():
    for key in (
        '',
        'x',
        KEY[:-4],
        KEY + 'AAAA',
        'dGhlIHNhbXBsZSBub25jZQAA',
        '!!!!!!!!!!!!!!!!!!!!!!==',
        KEY[:-1],
        '\xe4' * 24,
    ):
        equal((key, handshake(key=key).answer), (key, 400))
    equal(handshake(method='POST').answer, 400)
    for version in ('', '8', '12', '14', '13, 8'):
        response = handshake(version=version)
        equal((response.answer, response.headers['Sec-WebSocket-Version']), (426, '13'))


def check_without_callback_nothing_is_accepted():
    equal(handshake(WebSockets()).answer, 501)


def check_protocols():
    module = WebSockets()
    module.OnWebSocketAccepted = lambda microWebSrv2, webSocket: None
    asked = []

    def choose(microWebSrv2, protocols):
        asked.append(protocols)
        return 'chat' if 'chat' in protocols else None

    module.OnWebSocketProtocol = choose
    equal(handshake(module, protocol='soap, chat,wamp').headers['Sec-WebSocket-Protocol'], 'chat')
    assert 'Sec-WebSocket-Protocol' not in handshake(module, protocol='soap').headers
    assert 'Sec-WebSocket-Protocol' not in handshake(module).headers
    equal(asked, [['soap', 'chat', 'wamp'], ['soap']])
    module.OnWebSocketProtocol = lambda microWebSrv2, protocols: 'other'
    assert 'soap' in str(raises(ValueError, handshake, module, protocol='soap'))
    module.OnWebSocketProtocol = None
    equal(handshake(module, protocol='soap').answer, (101, 'websocket'))


def check_messages():
    peer = Peer()
    peer.receive(masked(TEXT, 'h\xe4'.encode()), masked(TEXT, b''), masked(BINARY, b'\0\1'), masked(BINARY, b''))
    equal([type(event) for event in peer.events], [str, str, memoryview, memoryview])
    equal([event if isinstance(event, str) else bytes(event) for event in peer.events], ['h\xe4', '', b'\0\1', b''])
    assert peer.web_socket.Request is peer.request


def check_what_came_behind_the_handshake_is_received():
    peer = Peer(masked(TEXT, b'early') + masked(TEXT, b'cut')[:4])
    peer.receive(masked(TEXT, b'cut')[4:])
    equal(peer.events, ['early', 'cut'])


def check_messages_without_callback_are_dropped():
    peer = Peer()
    peer.web_socket.OnTextMessage = peer.web_socket.OnBinaryMessage = peer.web_socket.OnClosed = None
    peer.receive(masked(TEXT, b'a'), masked(BINARY, b'b'))
    peer.client.end(2)
    equal((peer.events, peer.server.logged), ([], []))


def check_sending():
    peer = Peer()
    ws = peer.web_socket
    for send, msg, data in (
        (ws.SendTextMessage, 'h\xe4', b'\x81\x03h\xc3\xa4'),
        (ws.SendTextMessage, '', b'\x81\x00'),
        (ws.SendBinaryMessage, b'ab', b'\x82\x02ab'),
        (ws.SendBinaryMessage, bytearray(b'ab'), b'\x82\x02ab'),
        (ws.SendBinaryMessage, memoryview(b'xab')[1:], b'\x82\x02ab'),
        (ws.SendBinaryMessage, [97, 98], b'\x82\x02ab'),
        (ws.SendBinaryMessage, b'', b'\x82\x00'),
        (ws.SendTextMessage, 'x' * 70000, b'\x81\x7f\0\0\0\0\0\x01\x11\x70' + b'x' * 70000),
    ):
        equal(send(msg), True)
        equal(peer.client.sent.pop(), data)  # one send for each frame
        equal(peer.client.sent, [])


def check_arguments():
    ws = Peer().web_socket
    for msg in (b'bytes', None, 1):
        assert '"msg"' in str(raises(ValueError, ws.SendTextMessage, msg))
    for msg in ('text', None, 5, object()):
        assert '"msg"' in str(raises(ValueError, ws.SendBinaryMessage, msg))
    for code in (999, 1005, 1006, 1015, 5000, '1000', None):
        assert '"code"' in str(raises(ValueError, ws.Close, code))
    equal(ws.IsClosed, False)


def check_properties():
    peer = Peer()
    ws = peer.web_socket
    equal(
        (ws.WaitFrameTimeoutSec, ws.MaxRecvMessageLength, ws.MaxSendQueueLength, ws.IsClosed), (300, 1000, 1000, False)
    )
    for name, values in (
        ('WaitFrameTimeoutSec', (0, -1, None, '5')),
        ('MaxRecvMessageLength', (-1, '5')),
        ('MaxSendQueueLength', (-1, None, '5')),
        ('OnTextMessage', (1, 'f')),
        ('OnBinaryMessage', (1, 'f')),
        ('OnClosed', (1, 'f')),
    ):
        for value in values:
            assert name in str(raises(ValueError, setattr, ws, name, value))
    for name in ('OnWebSocketProtocol', 'OnWebSocketAccepted'):
        raises(ValueError, setattr, peer.module, name, 1)
        setattr(peer.module, name, None)
        equal(getattr(peer.module, name), None)
    raises(AttributeError, setattr, ws, 'Request', None)
    raises(AttributeError, setattr, ws, 'IsClosed', True)
    ws.MaxRecvMessageLength = None
    peer.receive(masked(TEXT, b'x' * 3000))
    equal(peer.events, ['x' * 3000])
    ws.MaxRecvMessageLength = 2
    peer.receive(masked(TEXT, b'xxx'))
    equal(peer.client.sent, [b'\x88\x02\x03\xf1'])


def check_pings_are_answered():
    peer = Peer()
    peer.receive(
        masked(PING, b'data'), masked(0x01, b'a'), masked(PING, b''), masked(0x80, b'b'), masked(0x8A, b'unasked')
    )
    equal((peer.client.sent, peer.events), ([b'\x8a\x04data', b'\x8a\x00'], ['ab']))


def check_close_by_the_peer():
    for payload, answer in (
        (b'\x03\xe8bye', b'\x03\xe8'),
        (b'', b''),
        (b'\x0f\xa0', b'\x0f\xa0'),
        (b'\x03', b'\x03\xea'),
        (b'\x03\xed', b'\x03\xea'),
        (b'\x13\x88', b'\x03\xea'),
        (b'\x03\xe8\xff', b'\x03\xef'),
    ):
        peer = Peer()
        peer.receive(masked(CLOSE, payload), masked(TEXT, b'behind'))
        equal(peer.client.sent, [b'\x88' + bytes([len(answer)]) + answer])
        equal((peer.client.closed, peer.events), (True, ['closed True']))
        equal(peer.web_socket.SendTextMessage('x'), False)


def check_close_waits_for_what_is_queued():
    peer = Peer()
    peer.client.stuck = True
    peer.receive(masked(CLOSE, b'\x03\xe8'))
    equal((peer.client.closed, peer.client.deadline), (False, 3))
    peer.client.waiting[-1](peer.client)
    equal(peer.events, ['closed True'])


def check_close_by_the_application():
    peer = Peer()
    peer.web_socket.Close()
    equal((peer.web_socket.IsClosed, peer.client.closed, peer.client.deadline), (True, False, 3))
    equal(peer.web_socket.SendBinaryMessage(b'x'), False)
    peer.web_socket.Close()
    peer.receive(masked(TEXT, b'late'), masked(PING, b''), masked(0x01, b'later'), masked(CLOSE, b'\x03\xe8'))
    equal((peer.client.sent, peer.events, peer.client.closed), ([b'\x88\x02\x03\xe8'], ['closed True'], True))


def check_close_with_a_code():
    peer = Peer()
    peer.web_socket.Close(4001)
    equal(peer.client.sent, [b'\x88\x02\x0f\xa1'])


def check_a_peer_silent_at_the_close_is_dropped():
    peer = Peer()
    peer.web_socket.Close()
    peer.expire()
    equal(peer.events, ['closed True'])


def check_violations_close_at_once():
    peer = Peer()
    peer.receive(b'\x81\x01x')
    equal((peer.client.sent, peer.events), ([b'\x88\x02\x03\xea'], ['closed True']))


def check_a_violation_in_the_close_handshake_is_not_answered():
    peer = Peer()
    peer.web_socket.Close()
    peer.receive(b'\x81\x01x')
    equal((peer.client.sent, peer.events), ([b'\x88\x02\x03\xe8'], ['closed True']))


def check_bad_text_waits_for_the_peers_close():
    peer = Peer()
    peer.receive(masked(TEXT, b'\xff'), masked(TEXT, b'x'))
    equal((peer.client.sent, peer.client.closed, peer.client.deadline), ([b'\x88\x02\x03\xef'], False, 3))
    peer.receive(masked(CLOSE, b'\x03\xef'))
    equal((peer.client.sent, peer.events), ([b'\x88\x02\x03\xef'], ['closed True']))


def check_closed_comes_once():
    peer = Peer()
    peer.client.end(2)
    peer.client.end(3)
    peer.web_socket.Close()
    equal((peer.events, peer.client.sent), (['closed True'], []))


def check_closed_comes_even_if_the_callback_is_set_behind_the_end():
    peer = Peer(before=lambda peer: peer.client.end(2))
    equal(peer.events, ['closed True'])
    peer.web_socket.OnClosed = lambda ws: peer.events.append('again')
    equal(peer.events, ['closed True'])


def check_a_quiet_peer_is_pinged_then_dropped():
    peer = Peer()
    equal(peer.client.deadline, 30)  # half of what proxies wait
    peer.web_socket.WaitFrameTimeoutSec = 20
    equal(peer.client.deadline, 10)
    peer.expire()
    equal((peer.client.sent, peer.client.closed, peer.client.deadline), ([b'\x89\x00'], False, 10))
    peer.receive(masked(0x8A, b''))
    peer.expire()
    equal((len(peer.client.sent), peer.client.closed), (1, False))
    peer.expire()
    equal((len(peer.client.sent), peer.client.closed), (2, False))
    peer.expire()
    equal(peer.events, ['closed True'])


def check_any_octet_of_a_peer_shows_that_it_is_there():
    peer = Peer()
    peer.web_socket.WaitFrameTimeoutSec = 1
    equal(peer.client.deadline, 1)
    for octet in masked(TEXT, b'slow'):
        peer.expire()
        peer.receive(bytes([octet]))
        peer.expire()
    equal(peer.events, ['slow'])


def check_a_slow_reader_is_dropped():
    peer = Peer()
    peer.client.stuck = True
    sent = 0
    while peer.web_socket.SendTextMessage('x' * 100):
        sent += 1
        assert sent < 100
    equal((sent, peer.events), (10, ['closed True']))
    peer = Peer()
    peer.web_socket.MaxSendQueueLength = 0
    equal(peer.web_socket.SendTextMessage('x' * 100), True)


def check_a_peer_that_pings_and_does_not_read_is_dropped():
    peer = Peer()
    peer.client.stuck = True
    for _ in range(20):
        if not peer.client.closed:
            peer.receive(masked(PING, b'x' * 100))
    equal(peer.events, ['closed True'])


def check_broadcast_encodes_once():
    peers = [Peer() for _ in range(4)]
    peers[3].client.end(2)
    sockets = [peer.web_socket for peer in peers]
    equal(WebSockets.Broadcast(sockets, 'h\xe4'), 3)
    equal(peers[0].client.sent, [b'\x81\x03h\xc3\xa4'])
    assert peers[0].client.sent[0] is peers[1].client.sent[0] is peers[2].client.sent[0]
    equal(peers[0].module.Broadcast(iter(sockets), b'ab'), 3)
    equal(peers[2].client.sent[1], b'\x82\x02ab')
    raises(ValueError, WebSockets.Broadcast, sockets, 5)


def check_broadcast_while_sockets_leave():
    peers = [Peer() for _ in range(3)]
    sockets = [peer.web_socket for peer in peers]
    for peer in peers:
        peer.web_socket.OnClosed = sockets.remove
    peers[0].client.queued = 5000
    equal(WebSockets.Broadcast(sockets, 'x'), 2)
    equal(sockets, [peers[1].web_socket, peers[2].web_socket])


def check_a_failing_callback_costs_its_own_connection():
    for name, frames in (('OnTextMessage', masked(TEXT, b'x')), ('OnBinaryMessage', masked(BINARY, b'x'))):
        peer = Peer()
        setattr(peer.web_socket, name, lambda ws, msg: 1 // 0)
        peer.receive(frames, frames)
        equal((peer.client.sent, len(peer.server.logged)), ([b'\x88\x02\x03\xf3'], 1))
    peer = Peer(before=lambda peer: 1 // 0)
    equal((peer.client.sent, len(peer.server.logged)), ([b'\x88\x02\x03\xf3'], 1))
    peer = Peer()
    peer.web_socket.OnClosed = lambda ws: 1 // 0
    peer.client.end(2)
    equal((peer.client.sent, len(peer.server.logged)), ([], 1))


def check_closing_in_a_callback():
    peer = Peer()
    peer.web_socket.OnTextMessage = lambda ws, msg: ws.Close()
    peer.receive(masked(TEXT, b'a'), masked(TEXT, b'b'), masked(CLOSE, b'\x03\xe8'))
    equal((peer.client.sent, peer.events), ([b'\x88\x02\x03\xe8'], ['closed True']))


def check_one_worker_at_a_time_takes_the_messages_in_order():
    workers = Workers()
    peer = Peer(masked(TEXT, b'early'), workers)
    equal(peer.events, ['early'])
    for _ in range(2):
        peer.receive(masked(TEXT, b'a'), masked(TEXT, b'b')[:3])
        peer.receive(masked(TEXT, b'b')[3:])
        equal((peer.events, len(workers.submitted)), (['early'], 1))
        workers.run()
        equal(peer.events, ['early', 'a', 'b'])
        peer.events = ['early']


def check_what_waits_for_workers_is_bounded():
    workers = Workers()
    peer = Peer(workers=workers)
    count = 0
    while peer.client.on_data:
        peer.receive(masked(TEXT, b'%d' % count))
        count += 1
        assert count < 100
    workers.run()
    equal((peer.events, workers.submitted), ([str(i) for i in range(count)], []))
    assert peer.client.on_data


class Coroutine:
    """Stands for a coroutine."""

    def send(self, value):
        pass

    def throw(self, ex):
        pass


def spawning(peer, name):
    """Makes a callback of the WebSocket return a coroutine."""

    def callback(ws, msg=None):
        peer.events.append(msg)
        return Coroutine()

    setattr(peer.web_socket, name, callback)


def check_coroutines_run_one_after_the_other():
    running = []
    peer = Peer(spawn=lambda coroutine, done: running.append(done))
    spawning(peer, 'OnTextMessage')
    peer.receive(masked(TEXT, b'a'), masked(PING, b''), masked(TEXT, b'b'), masked(TEXT, b'c')[:2])
    equal((peer.events, len(running), peer.client.on_data), (['a'], 1, None))
    peer.expire()
    peer.expire()
    peer.expire()
    equal((peer.client.sent, peer.client.closed), ([], False))  # who is not read is not quiet
    running.pop()(None)
    equal((peer.events, len(running), peer.client.on_data), (['a', 'b'], 1, None))
    running.pop()(None)
    peer.receive(masked(TEXT, b'c')[2:])
    equal((peer.events, len(running), peer.client.sent), (['a', 'b', 'c'], 1, [b'\x8a\x00']))
    running.pop()(ValueError('failed'))
    equal((peer.server.logged, peer.client.sent[1:]), (['failed'], [b'\x88\x02\x03\xf3']))
    peer.receive(masked(CLOSE, b'\x03\xf3'))
    equal(peer.client.closed, True)


def check_coroutine_at_acceptance_holds_back_messages():
    running = []
    client = Client()
    events = []

    def accepted(microWebSrv2, webSocket):
        webSocket.OnTextMessage = lambda ws, msg: events.append(msg)
        return Coroutine()

    server = Server()
    server.spawn = lambda coroutine, done: running.append(done)
    module = WebSockets()
    module.OnWebSocketAccepted = accepted
    module.OnRequest(server, Request(client, masked(TEXT, b'early')))
    equal((events, client.on_data), ([], None))
    running.pop()(None)
    equal(events, ['early'])
    assert client.on_data


def check_coroutine_at_the_end():
    running = []
    peer = Peer(spawn=lambda coroutine, done: running.append(done))
    spawning(peer, 'OnClosed')
    peer.client.end(2)
    running.pop()(ValueError('failed'))
    equal((peer.events, peer.server.logged), ([None], ['failed']))


def check_coroutine_without_asyncio_is_an_error():
    peer = Peer()
    spawning(peer, 'OnTextMessage')
    peer.receive(masked(TEXT, b'a'))
    equal(peer.client.sent, [b'\x88\x02\x03\xf3'])
    assert 'asyncio' in peer.server.logged[0]


def check_a_page_of_another_site_is_refused():
    for origin, host, status in (
        ('', 'device', 101),
        ('http://device', 'device', 101),
        ('http://device:80', 'device', 101),
        ('https://DEVICE', 'device:443', 101),
        ('http://device:8080', 'device:8080', 101),
        ('http://device:8080', 'device', 403),
        ('http://evil.example', 'device', 403),
        ('null', 'device', 403),
        ('http://device.evil.example', 'device', 403),
    ):
        answer = handshake(origin=origin, host=host).answer
        equal((origin, host, answer[0] if isinstance(answer, tuple) else answer), (origin, host, status))


def check_an_application_may_let_all_origins_in():
    module = WebSockets()
    module.OnWebSocketAccepted = lambda microWebSrv2, webSocket: None
    module.AllowAllOrigins = True
    equal(handshake(module, origin='http://other.example').answer, (101, 'websocket'))
    raises(ValueError, setattr, module, 'AllowAllOrigins', 1)


def check_a_silent_peer_can_be_spared_only_beyond_a_ping():
    peer = Peer()
    equal(peer.client.protocol.spare(), None)
    peer.expire()
    peer.expire()
    assert peer.client.protocol.spare() is not None
    peer.receive(masked(0x8A, b''))
    equal(peer.client.protocol.spare(), None)


def check_whatever_a_callback_raises_closes_with_1011():
    for kind in (SystemExit, GeneratorExit, KeyError):
        peer = Peer()

        def fails(webSocket, msg, kind=kind):
            raise kind('odd end')

        peer.web_socket.OnTextMessage = fails
        peer.receive(masked(TEXT, b'x'))
        equal(peer.client.sent[-1], b'\x88\x02\x03\xf3')
