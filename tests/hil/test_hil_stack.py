"""The stack of each board's server thread suffices for all that is served, with room to spare.

The emulated board has the pyboard's core but no threads. Its firmware is built once more as the pyboard's is: for size,
with frames of Python functions on the C stack; and with the module thread_stack, which limits the stack as that of a
thread is limited, and measures what interrupts and C code that looks at no limit take of it.
"""

import ast
import contextlib
import http.client
import json
import re
import socket
import ssl
import subprocess

import pytest
from hil_board import Board
from test_hil_emulated import SocketConsole
from websockets.sync.client import connect

from tools import boards, common, emulator
from tools.common import BUILD, ROOT

MARGIN = 1024  # bytes of a thread's stack that MicroPython keeps for what comes after its check (stm32 and esp32 ports)
SPARE = 2048  # bytes that are left for the application's handlers

# Frames are so much larger than on the pyboard, as the boards' compilers lay them out: in percent.
FRAMES = {'PYBV11': 100, 'ESP32': 120, 'STOCK': 120}

PAGES = ('/', '/style.css', '/test.pyhtml', '/wstest.html', '/api/hello/you', '/device/info', '/no/such/page')
BROKEN = '<p>{{ nothing }}'


def stack_size(name):
    """Returns the bytes of stack of a board's server thread; None for a board that has no threads or real ones."""
    source = (ROOT / 'boards' / name / 'board.py').read_text()
    if "'threads'" not in source:
        return None
    size = constant(source, 'STACK_SIZE')
    return constant((ROOT / 'firmware' / 'harness.py').read_text(), '_STACK_SIZE') if size is None else size or None


def constant(source, name):
    """Returns the value of a constant integer in a Python source, as `10 * 1024`; None where there is none."""
    found = re.search(rf'^{name} = ([\d *]+)$', source, re.MULTILINE)
    return found and eval(compile(ast.parse(found.group(1), mode='eval'), name, 'eval'))


THREADED = [name for name in boards.names() if stack_size(name)]


def test_each_board_with_threads_is_known():
    assert sorted(THREADED) == sorted(FRAMES)


@pytest.fixture(scope='module')
def firmware():
    """The emulated board's firmware, compiled as the pyboard's is, with thread_stack."""
    context = boards.Context('QEMU', {})
    folder = BUILD / 'QEMU-stack'
    folder.mkdir(exist_ok=True)
    flags = ['RAM_KB=224', 'STACK_KB=32', 'HOT=none', 'CFLAGS_EXTRA=-DMICROPY_ENABLE_PYSTACK=0']
    flags += [f'TREE={context.sources().micropython}', f'BUILD={folder}', f'FROZEN_MANIFEST={context.manifest()}']
    flags += [f'USER_C_MODULES={ROOT / "tests" / "hil"}', *context.make_flags()]
    common.run(['make', '-C', context.board / 'port', *flags], 'building the firmware', folder / 'build.log')
    return folder / 'firmware.elf'


@pytest.fixture(scope='module')
def certificate(tmp_path_factory):
    """The names and contents of a certificate and its key: RSA takes the most stack."""
    folder = tmp_path_factory.mktemp('certificate')
    command = 'openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem'
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return {name: (folder / name).read_text() for name in ('cert.pem', 'key.pem')}


@pytest.fixture
def limited(firmware, certificate, tmp_path):
    """A function that starts the server on the emulated board with so many bytes of stack; returns the Board."""
    ports = [emulator.free_port(), emulator.free_port()]
    pairs = list(zip(ports, (emulator.HTTP_PORT, emulator.HTTPS_PORT)))
    with emulator.Emulator(firmware, tmp_path / 'flash.img', pairs) as emulated:
        board = Board(SocketConsole(emulated.console), set(), ('127.0.0.1', ports[0]))
        board.https = ('127.0.0.1', ports[1])
        board.wait_open()
        board.interrupt()
        config = {'admin_password': 'sesame', 'tls': {'cert': 'cert.pem', 'key': 'key.pem'}}
        files = {'config.json': json.dumps(config), 'www/broken.pyhtml': BROKEN, **certificate}
        board.run('import os\nos.mkdir("www")')
        for name, content in files.items():
            board.run(f'with open({name!r}, "w") as f:\n f.write({content!r})')
        board.reset()
        board.interrupt()

        def start(size):
            board.dut.write(f'import thread_stack, firmware; thread_stack.limit({size}); firmware.start()\r')
            board.wait_open()
            return board

        yield start


def use_everything(board):
    """Does what takes the most stack: pages, a template, a form, JSON, WebSockets, a page that fails, https."""
    for path in PAGES:
        assert (path, board.get(path)[0]) == (path, 307 if path == '/no/such/page' else 200)
    form = {'Content-Type': 'application/x-www-form-urlencoded'}
    assert board.get('/test-post', 'POST', form, 'firstname=Ada&lastname=L')[0] == 200
    admin = {'Content-Type': 'application/json', 'Authorization': 'Basic YWRtaW46c2VzYW1l'}
    assert board.get('/device/config', 'PUT', admin, '{"hostname": "deep", "app": [[[[1]]]]}')[0] == 200
    host, port = board.address
    with connect(f'ws://{host}:{port}/wstest', subprotocols=['echo'], proxy=None) as echo:
        for size in (100, 3000):
            echo.send('x' * size)
            assert echo.recv(timeout=10) == 'x' * size
    with connect(f'ws://{host}:{port}/wschat', subprotocols=['chat'], proxy=None) as chat:
        chat.send('{"name": "Ada"}')
        assert json.loads(chat.recv(timeout=10)) == {'you': 'Ada'}
    with socket.create_connection(board.address, 10) as failing:
        failing.sendall(b'GET /broken.pyhtml HTTP/1.1\r\nHost: board\r\n\r\n')
        board.dut.expect_exact("NameError: name 'nothing'", timeout=10)  # reads the console: it would stop at 400 bytes
        assert failing.recv(1024).startswith(b'HTTP/1.1 500 ')
    context = ssl._create_unverified_context()
    with contextlib.closing(http.client.HTTPSConnection(*board.https, timeout=20, context=context)) as secure:
        secure.request('GET', '/style.css')
        assert secure.getresponse().status == 200


@pytest.mark.capable('power')
@pytest.mark.parametrize('name', THREADED)
def test_all_is_served_with_room_to_spare(name, limited):
    size = stack_size(name)
    board = limited((size - MARGIN) * 100 // FRAMES[name] - SPARE)
    use_everything(board)
    board.interrupt()
    used = int(board.run('print(thread_stack.used())')) * FRAMES[name] // 100
    assert used + SPARE <= size, f'{used} of {size} bytes are used'
