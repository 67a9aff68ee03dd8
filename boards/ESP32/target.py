"""The board ESP32 on the host: built by ESP-IDF, or in mpbuild's container."""

import os
import re
import shutil
import sys
from pathlib import Path

from tools import flash_esp32
from tools.common import Failure, Unavailable

NAME = 'ESP32'
TITLE = 'ESP32 with 4 MB of flash; building needs ESP-IDF (IDF_PATH) or CONTAINER=1'
PACKAGES = ()
MARCH = 'xtensawin'
WWW = ('www',)
HIL = {'service': 'esp', 'capabilities': ('threads', 'tls', 'wlan', 'watchdog', 'reset')}

# What each release of MicroPython is made for (its ports/esp32/README.md).
IDF_VERSIONS = {(1, 25): 'v5.2.2', (1, 26): 'v5.4.2', (1, 27): 'v5.5.1', (1, 28): 'v5.5.1'}

_OUTPUTS = {
    'bootloader': 'bootloader/bootloader.bin',
    'partitions': 'partition_table/partition-table.bin',
    'otadata': 'ota_data_initial.bin',
    'application': 'micropython.bin',
    'image': 'firmware.bin',
}


def build(ctx):
    """Build the image; return {'image': all of it, 'application': what an update takes, …}. Raise Failure."""
    if ctx.variables.get('CONTAINER'):
        make = _container(ctx)
    else:
        make = _idf(ctx)
    tree = ctx.sources()
    tree.need('lib/berkeley-db-1.xx', 'lib/micropython-lib')
    folder = ctx.port_folder()
    ctx.run(
        [*make, f'BOARD_DIR={ctx.board}', f'BUILD={folder}', f'FROZEN_MANIFEST={ctx.manifest()}'],
        cwd=tree.micropython,
        env={'MICROPY_GIT_TAG': 'v' + '.'.join(map(str, tree.version)), 'MICROPY_MPYCROSS': str(ctx.mpy_cross())},
        what='building the firmware',
    )
    made = {what: ctx.output(folder / name, Path(name).name) for what, name in _OUTPUTS.items()}
    check_slot(made['application'].stat().st_size, ctx.board / 'partitions.csv')
    return made


def _idf(ctx):
    """Return the command that builds with ESP-IDF. Raise Failure where that is not there."""
    if 'IDF_PATH' not in os.environ:
        raise Unavailable(
            f'ESP-IDF is missing. Either install it ({IDF_VERSIONS[1, 25]} for MicroPython 1.25), run `. '
            'export.sh` in its folder and give '
            'MICROPY_DIR=<checkout of MicroPython with submodules>; or give CONTAINER=1 and MICROPY_DIR to build '
            'in a Docker container'
        )
    if shutil.which('idf.py') is None:
        raise Failure(f'idf.py is not on the PATH: run `. {os.environ["IDF_PATH"]}/export.sh` in this shell first')
    tree = ctx.sources()
    wanted, found = IDF_VERSIONS.get(tree.version[:2]), idf_version(Path(os.environ['IDF_PATH']))
    if wanted and found and found != wanted.lstrip('v'):
        ctx.say(f'ESP-IDF is {found}, MicroPython {".".join(map(str, tree.version))} is made for {wanted}')
    return ['make', '-C', tree.micropython / 'ports' / 'esp32']


def idf_version(folder):
    """Return the version of the ESP-IDF in a folder as '5.2.2', None where it cannot be read."""
    try:
        text = (folder / 'tools' / 'cmake' / 'version.cmake').read_text()
    except OSError:
        return None
    return '.'.join(re.findall(r'set\(IDF_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)\)', text)) or None


def _container(ctx):
    """Return the command that builds in mpbuild's container. Raise Failure for what that needs and is not there."""
    if shutil.which('docker') is None:
        raise Failure('CONTAINER=1 needs Docker: apt-get install docker.io (or give ESP-IDF by IDF_PATH)')
    if 'MICROPY_DIR' not in ctx.variables:
        raise Failure(
            'CONTAINER=1 needs MICROPY_DIR=<a git checkout of MicroPython 1.25 or newer>: the container builds in it'
        )
    seen = [ctx.sources().micropython, Path.home().resolve()]
    if not any(ctx.root.is_relative_to(folder) for folder in seen):
        raise Failure(
            f'the container sees the checkout {seen[0]} and your home folder {seen[1]}; this project lies in '
            'neither: move it there'
        )
    return [sys.executable, '-m', 'mpbuild', 'build', 'ESP32_GENERIC']


def check_slot(size, partitions):
    """Raise Failure when an application of `size` bytes does not fit into a slot of the partition table (a Path)."""
    slot = min(part.size for part in flash_esp32.partitions(partitions) if part.kind == 'app')
    if size > slot:
        raise Failure(
            f'the application of {size:,} bytes does not fit into an OTA slot of {slot:,} bytes: freeze '
            f'{size - slot:,} bytes less'
        )


def size(ctx):
    """Return the rows of `make size`: what, bytes used, limit in bytes. Raise Failure where no image was built."""
    application = ctx.build / 'micropython.bin'
    slot = min(part.size for part in flash_esp32.partitions(ctx.board / 'partitions.csv') if part.kind == 'app')
    if not application.is_file():
        raise Failure('there is no image of ESP32: make BOARD=ESP32 build')
    return [('flash: OTA slot', application.stat().st_size, slot)]


def flash(ctx, device):
    """Write bootloader, partition table and application with esptool, verified; the files on the flash stay."""
    made = {what: ctx.build / Path(name).name for what, name in _OUTPUTS.items()}
    flash_esp32.flash(made, ctx.board / 'partitions.csv', device, ctx.say)
