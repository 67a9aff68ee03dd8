"""`make run`: builds the board's image if needed and runs it on this computer until Ctrl-C."""

import sys

from tools import boards, build, common
from tools.common import ROOT, Failure


@common.tool
def main(variables):
    """Run the board BOARD with its server on TCP port PORT of this computer; FLASH stands for the device's flash."""
    name = variables.get('BOARD', 'UNIX')
    run = boards.can(boards.load(name), 'run')
    port = port_number(variables.get('PORT', '8080'))
    flash = (ROOT / variables['FLASH']).resolve() if 'FLASH' in variables else None
    build.build(name, variables)
    return run(boards.Context(name, variables), port, flash)


def port_number(text):
    """Return the TCP port that a text names. Raise Failure unless it is 1 to 65535."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise Failure(f'PORT={text} is no TCP port: give a number from 1 to 65535')
    return int(text)


if __name__ == '__main__':
    sys.exit(main())
