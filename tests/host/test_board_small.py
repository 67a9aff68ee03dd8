"""Shows that tools/small.py makes modules small without a change of behaviour: what others know keeps its name, what
is certain is decided; the WIPY's server, made small, serves routes, files, JSON, forms, auth and WebSockets on the
UNIX firmware.
"""

import ast
import base64
import json
import os
import subprocess
import urllib.error
import urllib.request

import pytest
from websockets.sync.client import connect

from tools import boards, emulator, frozen, small
from tools.common import BUILD

KNOWN = {'print', 'sys', 'len', 'GP1', 'GP2', 'GP3', 'GP4', 'GP5', 'GP6', 'GP7', 'GP8', 'GP9', 'implementation', 'name'}


def shrink(text, known=KNOWN, **others):
    """Makes one module small, beside others; returns its text."""
    sources = {'pack/module.py': text, **{f'pack/{name}.py': other for name, other in others.items()}}
    return small.shrink(sources, known)['pack/module.py']


def run(text):
    """Returns the global names after running a module."""
    names = {'const': lambda value: value}
    exec(text, names)
    return names


def test_our_names_go_and_those_that_others_know_stay():
    text = shrink(
        'class Public:\n'
        '    "words in a docstring are no names: helper_name"\n'
        '    def __init__(self, argument_name): self._private_name = argument_name\n'
        '    def Method(self, keyword_name=1): return helper_name(self._private_name, keyword_name) + '
        'self.snake_method()\n'
        '    def snake_method(self): return getattr(self, "looked_up_name")\n'
        '    looked_up_name = 7\n'
        'def helper_name(first_value, second_value): return first_value + second_value\n'
    )
    for kept in ('Public', 'Method', 'argument_name', 'keyword_name', 'looked_up_name'):
        assert kept in text
    for gone in ('_private_name', 'helper_name', 'first_value', 'snake_method', 'docstring'):
        assert gone not in text
    public = run(text)['Public']
    assert public(argument_name=2).Method(keyword_name=3) == 12


def test_a_name_is_the_same_in_all_modules():
    sources = {
        'pack/a.py': 'def our_function(our_value): return our_value\n',
        'pack/b.py': 'from .a import our_function\nour_function(1)\n',
    }
    made = small.shrink(sources, KNOWN)
    defined = ast.parse(made['pack/a.py']).body[0].name
    assert defined != 'our_function'
    assert ast.parse(made['pack/b.py']).body[0].names[0].name == defined


def test_no_new_name_is_one_that_is_used():
    text = shrink(
        'import sys\ndef our_function(): return (GP1, print, "GP2", sys.GP3)\nour_function()\nour_function()\n'
    )
    assert ast.parse(text).body[1].name not in ('GP1', 'GP2', 'GP3', 'print', 'sys')


def test_when_the_names_of_the_firmware_are_used_up_short_ones_serve():
    text = shrink('\n'.join(f'our_value_{i} = {i}' for i in range(30)))
    names = [statement.targets[0].id for statement in ast.parse(text).body]
    assert len(set(names)) == 30
    assert {len(name) for name in names if name not in KNOWN} == {2}


def test_what_is_certain_is_decided():
    text = shrink(
        'import sys\n'
        'if sys.implementation.name == "micropython":\n    A = 1\nelse:\n    A = 2\n'
        'B = 1 if sys.implementation.name != "micropython" else 2\n'
        'try:\n    from .absent import C\nexcept ImportError:\n    C = 3\n'
        'try:\n    import hashlib\nexcept ImportError:\n    D = 4\n'
        'try:\n    from .other import E\nexcept ImportError:\n    E = 5\n',
        other='E = 6\n',
    )
    assert 'else' not in text and 'hashlib' not in text and 'absent' not in text
    assert 'from .other import E' in text


def test_private_numbers_become_constants():
    text = shrink(
        '_LARGE = 1 << 40\n_MOST = 0x7fffffff\n_state = 1\ndef f(): return _MOST, _LARGE, _state\n_state = 2\n'
    )
    assert '_MOST = const(2147483647)' in text
    assert text.count('const(') == 1
    assert run(text)['f']() == (0x7FFFFFFF, 1 << 40, 2)


MARKED = """
def positive(value, name):  # small: a check
    if value <= 0: raise ValueError(name)
    return value

def half(value): return value // 2

class Public:
    def __init__(self): self._checked, self._halved = 1, 2
    @property
    def Checked(self): return self._checked
    @Checked.setter
    def Checked(self, value):
        self._checked = positive(value, 'Checked')
    @property
    def Halved(self): return self._halved
    @Halved.setter
    def Halved(self, value):
        self._halved = half(value)
    def is_foreign(
        self,
    ):  # small: False without threads
        return True
    def Foreign(self): return self.is_foreign()
"""


