"""QEMU as a board: starting it, its flash image, its console, its monitor, and its debugger (boards/QEMU/README.md).

The emulated UART is a socket. While a person runs the board, the socket is joined with the terminal and with a
pseudo-terminal that `mpremote connect` takes; tests take the socket itself.
"""

import contextlib
import fcntl
import json
import os
import pty
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import tty
from pathlib import Path

from tools import common
from tools.common import Failure, need_tool

PROGRAM = 'qemu-system-arm'
MACHINE = 'mps2-an386'

# As in boards/QEMU/port: mps2.ld, modmps2.c, and the ports of the server on the board.
RAM_BASE = 0x20000000
FLASH_SIZE = 16 * 1024 * 1024
HTTP_PORT = 80
HTTPS_PORT = 443

# The https port of this computer lies as far from PORT as 8443 from 8080.
HTTPS_OFFSET = 363

MAC = '02:4d:57:53:32:01'
ESCAPE = b'\x1d'  # Ctrl-], as mpremote's REPL has it


def flash_path(ctx, given):
    """Return the Path of the flash image: the one given (str, Path or None), else FLASH= or build/QEMU/flash.img."""
    chosen = given or ctx.variables.get('FLASH')
    return (ctx.root / chosen).resolve() if chosen else ctx.build / 'flash.img'


def make_flash(path):
    """Make an empty flash image, in place of one that is there. Raise Failure when an emulator has it in use."""
    path = Path(path)
    with common.disk_errors('making the flash image'):
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, 'ab') as stream:
            _lock_flash(stream, path)
            stream.truncate(0)
            stream.truncate(FLASH_SIZE)


def _open_flash(path):
    """Open a flash image, made if it is missing, and keeps it from other emulators until the file is closed.

    Raise Failure.
    """
    with common.disk_errors('the flash image'):
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = open(path, 'ab')
    try:
        _lock_flash(stream, path)
        if stream.tell() == 0:
            stream.truncate(FLASH_SIZE)
        elif stream.tell() != FLASH_SIZE:
            raise Failure(f'{path} is no flash image: it has {stream.tell():,} bytes, not {FLASH_SIZE:,}')
    except BaseException:
        stream.close()
        raise
    return stream


def _lock_flash(stream, path):
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Failure(
            f'another emulator has the flash image {path} in use: end it, or give FLASH=<another file>'
        ) from error


class Emulator:
    """A running QEMU with the firmware in it; a context manager that ends it.

    Attributes: `console`, a socket with the UART's bytes; `monitor`, a Monitor; `process`, the subprocess.Popen.
    """

    def __init__(self, image, flash=None, forwards=(), nic=None, extra=()):
        """Start QEMU.

        `image`: the firmware's ELF file. `flash`: Path of the flash image, None for memory that vanishes. `forwards`:
        pairs of (port of this computer, port of the board). `nic`: value of QEMU's -nic in place of the user network.
        `extra`: more arguments for QEMU. Raise Failure.
        """
        program = need_tool(PROGRAM, 'qemu-system-arm')
        if not Path(image).is_file():
            raise Failure(f'{image} is missing: `make BOARD=QEMU build` makes it')
        self._closing = contextlib.ExitStack()
        try:
            self._start(program, image, flash, forwards, nic, extra)
        except BaseException:
            self._closing.close()
            raise

    def _start(self, program, image, flash, forwards, nic, extra):
        enter = self._closing.enter_context
        console, console_end = map(enter, socket.socketpair())
        monitor, monitor_end = map(enter, socket.socketpair())
        self._errors = enter(tempfile.TemporaryFile())
        command = [program, '-M', MACHINE, '-display', 'none', '-kernel', str(image)]
        command += ['-chardev', f'socket,id=console,fd={console_end.fileno()}', '-serial', 'chardev:console']
        command += ['-chardev', f'socket,id=monitor,fd={monitor_end.fileno()}', '-mon', 'chardev=monitor,mode=control']
        command += ['-nic', nic or user_network(forwards), '-semihosting-config', _semihosting()]
        if flash is not None:
            enter(_open_flash(Path(flash)))
            memory = f'memory-backend-file,id=psram,size={FLASH_SIZE},share=on,mem-path={_quote(flash)}'
            command += ['-machine', 'memory-backend=psram', '-object', memory]
        # QEMU must not outlive us, however we end.
        if shutil.which('setpriv'):
            command = ['setpriv', '--pdeathsig', 'KILL', *command]
        self.process = subprocess.Popen(
            [*command, *extra],
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            pass_fds=(console_end.fileno(), monitor_end.fileno()),
            start_new_session=True,  # Ctrl-C in the terminal is for us, not for QEMU
        )
        enter(contextlib.closing(self))
        console_end.close()
        monitor_end.close()
        self.console = console
        try:
            self.monitor = Monitor(monitor)
        except (OSError, ValueError) as error:
            self.process.wait()
            raise Failure(f'QEMU ended at once: {common.first_error(self.errors())}') from error

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._closing.close()

    def close(self):
        """End QEMU as a power cut ends a board: at once."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def errors(self):
        """Return what QEMU has printed: str, empty when all is well."""
        self._errors.seek(0)
        return self._errors.read().decode(errors='replace')


class Monitor:
    """QEMU's monitor, by its QMP protocol (QEMU documentation, QEMU Machine Protocol Specification)."""

    def __init__(self, connection):
        """`connection`: a connected socket. Raises OSError, ValueError when nobody answers as QEMU does."""
        self._stream = connection.makefile('rwb')
        self._read()
        self.execute('qmp_capabilities')

    def _read(self):
        line = self._stream.readline()
        if not line:
            raise ConnectionError('QEMU has ended')
        return json.loads(line)

    def execute(self, command, **arguments):
        """Execute a command and return its result.

        Raise Failure when QEMU refuses it, ConnectionError when QEMU has ended.
        """
        request = {'execute': command, 'arguments': arguments}
        self._stream.write(json.dumps(request).encode() + b'\n')
        self._stream.flush()
        while True:
            answer = self._read()
            if 'return' in answer:
                return answer['return']
            if 'error' in answer:
                raise Failure(f'QEMU refuses {command}: {answer["error"]["desc"]}')

    def set_link(self, up):
        """Plug the network cable in or pulls it out."""
        self.execute('set_link', name='lan', up=up)

    def reset(self):
        """Press the reset button: the flash keeps its content."""
        self.execute('system_reset')


