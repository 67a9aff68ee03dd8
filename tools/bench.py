"""`make bench`: measures the server beside its peers; with BOARD=…, what the board's own benchmark measures."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tools import boards, common, selfbench, sources
from tools.common import BUILD, ROOT, Failure

FOLDER = ROOT / 'tests' / 'bench'
DOCUMENT = ROOT / 'docs' / 'performance.md'

# microdot's requests, with the collector off, do not fit into the default; what they cost does not depend on it.
PEER_RAM_KB = '512'


@common.tool
def main(variables):
    """Print the tables; RECORD=1 writes docs/performance.md and its plot; return the exit status."""
    name = variables.get('BOARD', 'UNIX')
    if name != 'UNIX':
        return boards.can(boards.load(name), 'bench')(boards.Context(name, variables))
    if 'RECORD' in variables and 'QUICK' in variables:
        raise Failure('RECORD=1 writes down the whole benchmark: leave QUICK out')
    for program in ('valgrind', 'vgdb', 'wrk'):
        common.need_tool(program, 'wrk' if program == 'wrk' else 'valgrind')
    _link_microdot()
    firmware = _build_firmware()
    version = '.'.join(map(str, sources.get({}).version))
    command = [sys.executable, FOLDER, '--firmware', firmware, '--firmware-version', f'MicroPython {version}']
    command += ['--mpy-cross', sources.mpy_cross({})]
    if 'QUICK' in variables:
        command.append('--quick')
    if 'RECORD' in variables:
        command += ['--record', DOCUMENT]
    if shutil.which('arm-none-eabi-gcc') and shutil.which('qemu-system-arm'):
        command += ['--board', _measure_board()]
    environment = common.clean_environment(PYTHONPATH=str(ROOT))
    return subprocess.run([str(word) for word in command], cwd=ROOT, env=environment).returncode


class _Context(boards.Context):
    """The build of the UNIX board with microdot frozen in it as well."""

    def __init__(self):
        super().__init__('UNIX', {'MANIFEST': str(FOLDER / 'manifest.py')})
        self.build = BUILD / 'UNIX-bench'
        self.log = self.build / 'build.log'


def _link_microdot():
    """Put microdot's package where tests/bench/manifest.py takes it from."""
    library = BUILD / 'bench' / 'micropython'
    library.mkdir(parents=True, exist_ok=True)
    package = library / 'microdot'
    installed = Path(sysconfig.get_path('purelib')) / 'microdot'
    with common.lock(library / '.lock'):
        if not (package.is_symlink() and Path(os.readlink(package)) == installed):
            package.unlink(missing_ok=True)
            package.symlink_to(installed)


def _build_firmware():
    """Return the Path of the UNIX board's firmware with both servers in it. Raise Failure."""
    context = _Context()
    with common.lock(context.build / '.lock'):
        context.prepare()
        return boards.load('UNIX').build(context)['image']


def _measure_board():
    """Run the emulated board's self-benchmarks; return the Path of a JSON file of their results, by server."""
    ours = selfbench.build()
    peer = selfbench.build({'RAM_KB': PEER_RAM_KB}, 'microdot')
    results = {
        'MicroWebSrv2': {**selfbench.run(ours), **selfbench.run(ours, 'only=closing')},
        'microdot': selfbench.run(peer),
    }
    path = BUILD / 'bench' / 'board.json'
    common.write_if_changed(path, json.dumps(results))
    return path


if __name__ == '__main__':
    sys.exit(main())
