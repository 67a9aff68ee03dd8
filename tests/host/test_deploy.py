"""Shows `make deploy` on a board with stock MicroPython (the emulated one, with nothing of this project frozen): a
first run installs a server that serves, a second copies nothing, what was cut or changed is repaired, and nothing of
others is lost.
"""

import json
import subprocess
import sys
import threading
import urllib.request

import pytest

from tools import boards, deploy, emulator, frozen, lint, repl
from tools.common import BUILD, ROOT, Failure


class StockContext(boards.Context):
    """The board QEMU with a stock firmware."""

    def __init__(self):
        super().__init__('QEMU', {'RAM_KB': '256'})  # as a Pico W: 131 KB of heap do not suffice any more
        self.build = BUILD / 'QEMU-stock-256'
        self.log = self.build / 'build.log'

    def manifest(self):
        """Returns the manifest that freezes nothing of ours."""
        return ROOT / 'tests' / 'host' / 'stock' / 'manifest.py'


@pytest.fixture(scope='session')
def stock_image():
    """The stock firmware's ELF file."""
    context = StockContext()
    boards.load('QEMU').compile_port(context, context.build)
    return context.build / 'firmware.elf'


@pytest.fixture(scope='module')
def device(stock_image, tmp_path_factory):
    """The serial port of a stock board, and the port of this computer that leads to its port 80."""
    http = emulator.free_port()
    flash = tmp_path_factory.mktemp('deploy') / 'flash.img'
    with emulator.Emulator(stock_image, flash, [(http, 80)]) as board:
        bridge = emulator.Bridge(board.console, terminal=False)
        thread = threading.Thread(target=bridge.run, daemon=True)
        thread.start()
        yield bridge.path, http
        board.close()
        thread.join(10)


def run(device):
    """Runs `make BOARD=QEMU deploy`; returns its exit status."""
    return deploy.main(['BOARD=QEMU', f'DEVICE={device[0]}'])


def test_the_first_run_installs_a_server_and_the_second_copies_nothing(device, capfd):
    assert run(device) == 0, capfd.readouterr().err
    out = capfd.readouterr().out
    assert 'copying /flash/lib/MicroWebSrv2/microWebSrv2.mpy' in out
    assert 'QEMU: open http://' in out
    with urllib.request.urlopen(f'http://127.0.0.1:{device[1]}/', timeout=20) as answer:
        assert answer.status == 200
    assert run(device) == 0
    out = capfd.readouterr().out
    assert 'copying' not in out
    assert ' 0 files copied' in out


def test_what_is_cut_changed_or_old_is_repaired(device, capfd):
    with repl.Board(device[0]) as board:
        board.make_folder('/flash/lib/MicroWebSrv2')
        board.write('/flash/lib/MicroWebSrv2/webRoute.mpy', b'M\x06half')
        board.write('/flash/lib/MicroWebSrv2/gone.mpy', b'of an older version')
        board.write('/flash/lib/mine.py', b'x = 1\n')
    assert run(device) == 0
    out = capfd.readouterr().out
    assert 'copying /flash/lib/MicroWebSrv2/webRoute.mpy' in out
    assert 'removing /flash/lib/MicroWebSrv2/gone.mpy' in out
    with repl.Board(device[0]) as board:
        assert board.read('/flash/lib/mine.py') == b'x = 1\n'
        assert board.read('/flash/lib/MicroWebSrv2/gone.mpy') is None


def test_a_run_that_is_cut_is_completed_by_the_next(device, capfd, monkeypatch):
    with repl.Board(device[0]) as board:
        for name in ('httpParser', 'urlUtils', 'staticFiles'):
            board.remove(f'/flash/lib/MicroWebSrv2/libs/{name}.mpy')
    writes = iter(range(10))
    write = repl.Board.write

    def write_two(self, path, data):
        if next(writes) == 2:
            self._transport.exec(f'open({path + ".new"!r}, "wb").write(b"half of it")')
            self._transport.serial.close()
        write(self, path, data)

    monkeypatch.setattr(repl.Board, 'write', write_two)
    assert run(device) == 2
    assert 'is lost: plug the board in and run it again' in capfd.readouterr().err
    monkeypatch.setattr(repl.Board, 'write', write)
    assert run(device) == 0
    assert capfd.readouterr().out.count('copying') == 1


def test_a_main_py_of_somebody_else_stays(device, capfd):
    with repl.Board(device[0]) as board:
        board.write('/flash/main.py', b'print("mine")\n')
    assert run(device) == 2
    assert 'main.py of its own' in capfd.readouterr().err
    with repl.Board(device[0]) as board:
        assert board.read('/flash/main.py') == b'print("mine")\n'
        board.remove('/flash/main.py')


def test_a_port_that_is_not_there_is_one_clear_line(capfd):
    assert deploy.main(['BOARD=QEMU', 'DEVICE=/dev/ttyNOSUCH']) == 2
    error = capfd.readouterr().err
    assert error.startswith('error: /dev/ttyNOSUCH cannot be opened') and error.count('\n') == 1


def test_several_ports_are_to_be_chosen_from(monkeypatch):
    monkeypatch.setattr(repl, 'serial_ports', lambda: ['/dev/ttyACM0', '/dev/ttyUSB0'])
    with pytest.raises(Failure, match='choose one by DEVICE=, out of /dev/ttyACM0, /dev/ttyUSB0'):
        repl.choose_port(None)
    assert repl.choose_port('/dev/ttyUSB0') == '/dev/ttyUSB0'


# For firmware whose mpy-cross was told the processor or whose hashlib lacks SHA-1.
NOT_FOR_MIP = {'libs/httpNative.py', 'libs/sha1.py', 'libs/wsNative.py'}


def test_mip_gets_the_whole_server_and_its_version():
    package = json.loads((ROOT / 'package.json').read_text())
    folder = ROOT / 'modules' / 'MicroWebSrv2'
    files = {path.relative_to(folder).as_posix() for path in folder.rglob('*.py') if not lint.is_host_only(path)}
    files -= NOT_FOR_MIP
    assert dict(package['urls']) == {f'MicroWebSrv2/{name}': f'modules/MicroWebSrv2/{name}' for name in files}
    assert package['version'] == frozen.project_version()


def test_mip_installs_from_package_json(device):
    port = device[0]
    with repl.Board(port) as board:
        for path in board.files(['/flash/lib/MicroWebSrv2']):
            board.remove(path)
    command = [
        sys.executable,
        '-m',
        'mpremote',
        'connect',
        port,
        'mip',
        'install',
        '--target',
        '/flash/lib',
        'package.json',
    ]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout[-300:] + result.stderr[-300:]
    with repl.Board(port) as board:
        for name, url in json.loads((ROOT / 'package.json').read_text())['urls']:
            assert board.read(f'/flash/lib/{name}') == (ROOT / url).read_bytes(), name
