"""`make bench`: measures the server beside its peers; with BOARD=…, what the board's own benchmark measures."""

import json
import shutil
import subprocess
import sys

from tools import boards, build, common, selfbench, sources
from tools.common import BUILD, ROOT, Failure

FOLDER = ROOT / 'tests' / 'bench'
DOCUMENT = ROOT / 'docs' / 'performance.md'


@common.tool
def main(variables):
    """Prints the tables; RECORD=1 writes docs/performance.md and its plot; returns the exit status."""
    name = variables.get('BOARD', 'UNIX')
    if name != 'UNIX':
        return boards.can(boards.load(name), 'bench')(boards.Context(name, variables))
    if 'RECORD' in variables and 'QUICK' in variables:
        raise Failure('RECORD=1 writes down the whole benchmark: leave QUICK out')
    for program in ('valgrind', 'vgdb', 'wrk'):
        common.need_tool(program, 'wrk' if program == 'wrk' else 'valgrind')
    firmware = build.build('UNIX', {})['image']
    version = '.'.join(map(str, sources.get({}).version))
    command = [sys.executable, FOLDER, '--firmware', firmware, '--firmware-version', f'MicroPython {version}']
    if 'QUICK' in variables:
        command.append('--quick')
    if 'RECORD' in variables:
        command += ['--record', DOCUMENT]
    if shutil.which('arm-none-eabi-gcc') and shutil.which('qemu-system-arm'):
        command += ['--board', _measure_board()]
    return subprocess.run([str(word) for word in command], cwd=ROOT, env=common.clean_environment()).returncode


def _measure_board():
    """Runs the emulated board's self-benchmark; returns the Path of a JSON file of its results."""
    path = BUILD / 'bench' / 'board.json'
    common.write_if_changed(path, json.dumps(selfbench.run(selfbench.build())))
    return path


if __name__ == '__main__':
    sys.exit(main())
