"""What hostile, broken and unlucky clients do to a server: each attack one dose, on loopback, a few seconds long.

An attack is a function (scene); see scene.Scene. Those that need a server of other settings, or a target that is able
to do something, say so by `settings` and `needs`.
"""

import contextlib
import functools
import random
import threading

from .client import request_bytes
from .polite import HANDSHAKE

HELLO = request_bytes('GET', '/hello')
CHUNKED = request_bytes('POST', '/echo', {'Transfer-Encoding': 'chunked'})
FORM = {'Content-Type': 'application/x-www-form-urlencoded'}
PATHS = ('/stream/1048576', '/big.txt', '/stream/16384', '/endless', '/hello')
CROWD = 16  # as many connections as a small board has
ATTACKS = []


SETTINGS = {'preset': 'SetEmbeddedConfig', 'set': {'RequestsTimeoutSec': 2, 'ConnQueueCapacity': 64}}
TLS = {'certFile': 'server.pem', 'keyFile': 'server.key'}


def settings_of(attack_, root):
    """Return the settings of the application `abused` for an attack. `root`: the site's folder, on the target."""
    more = dict(attack_.settings, tls=TLS) if attack_.settings.get('tls') else attack_.settings
    return dict(SETTINGS, root=root, **more)


def attack(function=None, needs=(), **settings):
    """Register an attack."""
    if function is None:
        return functools.partial(attack, needs=needs, **settings)
    function.needs, function.settings = frozenset(needs), settings
    ATTACKS.append(function)
    return function


def _send(connection, data):
    """Send as far as the server lets one; return whether it did."""
    try:
        connection.send(data)
    except OSError:
        return False
    return True


# --- clients that leave ---


@attack
def resets_in_mid_answer(scene):
    for path in PATHS * 6:
        with scene.connect(receive_buffer=4096) as connection:
            connection.send(request_bytes('GET', path))
            connection.receive()
            connection.abort()


@attack
def uploads_that_break_off(scene):
    body = b'x' * 8192
    for size in (1, 100, 1024, 4096, 8191) * 4:
        for reset in (True, False):
            scene.vanish(request_bytes('POST', '/echo', {'Content-Length': '8192'}) + body[:size], reset)
            scene.vanish(CHUNKED + b'2000\r\n' + body[:size], reset)


@attack
def websockets_that_break_off(scene):
    for reset in (True, False) * 8:
        with scene.connect() as connection:
            connection.send(HANDSHAKE)
            connection.response(upgrade='websocket')
            _send(connection, b'\x81\xfe\x10\x00abcd' + b'x' * 100)
            if reset:
                connection.abort()


@attack
def connect_floods(scene):
    for reset in (True, False):
        for _ in range(30):
            with scene.connect() as connection:
                if reset:
                    connection.abort()


@attack
def many_connections_at_once(scene):
    with scene.crowd(40) as connections:
        for connection in connections[::2]:
            _send(connection, b'GET ')
        for connection in connections[::3]:
            connection.abort()


@attack
def half_closed(scene):
    endless, large = request_bytes('GET', '/endless'), request_bytes('GET', '/stream/1048576')
    for data in (b'', b'GET', HELLO[:-2], HELLO, HELLO * 50, large, endless):
        with scene.connect() as connection:
            connection.send(data)
            connection.half_close()
            if data is not endless:
                connection.read_until_close()
            else:
                connection.receive()


@attack(preset='SetNormalConfig')
def large_announcements_that_leave(scene):
    """The memory of a body is taken as it comes, and given back when its connection ends."""
    head = request_bytes('POST', '/echo', {'Content-Length': str(2 << 20)})
    for _ in range(10):
        with scene.crowd(30) as connections:
            for connection in connections:
                _send(connection, head + b'x' * 90)


# --- clients that hold what others need ---


@attack
def never_reads(scene):
    with contextlib.ExitStack() as stack:
        for path in ('/endless', '/stream/1048576', '/big.txt', '/stream/16384') * 4:
            connection = stack.enter_context(scene.connect(receive_buffer=4096))
            _send(connection, request_bytes('GET', path) * 3)
        scene.settled()


