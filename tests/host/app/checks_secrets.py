"""What the modules for sessions, logins and limits stand on, on the target: hashes, tables, waits."""

from binascii import hexlify, unhexlify

from checking import equal, raises
from MicroWebSrv2.libs import sessionStores, throttle
from MicroWebSrv2.libs.boundedTable import BoundedTable
from MicroWebSrv2.libs.secrets import hmac_sha256, new_token, parse_stored, pbkdf2_sha256, stored_password
from MicroWebSrv2.libs.uptime import milliseconds, seconds


def check_hmac_of_rfc_4231():
    for key, data, code in (
        (b'\x0b' * 20, b'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'),
        (b'Jefe', b'what do ya want for nothing?', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'),
        (b'\xaa' * 20, b'\xdd' * 50, '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'),
        (
            b'\xaa' * 131,
            b'Test Using Larger Than Block-Size Key - Hash Key First',
            '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
        ),
    ):
        equal(hexlify(hmac_sha256(key, data)), code.encode())


def check_pbkdf2_of_rfc_7914():
    for password, salt, count, key in (
        (b'passwd', b'salt', 1, '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc'),
        (b'Password', b'NaCl', 80000, '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56'),
    ):
        equal(pbkdf2_sha256(password, salt, count), unhexlify(key))


def check_stored_passwords():
    first, second = stored_password('caf\xe9', 3), stored_password('caf\xe9', 3)
    assert first != second and first.startswith('pbkdf2-sha256$3$')
    count, salt, key = parse_stored(first)
    equal((count, len(salt), key), (3, 16, pbkdf2_sha256('caf\xe9'.encode(), salt, 3)))
    for wrong in (
        '',
        'secret',
        first[1:],
        first + '$',
        first.replace('$3$', '$0$'),
        first.replace('$3$', '$99999999$'),
        first.replace('$3$', '$x$'),
        first[:-8],
        'pbkdf2-sha256$3$$' + first.split('$')[3],
    ):
        raises(ValueError, parse_stored, wrong)


def check_tokens():
    tokens = [new_token() for _ in range(50)]
    equal((len(set(tokens)), {len(token) for token in tokens}), (50, {32}))


def check_a_table_is_bounded_and_the_one_used_longest_ago_goes():
    table = BoundedTable(3)
    for key in 'abc':
        table.put(key, key.upper())
    equal(table.use('a'), 'A')
    table.put('c', 'C2')
    table.put('d', 'D')
    equal([table.use(key) for key in 'abcd'], ['A', None, 'C2', 'D'])
    equal(len(table), 3)
    table.forget_first(lambda value: value in ('A', 'D'))
    equal([table.use(key) for key in 'acd'], [None, 'C2', 'D'])
    equal((table.take('c'), table.take('c'), len(table)), ('C2', None, 1))
    table.most = 1
    table.put('e', 'E')
    equal((len(table), table.use('e')), (1, 'E'))
    table.clear()
    equal(len(table), 0)


def check_the_clock_goes_on():
    first = milliseconds()
    while milliseconds() < first + 5:
        pass
    assert milliseconds() // 1000 - 1 <= seconds() <= milliseconds() // 1000


class Clock:
    """Stands for the clock of modules as long as it is entered."""

    def __init__(self, *modules):
        self.now = 1000
        self._modules = modules

    def __enter__(self):
        self._before = [module.seconds for module in self._modules]
        for module in self._modules:
            module.seconds = lambda: self.now
        return self

    def __exit__(self, *_):
        for module, before in zip(self._modules, self._before):
            module.seconds = before


def check_waits_grow_to_a_minute_and_end():
    with Clock(throttle) as clock:
        waits = throttle.Throttle(4, 3, 300)
        seen = []
        for _ in range(14):
            clock.now += waits.wait_sec('a')
            seen.append(waits.wait_sec('a'))
            waits.failed('a')
            seen[-1] = waits.wait_sec('a')
        equal(seen, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60])
        equal(waits.wait_sec('b'), 0)
        clock.now += 59
        equal(waits.wait_sec('a'), 1)
        clock.now += 1
        equal(waits.wait_sec('a'), 0)
        clock.now += 300 * 9
        waits.failed('a')
        equal(waits.wait_sec('a'), 0)
        for _ in range(3):
            waits.failed('a')
        waits.undo('a')
        waits.undo('a')
        equal(waits.wait_sec('a'), 0)
        waits.failed('a')
        waits.failed('a')
        assert waits.wait_sec('a')
        waits.passed('a')
        equal(waits.wait_sec('a'), 0)


def check_sessions_end_when_idle_and_when_old():
    with Clock(sessionStores) as clock:
        store = sessionStores.ServerStore(3)
        token, kept = store.add(10)
        kept.data['a'] = 1
        for _ in range(3):
            clock.now += 9
            equal(store.load(token, 10, 30), kept)
        clock.now += 3
        equal(store.load(token, 10, 30), None)
        equal(len(store.table), 0)
        token, kept = store.add(10)
        clock.now += 10
        equal(store.load(token, 10, 30), None)


def check_the_idlest_session_goes_first():
    with Clock(sessionStores) as clock:
        store = sessionStores.ServerStore(3)
        tokens = []
        for _ in range(3):
            tokens.append(store.add(100)[0])
            clock.now += 1
        assert store.load(tokens[0], 100, 100)
        store.add(100)
        equal([bool(store.load(token, 100, 100)) for token in tokens], [True, False, True])
        clock.now += 100
        store.add(100)
        equal(len(store.table), 1)


class FixedTime:
    """Stands for the module `time`."""

    def __init__(self, now):
        self.now = now

    def time(self):
        return self.now


def check_signed_sessions():
    before, sessionStores.time = sessionStores.time, FixedTime(1700000000)
    try:
        clock = sessionStores.time
        store = sessionStores.SignedStore(b'k' * 16)
        kept = store.add()
        kept.data['name'] = 'caf\xe9'
        value = store.value(kept, 'session', 80)
        equal(store.load(value, 'session', 80, 200).data, {'name': 'caf\xe9'})
        for wrong in (value[:-1], value + 'x', 'x' + value, '', '.', '...', value.replace('.', '', 1), value.lower()):
            equal(store.load(wrong, 'session', 80, 200), None)
        equal(store.load(value, 'other', 80, 200), None)
        equal(sessionStores.SignedStore(b'l' * 16).load(value, 'session', 80, 200), None)
        clock.now += 9
        again = store.load(value, 'session', 80, 200)
        equal(store.value(again, 'session', 80), None)
        clock.now += 1
        renewed = store.value(again, 'session', 80)
        clock.now += 75
        equal(store.load(value, 'session', 80, 200), None)
        assert store.load(renewed, 'session', 80, 200)
        equal(store.load(renewed, 'session', 80, 85), None)
        clock.now -= 200
        equal(store.load(renewed, 'session', 80, 200), None)
        again.data['name'] = 'x' * 5000
        raises(ValueError, store.value, again, 'session', 80)
    finally:
        sessionStores.time = before


def check_modules_that_guard_are_asked_before_those_that_answer():
    from MicroWebSrv2 import MicroWebSrv2

    names = ('WebSockets', 'PyhtmlTemplate', 'RateLimit', 'Login', 'CSRF')
    modules = [MicroWebSrv2.LoadModule(name) for name in names]
    asked = list(MicroWebSrv2().modules.values())
    equal([module for module in asked if module in modules], modules[2:] + modules[:2])
