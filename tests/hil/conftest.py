"""Fixtures of the hardware-in-the-loop tests: one suite for all boards, real or emulated.

`--board NAME` names the board, whose target.py describes it (HIL). QEMU is started by pytest-embedded's `qemu`
service, for each test with an empty flash. A real board hangs on `--device`; it must have been flashed with the image
of this tree, and each test begins with a reset. Without a device the tests are skipped, as are those that ask for
what a board cannot do.
"""

import shutil
import sys
from pathlib import Path

import pytest
from hil_board import Board

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools import boards, common, emulator  # noqa: E402

# pyproject.toml keeps it away from the tests that need no board.
pytest_plugins = ['pytest_embedded.plugin']

# What only an emulator can do: cut the power, pull the cable, from a program.
EMULATED = {'power', 'link'}


def pytest_addoption(parser):
    """Add the options that choose the board."""
    group = parser.getgroup('hil')
    group.addoption('--board', default='QEMU', help='the board (default: QEMU)')
    group.addoption('--device', help='serial port of a board, also of an emulator that runs already')
    group.addoption(
        '--address', help='HOST:PORT of the server, where this computer does not reach the one the board names'
    )


def pytest_configure(config):
    """Declare the markers; have programs that tests start take Ctrl-C, whoever started the tests."""
    common.take_interrupts()
    config.addinivalue_line('markers', 'capable(*capabilities): what a board must be able to do for this test')


def pytest_runtest_setup(item):
    """Skip what cannot be shown on this board, with the reason."""
    if Path(__file__).parent not in item.path.parents:
        return
    name, device = item.config.getoption('board'), item.config.getoption('device')
    hil = getattr(boards.load(name), 'HIL', None)
    if hil is None:
        pytest.skip(f'{name} is no board for these tests')
    if hil['service'] == 'qemu':
        if shutil.which(emulator.PROGRAM) is None:
            pytest.skip(f'{emulator.PROGRAM} is not installed')
    elif device is None:
        pytest.skip(f'no {name} is attached: give DEVICE=')
    needed = {capability for marker in item.iter_markers('capable') for capability in marker.args}
    lacks = needed - _capabilities(hil, device)
    if lacks:
        pytest.skip(f'{name} has no {", ".join(sorted(lacks))}')


def _capabilities(hil, device):
    return set(hil['capabilities']) - (EMULATED if device else set())


@pytest.fixture(scope='session')
def board_name(request):
    """The name of the board, as str."""
    return request.config.getoption('board')


@pytest.fixture(scope='session')
def build_folder(board_name):
    """The folder of the board's build: a Path."""
    return ROOT / 'build' / board_name


@pytest.fixture(scope='session')
def image(build_folder):
    """The emulated board's image: a Path. The tests run what has been built."""
    path = build_folder / 'firmware.elf'
    assert path.is_file(), f'{path} is missing: make BOARD=QEMU build'
    return path


# What pytest-embedded asks for.


@pytest.fixture
def embedded_services(board_name, request):
    """The service that starts or attaches the board."""
    if request.config.getoption('device'):
        service = boards.load(board_name).HIL['service']
        return service if service in ('serial', 'esp') else 'serial'
    return 'qemu'


@pytest.fixture
def port(request):
    """The serial port of a board."""
    return request.config.getoption('device')


@pytest.fixture
def baud():
    """The speed of all boards' consoles."""
    return 115200


@pytest.fixture
def qemu_image_path(image):
    """The image that QEMU starts."""
    return str(image)


@pytest.fixture
def qemu_prog_path():
    """QEMU, by a script that translates pytest-embedded's arguments."""
    return str(Path(__file__).with_name('qemu'))


@pytest.fixture
def http_port():
    """The TCP port of this computer that leads to the emulated board's server."""
    return emulator.free_port()


@pytest.fixture
def flash(tmp_path):
    """The emulated board's flash, empty at first: a Path."""
    path = tmp_path / 'flash.img'
    emulator.make_flash(path)
    return path


@pytest.fixture
def qemu_cli_args(flash, http_port, tmp_path):
    """The arguments of QEMU but for the image."""
    return ' '.join(
        [
            f'-M {emulator.MACHINE},memory-backend=psram -display none -serial stdio',
            f'-nic {emulator.user_network([(http_port, emulator.HTTP_PORT)])}',
            '-semihosting-config enable=on,target=native',
            f'-object memory-backend-file,id=psram,size={emulator.FLASH_SIZE},share=on,mem-path={flash}',
        ]
    )


@pytest.fixture
def board(dut, board_name, request, http_port):
    """The board, serving: a Board."""
    device = request.config.getoption('device')
    address = request.config.getoption('address')
    if device is None:
        fixed = ('127.0.0.1', http_port)
    elif address:
        host, _, number = address.rpartition(':')
        fixed = (host, int(number))
    else:
        fixed = None
    found = Board(dut, _capabilities(boards.load(board_name).HIL, device), fixed)
    if device is None:
        found.wait_open()
    else:
        found.reset()
    return found
