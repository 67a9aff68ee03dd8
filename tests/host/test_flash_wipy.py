"""Shows the way of an image to a WIPY over the air, against a real FTP server and a telnet REPL that behaves as the
board's: stored, read back, restarted, confirmed; cut transfers, a wrong password and an image that is too large end
clearly.
"""

import contextlib
import hashlib
import json
import socket
import threading
from types import SimpleNamespace

import pytest
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.filesystems import AbstractedFS
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer

from boards.WIPY import target
from tools import deploy, flash_wipy, provision
from tools.common import Failure

USER, PASSWORD = 'micro', 'python'


class Ftp:
    """An FTP server as the board's, in a folder. `cut`: a STOR keeps only so many bytes, and says that all is well."""

    def __init__(self, folder):
        self.folder = folder
        (folder / 'flash').mkdir()
        self.cut = None
        self.readable_image = True
        outer = self

        class Flash(AbstractedFS):
            """The board's flash."""

            def open(self, filename, mode):
                """Opens a file, which keeps less than is written to it when the transfer is to be cut."""
                stream = super().open(filename, mode)
                if outer.cut is None or 'w' not in mode:
                    return stream
                return SimpleNamespace(
                    name=filename,
                    closed=False,
                    write=lambda data: stream.write(data[: max(0, outer.cut - stream.tell())]),
                    close=stream.close,
                )

        class Handler(FTPHandler):
            """A control connection."""

            authorizer = DummyAuthorizer()
            abstracted_fs = Flash
            auth_failed_timeout = 0
            use_sendfile = False

            def ftp_RETR(self, file):
                """Refuses to read the image, as the board does, where that is wanted."""
                if file.endswith('/mcuimg.bin') and not outer.readable_image:
                    self.respond('550 No such file.')
                    return None
                return super().ftp_RETR(file)

        Handler.authorizer.add_user(USER, PASSWORD, str(folder), perm='elradfmw')
        self.server = ThreadedFTPServer(('127.0.0.1', 0), Handler)
        self.port = self.server.address[1]
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={'timeout': 0.1}, daemon=True)
        self._thread.start()

    def close(self):
        """Ends the server."""
        self.server.close_all()
        self._thread.join(10)


class TelnetRepl:
    """The board's telnet server: login, then a REPL that echoes and knows two lines. `was_reset` tells of a reset."""

    def __init__(self, build):
        self.build = build
        self.was_reset = threading.Event()
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        """Ends the server."""
        self._listener.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, contextlib.suppress(OSError):
                    self._talk(connection, connection.makefile('rb'))

    def _talk(self, connection, lines):
        connection.sendall(b'MicroPython v1.25.0; WiPy with CC3200\r\n\xff\xfc\x01Login as: ')
        user = lines.readline().strip()
        connection.sendall(b'Password: \xff\xfb\x01')
        if (user, lines.readline().strip()) != (USER.encode(), PASSWORD.encode()):
            connection.sendall(b'\r\nInvalid credentials, try again.\r\nLogin as: ')
            return
        connection.sendall(b'\r\nLogin succeeded!\r\nType "help()" for more information.\r\n')
        text = b''
        while byte := lines.read(1):
            if byte == b'\x02':  # the friendly REPL: its banner, and a prompt
                connection.sendall(b'\r\nMicroPython v1.25.0; WiPy with CC3200\r\n>>> ')
                text = b''
                continue
            text += byte
            if byte != b'\n':
                continue
            connection.sendall(text)
            if b'machine.reset()' in text:
                self.was_reset.set()
                return
            if b'build_info.BUILD' in text:
                connection.sendall(b'<<' + self.build.encode() + b'>>\r\n')
            connection.sendall(b'>>> ')
            text = b''


@pytest.fixture
def ftp(tmp_path):
    """The board's FTP server."""
    server = Ftp(tmp_path)
    yield server
    server.close()


@pytest.fixture
def board(ftp):
    """The Board that the FTP server stands for."""
    return flash_wipy.Board('127.0.0.1', USER, PASSWORD, ftp_port=ftp.port, telnet_port=1)


@pytest.fixture
def repl():
    """A factory of telnet servers of a board that runs a build."""
    with contextlib.ExitStack() as stack:
        yield lambda build: stack.enter_context(contextlib.closing(TelnetRepl(build)))


def stored(ftp, path):
    """Returns what lies on the board."""
    return (ftp.folder / path.lstrip('/')).read_bytes()


IMAGE = target.signed(bytes(range(256)) * 40)


def test_the_image_ends_with_its_md5():
    assert IMAGE[-32:] == hashlib.md5(IMAGE[:-32]).hexdigest().encode()


def test_files_are_stored_and_not_sent_again(ftp, board):
    files = {flash_wipy.IMAGE: IMAGE, '/flash/www/index.html': b'<p>tiny'}
    said = []
    flash_wipy.upload(board, files, said.append)
    assert stored(ftp, flash_wipy.IMAGE) == IMAGE
    assert stored(ftp, '/flash/www/index.html') == b'<p>tiny'
    assert len(said) == 2
    flash_wipy.upload(board, {'/flash/www/index.html': b'<p>tiny'}, said.append)
    assert len(said) == 2


def test_an_image_that_cannot_be_read_back_is_left_to_the_bootloader(ftp, board):
    ftp.readable_image = False
    flash_wipy.upload(board, {flash_wipy.IMAGE: IMAGE}, print)
    assert stored(ftp, flash_wipy.IMAGE) == IMAGE


