"""`make debug`: runs the board's firmware under a debugger, where the board can."""

import sys

from tools import boards, build, common


@common.tool
def main(variables):
    """Starts the debugger on the image of BOARD. Raises Failure for a board that has none."""
    name = variables.get('BOARD', 'UNIX')
    debug = boards.can(boards.load(name), 'debug')
    build.build(name, variables)
    return debug(boards.Context(name, variables))


if __name__ == '__main__':
    sys.exit(main())
