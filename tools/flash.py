"""`make flash`: builds the board's image and writes it to the board."""

import sys

from tools import boards, build, common


@common.tool
def main(variables):
    """Write the image of the board BOARD to the board at DEVICE, or to the one that is found."""
    name = variables.get('BOARD', 'UNIX')
    flash = boards.can(boards.load(name), 'flash')
    build.build(name, variables)
    flash(boards.Context(name, variables), variables.get('DEVICE'))


if __name__ == '__main__':
    sys.exit(main())
