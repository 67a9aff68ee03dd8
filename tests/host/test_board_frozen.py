"""Shows how far the images of boards whose SDK is not here are right: their manifests resolve, freeze with the board's
-march and compile as C against the headers of a real build (QEMU's; nothing is linked, and no such board counts as
built); what is frozen leaves room; partition table and sdkconfig are what ESP-IDF takes."""

import os
import re
import shutil
import subprocess

import pytest
from esp_idf_defs import PartitionTable

from tools import boards, common, size
from tools.common import BUILD, ROOT, Failure

ESP32 = ROOT / 'boards' / 'ESP32'

# Frozen bytes that fit: ESP32's slots are so much larger than those that stock firmware fits into (0x180000, the port's
# partitions-4MiB-ota.csv), and stock firmware freezes 30,949 bytes of its own, which ours leaves out or has here;
# PYBV11 with lwIP and a W5500 left 436,376 bytes of flash with 59,000 frozen, TLS took 125,704.
ROOM = {'ESP32': 0x1C0000 - 0x180000 + 30_949, 'PYBV11': 436_376 + 59_000, 'PYBV11 TLS': 436_376 + 59_000 - 125_704}

EVERYWHERE = {
    'MicroWebSrv2/__init__.py',
    'MicroWebSrv2/libs/XAsyncSockets.py',
    'firmware/harness.py',
    'board.py',
    'main.py',
}
SETS = {
    'ESP32': (
        {'firmware/net_wlan.py', '_boot.py', 'flashbdev.py', 'inisetup.py', 'ssl.py'},
        {'MicroWebSrv2/libs/sha1.py'},
    ),
    'PYBV11': ({'firmware/net_lan.py', 'MicroWebSrv2/libs/sha1.py'}, {'ssl.py', 'MicroWebSrv2/libs/xasTLS.py'}),
    'PYBV11 TLS': ({'firmware/net_lan.py', 'ssl.py'}, {'MicroWebSrv2/libs/sha1.py'}),
}


def context_of(name):
    """Returns the Context of 'BOARD' or 'BOARD VARIANT'."""
    board, _, variant = name.partition(' ')
    return boards.Context(board, {'VARIANT': variant} if variant else {})


@pytest.fixture(params=sorted(SETS))
def frozen(request, monkeypatch):
    """Freezes a board's set and compiles it; yields its name, frozen_content.c and frozen_content.o."""
    context = context_of(request.param)
    monkeypatch.setenv('MWS_VARIANT', context.variables.get('VARIANT', ''))
    march = boards.load(context.name).MARCH
    folder = BUILD / 'frozen-check'
    shutil.rmtree(folder / 'frozen_mpy', ignore_errors=True)
    tree = context.sources()
    common.run(
        [
            'make',
            '-C',
            ROOT / 'boards' / 'QEMU' / 'port',
            f'TREE={tree.micropython}',
            f'BUILD={folder}',
            f'FROZEN_MANIFEST={context.manifest()}',
            f'MPY_CROSS_FLAGS=-march={march}',
            *context.make_flags(),
            folder / 'frozen_content.o',
        ],
        f'freezing {request.param}',
        folder / 'build.log',
    )
    return request.param, (folder / 'frozen_content.c').read_text(), folder / 'frozen_content.o'


def test_the_set_freezes_compiles_and_leaves_room(frozen):
    name, source, compiled = frozen
    modules = set(re.findall(r'^MICROPY_FROZEN_LIST_ITEM\("[^"]*", "([^"]+)"\)$', source, re.MULTILINE))
    wanted, unwanted = SETS[name]
    assert EVERYWHERE | wanted <= modules
    assert not unwanted & modules
    used = size.section_bytes(compiled, 'arm-none-eabi-')
    assert used <= ROOM[name], f'{used - ROOM[name]:,} bytes too many are frozen'


def test_without_the_sdk_a_build_is_one_clear_line(monkeypatch):
    monkeypatch.delenv('IDF_PATH', raising=False)
    for name, says in (('ESP32', 'ESP-IDF is missing.*CONTAINER=1'), ('PYBV11', 'no lib/stm32lib.*MICROPY_DIR=')):
        with pytest.raises(common.Unavailable, match=says) as raised:
            boards.load(name).build(boards.Context(name))
        assert '\n' not in str(raised.value)


def test_the_container_says_what_it_needs(monkeypatch, tmp_path):
    target = boards.load('ESP32')
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(Failure, match='CONTAINER=1 needs Docker'):
        target.build(boards.Context('ESP32', {'CONTAINER': '1'}))
    (tmp_path / 'docker').write_text('#!/bin/sh\n')
    (tmp_path / 'docker').chmod(0o755)
    with pytest.raises(Failure, match='CONTAINER=1 needs MICROPY_DIR='):
        target.build(boards.Context('ESP32', {'CONTAINER': '1'}))


def test_idf_without_its_tools_on_the_path(monkeypatch, tmp_path):
    monkeypatch.setenv('IDF_PATH', '/opt/esp-idf')
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(Failure, match=r'run `\. /opt/esp-idf/export\.sh`'):
        boards.load('ESP32').build(boards.Context('ESP32'))


@pytest.fixture
def checkout(tmp_path):
    """An upstream checkout of MicroPython as far as the checks look: its version, and submodules that are not
    filled.
    """
    tree = tmp_path / 'micropython'
    (tree / 'py').mkdir(parents=True)
    numbers = zip(('MAJOR', 'MINOR', 'MICRO'), (1, 28, 0))
    (tree / 'py' / 'mpconfig.h').write_text(''.join(f'#define MICROPY_VERSION_{n} {v}\n' for n, v in numbers))
    return tree


