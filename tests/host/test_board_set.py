"""Shows that each board's set is complete and starts: on the UNIX firmware, with no other module of this project in
reach and with stub modules network, machine, esp32 and os that refuse wrong calls, every frozen module is imported,
and the board mounts its flash and brings its network up.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import boards, frozen
from tools.common import BUILD, ROOT

STUBS = ROOT / 'tests' / 'host' / 'board_stubs'

# They start the device, or need what only the device has.
NOT_IMPORTED = {'main.py', '_boot.py', 'inisetup.py', 'flashbdev.py', 'firmware/__main__.py'}

KNOWN = ('attic', 'long enough')


def lay_out(name, folder):
    """Copies a board's set, as its manifest resolves, into a folder; returns the names of its modules."""
    context = boards.Context(name)
    modules = []
    for entry in frozen.manifest_files(context, [context.board / 'manifest.py']):
        target = folder / entry.target_path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(entry.full_path, target)
        if entry.target_path not in NOT_IMPORTED:
            modules.append(entry.target_path[:-3].replace('/', '.').removesuffix('.__init__'))
    return modules


def start(name, stubs, tmp_path, network=KNOWN, besides=()):
    """Imports a board's set and starts its network; returns the lines that come out, as a dict of their first word.

    `besides`: folders whose modules win over those of the stubs.
    """
    modules = lay_out(name, tmp_path / 'set')
    path = [*besides, STUBS / stubs, STUBS / 'common', tmp_path / 'set']
    result = subprocess.run(
        [BUILD / 'UNIX' / 'firmware', '-X', 'heapsize=4m', STUBS / 'run.py', *network, *modules],
        env={**os.environ, 'MICROPYPATH': ':'.join(map(str, path))},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stdout[-500:] + result.stderr
    lines = [line.partition(' ') for line in result.stdout.splitlines()]
    assert [rest for word, _, rest in lines if word == 'imported'] == modules
    return {word: rest for word, _, rest in lines}


@pytest.mark.parametrize(
    ('name', 'stubs', 'root', 'address'),
    [
        ('ESP32', 'ESP32', '/', '10.0.0.5'),
        ('PYBV11', 'PYBV11', '/flash', '10.0.0.6'),
        ('PYBV11', 'PYBV11_USB', '/flash', '169.254.7.1'),
        ('WIPY', 'WIPY', '/flash', '10.0.0.7'),
        ('STOCK', 'ESP32', None, '10.0.0.5'),
    ],
)
def test_the_set_is_imported_and_the_network_comes_up(name, stubs, root, address, tmp_path):
    said = start(name, stubs, tmp_path)
    assert said['root'] == (root or str(tmp_path))
    assert said['address'] == address
    assert said['poll'] == 'None'
    assert set(said['capabilities'].split()) <= {'threads', 'tls', 'lan', 'wlan', 'watchdog', 'reset'}


@pytest.mark.parametrize(('name', 'address'), [('ESP32', '192.168.4.1'), ('WIPY', '192.168.1.1')])
def test_a_wrong_password_leads_to_a_network_of_its_own(name, address, tmp_path):
    said = start(name, name, tmp_path, (KNOWN[0], 'wrong password'))
    assert said['address'] == address


def test_a_pyboard_without_its_ethernet_says_so_and_comes_up(tmp_path):
    (tmp_path / 'unplugged').mkdir()
    # Imported first of all modules of the board: it cuts the chip's power.
    (tmp_path / 'unplugged' / 'checks.py').write_text(
        (STUBS / 'common' / 'checks.py').read_text() + '\nimport machine\nmachine.SPI.chip_has_power = False\n'
    )
    said = start('PYBV11', 'PYBV11', tmp_path, besides=[tmp_path / 'unplugged'])
    assert said['address'] == said['poll'] == 'None'
    assert 'no W5500 answers at SPI 1' in said['network:']


def test_the_image_on_trial_is_kept_once_the_network_was_tried(tmp_path):
    modules = lay_out('ESP32', tmp_path / 'set')
    assert 'board' in modules
    code = (
        'import board, esp32\nfrom firmware import config\n'
        "board.network(config.check({'network': {'ap': 'never'}})[0])\nprint(esp32.Partition.kept)"
    )
    (tmp_path / 'run.py').write_text(code)
    path = [STUBS / 'ESP32', STUBS / 'common', tmp_path / 'set']
    result = subprocess.run(
        [BUILD / 'UNIX' / 'firmware', Path('run.py')],
        env={**os.environ, 'MICROPYPATH': ':'.join(map(str, path))},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert result.stdout.splitlines()[-1] == '1', result.stderr