def test_marks_say_which_checks_go_and_what_a_board_is_without():
    text = small.shrink({'pack/module.py': MARKED}, KNOWN, lacks=('threads',))['pack/module.py']
    public = run(text)['Public']()
    public.Checked, public.Halved = -1, 8
    assert (public.Checked, public.Halved, public.Foreign()) == (-1, 4, False)
    with_threads = run(small.shrink({'pack/module.py': MARKED}, KNOWN)['pack/module.py'])['Public']()
    assert with_threads.Foreign() is True
    with pytest.raises(ValueError, match='"# small: False without sockets"'):
        small.shrink({'pack/module.py': MARKED}, KNOWN, lacks=('sockets',))


def test_what_nobody_calls_goes_and_what_a_board_does_without():
    text = small.shrink(
        {
            'pack/module.py': 'class Public:\n'
            '    def Method(self): return self._helper() if self._tls else 1\n'
            '    def _helper(self): return self._deeper()\n'
            '    def _deeper(self): return 2\n'
            '    def Without(self): return 3\n'
            '    def Other(self): return 4 if hasattr(self, "nobody_has_it") else self._tls is None\n'
        },
        KNOWN,
        without=('Public.Without',),
        nothing=('_tls',),
    )['pack/module.py']
    public = run(text)['Public']()
    assert (public.Method(), public.Other()) == (1, True)
    assert [name for name in vars(type(public)) if not name.startswith('__')] == ['Method', 'Other']


def test_what_modules_in_c_have_is_certain():
    text = small.shrink(
        {
            'pack/module.py': 'import gc\nimport os\n'
            'def Collect(): return gc.collect() if hasattr(gc, "collect") else 7\n'
            'def Other(x): return hasattr(os, "collect"), getattr(x, "nobody_has_it", 3), getattr(x, "collect", 4)\n'
            'try:\n    from gc import collect\nexcept ImportError:\n    collect = None\n'
            'try:\n    from gc import enable\nexcept ImportError:\n    enable = None\n'
        },
        KNOWN | {'collect', 'gc'},
    )['pack/module.py']
    assert text.count('except ImportError') == 1 and 'from gc import GP1' in text  # enable, which may not be there
    assert 'return gc.collect()' in text and "hasattr(os, 'collect'), 3, getattr(" in text


def test_a_property_that_hands_an_attribute_on_becomes_that_attribute():
    text = shrink(
        'class Public:\n'
        '    def __init__(self): self._plain_value, self._other_value = 1, 2\n'
        '    @property\n    def Plain(self): return self._plain_value\n'
        '    @Plain.setter\n    def Plain(self, value):\n'
        '        if value < 0: raise ValueError("x")\n        self._plain_value = value\n'
        '    @property\n    def Other(self): return self._other_value\n'
        '    @Other.setter\n    def Other(self, value): self._other_value = value * 2\n'
        '    def Sum(self): return self._plain_value + self._other_value\n'
    )
    public = run(text)['Public']()
    public.Plain, public.Other = 10, 20
    assert (public.Plain, public.Other, public.Sum()) == (10, 40, 50)
    assert 'def Plain' not in text and 'def Other' in text


# What follows runs the WIPY's set on the UNIX firmware.

APPLICATION = """
import sys
from MicroWebSrv2 import *

@WebRoute(GET, '/hello/<name>')
def hello(server, request, args):
    request.Response.ReturnOkJSON({'hello': args['name'], 'query': request.QueryParams})

@WebRoute(POST, '/json')
def posted(server, request):
    request.Response.ReturnOkJSON(request.GetPostedJSONObject())

@WebRoute(POST, '/form')
def form(server, request):
    request.Response.ReturnOkJSON(request.GetPostedURLEncodedForm())

@WebRoute(GET, '/secret')
def secret(server, request):
    if request.CheckBasicAuth('user', 'pass:word'):
        request.Response.ReturnOk('in')
    else:
        request.Response.ReturnBasicAuthRequired()

def accepted(server, socket):
    socket.OnTextMessage = lambda ws, text: ws.SendTextMessage(text)
    socket.OnBinaryMessage = lambda ws, data: ws.SendBinaryMessage(data)

module = MicroWebSrv2.LoadModule('WebSockets')
module.OnWebSocketAccepted = accepted
server = MicroWebSrv2()
server.SetEmbeddedConfig()
server.RootPath = 'www'
server.BindAddress = ('127.0.0.1', int(sys.argv[1]))
pool = XAsyncSocketsPool()
server.StartInPool(pool)
print('ready')
while True:
    pool.ProcessEvents(1000)
"""


@pytest.fixture(scope='module')
def wipy_set():
    """The folder of the WIPY's set, made small for the names that its own build had."""
    target, context = boards.load('WIPY'), boards.Context('WIPY')
    names = small.port_names((context.port_folder() / 'genhdr' / 'qstrdefs.generated.h').read_text())
    assert len(names) > 500
    target.make_small(context, context.manifest(), names)
    return context.build / 'small'


@pytest.fixture(scope='module')
def url(wipy_set, tmp_path_factory):
    """The address of a server with the WIPY's set."""
    folder = tmp_path_factory.mktemp('small')
    (folder / 'www').mkdir()
    (folder / 'www' / 'index.html').write_text('<p>tiny')
    (folder / 'app.py').write_text(APPLICATION)
    port = emulator.free_port()
    command = [BUILD / 'UNIX' / 'firmware', '-X', 'heapsize=1m', 'app.py', str(port)]
    environment = {**os.environ, 'MICROPYPATH': str(wipy_set)}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert 'ready\n' in iter(process.stdout.readline, ''), 'the server did not start'
            yield f'127.0.0.1:{port}'
        finally:
            process.kill()