def run_closed(image, arguments, extra=(), timeout=120):
    """Run the firmware in a world without input, until it resets the board; return what its console printed, as str.

    An instruction takes one nanosecond of virtual time, and waiting takes none of this computer: a run repeats to the
    instruction. That is why there is no monitor, and why the console is a file: events of this computer's time would
    come between the instructions. `arguments`: the semihosting command line, with `seed=`. `extra`: more arguments for
    QEMU. `timeout`: seconds. Raise Failure.
    """
    program = need_tool(PROGRAM, 'qemu-system-arm')
    with tempfile.NamedTemporaryFile() as console:
        command = [program, '-M', MACHINE, '-display', 'none', '-kernel', str(image), '-monitor', 'none', '-no-reboot']
        command += ['-serial', f'file:{console.name}', '-nic', 'none', '-icount', 'shift=0,sleep=off']
        command += ['-semihosting-config', _semihosting(arguments), *extra]
        what = f'QEMU with {arguments}'
        try:
            result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            output = console.read().decode(errors='replace')
            raise Failure(f'{what} did not end in {timeout} s: {output[-400:]}') from error
        if result.returncode:
            raise Failure(f'{what}: {common.first_error(result.stderr.decode(errors="replace"))}')
        return console.read().decode(errors='replace')


def user_network(forwards=(), mac=MAC):
    """Return the value of -nic for QEMU's user network.

    `forwards`: pairs of (port of this computer, port of the board). `mac`: the board's Ethernet address.
    """
    rules = ''.join(f',hostfwd=tcp:127.0.0.1:{here}-:{there}' for here, there in forwards)
    return f'user,id=lan,mac={mac}{rules}'


def _semihosting(arguments=''):
    return 'enable=on,target=native' + ''.join(f',arg={_quote(word)}' for word in arguments.split())


def _quote(value):
    """Double the commas, which separate QEMU's options."""
    return str(value).replace(',', ',,')


