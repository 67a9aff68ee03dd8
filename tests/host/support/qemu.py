"""The emulated board as a target: applications run from its raw REPL, one at a time, after a reset.

The image is the board's with all of the machine's RAM, so that the tests need not be made for little memory; that the
server lives in a pyboard's RAM is shown by tests/hil, and by the soak, which takes that image. Files go to its flash
through the REPL, sources compiled.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from .targets import APPS, EXAMPLES, ROOT, START_TIMEOUT, Output, Server, TargetError, free_port

sys.path.append(str(ROOT))  # after the tests' own folders

from tools import boards, emulator, sources  # noqa: E402

VARIABLES = {'RAM_KB': '4096'}
BOARD_PORT = 8080  # the board's own server has been at port 80
RAW_PROMPT = 'raw REPL; CTRL-B to exit\n>'
PIECE = 2048

NETWORK = """
import network, time
nic = network.LAN()
nic.active(True)
while not nic.isconnected() or nic.ifconfig()[0] == '0.0.0.0':
    time.sleep_ms(10)
"""

RUN_APP = """
import sys
sys.path.insert(0, '/flash')
sys.argv[:] = ['', '/flash/settings.json']
import {app}
"""


def _image(variables):
    """Build the board's image with these variables of make, if need be; return its Path."""
    context = boards.Context('QEMU', variables)
    folder = context.port_folder()
    boards.load('QEMU').compile_port(context, folder)
    return folder / 'firmware.elf'


class Part:
    """What the console prints from one moment on: an Output for one application."""

    def __init__(self, console):
        self._console = console
        self._start = len(console.text)

    @property
    def text(self):
        """What was printed."""
        return self._console.text[self._start :].replace('\x04', '')

    @property
    def is_over(self):
        """Whether the raw REPL has said that the program ended."""
        return self._console.text.count('\x04', self._start) >= 2

    def wait_for(self, text, since=0, timeout=10):
        """As Output.wait_for()."""
        return self._console.wait_for(text, self._start + since, timeout, lambda: self.is_over)

    def wait_for_end(self, timeout=10):
        """Wait until the program has ended; return what it printed."""
        self._console.wait_for('\x04>', self._start, timeout)
        return self.text


class Running:
    """A program on the board, with the calls of a subprocess.Popen that tests use."""

    pid = None

    def __init__(self, board, part):
        self._board = board
        self._part = part

    def poll(self):
        """Return None while the program runs."""
        return 0 if self._part.is_over or self._board.program is not self else None

    def wait(self, timeout):
        """Wait for the end; return 0."""
        self._part.wait_for_end(timeout)
        if self.poll() is None:
            raise subprocess.TimeoutExpired('the program on the board', timeout)
        return 0

    def send_signal(self, _):
        """Press Ctrl-C."""
        self._board.write('\x03')

    def terminate(self):
        """End the program, by a reset of the board."""
        self._board.reset()

    kill = terminate


