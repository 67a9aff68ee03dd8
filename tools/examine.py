"""`make debug` and `make profile`: look into the firmware while it runs, where the board can.

Run as `python -m tools.examine debug|profile [NAME=value…]`.
"""

import sys

from tools import boards, build, common


def goal(what):
    """Return the tool that builds the image of BOARD and hands it to the function `what` of the board's target.py."""

    @common.tool
    def main(variables):
        name = variables.get('BOARD', 'UNIX')
        examine = boards.can(boards.load(name), what)
        build.build(name, variables)
        return examine(boards.Context(name, variables))

    return main


if __name__ == '__main__':
    sys.exit(goal(sys.argv[1])(sys.argv[2:]))
