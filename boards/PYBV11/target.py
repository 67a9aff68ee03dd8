"""The board PYBV11 on the host: built from an upstream checkout of MicroPython with its submodules, flashed by DFU."""

import os
import re

from tools import common, flash_dfu
from tools.common import Failure

NAME = 'PYBV11'
TITLE = 'pyboard 1.1 with a W5500, or over its USB cable; needs MICROPY_DIR with submodules'
PACKAGES = ('gcc-arm-none-eabi', 'libnewlib-arm-none-eabi')
RUN_PACKAGES = ('dfu-util',)
CROSS_COMPILE = 'arm-none-eabi-'
MARCH = 'armv7emsp'
WWW = ('www',)
HIL = {'service': 'serial', 'capabilities': ('threads', 'lan', 'watchdog', 'reset')}

# Flash behind the file system, and the RAM that data, heap and stack share, in bytes (stm32f405.ld of the port).
FLASH_SIZE = 917_504
RAM_SIZE = 128 * 1024

# What each variant takes from lib/, and the oldest MicroPython that has it.
VARIANTS = {
    None: (('lib/stm32lib', 'lib/lwip', 'lib/wiznet5k'), (1, 25, 0)),
    'TLS': (('lib/stm32lib', 'lib/lwip', 'lib/wiznet5k', 'lib/mbedtls', 'lib/micropython-lib'), (1, 25, 0)),
    'USBNET': (('lib/stm32lib', 'lib/lwip', 'lib/tinyusb'), (1, 29, 0)),
}


def build(ctx):
    """Build build/PYBV11/firmware.dfu; return {'image': its Path}. Raise Failure that says what is missing."""
    variant = ctx.variables.get('VARIANT')
    if variant not in VARIANTS:
        raise Failure(f'VARIANT={variant} is no variant of PYBV11: {", ".join(filter(None, VARIANTS))}, or none')
    submodules, oldest = VARIANTS[variant]
    tree = ctx.sources()
    tree.need(*submodules)
    if tree.version < oldest:
        found, wanted = ('.'.join(map(str, numbers)) for numbers in (tree.version, oldest))
        raise Failure(f'VARIANT={variant} needs MicroPython {wanted}, MICROPY_DIR is {found}')
    common.need_tool('arm-none-eabi-gcc', 'gcc-arm-none-eabi')
    folder = ctx.port_folder()
    # manifest.py asks for it, here and in the port's make.
    os.environ['MWS_VARIANT'] = variant or ''
    # lwIP's pools: connections for a browser and packets in proportion. They take no CFLAGS, which would hide the
    # port's own.
    pools = '-DMEMP_NUM_TCP_PCB=10 -DPBUF_POOL_SIZE=10'
    command = ['make', '-C', tree.micropython / 'ports' / 'stm32', f'BOARD_DIR={ctx.board}', f'BUILD={folder}']
    command += [f'FROZEN_MANIFEST={ctx.manifest()}', f'CFLAGS_EXTRA={pools}', *ctx.make_flags()]
    if variant:
        command.append(f'BOARD_VARIANT={variant}')
    ctx.run(command, what='building the firmware')
    return {'image': ctx.output(folder / 'firmware.dfu', 'firmware.dfu')}


def size(ctx):
    """Return the rows of `make size`: what, bytes used, limit in bytes. Raise Failure where no image was built."""
    image = ctx.port_folder() / 'firmware.elf'
    if not image.is_file():
        raise Failure('there is no image of PYBV11: make BOARD=PYBV11 build')
    text, data, bss = sections(ctx.run(['arm-none-eabi-size', image], what='arm-none-eabi-size'))
    return [('flash', text + data, FLASH_SIZE), ('RAM without the heap', data + bss, RAM_SIZE)]


def sections(text):
    """Return text, data and bss in bytes of what `size` prints. Raise Failure for anything else."""
    found = re.search(r'^\s*(\d+)\s+(\d+)\s+(\d+)', text, re.MULTILINE)
    if found is None:
        raise Failure(f'arm-none-eabi-size: {common.first_error(text)}')
    return tuple(map(int, found.groups()))


def flash(ctx, device):
    """Write the image by DFU; `device` is the serial number of a board in DFU mode. Raise Failure."""
    flash_dfu.flash(ctx, ctx.build / 'firmware.dfu', device)
