"""Shows that the ESP32 is found, written and verified by esptool (against esp32-mock-bootloader, which speaks the
chip's own protocol), and that another chip, no board and a cable that is pulled out each end with one clear error,
after which a retry works.
"""

import contextlib
import hashlib
import random
import socket
import threading
from pathlib import Path

import esp32_mock_bootloader as mock
import esptool
import pytest

from tools import flash_esp32
from tools.common import Failure

TABLE = Path(__file__).resolve().parents[2] / 'boards' / 'ESP32' / 'partitions.csv'
SIZES = {'bootloader': 20_000, 'partitions': 3_072, 'otadata': 8_192, 'application': 400_000}


@pytest.fixture
def made(tmp_path):
    """The parts of an image, of random bytes: what compresses well would hide a transfer that ends early."""
    data = random.Random(32)
    paths = {}
    for name, size in SIZES.items():
        paths[name] = tmp_path / f'{name}.bin'
        paths[name].write_bytes(data.randbytes(size))
    return paths


@pytest.fixture
def bootloader(monkeypatch, tmp_path):
    """A factory of mock chips that are stopped at the end."""
    monkeypatch.setenv('ESP32_MOCK_BOOTLOADER_STATE_DIR', str(tmp_path / 'mock'))
    with contextlib.ExitStack() as stack:
        yield lambda chip='esp32': stack.enter_context(mock.mock_bootloader(chip=chip))


class Cable:
    """A serial line, as a TCP relay to the mock chip, that can be pulled out after a number of bytes towards the
    chip.
    """

    def __init__(self, port):
        self._port = port
        self._left = None
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.url = f'socket://127.0.0.1:{self._listener.getsockname()[1]}'
        threading.Thread(target=self._accept, daemon=True).start()

    def pull_after(self, count):
        """Cuts the line when `count` more bytes have gone to the chip; None mends it."""
        self._left = count

    def close(self):
        """Ends the relay."""
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                chip = socket.create_connection(('127.0.0.1', self._port))
                threading.Thread(target=self._relay, args=(client, chip, True), daemon=True).start()
                threading.Thread(target=self._relay, args=(chip, client, False), daemon=True).start()

    def _relay(self, source, sink, to_chip):
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                if to_chip and self._left is not None:
                    self._left -= len(data)
                    if self._left < 0:
                        break
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def cable(bootloader):
    line = Cable(bootloader().port())
    yield line
    line.close()


def assert_flashed(url, made):
    """Asks the chip itself, in a new connection, for the MD5 of what lies where each part belongs."""
    chip = esptool.cmds.detect_chip(url)
    try:
        for offset, path in flash_esp32.layout(made, TABLE):
            data = path.read_bytes()
            assert chip.flash_md5sum(offset, len(data)) == hashlib.md5(data).hexdigest(), path.name
    finally:
        chip._port.close()


def test_the_board_is_found_written_and_verified(bootloader, made):
    said = []
    url = bootloader().url()
    flash_esp32.flash(made, TABLE, url, said.append)
    assert 'found ESP32' in said[0]
    assert 'written and verified' in said
    assert_flashed(url, made)


def test_no_port_at_all(monkeypatch, made):
    monkeypatch.setattr(flash_esp32, 'ports', list)
    with pytest.raises(Failure, match='no USB serial port is there.*DEVICE='):
        flash_esp32.flash(made, TABLE, None, print)


def test_a_port_that_is_not_there_is_named(made):
    with pytest.raises(Failure, match='/dev/ttyNOSUCH.*BOOT'):
        flash_esp32.flash(made, TABLE, '/dev/ttyNOSUCH', print)


def test_another_chip_is_refused_before_anything_is_written(bootloader, made):
    url = bootloader('esp32s2').url()
    with pytest.raises(Failure, match='this is an ESP32-S2, the image is for an ESP32'):
        flash_esp32.flash(made, TABLE, url, print)
    chip = esptool.cmds.detect_chip(url)
    assert chip.flash_md5sum(0x10000, 4096) == hashlib.md5(b'\xff' * 4096).hexdigest()
    chip._port.close()


def test_the_board_is_found_behind_a_port_with_another_chip(monkeypatch, bootloader, made):
    other, url = bootloader('esp32s2').url(), bootloader().url()
    monkeypatch.setattr(flash_esp32, 'ports', lambda: [other, url])
    flash_esp32.flash(made, TABLE, None, print)
    assert_flashed(url, made)


def test_a_cable_pulled_out_is_an_error_and_a_retry_repairs(cable, made):
    cable.pull_after(150_000)
    with pytest.raises(Failure, match='writing ended early.*flash again'):
        flash_esp32.flash(made, TABLE, cable.url, print)
    with pytest.raises(AssertionError):
        cable.pull_after(None)
        assert_flashed(cable.url, made)
    flash_esp32.flash(made, TABLE, cable.url, print)
    assert_flashed(cable.url, made)


def test_a_part_that_was_not_built_is_named(made):
    made['application'].unlink()
    with pytest.raises(Failure, match=r'application\.bin is not there: make BOARD=ESP32 build'):
        flash_esp32.flash(made, TABLE, 'socket://127.0.0.1:1', print)