def ask(url, path, data=None, **headers):
    """Returns status and body of a request."""
    request = urllib.request.Request(
        f'http://{url}{path}', data, {name.replace('_', '-'): v for name, v in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_small_routes_and_json(url):
    assert json.loads(ask(url, '/hello/w%C3%B6rld?a=1')[1]) == {'hello': 'wörld', 'query': {'a': '1'}}
    sent = {'a': [1, None, 'ü']}
    assert json.loads(ask(url, '/json', json.dumps(sent).encode(), Content_Type='application/json')[1]) == sent


def test_small_forms(url):
    status, body = ask(url, '/form', b'a=1&b=%26+x', Content_Type='application/x-www-form-urlencoded')
    assert (status, json.loads(body)) == (200, {'a': '1', 'b': '& x'})


def test_small_files(url):
    assert ask(url, '/') == (200, b'<p>tiny')
    assert ask(url, '/no.html')[0] == 404


def test_small_auth(url):
    assert ask(url, '/secret')[0] == 401
    credentials = base64.b64encode(b'user:pass:word').decode()
    assert ask(url, '/secret', Authorization=f'Basic {credentials}') == (200, b'in')


def test_small_websockets(url):
    with connect(f'ws://{url}/') as socket:
        for message in ('', 'grüße', 'x' * 300, b'\x00\xff' * 100):
            socket.send(message)
            assert socket.recv(timeout=20) == message


def test_the_small_set_has_all_modules(wipy_set):
    context = boards.Context('WIPY')
    paths = {entry.target_path for entry in frozen.manifest_files(context, [context.manifest()])}
    assert {'MicroWebSrv2/libs/sha1.py', 'firmware/net_wipy.py', 'board.py', 'main.py', 'build_info.py'} <= paths
    merged = {path for target, starts in boards.load('WIPY').MERGED for path in paths if path.startswith(starts)}
    assert len(merged) > 20
    assert {path.relative_to(wipy_set).as_posix() for path in wipy_set.rglob('*.py')} == paths - merged


def test_a_call_of_nothing_goes_but_not_what_it_is_given():
    text = shrink(
        'class Public:\n'
        '    def __init__(self): self.done = []\n'
        '    def told_it(self, value): pass\n'
        '    def took_it(self, value): self.done.append(value)\n'
        '    def Method(self):\n        self.told_it(self.done)\n        self.told_it(self.took_it(1))\n'
        '        return self.done\n'
    )
    assert text.count('def ') == 2
    assert run(text)['Public']().Method() == [1]


def test_what_only_refuses_a_value_goes():
    text = shrink(
        'def Checked(text):\n'
        '    if not text: raise ValueError(\'"text" must be a text.\')\n'
        '    if text == "no": raise ValueError("Not this one.")\n'
        '    return text\n'
    )
    checked = run(text)['Checked']
    assert checked('') == ''
    with pytest.raises(ValueError, match='Not this one'):
        checked('no')


def test_texts_of_what_is_mute_are_empty():
    source = 'def Refused(number): raise KeyError(number, "no %d" % number, "none")\n'
    text = small.shrink({'pack/module.py': source}, KNOWN, mute=('KeyError',))['pack/module.py']
    assert "KeyError(number, '', '')" in text


def test_attributes_that_nothing_reads_are_not_set():
    text = shrink(
        'class Public:\n'
        '    def __init__(self, value):\n'
        '        self.read_value = self.unread_value = value\n'
        '        self.counted_value = 0\n'
        '    def Method(self):\n'
        '        self.counted_value += 1\n'
        '        return self.read_value\n'
    )
    public = run(text)['Public'](7)
    assert (public.Method(), len(vars(public))) == (7, 2)


def test_a_local_that_is_always_none_decides():
    text = small.shrink(
        {
            'pack/module.py': 'class Public:\n'
            '    def Method(self):\n'
            '        lock = self._lock\n'
            '        if lock: lock.acquire()\n'
            '        return 1\n'
        },
        KNOWN,
        nothing=('_lock',),
    )['pack/module.py']
    assert 'acquire' not in text and run(text)['Public']().Method() == 1


DIRECT = """
class Public:
    def passed_on(self, function):  # small: calls it without threads
        return [function()]
    def Method(self, argument):
        return self.passed_on(lambda: argument + 1), self.passed_on(argument.bit_length)
"""


def test_what_is_passed_to_another_thread_is_called_where_there_is_none():
    text = small.shrink({'pack/module.py': DIRECT}, KNOWN, lacks=('threads',))['pack/module.py']
    assert run(text)['Public']().Method(7) == (8, 3)
    assert run(small.shrink({'pack/module.py': DIRECT}, KNOWN)['pack/module.py'])['Public']().Method(7) == ([8], [3])