@attack
def never_writes(scene):
    with scene.crowd(40):
        scene.settled()


@attack
def one_byte_now_and_then(scene):
    with scene.crowd(20) as connections:
        for i in range(7):
            for connection in connections:
                _send(connection, HELLO[i : i + 1])
            scene.breathe(0.25)


@attack
def bodies_by_single_bytes(scene):
    """A byte now and then is no progress: nobody holds a connection for ever by it."""
    head = request_bytes('POST', '/echo', {'Content-Length': '16000'})
    with scene.crowd(CROWD) as connections:
        for connection in connections:
            _send(connection, head)
        for _ in range(30):
            connections = [connection for connection in connections if _send(connection, b'x')]
            scene.breathe(0.1)


@attack
def silent_websockets(scene):
    with scene.crowd(CROWD) as connections:
        for connection in connections:
            _send(connection, HANDSHAKE)
        for _ in range(10):
            scene.breathe()


@attack
def idle_connections_that_are_kept(scene):
    with scene.crowd(CROWD) as connections:
        for connection in connections:
            _send(connection, HELLO)
        for _ in range(10):
            scene.breathe()


@attack
def bodies_that_never_come(scene):
    with contextlib.ExitStack() as stack:
        for headers in ({'Content-Length': '16384'}, {'Transfer-Encoding': 'chunked'}) * 20:
            connection = stack.enter_context(scene.connect())
            _send(connection, request_bytes('POST', '/echo', headers))
        scene.settled(lambda now: not now['slots'])


@attack(preset='SetNormalConfig')
def announcements_of_all_memory(scene):
    """Bodies that cannot be had are refused, one by one; the server goes on."""
    data = b'POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 524288\r\n\r\na'
    with scene.crowd(55) as connections:
        for connection in connections:
            _send(connection, data)
        scene.breathe()


@attack
def files_that_wait_for_slots_and_leave(scene):
    """All buffer slots are held by slow bodies; files are asked for and not waited for; the slots come back."""
    with scene.crowd(CROWD) as slow:
        for connection in slow:
            _send(connection, request_bytes('POST', '/echo', {'Content-Length': '100'}) + b'x')
        for _ in range(40):
            scene.vanish(request_bytes('GET', '/big.txt'), True)
        for connection in slow:
            _send(connection, b'x' * 99)
        scene.breathe()


# --- clients that send too much ---


@attack
def thousands_of_headers(scene):
    for count in (1000, 5000):
        for line in (b'A: b\r\n', b'X-%d: b\r\n'):
            lines = b''.join(line % i if b'%' in line else line for i in range(count))
            scene.vanish(b'GET /hello HTTP/1.1\r\nHost: a\r\n' + lines, True)
            scene.vanish(b'GET /hello HTTP/1.1\r\nHost: a\r\n' + lines + b'\r\n', False)


@attack
def many_names_of_headers(scene):
    for i in range(100):
        scene.request('GET', '/hello', [(f'X-{i}-{j}', 'v') for j in range(30)])


@attack
def bodies_without_end(scene):
    for _ in range(3):
        with scene.connect() as connection:
            connection.send(CHUNKED)
            for _ in range(1000):
                if not _send(connection, b'400\r\n' + b'x' * 1024 + b'\r\n'):
                    break


@attack
def one_byte_chunks(scene):
    body = b'1\r\nx\r\n' * 3000
    for reset in (True, False):
        scene.vanish(CHUNKED + body, reset)


@attack
def floods_of_pipelined_requests(scene):
    post = request_bytes('POST', '/echo', body=b'x' * 100)
    for data in (HELLO * 500, request_bytes('GET', '/big.txt') * 100, post * 200):
        for reset in (True, False):
            scene.vanish(data, reset)


@attack
def deep_json(scene):
    for body in (b'[' * 10000, b'{"a":' * 3000, b'"' + b'\\' * 10000, b'9' * 10000):
        scene.request('POST', '/json', {'Content-Type': 'application/json'}, body)


