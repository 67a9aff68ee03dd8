"""`make help`: the goals and variables with the texts that follow ## in the Makefile, and the boards."""

import re
import sys

from tools import boards, common
from tools.common import ROOT


@common.tool
def main(variables):
    """Print the help."""
    makefile = (ROOT / 'Makefile').read_text()
    goals = re.findall(r'^(\w+):.*?## ?(.*)$', makefile, re.MULTILINE)
    settings = re.findall(r'^(\w+) \?=([^#\n]*)## ?(.*)$', makefile, re.MULTILINE)
    common.say('make GOAL [NAME=value …]\n\nGoals')
    for name, text in goals:
        common.say(f'  {name:<14} {text}')
    common.say('\nVariables')
    for name, default, text in settings:
        given = f' [{default.strip()}]' if default.strip() else ''
        common.say(f'  {name:<14} {text}{given}')
    common.say('\nBoards')
    for name in boards.names():
        common.say(f'  {name:<14} {boards.load(name).TITLE}')


if __name__ == '__main__':
    sys.exit(main())
