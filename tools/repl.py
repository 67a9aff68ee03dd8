"""A board with MicroPython behind a serial port: running code on it, its files, restarting it. By mpremote's own
transport.
"""

import ast
import contextlib
import hashlib
import time
from dataclasses import dataclass

from tools.common import Failure

OLDEST_MICROPYTHON = (1, 22)
MPY_VERSION = 6

# Written in one piece; each takes a round trip.
_CHUNK = 1024

# Prints the folder of the flash. An image of this project mounts it in its module `board`, a stock one at its start.
_ROOT = """
import os
try:
    import board
    print(board.mount())
except Exception:
    print(os.getcwd())
"""

# Frozen modules come before those of the folder lib, and their files end as their sources do.
_HAS_IMAGE = """
try:
    import firmware
    print(firmware.__file__.endswith('.py'))
except ImportError:
    print(False)
"""

# Prints [path, SHA-256, or None] for each of the files in `paths`; reads pieces that fit into any heap.
_HASHES = """
import hashlib, binascii
for p in paths:
    try:
        with open(p, 'rb') as f:
            h = hashlib.sha256()
            while True:
                d = f.read(512)
                if not d:
                    break
                h.update(d)
        print(repr([p, binascii.hexlify(h.digest()).decode()]))
    except OSError:
        print(repr([p, None]))
"""

# Prints the paths of all files below the folders in `paths`.
_FILES = """
import os
todo = list(paths)
while todo:
    p = todo.pop()
    try:
        for e in os.ilistdir(p):
            if e[1] & 0x4000:
                todo.append(p + '/' + e[0])
            else:
                print(repr(p + '/' + e[0]))
    except OSError:
        pass
"""

# Puts the file `new` in the place of `old`; FAT does not rename over a file that is there.
_RENAME = """
import os
try:
    os.rename(new, old)
except OSError:
    os.remove(old)
    os.rename(new, old)
if hasattr(os, 'sync'):
    os.sync()
"""


@dataclass(frozen=True)
class System:
    """What runs on a board."""

    version: tuple
    """MicroPython's version, as (1, 25, 0)."""
    mpy: int
    """The version of .mpy files that it loads; 0 where it loads none."""
    platform: str


def serial_ports():
    """Returns the serial ports that may lead to a board: those of USB adapters and boards, as a list of str."""
    from serial.tools import list_ports

    return sorted(port.device for port in list_ports.comports() if port.vid is not None)


def choose_port(device):
    """Returns `device`, or the only USB serial port that is there. Raises Failure where it is to be chosen."""
    if device:
        return device
    found = serial_ports()
    if len(found) == 1:
        return found[0]
    if not found:
        raise Failure('no board is there: plug it in, or name its serial port by DEVICE=/dev/ttyACM0')
    raise Failure(f'several serial ports are there: choose one by DEVICE=, out of {", ".join(found)}')


