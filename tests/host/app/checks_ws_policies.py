"""The WebSockets module, over a connection that is only played: routes, what is decided before, and slow clients."""

from checking import equal, raises
from checks_websocket import Peer, Server, handshake
from checks_ws_frames import masked
from MicroWebSrv2 import ResolveRoute
from MicroWebSrv2.libs.webSocket import WebSocket
from MicroWebSrv2.libs.wsFrames import CLOSE, PING, TEXT
from MicroWebSrv2.mods.WebSockets import WebSocketRoute, WebSockets
from MicroWebSrv2.webRoute import allowed_methods

routed = []


def check_1_without_routes_and_callback_nothing_is_accepted():
    equal(handshake(WebSockets(), path=b'/x').answer, 501)


def check_routes():
    @WebSocketRoute('/chat/<room>/<n>')
    def chat(microWebSrv2, webSocket, args):
        routed.append((type(webSocket), dict(args)))

    @WebSocketRoute('/Plain')
    def plain(microWebSrv2, webSocket):
        routed.append(type(microWebSrv2))

    module = WebSockets()
    equal(handshake(module, path=b'/chat/a%20b/7/').answer, (101, 'websocket'))
    equal(handshake(module, path=b'/plain').answer, (101, 'websocket'))
    equal(routed, [(WebSocket, {'room': 'a b', 'n': 7}), Server])
    equal(handshake(module, path=b'/chat/x').answer, 404)
    module.OnWebSocketAccepted = lambda microWebSrv2, webSocket: routed.append('other')
    equal(handshake(module, path=b'/chat/x').answer, (101, 'websocket'))
    equal(routed[2:], ['other'])
    for path in (b'/plain', b'/chat/a/1'):
        equal(allowed_methods(path), [])
    equal(ResolveRoute('GET', '/plain'), None)
    assert 'routePath' in str(raises(ValueError, WebSocketRoute('plain'), print))


def deciding(decide):
    module = WebSockets()
    module.OnWebSocketAccepted = lambda microWebSrv2, webSocket: None
    module.OnWebSocketRequest = decide
    return module


def check_a_decision_before_the_connection_is_accepted():
    seen = []

    def decide(microWebSrv2, request):
        seen.append(request.Host)
        return seen[0] and None

    equal(handshake(deciding(decide), host='device').answer, (101, 'websocket'))
    equal(seen, ['device'])
    equal(handshake(deciding(lambda microWebSrv2, request: True)).answer, (101, 'websocket'))
    equal(handshake(deciding(lambda microWebSrv2, request: False)).answer, 403)
    for status in (401, 404, 302):
        for result in (None, True, False):

            def refuse(microWebSrv2, request, status=status, result=result):
                request.Response.Return(status)
                return result

            equal(handshake(deciding(refuse)).answer, status)
    seen.clear()
    equal(handshake(deciding(decide), key='x').answer, 400)
    equal(handshake(deciding(decide), origin='http://other.example').answer, 403)
    equal(seen, [])


class Coroutine:
    """Stands for a coroutine."""

    closed = False

    def send(self, value):
        pass

    def throw(self, error):
        pass

    def close(self):
        self.closed = True


def check_a_decision_cannot_be_a_coroutine():
    coroutine = Coroutine()
    raises(TypeError, handshake, deciding(lambda microWebSrv2, request: coroutine))
    assert coroutine.closed


def check_allowed_origins():
    module = WebSockets()
    module.OnWebSocketAccepted = lambda microWebSrv2, webSocket: None
    module.AllowedOrigins = ['https://App.example:8443/', 'http://two.example']
    equal(module.AllowedOrigins, ['https://app.example:8443', 'http://two.example'])
    for origin, answer in (
        ('https://app.example:8443', (101, 'websocket')),
        ('HTTPS://APP.EXAMPLE:8443', (101, 'websocket')),
        ('http://two.example', (101, 'websocket')),
        ('http://device', (101, 'websocket')),
        ('http://app.example:8443', 403),
        ('https://app.example', 403),
        ('https://app.example:8443.evil.example', 403),
        ('null', 403),
    ):
        equal((origin, handshake(module, origin=origin).answer), (origin, answer))
    for value in ('https://x', None, [1], ['']):
        assert 'AllowedOrigins' in str(raises(ValueError, setattr, module, 'AllowedOrigins', value))
    for name, value in (('OnWebSocketRequest', 1), ('Compression', 1)):
        assert name in str(raises(ValueError, setattr, module, name, value))


# --- slow clients ---


def stuck(policy, limit=100):
    """Returns a peer that takes nothing, whose queue holds a first message."""
    peer = Peer()
    peer.web_socket.SendQueuePolicy = policy
    peer.web_socket.MaxSendQueueLength = limit
    equal(peer.web_socket.SendQueuePolicy, policy)
    peer.client.stuck = True
    equal(peer.web_socket.SendTextMessage('a' * 40), True)
    return peer