class Qemu:
    """QEMU's mps2-an386 with the firmware of the board QEMU."""

    name = 'qemu'
    abilities = frozenset('micropython tls asyncio'.split())
    refuses_early = False  # QEMU's network takes connections before the board does

    @classmethod
    def check(cls, options):
        """Raise TargetError if QEMU is missing."""
        if not shutil.which(emulator.PROGRAM):
            raise TargetError(f'{emulator.PROGRAM} is missing: `make BOARD=QEMU build` installs it')

    def __init__(self, options):
        self.program = None
        self._server = None
        self._key = None
        self._files = set()
        self._scratch = pathlib.Path(tempfile.mkdtemp(prefix='mws2-qemu-'))
        self._port = free_port()
        self._emulator = emulator.Emulator(
            _image(getattr(options, 'qemu_variables', VARIABLES)), forwards=[(self._port, BOARD_PORT)]
        )
        self._console = Output(self._emulator.console.makefile('rb'), newline='\n')
        self._enter_repl(0)

    # --- the console ---

    def write(self, text):
        """Type a text."""
        self._emulator.console.sendall(text.encode())

    def reset(self):
        """End what runs by a reset of the machine, whose flash keeps its files; the board is at the raw REPL then."""
        self.program = None
        start = len(self._console.text)
        self._emulator.monitor.reset()
        self._enter_repl(start)

    def _enter_repl(self, start):
        """Have the board's own program end, and an interpreter begin that has not seen it."""
        self._expect('open http', start)
        self.write('\r\x03\x03\x01')
        self._expect(RAW_PROMPT, start)
        start = len(self._console.text)
        self.write('\x04')
        self._expect(RAW_PROMPT, start)

    def _expect(self, text, start, timeout=START_TIMEOUT):
        if not self._console.wait_for(text, start, timeout):
            raise TargetError(f'the emulated board did not say {text!r} but:\n{self._console.text[start:]}')

    def _type(self, code):
        """Give a program to the raw REPL; return where its output begins."""
        start = len(self._console.text)
        self.write(code + '\x04')
        self._expect('OK', start)
        return start + 2

    def execute(self, code, timeout=60):
        """Run a program at the raw REPL; return what it printed, and the traceback if one ended it."""
        start = self._type(code)
        self._expect('\x04>', start, timeout)
        output, error, _ = self._console.text[start:].split('\x04', 2)
        return output, error

    # --- files ---

    def put(self, name, content):
        """Make a file of bytes in the flash; end what runs."""
        if self.program:
            self.reset()
        path = '/flash/' + name
        steps = ['import os']
        folder = ''
        for part in name.split('/')[:-1]:
            folder += '/' + part
            if folder not in self._files:
                self._files.add(folder)
                steps.append(f'os.mkdir({"/flash" + folder!r})')
        steps.append(f'f = open({path!r}, "wb")')
        self._execute_well('\n'.join(steps))
        for at in range(0, len(content), PIECE):
            self._execute_well(f'f.write({content[at : at + PIECE]!r})')
        self._execute_well('f.close()')

    def _execute_well(self, code):
        error = self.execute(code)[1]
        assert not error, error

    def path(self, local):
        """Return the path of a folder of the host on the board, copied there at first use."""
        folder = pathlib.Path(local)
        if folder.name not in self._files:
            self.reset()
            for file in sorted(folder.rglob('*')):
                if file.is_file() and not file.is_symlink():
                    self.put(f'{folder.name}/{file.relative_to(folder)}', file.read_bytes())
            self._files.add(folder.name)
        return '/flash/' + folder.name

    def _put_module(self, name):
        if name not in self._files:
            compiled = self._scratch / f'{name}.mpy'
            source = next(path for folder in (APPS, *EXAMPLES) if (path := folder / f'{name}.py').is_file())
            command = [sources.mpy_cross({}), '-s', f'{name}.py', '-o', compiled, source]
            subprocess.run(command, check=True)
            self.put(f'{name}.mpy', compiled.read_bytes())
            self._files.add(name)

    # --- what tests use ---

    def spawn(self, app, settings):
        """Start an application; return the port of this computer, the running program and its output."""
        self.reset()
        self._put_module('testbed')
        self._put_module(app)
        if 'example' in settings:
            self._put_module(settings['example'])
        self.put('settings.json', json.dumps(dict(settings, host='0.0.0.0', port=BOARD_PORT)).encode())
        self._execute_well(NETWORK)
        part = Part(self._console)
        self._type(RUN_APP.format(app=app))
        self.program = Running(self, part)
        return self._port, self.program, part

    def server(self, app, settings):
        """Return the running server of an application; the one that runs is ended if it is another."""
        key = (app, repr(settings))
        if self._key != key or not self._server.alive:
            self._server = Server(self, app, settings)
            self._key = key
        return self._server

    def run(self, source, timeout=60, arguments=()):
        """Run a piece of Python, return (exit status, what it printed)."""
        self.reset()
        self._execute_well(NETWORK)
        for name in ('checking', 'checks_xas', *self._modules_in(source)):
            self._put_module(name)
        output, error = self.execute("import sys\nsys.path.insert(0, '/flash')\n" + source, timeout)
        return (1 if error else 0), output + error

    @staticmethod
    def _modules_in(source):
        return [path.stem for path in APPS.glob('checks_*.py') if path.stem in source]

    def close(self):
        """End the emulator."""
        with self._emulator:
            pass
        shutil.rmtree(self._scratch, ignore_errors=True)
