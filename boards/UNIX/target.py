"""The board UNIX on the host: MicroPython's unix port as a firmware that runs on the desk."""

import signal

from tools import common
from tools.common import Failure

NAME = 'UNIX'
TITLE = 'MicroPython firmware as a program on this computer'
PACKAGES = ()
MARCH = None
WWW = ('www',)


def build(ctx):
    """Build the program build/UNIX/firmware; return {'image': its Path}. Raise Failure."""
    tree = ctx.sources()
    tree.need('lib/mbedtls')
    manifest = ctx.manifest()
    port = ctx.port_folder()
    ctx.run(
        [
            'make',
            '-C',
            tree.micropython / 'ports' / 'unix',
            f'BUILD={port}',
            f'VARIANT_DIR={ctx.board}',
            f'FROZEN_MANIFEST={manifest}',
            *ctx.make_flags(),
        ],
        what='building the firmware',
    )
    return {'image': ctx.output(port / 'firmware', 'firmware')}


def run(ctx, port, flash):
    """Run the firmware with the folder `flash` as its flash and the server on TCP `port`, until Ctrl-C.

    Return the exit status.

    A reset of the device (board.reset) starts the program anew, as a board's reset does.
    """
    image = ctx.build / 'firmware'
    flash = flash or ctx.build / 'flash'
    with common.disk_errors('the flash folder'):
        flash.mkdir(parents=True, exist_ok=True)
    while True:
        status = common.foreground([image, '-m', 'firmware', '--port', port], cwd=flash)
        if status in (0, -signal.SIGINT, -signal.SIGTERM, 130):
            return 0
        if status != -signal.SIGUSR1:
            raise Failure(f'the firmware ended with status {status}')


def size(ctx):
    """Return the row of `make size`: the program has no limit."""
    return [('program', (ctx.build / 'firmware').stat().st_size, None)]