def free_port():
    """Return a TCP port of 127.0.0.1 that is free at the moment."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(('127.0.0.1', port))
        except OSError:
            return False
    return True


def run(image, flash, port):
    """Run the board at a terminal, with its server on TCP port `port` of this computer, until Ctrl-] or SIGTERM.

    Without a terminal, what comes on stdin goes to the board's console, and Ctrl-C (SIGINT) ends it as well. Return
    the exit status. Raise Failure.
    """
    if not _is_free(port):
        raise Failure(f'port {port} of this computer is in use: give PORT=<another one>')
    forwards = [(port, HTTP_PORT)]
    if port + HTTPS_OFFSET < 65536 and _is_free(port + HTTPS_OFFSET):
        forwards.append((port + HTTPS_OFFSET, HTTPS_PORT))
    with Emulator(image, flash, forwards) as emulator, Bridge(emulator.console) as bridge:
        common.say(f'flash: {flash}')
        common.say(f'port 80 of the board: http://127.0.0.1:{port}')
        if len(forwards) == 2:
            common.say(f'port 443 of the board: https://127.0.0.1:{port + HTTPS_OFFSET}')
        common.say(f'for tools: mpremote connect {bridge.path}')
        if sys.stdin.isatty():
            common.say(
                "this terminal is the board's console: Ctrl-C stops its program for the REPL, Ctrl-] ends the emulator"
            )
        bridge.run()
        if emulator.process.poll():
            raise Failure(f'QEMU ended: {common.first_error(emulator.errors())}')
    return 0


class Bridge:
    """Joins a board's console with this terminal and a pseudo-terminal.

    A context manager that puts the terminal right again. Attribute: `path`, the name of the pseudo-terminal.
    """

    # How often to look whether a program has opened the pseudo-terminal; the kernel does not tell.
    _LOOK_MS = 100

    def __init__(self, console, terminal=True):
        """`console`: the socket of the board's UART. `terminal`: False leaves this terminal alone."""
        self._console = console
        self._terminal = terminal
        self._master, slave = pty.openpty()
        self.path = os.ttyname(slave)
        tty.setraw(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._restore = None
        self._stdin = sys.stdin.fileno() if terminal else None

    def __enter__(self):
        self._old_handler = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        return self

    def __exit__(self, *exception):
        if self._restore is not None:
            termios.tcsetattr(self._stdin, termios.TCSADRAIN, self._restore)
        signal.signal(signal.SIGTERM, self._old_handler)
        os.close(self._master)

    def run(self):
        """Carry bytes until the emulator ends or somebody types Ctrl-]."""
        is_tty = self._terminal and os.isatty(self._stdin)
        if is_tty:
            self._restore = termios.tcgetattr(self._stdin)
            tty.setraw(self._stdin)
        poll = select.poll()
        poll.register(self._console, select.POLLIN)
        if self._terminal:
            poll.register(self._stdin, select.POLLIN)
        while True:
            connected = not _events(self._master) & select.POLLHUP
            if connected:
                poll.register(self._master, select.POLLIN)
            ready = dict(poll.poll(self._LOOK_MS))
            if connected:
                poll.unregister(self._master)
            if self._console.fileno() in ready and not self._from_board(connected):
                return
            if self._master in ready:
                self._to_board(self._read(self._master))
            if self._terminal and self._stdin in ready:
                data = self._read(self._stdin)
                if not data:
                    poll.unregister(self._stdin)
                elif is_tty and ESCAPE in data:
                    return
                else:
                    self._to_board(data)

    def _from_board(self, connected):
        """Hand the board's output on; return False when the emulator has ended."""
        data = self._console.recv(4096)
        if self._terminal:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        if connected:
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, data)
        return bool(data)

    def _to_board(self, data):
        with contextlib.suppress(ConnectionError):
            self._console.sendall(data)

    @staticmethod
    def _read(descriptor):
        """Read what is there; nothing when the other side has just closed a pseudo-terminal."""
        try:
            return os.read(descriptor, 4096)
        except OSError:
            return b''


def _events(descriptor):
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return dict(poll.poll(0)).get(descriptor, 0)


def debug(image, flash, sources):
    """Run the firmware under gdb, halted at its first instruction; its console is a pseudo-terminal.

    `sources`: what stands for folders of sources in the image, as a dict: name to the folder's Path. Return gdb's
    exit status. Raise Failure.
    """
    gdb = need_tool('gdb-multiarch', 'gdb-multiarch')
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'gdb')
        server = ['-S', '-chardev', f'socket,id=gdb,path={_quote(path)},server=on,wait=off', '-gdb', 'chardev:gdb']
        commands = [f'set substitute-path {name} {shlex.quote(str(place))}' for name, place in sources.items()]
        commands.append(f'target remote {path}')
        with contextlib.ExitStack() as stack:
            emulator = stack.enter_context(Emulator(image, flash, [(port, HTTP_PORT)], extra=server))
            bridge = stack.enter_context(Bridge(emulator.console, terminal=False))
            carrier = threading.Thread(target=bridge.run)
            carrier.start()
            common.say(f'port 80 of the board: http://127.0.0.1:{port}')
            common.say(f'its console: mpremote connect {bridge.path}')
            try:
                return common.foreground([gdb, '-q', image, *(word for line in commands for word in ('-ex', line))])
            finally:
                emulator.close()
                carrier.join()


def symbols(image):
    """Return the addresses of an ELF file's symbols by name. Raise Failure."""
    nm = need_tool('arm-none-eabi-nm', 'gcc-arm-none-eabi')
    result = subprocess.run([nm, str(image)], capture_output=True, text=True)
    if result.returncode:
        raise Failure(common.first_error(result.stderr))
    fields = (line.split() for line in result.stdout.splitlines())
    return {field[2]: int(field[0], 16) for field in fields if len(field) == 3}