class Board:
    """The board at a serial port, at its raw REPL; a context manager. What ran on it is stopped.

    All methods raise Failure when the connection is lost or the code fails.
    """

    def __init__(self, device):
        """Connects to the board at `device`, the name of a serial port or pseudo-terminal."""
        from mpremote.transport import TransportError
        from mpremote.transport_serial import SerialTransport

        self.device = device
        self._error = TransportError
        try:
            self._transport = SerialTransport(device, timeout=1)
        except (TransportError, OSError) as error:
            raise Failure(
                f'{device} cannot be opened: is the board plugged in, and does another program use it? ({error})'
            ) from error
        try:
            with self._errors():
                self._transport.enter_raw_repl(soft_reset=True, timeout_overall=20)
        except BaseException:
            self._close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._close()

    def run(self, code, **names):
        """Runs code on the board, with `names` as its global names (values that repr() can write); returns its
        output, str.
        """
        head = ''.join(f'{name} = {value!r}\n' for name, value in names.items())
        with self._errors():
            return self._transport.exec(head + code).decode(errors='replace')

    def system(self):
        """Returns the System that runs on the board. Raises Failure when it is too old for this project."""
        text = self.run(
            "import sys\ni = sys.implementation\nprint(repr([i.name, tuple(i.version[:3]), getattr(i, '_mpy', 0) & "
            '255, sys.platform]))'
        )
        name, version, mpy, platform = ast.literal_eval(text)
        if name != 'micropython' or version < OLDEST_MICROPYTHON:
            found = '.'.join(map(str, version))
            raise Failure(
                f'the board runs {name} {found}; MicroPython {".".join(map(str, OLDEST_MICROPYTHON))} or newer is '
                'needed'
            )
        if mpy != MPY_VERSION:
            raise Failure(f'the board loads .mpy files of version {mpy}, ours are of version {MPY_VERSION}')
        return System(version, mpy, platform)

    def has_image(self):
        """Tells whether the board runs an image of this project, with the modules frozen."""
        return self.run(_HAS_IMAGE).strip() == 'True'

    def root(self):
        """Returns the folder of the board's flash, mounted, without a slash at its end: '' or '/flash'."""
        return self.run(_ROOT).strip().rstrip('/')

    def hashes(self, paths):
        """Returns the SHA-256 of files as a dict: path to hexadecimal digits, None for a file that is not there."""
        lines = self.run(_HASHES, paths=list(paths)).splitlines()
        return dict(ast.literal_eval(line) for line in lines)

    def files(self, folders):
        """Returns the paths of all files below folders, as a list of str."""
        return [ast.literal_eval(line) for line in self.run(_FILES, paths=list(folders)).splitlines()]

    def read(self, path):
        """Returns the bytes of a file, None when it is not there."""
        with self._errors():
            return self._transport.fs_readfile(path, _CHUNK) if self._transport.fs_exists(path) else None

    def write(self, path, data):
        """Writes a file in a way that it is there whole, or as it was: power and cable may go at any time."""
        new = path + '.new'
        with self._errors():
            self._transport.exec(f'f = open({new!r}, "wb")')
            for start in range(0, len(data), _CHUNK):
                self._transport.exec(f'f.write({bytes(data[start : start + _CHUNK])!r})')
            self._transport.exec('f.close()')
        if self.hashes([new])[new] != hashlib.sha256(data).hexdigest():
            raise Failure(f'{path} was not stored whole; run it again')
        self.run(_RENAME, new=new, old=path)

    def make_folder(self, path):
        """Makes a folder, with those above it, unless it is there."""
        parts = path.strip('/').split('/')
        for count in range(1, len(parts) + 1):
            self.run('import os\ntry:\n os.mkdir(p)\nexcept OSError:\n pass', p='/' + '/'.join(parts[:count]))

    def remove(self, path):
        """Removes a file."""
        self.run('import os\nos.remove(p)', p=path)

    def restart(self, wait=60):
        """Restarts the board's program; returns the address that it prints within `wait` seconds, None if it prints
        none.
        """
        with self._errors():
            self._transport.exit_raw_repl()
            self._transport.serial.write(b'\x04')
            return self._address(time.monotonic() + wait)

    def _address(self, deadline):
        """Reads the console until the harness says `open http://…`."""
        text = b''
        while time.monotonic() < deadline:
            text += self._transport.serial.read(1)
            text += self._transport.serial.read(self._transport.serial.in_waiting)
            for line in text.splitlines(keepends=True):
                if line.startswith(b'open http') and line.endswith(b'\n'):
                    return line.split()[1].decode(errors='replace')
        return None

    @contextlib.contextmanager
    def _errors(self):
        from mpremote.transport import TransportExecError

        try:
            yield
        except TransportExecError as error:
            last = error.error_output.strip().splitlines()[-1:] or ['']
            raise Failure(f'the board at {self.device} says: {last[0]}') from error
        except (self._error, OSError) as error:
            raise Failure(
                f'the connection with {self.device} is lost: plug the board in and run it again ({error})'
            ) from error

    def _close(self):
        with contextlib.suppress(OSError, self._error):
            self._transport.close()
