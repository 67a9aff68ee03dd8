"""Shows `make provision` on the emulated board: the settings are on its flash and in force after the restart, other
settings stay, and what is wrong is refused by one clear line before anything is written.
"""

import json
import threading
import urllib.request

import pytest

from tools import emulator, provision, repl
from tools.common import BUILD, Failure


@pytest.fixture(scope='module')
def device(tmp_path_factory):
    """The serial port of the emulated board, and the port of this computer that leads to its port 80."""
    http = emulator.free_port()
    flash = tmp_path_factory.mktemp('provision') / 'flash.img'
    with emulator.Emulator(BUILD / 'QEMU' / 'firmware.elf', flash, [(http, 80)]) as board:
        bridge = emulator.Bridge(board.console, terminal=False)
        thread = threading.Thread(target=bridge.run, daemon=True)
        thread.start()
        yield bridge.path, http
        board.close()
        thread.join(10)


def run(device, *variables):
    """Runs `make BOARD=QEMU provision`; returns its exit status."""
    return provision.main(['BOARD=QEMU', f'DEVICE={device[0]}', *variables])


def config_of(device):
    """Returns the configuration that lies on the board's flash."""
    with repl.Board(device[0]) as board:
        text = board.read(f'{board.root()}/config.json')
    return json.loads(text)


def test_the_settings_are_in_force_after_the_restart(device, capfd, monkeypatch):
    with repl.Board(device[0]) as board:
        board.write(f'{board.root()}/config.json', b'{"log_level": "info", "network": {"dns": "10.0.2.3"}}')
    monkeypatch.setenv('ADMIN_PASSWORD', 'a secret')
    assert run(device, 'HOSTNAME=porch', 'ADDRESS=10.0.2.77/24,10.0.2.2') == 0, capfd.readouterr().err
    assert 'QEMU: open http://10.0.2.77' in capfd.readouterr().out
    config = config_of(device)
    assert config['hostname'] == 'porch'
    assert config['admin_password'] == 'a secret'
    assert config['log_level'] == 'info'
    network = {'address': '10.0.2.77', 'mask': '255.255.255.0', 'gateway': '10.0.2.2', 'dns': '10.0.2.3'}
    assert config['network'] == network


def test_back_to_dhcp(device, capfd):
    assert run(device, 'ADDRESS=dhcp') == 0, capfd.readouterr().err
    assert 'QEMU: open http://10.0.2.15' in capfd.readouterr().out
    with urllib.request.urlopen(f'http://127.0.0.1:{device[1]}/', timeout=20) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ('variable', 'says'),
    [
        ('ADDRESS=10.0.2.77', 'ADDRESS=10.0.2.77 is neither dhcp nor as 192.168.1.50/24'),
        ('ADDRESS=10.0.2.777/24', 'is neither dhcp nor as'),
        ('HOSTNAME=no_such.name', 'hostname: "no_such.name" is wrong'),
    ],
)
def test_what_is_wrong_is_refused(device, capfd, variable, says):
    with repl.Board(device[0]) as board:
        before = board.read(f'{board.root()}/config.json')
    assert run(device, variable) == 2
    error = capfd.readouterr().err
    assert says in error and error.count('\n') == 1
    with repl.Board(device[0]) as board:
        assert board.read(f'{board.root()}/config.json') == before


def test_a_file_that_is_no_json_is_not_overwritten(device, capfd):
    with repl.Board(device[0]) as board:
        path = f'{board.root()}/config.json'
        board.write(path, b'{"hostname": ')
    assert run(device, 'HOSTNAME=porch') == 2
    assert 'is not JSON' in capfd.readouterr().err
    with repl.Board(device[0]) as board:
        assert board.read(path) == b'{"hostname": '
        board.remove(path)


def test_without_a_terminal_something_must_be_given(monkeypatch):
    monkeypatch.setattr('sys.stdin.isatty', lambda: False, raising=False)
    with pytest.raises(Failure, match='give one or more of ADDRESS'):
        provision.collect({}, wlan=False)


def test_a_terminal_is_asked(monkeypatch):
    asked = []

    def answer(question):
        asked.append(question)
        return {'Wi-Fi network to join: ': 'attic', 'its password (none: an open network): ': 'long enough'}.get(
            question, ''
        )

    monkeypatch.setattr('sys.stdin.isatty', lambda: True, raising=False)
    monkeypatch.setattr('builtins.input', answer)
    monkeypatch.setattr(provision.getpass, 'getpass', answer)
    assert provision.collect({}, wlan=True) == {'WIFI_SSID': 'attic', 'WIFI_PASSWORD': 'long enough'}
    assert len(asked) == 5


def test_the_wifi_of_a_new_board():
    new = json.loads(provision.change(None, {'WIFI_SSID': 'attic', 'WIFI_PASSWORD': 'long enough'}))
    assert new == {'network': {'ssid': 'attic', 'password': 'long enough'}}
    with pytest.raises(Failure, match=r'network\.password: its value is wrong'):
        provision.change(None, {'WIFI_PASSWORD': 'short'})
