"""The board UNIX on the host: MicroPython's unix port as a firmware that runs on the desk."""

NAME = 'UNIX'
TITLE = 'MicroPython firmware as a program on this computer'
PACKAGES = ()
MARCH = None
WWW = ('www',)


def build(ctx):
    """Builds the program build/UNIX/firmware; returns {'image': its Path}. Raises Failure."""
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
