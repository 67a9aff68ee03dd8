"""The board QEMU on the host: a bare-metal firmware for QEMU's mps2-an386, built and run on this computer."""

from tools import common, emulator, selfbench
from tools.common import Failure

NAME = 'QEMU'
TITLE = 'emulated Cortex-M4F with Ethernet: the real firmware without a board'
PACKAGES = ('gcc-arm-none-eabi', 'libnewlib-arm-none-eabi')
RUN_PACKAGES = ('qemu-system-arm', 'gdb-multiarch')
CROSS_COMPILE = 'arm-none-eabi-'
MARCH = 'armv7emsp'
WWW = ('www',)
HIL = {'service': 'qemu', 'capabilities': ('tls', 'lan', 'watchdog', 'reset', 'power', 'link')}

# What the machine has (boards/QEMU/port/mps2.ld), and what start-up needs of it at least.
CODE_SIZE = 4 * 1024 * 1024
RAM_KB = (48, 4096)
STACK_KB = (6, 256)


def build(ctx):
    """Build build/QEMU/firmware.elf; return {'image': its Path}. Raise Failure."""
    folder = ctx.port_folder()
    compile_port(ctx, folder)
    return {'image': ctx.output(folder / 'firmware.elf', 'firmware.elf')}


def compile_port(ctx, folder):
    """Compile the port with the manifest of `ctx` into a folder (a Path). Raise Failure."""
    tree = ctx.sources()
    tree.need('lib/lwip', 'lib/mbedtls')
    common.need_tool('arm-none-eabi-gcc', 'gcc-arm-none-eabi')
    sizes = [_kilobytes(ctx, 'RAM_KB', RAM_KB), _kilobytes(ctx, 'STACK_KB', STACK_KB)]
    ctx.run(
        [
            'make',
            '-C',
            ctx.root / 'boards' / NAME / 'port',
            f'TREE={tree.micropython}',
            f'BUILD={folder}',
            f'FROZEN_MANIFEST={ctx.manifest()}',
            *ctx.make_flags(),
            *filter(None, sizes),
        ],
        what='building the firmware',
    )


def _kilobytes(ctx, name, limits):
    """Return `NAME=value` for make if that variable is given, else None.

    Raise Failure for what is no size in its limits.
    """
    value = ctx.variables.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and limits[0] <= int(value) <= limits[1]):
        raise Failure(f'{name}={value} is no size in KB from {limits[0]} to {limits[1]}')
    return f'{name}={value}'


def size(ctx):
    """Return the rows of `make size`: what, bytes used, limit in bytes."""
    symbols = emulator.symbols(ctx.build / 'firmware.elf')
    ram = symbols['_stack_top'] - emulator.RAM_BASE
    heap = symbols['_heap_end'] - symbols['_bss_end']
    return [
        ('code and constants', symbols['_data_load'], CODE_SIZE),
        (f'RAM, besides {heap:,} bytes of heap', ram - heap, ram),
    ]


def flash(ctx, device):
    """Make a fresh flash image; `device` is the file, else FLASH= or build/QEMU/flash.img."""
    path = emulator.flash_path(ctx, device)
    emulator.make_flash(path)
    ctx.say(f'{path} is a new, empty flash')


def run(ctx, port, flash):
    """Run the firmware until Ctrl-] (Ctrl-C belongs to the board; without a terminal Ctrl-C ends it too).

    Arguments: `port`: TCP port of this computer that leads to the board's port 80; `flash`: the flash image, None for
    the one in build/. Return the exit status. Raise Failure.
    """
    return emulator.run(ctx.build / 'firmware.elf', emulator.flash_path(ctx, flash), int(port))


def debug(ctx):
    """Run the firmware halted at its first instruction under gdb; return gdb's exit status. Raise Failure."""
    # As in port/Makefile, which cuts the paths in the image.
    sources = {'port': ctx.board / 'port', 'micropython': ctx.sources().micropython, 'build': ctx.port_folder()}
    return emulator.debug(ctx.build / 'firmware.elf', emulator.flash_path(ctx, None), sources)


def profile(ctx):
    """Print where the instructions of the self-benchmark's requests go, by function.

    VARIANT=KIND does so for one kind of them. Raise Failure.
    """
    kind = ctx.variables.get('VARIANT')
    if kind not in (None, *selfbench.KINDS):
        raise Failure(f'VARIANT={kind} is no kind of request: give one of {", ".join(selfbench.KINDS)}')
    selfbench.profile({}, selfbench.KINDS if kind is None else (kind,))


def bench(ctx):
    """Print instructions and bytes per request beside the record; return 1 when one has grown beyond it.

    Raise Failure.
    """
    return selfbench.main([])