def take_all(peer):
    """The client takes what is queued, and has its callbacks called, until nothing is."""
    while peer.client.waiting:
        peer.client.queued = 0
        on_sent = peer.client.waiting.pop(0)
        if on_sent:
            on_sent(peer.client)


def letters(peer):
    """Returns the first letters of the messages that went into the connection."""
    return [data[2:3].decode() for data in peer.client.sent]


def check_what_waits_is_visible():
    for policy in (WebSocket.CLOSE_SLOW, WebSocket.DROP_NEWEST, WebSocket.DROP_OLDEST):
        peer = stuck(policy)
        equal(peer.web_socket.SendQueueLength, 42)
        peer.web_socket.SendTextMessage('b' * 40)
        equal(peer.web_socket.SendQueueLength, 84)


def check_a_slow_client_loses_its_connection_at_first():
    peer = Peer()
    equal(peer.web_socket.SendQueuePolicy, WebSocket.CLOSE_SLOW)
    for value in (-1, 3, None, 'oldest'):
        assert 'SendQueuePolicy' in str(raises(ValueError, setattr, peer.web_socket, 'SendQueuePolicy', value))


def check_a_slow_client_loses_the_newest():
    peer = stuck(WebSocket.DROP_NEWEST)
    taken = [peer.web_socket.SendTextMessage(letter * 40) for letter in 'bcdef']
    equal(taken, [True, True, False, False, False])
    peer.client.queued = 0
    equal(peer.web_socket.SendBinaryMessage(b'g' * 2000), True)  # head and payload
    equal((letters(peer)[:3], peer.client.sent[3][4:5], peer.client.closed), (['a', 'b', 'c'], b'g', False))


def check_a_slow_client_loses_the_oldest():
    peer = stuck(WebSocket.DROP_OLDEST)
    equal([peer.web_socket.SendTextMessage(letter * 40) for letter in 'bcdef'], [True] * 5)
    equal((letters(peer), peer.web_socket.SendQueueLength), (['a'], 84))  # what is being sent is finished
    take_all(peer)
    equal(letters(peer), ['a', 'f'])
    equal(peer.web_socket.SendBinaryMessage(b'g' * 2000), True)  # larger than the queue: it is the newest
    equal(peer.web_socket.SendQueueLength, 2004)


def check_all_of_it_is_sent_when_the_client_takes_it():
    peer = stuck(WebSocket.DROP_OLDEST, limit=1000)
    for letter in 'bcde':
        peer.web_socket.SendTextMessage(letter * 40)
    peer.client.stuck = False
    take_all(peer)
    equal((letters(peer), peer.web_socket.SendQueueLength), (list('abcde'), 0))
    peer.web_socket.SendTextMessage('f')
    equal(letters(peer), list('abcdef'))


def check_a_policy_that_is_set_while_something_waits():
    peer = Peer()
    peer.client.stuck = True
    peer.web_socket.SendTextMessage('a')
    peer.web_socket.SendQueuePolicy = WebSocket.DROP_OLDEST
    peer.web_socket.SendTextMessage('b')
    peer.client.stuck = False
    take_all(peer)
    equal((letters(peer)[0], letters(peer)[-1]), ('a', 'b'))
    equal(peer.client.sent[1][0], PING)
    peer.client.stuck = True
    for letter in 'cde':
        peer.web_socket.SendTextMessage(letter)
    peer.web_socket.SendQueuePolicy = WebSocket.CLOSE_SLOW
    equal(letters(peer)[-3:], list('cde'))
    peer.web_socket.SendTextMessage('f')
    equal(letters(peer)[-1:], ['f'])


def check_what_waits_is_sent_before_the_close():
    peer = stuck(WebSocket.DROP_OLDEST)
    peer.web_socket.SendTextMessage('b')
    peer.web_socket.Close()
    equal((letters(peer)[:2], peer.client.sent[2][0]), (['a', 'b'], CLOSE))
    equal(peer.web_socket.SendTextMessage('c'), False)


def check_pings_are_answered_in_their_turn():
    peer = stuck(WebSocket.DROP_OLDEST)
    peer.receive(masked(PING, b'p'), masked(TEXT, b'x'))
    equal(peer.events, ['x'])
    take_all(peer)
    equal(peer.client.sent[1], b'\x8a\x01p')


def check_nothing_waits_after_the_end():
    for policy, sent in ((WebSocket.DROP_NEWEST, ['a', 'b']), (WebSocket.DROP_OLDEST, ['a'])):
        peer = stuck(policy)
        peer.web_socket.SendTextMessage('b' * 40)
        peer.client.queued = 0
        peer.client.end(2)
        equal((peer.events, peer.web_socket.SendQueueLength), (['closed True'], 0))
        equal(peer.web_socket.SendTextMessage('c'), False)
        equal(letters(peer), sent)
