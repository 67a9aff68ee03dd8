"""`make profile`: shows where the firmware's instructions go, by function, where the board can."""

import sys

from tools import boards, build, common


@common.tool
def main(variables):
    """Prints the profile of the image of BOARD. Raises Failure for a board that has none."""
    name = variables.get('BOARD', 'UNIX')
    profile = boards.can(boards.load(name), 'profile')
    build.build(name, variables)
    return profile(boards.Context(name, variables))


if __name__ == '__main__':
    sys.exit(main())
