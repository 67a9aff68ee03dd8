"""The board WIPY on the host: Pycom's WiPy 1.0 (CC3200), built from MicroPython's cc3200 port."""

import hashlib
import os
import re

from tools import common, flash_wipy
from tools.common import Failure

NAME = 'WIPY'
TITLE = 'WiPy 1.0 (CC3200), built here, flashed over Wi-Fi'
PACKAGES = ('gcc-arm-none-eabi', 'libnewlib-arm-none-eabi')
MARCH = None  # bytecode only: native code would take more of the heap
HIL = {'service': 'network', 'capabilities': ('threads', 'wlan', 'watchdog', 'reset')}

# Code, data and heap share the SRAM (application.lds of the port); so much of it must stay for Python.
SRAM = 0x3C000
HEAP_NEEDED = 30 * 1024


def build(ctx):
    """Builds build/WIPY/mcuimg.bin; returns {'image': its Path}. Raises Failure, also when too little heap is left."""
    tree = ctx.sources()
    tree.need('drivers/cc3100')
    common.need_tool('arm-none-eabi-gcc', 'gcc-arm-none-eabi')
    manifest = ctx.manifest()
    folder = ctx.port_folder()
    port = tree.micropython / 'ports' / 'cc3200'
    # The port looks for its boards in its own folder `boards`, and signs in its own folder: we lead it to ours, and
    # sign here.
    board = os.path.relpath(ctx.board, port / 'boards')
    ctx.run(
        [
            'make',
            '-C',
            port,
            f'BOARD={board}',
            'BTARGET=application',
            'BTYPE=release',
            f'BUILD={folder}',
            f'FROZEN_MANIFEST={manifest}',
            *ctx.make_flags(),
            folder / 'application.bin',
        ],
        what='building the firmware',
    )
    with common.disk_errors('signing the image'):
        code = (folder / 'application.bin').read_bytes()
        common.write_if_changed(folder / 'mcuimg.bin', signed(code))
    image = ctx.output(folder / 'mcuimg.bin', 'mcuimg.bin')
    free = heap(folder / 'application.axf.map')
    ctx.say(f'{free:,} bytes of heap left')
    if free < HEAP_NEEDED:
        raise Failure(
            f'the image leaves {free:,} bytes of heap, {HEAP_NEEDED:,} are needed: freeze {HEAP_NEEDED - free:,} '
            'bytes less'
        )
    if image.stat().st_size > flash_wipy.OVER_THE_AIR:
        ctx.say(
            f'{image.stat().st_size:,} bytes are more than over-the-air updates take '
            f'({flash_wipy.OVER_THE_AIR:,}): see README.md'
        )
    return {'image': image}


def signed(code):
    """Returns the image that the bootloader takes: the code and its MD5 in hexadecimal digits."""
    return code + hashlib.md5(code).hexdigest().encode()


def heap(link_map):
    """Returns the bytes of heap that the linker's map (a Path) says are left for Python."""
    text = link_map.read_text()

    def address(symbol):
        found = re.search(rf'0x([0-9a-f]+)\s+{symbol} = \.', text)
        if found is None:
            raise Failure(f'{link_map} has no symbol {symbol}: it is no map of this port')
        return int(found.group(1), 16)

    return address('_eheap') - address('_heap')


def size(ctx):
    """Returns the rows of `make size`: what, bytes used, limit in bytes."""
    folder = ctx.port_folder()
    free = heap(folder / 'application.axf.map')
    image = (folder / 'mcuimg.bin').stat().st_size
    return [
        (f'SRAM, with {HEAP_NEEDED:,} bytes of heap kept', SRAM - free, SRAM - HEAP_NEEDED),
        (f'image (over the air {flash_wipy.OVER_THE_AIR:,} at most)', image, None),
    ]


def flash(ctx, device):
    """Writes the image over Wi-Fi, or with cc3200tool over the serial port. `device` is as in README.md, Flash."""
    flash_wipy.flash(ctx, device)
