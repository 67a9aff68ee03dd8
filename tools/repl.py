"""A board with MicroPython behind a serial port: running code on it, its files, restarting it. By mpremote's own
transport.
"""

import ast
import contextlib
import errno
import hashlib
import io
import os
import time
from dataclasses import dataclass

from tools.common import Failure

OLDEST_MICROPYTHON = (1, 22)
MPY_VERSION = 6

# Read and written in one piece; each takes a round trip.
_CHUNK = 1024

# What the mode of a folder has, as MicroPython tells it.
_FOLDER = 0x4000

# What a board's file system may say.
_OF_FILES = (errno.ENOENT, errno.EEXIST, errno.ENOSPC, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.ENODEV)

# Seconds that the board gets to come to its REPL, try after try: a Ctrl-C that comes while it starts ends what starts
# then, not what the start leads to, and nobody is there for what was typed after it.
_PATIENCE = (5, 10, 20, 40)

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
    """Return the serial ports that may lead to a board: those of USB adapters and boards, as a list of str."""
    from serial.tools import list_ports

    return sorted(port.device for port in list_ports.comports() if port.vid is not None)


def choose_port(device):
    """Return `device`, or the only USB serial port that is there. Raise Failure where it is to be chosen."""
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
        """Connect to the board at `device`, the name of a serial port or pseudo-terminal."""
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
                self._enter()
        except BaseException:
            self._close()
            raise

    def _enter(self):
        """Stop what runs, and come to a raw REPL that has seen nothing yet."""
        for patience in _PATIENCE:
            with contextlib.redirect_stdout(io.StringIO()):  # mpremote prints what came instead
                try:
                    return self._transport.enter_raw_repl(soft_reset=True, timeout_overall=patience)
                except self._error:
                    if patience == _PATIENCE[-1]:
                        raise

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._close()

    def run(self, code, **names):
        """Run code on the board, with `names` as its global names (values that repr() can write); return its
        output, str.
        """
        head = ''.join(f'{name} = {value!r}\n' for name, value in names.items())
        with self._errors():
            return self._transport.exec(head + code).decode(errors='replace')

    def system(self):
        """Return the System that runs on the board. Raise Failure when it is too old for this project."""
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
        """Tell whether the board runs an image of this project, with the modules frozen."""
        return self.run(_HAS_IMAGE).strip() == 'True'

    def root(self):
        """Return the folder of the board's flash, mounted, without a slash at its end: '' or '/flash'."""
        return self.run(_ROOT).strip().rstrip('/')

    def hashes(self, paths):
        """Return the SHA-256 of files as a dict: path to hexadecimal digits, None for a file that is not there."""
        return {path: self._hash(path) for path in paths}

    def _hash(self, path):
        with self._errors(), contextlib.suppress(FileNotFoundError):
            return self._transport.fs_hashfile(path, 'sha256', _CHUNK).hex()
        return None

    def files(self, folders):
        """Return the paths of all files below folders, as a list of str; a folder that is not there has none."""
        found = []
        for folder in folders:
            with self._errors(), contextlib.suppress(FileNotFoundError):
                for entry in self._transport.fs_listdir(folder):
                    path = f'{folder}/{entry.name}'
                    found += self.files([path]) if entry.st_mode & _FOLDER else [path]
        return found

    def read(self, path):
        """Return the bytes of a file, None when it is not there."""
        with self._errors(), contextlib.suppress(FileNotFoundError):
            return bytes(self._transport.fs_readfile(path, _CHUNK))
        return None

    def write(self, path, data):
        """Write a file in a way that it is there whole, or as it was: power and cable may go at any time."""
        new = path + '.new'
        with self._errors():
            self._transport.fs_writefile(new, bytes(data), _CHUNK)
        if self._hash(new) != hashlib.sha256(data).hexdigest():
            raise Failure(f'{path} was not stored whole; run it again')
        self.run(_RENAME, new=new, old=path)

    def make_folder(self, path):
        """Make a folder, with those above it, unless it is there."""
        parts = path.strip('/').split('/')
        for count in range(1, len(parts) + 1):
            with self._errors(), contextlib.suppress(FileExistsError):
                self._transport.fs_mkdir('/' + '/'.join(parts[:count]))

    def remove(self, path):
        """Remove a file. Raise Failure when it is not there."""
        with self._errors():
            self._transport.fs_rmfile(path)

    def restart(self, wait=60):
        """Restart the board's program; return the address that it prints within `wait` seconds, None if it prints
        none.
        """
        with self._errors():
            self._transport.exit_raw_repl()
            self._transport.serial.write(b'\x04')
            return self._address(time.monotonic() + wait)

    def _address(self, deadline):
        """Read the console until the harness says `open http://…`."""
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
            # mpremote makes an OSError of one of the board's file system; pyserial's have no such number.
            if getattr(error, 'errno', None) in _OF_FILES:
                raise Failure(
                    f'the board at {self.device} says: {os.strerror(error.errno)}: {error.strerror}'
                ) from error
            raise Failure(
                f'the connection with {self.device} is lost: plug the board in and run it again ({error})'
            ) from error

    def _close(self):
        with contextlib.suppress(OSError, self._error):
            self._transport.close()