def test_what_is_missing_in_a_checkout_is_named_with_the_command(checkout):
    context = boards.Context('PYBV11', {'MICROPY_DIR': str(checkout)})
    with pytest.raises(Failure, match=f'git -C {checkout} submodule update --init lib/stm32lib lib/lwip lib/wiznet5k'):
        boards.load('PYBV11').build(context)


def test_variants_of_the_pyboard(checkout):
    target = boards.load('PYBV11')
    with pytest.raises(Failure, match='VARIANT=NO is no variant of PYBV11: TLS, USBNET, or none'):
        target.build(boards.Context('PYBV11', {'VARIANT': 'NO'}))
    for folder in target.VARIANTS['USBNET'][0]:
        (checkout / folder).mkdir(parents=True)
        (checkout / folder / 'file').touch()
    context = boards.Context('PYBV11', {'VARIANT': 'USBNET', 'MICROPY_DIR': str(checkout)})
    with pytest.raises(Failure, match=r'VARIANT=USBNET needs MicroPython 1\.29\.0, MICROPY_DIR is 1\.28\.0'):
        target.build(context)
    for name in filter(None, target.VARIANTS):
        assert (ROOT / 'boards' / 'PYBV11' / f'mpconfigvariant_{name}.mk').is_file()


def test_the_partition_table_is_what_esp_idf_takes():
    table = PartitionTable.from_csv((ESP32 / 'partitions.csv').read_text())
    table.verify()  # alignment, overlap, one otadata of the right size, unique names
    table.verify_size_fits(4 * 1024 * 1024)
    assert PartitionTable.from_binary(table.to_binary()) == table
    slots = [part for part in table if part.name.startswith('ota_')]
    assert len(slots) == 2 and slots[0].size == slots[1].size
    assert table.find_by_name('vfs').size >= 448 * 1024
    ours = boards.load('ESP32').flash_esp32.partitions(ESP32 / 'partitions.csv')
    assert [(part.name, part.offset, part.size) for part in ours] == [(p.name, p.offset, p.size) for p in table]


def test_an_application_too_large_for_its_slot_is_refused():
    check = boards.load('ESP32').check_slot
    check(0x1C0000, ESP32 / 'partitions.csv')
    with pytest.raises(Failure, match='does not fit into an OTA slot of 1,835,008 bytes: freeze 1 bytes less'):
        check(0x1C0001, ESP32 / 'partitions.csv')


def settings(text):
    """Returns the settings of an sdkconfig file as a list of (key, value); fails on a line that is none."""
    found = []
    for line in filter(None, (line.partition('#')[0].strip() for line in text.splitlines())):
        match = re.fullmatch(r'(CONFIG_[A-Z0-9_]+)=(y|n|\d+|"[^"]*"|)', line)
        assert match, line
        found.append(match.groups())
    return found


def test_the_sdkconfig_keys_are_ones_of_esp_idf():
    port = boards.Context('ESP32').sources().micropython / 'ports' / 'esp32' / 'boards'
    known = set()
    for path in port.rglob('sdkconfig*'):
        known.update(re.findall(r'^(CONFIG_\w+)=', path.read_text(), re.MULTILINE))
    # Of ESP-IDF itself (components/lwip/Kconfig, v5.2), not used by any board of the port.
    known.update(('CONFIG_LWIP_MAX_SOCKETS', 'CONFIG_LWIP_SO_REUSE'))
    found = settings((ESP32 / 'sdkconfig.board.in').read_text())
    keys = [key for key, _ in found]
    assert len(keys) == len(set(keys))
    assert set(keys) <= known
    assert dict(found)['CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE'] == 'y'
    assert dict(found)['CONFIG_PARTITION_TABLE_CUSTOM_FILENAME'] == '"@MICROPY_BOARD_DIR@/partitions.csv"'


def test_cmake_combines_the_configuration(tmp_path):
    idf = tmp_path / 'idf' / 'tools' / 'cmake'
    idf.mkdir(parents=True)
    # In place of ESP-IDF's: the port has combined its files when it comes to project().
    (idf / 'project.cmake').write_text(
        'macro(project name)\nmessage("MANIFEST=${MICROPY_FROZEN_MANIFEST}")\nendmacro()\n'
    )
    port = boards.Context('ESP32').sources().micropython / 'ports' / 'esp32'
    result = subprocess.run(
        ['cmake', '-S', port, '-B', tmp_path / 'b', '-DMICROPY_BOARD=ESP32', f'-DMICROPY_BOARD_DIR={ESP32}'],
        env={**os.environ, 'IDF_PATH': str(tmp_path / 'idf')},
        capture_output=True,
        text=True,
    )
    assert f'MANIFEST={ESP32}/manifest.py' in result.stderr, result.stderr
    combined = dict(
        re.findall(r'^(CONFIG_\w+)=(.*)$', (tmp_path / 'b' / 'sdkconfig.combined').read_text(), re.MULTILINE)
    )
    assert combined['CONFIG_PARTITION_TABLE_CUSTOM_FILENAME'] == f'"{ESP32}/partitions.csv"'
    assert 'CONFIG_BT_ENABLED' not in combined


def test_the_pyboard_names_its_pins():
    rows = [
        line.split(',') for line in (ROOT / 'boards' / 'PYBV11' / 'pins.csv').read_text().splitlines() if line[0] != '#'
    ]
    pins = dict(rows)
    assert len(pins) == len(rows)
    # The pins of the W5500 as boards/PYBV11/board.py and README.md have them: SPI 1, CS, RST, INT.
    assert [pins[name] for name in ('X6', 'X7', 'X8', 'X5', 'X4', 'X3')] == ['PA5', 'PA6', 'PA7', 'PA4', 'PA3', 'PA2']