@attack
def many_fields_in_forms_and_queries(scene):
    scene.request('POST', '/form', FORM, b'&'.join(b'n%d=v' % i for i in range(1800)))
    scene.request('GET', '/hello?' + '&' * 2000)
    scene.request('GET', '/hello?' + 'a=%' * 600)


@functools.lru_cache(1)
def colliding_names(count):
    """Return names that are one and the same to MicroPython's hash of 16 bits: h = 33 * h ^ c, from 5381.

    Blocks of three letters that lead from one state to the same next one, in a row: any of them may stand for another.
    """
    letters = b'abcdefghijklmnopqrstuvwxyz0123456789'
    state, names = 5381, [b'']
    while len(names) < count:
        ways = {}
        for block in ((a, b, c) for a in letters for b in letters for c in letters):
            end = state
            for letter in block:
                end = (end * 33 ^ letter) & 0xFFFF
            ways.setdefault(end, []).append(bytes(block))
        state, blocks = max(ways.items(), key=lambda way: len(way[1]))
        names = [name + block for name in names for block in blocks]
    return names[:count]


@attack(preset='SetNormalConfig')
def names_that_collide(scene):
    """A form is read in a time that its size bounds, whatever the names are."""
    for size in (12_000, 136_000):
        names = colliding_names(10_000)
        body = b'&'.join(name + b'=' for name in names)[:size]
        with scene.connect() as connection:
            if _send(connection, request_bytes('POST', '/form', FORM, body)):
                with contextlib.suppress(OSError):
                    connection.response('POST')


# --- clients that make no sense ---


@attack
def garbage(scene):
    noise = random.Random(1)
    for size in (1, 10, 100, 1000, 10000, 100000):
        for reset in (True, False):
            scene.vanish(noise.randbytes(size), reset)
            scene.vanish(b'GET ' + noise.randbytes(size), reset)
            scene.vanish(HELLO + noise.randbytes(size), reset)
            scene.vanish(CHUNKED + noise.randbytes(size), reset)


@attack
def tls_on_the_plain_port(scene):
    hello = bytes.fromhex('16030100c8010000c40303') + bytes(190)
    for reset in (True, False):
        scene.vanish(hello, reset)
        scene.vanish(hello * 50, reset)


@attack
def scans(scene):
    deep = ('/' + '../' * 50, '/' + 'a/' * 500, '/' + '%2e%2e/' * 100)
    for path in ('/admin.php', '/wp-login.php', '/.git/config', '/cgi-bin/x', '/%00', *deep):
        for method in ('GET', 'POST', 'HEAD', 'PROPFIND', 'TRACE'):
            scene.request(method, path, (), b'')


# --- other servers: worker threads, TLS ---


def _cut_pipelines(scene, failures):
    """Ask for numbers in a row, cut inside a request; each answer is that of its request."""
    try:
        for cut in range(1, 40, 3):
            data = b''.join(request_bytes('GET', f'/number/{n}') for n in range(20))
            with scene.connect() as connection:
                connection.send(data[: 6 * len(HELLO) + cut])
                scene.breathe(0.01)
                connection.send(data[6 * len(HELLO) + cut :])
                found = [connection.response().json()['n'] for _ in range(20)]
            assert found == list(range(20)), found
    except (OSError, AssertionError) as error:
        failures.append(f'cut at {cut}: {type(error).__name__}: {error}')


@attack(needs=('threads',), threads=2)
def pipelines_that_are_cut(scene):
    failures = []
    crowd = [threading.Thread(target=_cut_pipelines, args=(scene, failures)) for _ in range(4)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert not failures, failures


# An emulated board on a busy computer needs seconds for a handshake.
@attack(needs=('tls',), tls=True, set=dict(SETTINGS['set'], RequestsTimeoutSec=10))
def handshakes_that_break_off(scene):
    hello = bytes.fromhex('16030100c8010000c40303') + bytes(194)
    for number in range(200):
        with scene.connect() as connection:
            _send(connection, hello[: 1 + number])
            connection.abort()
