"""Flashing a WIPY: the image over FTP into the running board, or with cc3200tool over the serial port.

The board's FTP server (ports/cc3200/ftp of MicroPython) writes what is stored as /flash/sys/mcuimg.bin past the file
system into the place of the next image. At the next start the bootloader checks the image's MD5 and starts the old
image when it is wrong: an upload that was cut does no harm. So the image cannot be read back; files can, and each is.
"""

import contextlib
import ftplib
import io
import shutil
import socket
import time
import urllib.parse
from dataclasses import dataclass

from tools.common import Failure

# What the updater of the cc3200 port reserves for one image (IMG_SIZE in bootmgr/flc.h), in bytes.
OVER_THE_AIR = 192 * 1024

IMAGE = '/flash/sys/mcuimg.bin'
WWW = '/flash/www'

# The board's own Wi-Fi network, and the login of its FTP and telnet servers, as the firmware comes.
DEFAULT_HOST, DEFAULT_USER, DEFAULT_PASSWORD = '192.168.1.1', 'micro', 'python'

# The board looks after its sockets between other work, and its flash is slow.
_TIMEOUT = 20
_BLOCK = 512


@dataclass(frozen=True)
class Board:
    """Where a board is, and its login."""

    host: str
    user: str
    password: str
    ftp_port: int = 21
    telnet_port: int = 23


def parse_device(device):
    """Make a Board of what DEVICE= says: nothing, HOST, USER:PASSWORD@HOST, each with :PORT of FTP if need be.
    Raise Failure.
    """
    try:
        parts = urllib.parse.urlsplit('//' + (device or DEFAULT_HOST).removeprefix('ftp://'))
        port = parts.port
    except ValueError as error:
        raise Failure(f'DEVICE={device} is no address of a board: {error}') from error
    if not parts.hostname or parts.path not in ('', '/'):
        raise Failure(
            f'DEVICE={device} is no address of a board: give HOST or USER:PASSWORD@HOST, or a serial port as '
            '/dev/ttyUSB0'
        )
    unquote = urllib.parse.unquote
    return Board(
        parts.hostname,
        unquote(parts.username or DEFAULT_USER),
        unquote(parts.password or DEFAULT_PASSWORD),
        ftp_port=port or 21,
    )


def flash(ctx, device):
    """Write build/WIPY/mcuimg.bin to the board that DEVICE= names. Raise Failure."""
    image = ctx.build / 'mcuimg.bin'
    if device and (device.startswith('/dev/') or device.upper().startswith('COM')):
        flash_serial(ctx, image, device)
        return
    board = parse_device(device)
    check_size(image.stat().st_size)
    upload(board, {IMAGE: image.read_bytes()}, ctx.say)
    build = (ctx.build / 'frozen' / 'build_info.py').read_text()
    restart(board, ctx.say)
    confirm(board, _build_id(build), ctx.say)


def check_size(size):
    """Raise Failure when an image of `size` bytes does not go over the air."""
    if size > OVER_THE_AIR:
        raise Failure(
            f'the image of {size:,} bytes does not go over the air, which takes {OVER_THE_AIR:,}: nothing was sent. '
            'Write it with cc3200tool over the serial port: DEVICE=/dev/ttyUSB0'
        )


def upload(board, files, say):
    """Store files (dict: path on the board to bytes) by FTP and read each one back. Raise Failure; a second try
    repairs.

    Files that are on the board as they should be are not sent again. The image is: it cannot be read back.
    """
    with _session(board) as ftp:
        for path, data in files.items():
            _store(ftp, path, data, say)


@contextlib.contextmanager
def _session(board):
    """Give an FTP session of a board that is logged in. Raise Failure for what goes wrong in it."""
    where = f'FTP with {board.host}:{board.ftp_port}'
    try:
        with ftplib.FTP(timeout=_TIMEOUT) as ftp:
            ftp.connect(board.host, board.ftp_port)
            _login(ftp, board)
            yield ftp
    except (EOFError, OSError) as error:
        reason = getattr(error, 'strerror', None) or str(error) or 'the board closed the connection'
        raise Failure(f'{where}: {reason}. Is this computer in the network of the board?') from error
    except ftplib.Error as error:
        raise Failure(f'{where}: the board said {error}; try again') from error


def _login(ftp, board):
    try:
        ftp.login(board.user, board.password)
    except ftplib.error_perm as error:
        raise Failure(f'the board refused the login of {board.user}: give DEVICE=USER:PASSWORD@{board.host}') from error


def _store(ftp, path, data, say):
    if path != IMAGE and _read(ftp, path) == data:
        return
    say(f'writing {path} ({len(data):,} bytes)')
    _make_folders(ftp, path)
    ftp.storbinary(f'STOR {path}', io.BytesIO(data), _BLOCK)
    stored = _read(ftp, path)
    if stored is None and path == IMAGE:
        return
    if stored != data:
        size = 'nothing' if stored is None else f'{len(stored):,} bytes'
        raise Failure(f'{path} was not stored whole: {size} of {len(data):,} came back; try again')


