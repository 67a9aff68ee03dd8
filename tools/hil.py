"""`make hil`: the hardware-in-the-loop tests on one board, real or emulated."""

import shlex
import subprocess
import sys

from tools import boards, build, common
from tools.common import ROOT

SUITE = ROOT / 'tests' / 'hil'


@common.tool
def main(variables):
    """Build the image of BOARD and run the tests on the board at DEVICE; return pytest's status."""
    name = variables.get('BOARD', 'QEMU')
    boards.can(boards.load(name), 'HIL')
    build.build(name, variables)
    return run_suite(name, variables)


def run_suite(name, variables):
    """Run the tests on a board whose image is built; return pytest's status."""
    device = ['--device', variables['DEVICE']] if 'DEVICE' in variables else []
    arguments = shlex.split(variables.get('ARGS', ''))
    return subprocess.run(
        [sys.executable, '-m', 'pytest', SUITE, '--board', name, *device, *arguments], cwd=ROOT
    ).returncode


if __name__ == '__main__':
    sys.exit(main())