@pytest.mark.parametrize('path', [flash_wipy.IMAGE, '/flash/www/index.html'])
def test_a_cut_transfer_is_found_by_reading_back_and_a_retry_repairs(ftp, board, path):
    ftp.cut = 1024
    with pytest.raises(Failure, match='was not stored whole: 1,024 bytes of 10,272 came back.*try again'):
        flash_wipy.upload(board, {path: IMAGE}, print)
    ftp.cut = None
    flash_wipy.upload(board, {path: IMAGE}, print)
    assert stored(ftp, path) == IMAGE


def test_a_wrong_password_says_how_to_give_the_right_one(ftp):
    board = flash_wipy.Board('127.0.0.1', USER, 'wrong', ftp_port=ftp.port)
    with pytest.raises(Failure, match='refused the login of micro: give DEVICE=USER:PASSWORD@127.0.0.1'):
        flash_wipy.upload(board, {flash_wipy.IMAGE: IMAGE}, print)
    assert not (ftp.folder / 'flash' / 'sys').exists()


def test_no_board_at_the_address():
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
    board = flash_wipy.Board('127.0.0.1', USER, PASSWORD, ftp_port=port)
    with pytest.raises(Failure, match='Connection refused. Is this computer in the network of the board'):
        flash_wipy.upload(board, {flash_wipy.IMAGE: IMAGE}, print)


def test_an_image_too_large_for_the_air_is_refused_before_anything_is_sent(ftp, tmp_path):
    image = tmp_path / 'mcuimg.bin'
    image.write_bytes(b'x' * (flash_wipy.OVER_THE_AIR + 1))
    context = SimpleNamespace(build=tmp_path, say=print)
    with pytest.raises(Failure, match='196,609 bytes does not go over the air, which takes 196,608: nothing was sent'):
        flash_wipy.flash(context, f'{USER}:{PASSWORD}@127.0.0.1:{ftp.port}')
    assert not (ftp.folder / 'flash' / 'sys').exists()


def test_the_board_is_reset_and_asked_for_its_build(repl):
    server = repl('0123456789abcdef')
    board = flash_wipy.Board('127.0.0.1', USER, PASSWORD, telnet_port=server.port)
    said = []
    flash_wipy.restart(board, said.append)
    flash_wipy.confirm(board, '0123456789abcdef', said.append)
    assert server.was_reset.wait(10)
    assert said[-1] == 'the board runs the build 0123456789abcdef'


def test_a_board_that_kept_its_old_image_is_told(repl):
    board = flash_wipy.Board('127.0.0.1', USER, PASSWORD, telnet_port=repl('0000').port)
    with pytest.raises(Failure, match='still runs the build 0000, not ffff: the bootloader refused the image'):
        flash_wipy.confirm(board, 'ffff', print)


def test_a_board_that_does_not_come_back_is_told():
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
    board = flash_wipy.Board('127.0.0.1', USER, PASSWORD, telnet_port=port)
    with pytest.raises(Failure, match='press its button'):
        flash_wipy.restart(board, print)
    with pytest.raises(Failure, match='was not seen again at 127.0.0.1 within 0 s'):
        flash_wipy.confirm(board, 'ffff', print, wait=0)


def test_a_serial_port_needs_cc3200tool(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    context = SimpleNamespace(build=tmp_path, say=print)
    with pytest.raises(Failure, match='cc3200tool is not installed'):
        flash_wipy.flash(context, '/dev/ttyUSB0')


@pytest.mark.parametrize(
    ('device', 'board'),
    [
        (None, flash_wipy.Board('192.168.1.1', 'micro', 'python')),
        ('10.1.2.3', flash_wipy.Board('10.1.2.3', 'micro', 'python')),
        ('ftp://me:p%40ss@10.1.2.3:2121', flash_wipy.Board('10.1.2.3', 'me', 'p@ss', ftp_port=2121)),
    ],
)
def test_what_device_may_say(device, board):
    assert flash_wipy.parse_device(device) == board


@pytest.mark.parametrize('device', ['host:port', '10.1.2.3/x', 'me@'])
def test_what_device_may_not_say(device):
    with pytest.raises(Failure, match='no address of a board'):
        flash_wipy.parse_device(device)


def test_provision_and_deploy_over_ftp(ftp, repl, monkeypatch, capfd):
    telnet = repl('0')
    board = flash_wipy.Board('127.0.0.1', USER, PASSWORD, ftp_port=ftp.port, telnet_port=telnet.port)
    monkeypatch.setattr(flash_wipy, 'parse_device', lambda device: board)
    (ftp.folder / 'flash' / 'config.json').write_text('{"network": {"ap_ssid": "shed"}}')
    assert provision.main(['BOARD=WIPY', 'WIFI_SSID=attic', 'WIFI_PASSWORD=long enough']) == 0, capfd.readouterr().err
    network = {'ap_ssid': 'shed', 'ssid': 'attic', 'password': 'long enough'}
    assert json.loads(stored(ftp, '/flash/config.json'))['network'] == network
    assert telnet.was_reset.wait(10)
    assert deploy.main(['BOARD=WIPY']) == 0, capfd.readouterr().err
    assert stored(ftp, '/flash/app.mpy')[:2] == b'M\x06'
    assert b'WiPy' in stored(ftp, '/flash/www/index.html')
    assert deploy.main(['BOARD=WIPY', 'FLASH=no/such/folder']) == 2
    assert 'is no folder' in capfd.readouterr().err
