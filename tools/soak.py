"""`make soak`: attacks beside a polite client for a long time, on CPython, the UNIX firmware and the emulated board."""

import os
import subprocess
import sys

from tools import build, common
from tools.common import ROOT, Failure

PROGRAM = ROOT / 'tests' / 'host' / 'soak.py'
TARGETS = {'cpython': None, 'unix': 'UNIX', 'qemu': 'QEMU'}


@common.tool
def main(variables):
    """Build what the targets TARGETS need, and soak each for MINUTES; return the exit status."""
    names = variables.get('TARGETS', ','.join(TARGETS)).split(',')
    for name in names:
        if name not in TARGETS:
            raise Failure(f'TARGETS={name}: a target is one of {", ".join(TARGETS)}')
        if TARGETS[name]:
            build.build(TARGETS[name], {})
    minutes = variables.get('MINUTES', '10')
    if not minutes.replace('.', '', 1).isdigit():
        raise Failure(f'MINUTES={minutes} is no number')
    places = (ROOT, ROOT / 'modules', ROOT / 'tests' / 'host' / 'app')
    environment = common.clean_environment(PYTHONPATH=os.pathsep.join(map(str, places)))
    command = [sys.executable, '-u', PROGRAM, '--minutes', minutes, '--targets', ','.join(names)]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


if __name__ == '__main__':
    sys.exit(main())