def _read(ftp, path):
    """Return the content of a file on the board, None where it cannot be read."""
    parts = []
    try:
        ftp.retrbinary(f'RETR {path}', parts.append, _BLOCK)
    except ftplib.error_perm:
        return None
    return b''.join(parts)


def _make_folders(ftp, path):
    parts = path.split('/')[1:-1]
    for count in range(2, len(parts) + 1):
        try:
            ftp.mkd('/' + '/'.join(parts[:count]))
        except ftplib.error_perm:
            pass  # it is there; where it is not, the STOR says so


class Files:
    """The board's files over FTP, with the names of tools.repl.Board; a context manager."""

    def __init__(self, device):
        """`device` is as parse_device() takes it. Raises Failure."""
        self._board = parse_device(device)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def root(self):
        """Return the folder of the board's flash."""
        return '/flash'

    def read(self, path):
        """Return the bytes of a file, None when it is not there. Raise Failure."""
        with _session(self._board) as ftp:
            return _read(ftp, path)

    def write(self, path, data):
        """Write a file and read it back. Raise Failure."""
        upload(self._board, {path: data}, lambda text: None)

    def restart(self):
        """Restart the board; return '': it tells its address on its console only. Raise Failure."""
        restart(self._board, lambda text: None)
        return ''


class Telnet:
    """The board's REPL over telnet, as much of it as a reset and a question need."""

    def __init__(self, board):
        """Connect and logs in. Raise OSError where nothing answers, Failure where the login is refused."""
        self._socket = socket.create_connection((board.host, board.telnet_port), _TIMEOUT)
        try:
            self._read_until(b'Login as:')
            self._socket.sendall(board.user.encode() + b'\r\n')
            self._read_until(b'Password:')
            time.sleep(0.2)  # what comes before the server has sent its options is lost
            self._socket.sendall(board.password.encode() + b'\r\n')
            if b'succeeded' not in self._read_until(b'succeeded', b'Login as:', b'nvalid'):
                raise Failure(f'the board refused the telnet login of {board.user}')
            # Ctrl-C stops what runs, Ctrl-B leaves a raw REPL.
            self._socket.sendall(b'\r\x03\x03\r\x02')
            self._read_until(b'>>>')
        except BaseException:
            self.close()
            raise

    def type(self, line):
        """Send a line to the REPL."""
        self._socket.sendall(line.encode() + b'\r\n')

    def ask(self, expression):
        """Return the text that the board prints for an expression of Python that gives a str."""
        self.type(f"print('<<' + str({expression}) + '>>')")
        # The board echoes the line: the answer is the part after it, where the brackets stand without quotes.
        text = self._read_until(b'>>\r\n', b'Error')
        return text.rpartition(b'<<')[2].partition(b'>>')[0].decode(errors='replace') if b'>>\r\n' in text else ''

    def close(self):
        """Close the connection."""
        self._socket.close()

    def _read_until(self, *ends):
        data = b''
        while not any(end in data for end in ends):
            part = self._socket.recv(_BLOCK)
            if not part:
                raise ConnectionResetError('the board closed the telnet connection')
            data += part
        return data


def restart(board, say):
    """Reset the board. Raise Failure when its telnet server does not let us."""
    say('resetting the board')
    try:
        telnet = Telnet(board)
        try:
            telnet.type('import machine; machine.reset()')
        finally:
            telnet.close()
    except OSError as error:
        raise Failure(
            f'the image is on the board, but the reset over telnet at {board.host}:{board.telnet_port} failed '
            f'({error}): press its button'
        ) from error


def confirm(board, build, say, wait=90, pause=2):
    """Wait until the board runs the build whose id is `build`. Raise Failure when it does not within `wait`
    seconds.
    """
    say('waiting for the board to come back')
    found = None
    deadline = time.monotonic() + wait
    while found != build:
        try:
            telnet = Telnet(board)
            try:
                telnet.type('import build_info')
                found = telnet.ask('build_info.BUILD')
            finally:
                telnet.close()
        except OSError:
            pass
        if found not in (None, build):
            raise Failure(
                f'the board still runs the build {found or "of another firmware"}, not {build}: the bootloader '
                'refused the image; try again'
            )
        if found is None and time.monotonic() > deadline:
            raise Failure(
                f'the board was not seen again at {board.host} within {wait} s: join its Wi-Fi network, or see its '
                'serial console'
            )
        if found is None:
            time.sleep(pause)
    say(f'the board runs the build {build}')


def flash_serial(ctx, image, device):
    """Write the image over the serial port with cc3200tool. Raise Failure where that is not installed."""
    tool = shutil.which('cc3200tool')
    if tool is None:
        raise Failure(
            'cc3200tool is not installed (it is on no package registry: its sources are on GitHub, by ALLTERCO); '
            'without it an image of at most '
            f'{OVER_THE_AIR:,} bytes goes over Wi-Fi'
        )
    ctx.say(f'writing {image} over {device}: press the reset button when it waits for the target')
    ctx.run([tool, '-p', device, 'write_file', image, '/sys/factimg.bin'], what='cc3200tool', show=True)


def _build_id(text):
    return text.partition("BUILD = '")[2].partition("'")[0]
