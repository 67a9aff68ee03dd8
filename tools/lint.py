"""`make lint`: ruff and its format; that modules leave each other's private attributes alone (tools/privates.py); and
that each module for devices compiles, without floats and `async def`.
"""

import ast
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import common, privates, sources
from tools.common import ROOT, Failure

# Run by CPython only; one that ends with a slash is a folder.
HOST_ONLY = (
    'modules/MicroWebSrv2/__main__.py',
    'modules/MicroWebSrv2/host/',
    'modules/MicroWebSrv2/libs/strictJsonHost.py',
    'modules/MicroWebSrv2/libs/wsBytesHost.py',
    'modules/MicroWebSrv2/libs/xasPollerHost.py',
)

# Frozen only into firmware that has floats and asyncio.
FOR_LARGE_FIRMWARE = (
    'modules/MicroWebSrv2/libs/contentAsyncio.py',
    'modules/MicroWebSrv2/libs/httpFeedAsync.py',
    'modules/MicroWebSrv2/libs/xasAsyncio.py',
    'firmware/__main__.py',
)

# Some modules hold machine code: any processor that all of MicroPython's compilers know serves for the check.
MACHINE = '-march=armv7m'


@common.tool
def main(variables):
    """Check all sources; print each fault, status 2 when there is one."""
    faults = ruff('check', '--output-format', 'concise') + ruff('format', '--check')
    faults += privates.faults(privates.accesses(privates.sources()))
    faults += dialect_faults() + compile_faults(sources.mpy_cross(variables))
    for fault in faults:
        common.say(fault)
    if faults:
        raise Failure(f'lint: {len(faults)} faults')


def ruff(*command):
    """Return ruff's complaints, a line each. command: ruff's sub-command with its options."""
    python = [sys.executable, '-m', 'ruff', *command, '--quiet', '.']
    result = subprocess.run(python, cwd=ROOT, capture_output=True, text=True)
    if result.returncode not in (0, 1):
        raise Failure(f'ruff: {common.first_error(result.stderr)}')
    return result.stdout.splitlines()


def device_files():
    """Return the Paths of all Python files that are frozen into images, sorted."""
    files = {ROOT / 'boards' / 'lib' / path.name for path in ROOT.glob('boards/lib/*.py')}
    files.update(ROOT.glob('modules/**/*.py'), ROOT.glob('firmware/*.py'))
    files.update(ROOT.glob('boards/*/board.py'), ROOT.glob('boards/*/_boot.py'))
    return sorted(path for path in files if not is_host_only(path))


def is_host_only(path):
    """Return whether a module of modules/ is run by CPython only. path: Path."""
    return path.relative_to(ROOT).as_posix().startswith(HOST_ONLY)


def dialect_faults():
    """Return a line for each float and `async` in the files for devices: the smallest board has neither."""
    faults = []
    for path in device_files():
        name = path.relative_to(ROOT).as_posix()
        if name not in FOR_LARGE_FIRMWARE:
            nodes = ast.walk(ast.parse(path.read_text(), name))
            faults += [f'{name}:{node.lineno}: {fault}' for node in nodes if (fault := _dialect_fault(node))]
    return faults


def _dialect_fault(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, (float, complex)):
        return f'{node.value!r}: boards without floating point cannot compile this'
    if isinstance(node, ast.Name) and node.id == 'float':
        return 'boards without floating point have no `float`'
    if isinstance(node, (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)):
        return 'boards without asyncio cannot compile `async` and `await`'
    return None


def compile_faults(mpy_cross):
    """Return a line for each file for devices that the compiler of MicroPython refuses."""
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for path in device_files():
            result = subprocess.run(
                [mpy_cross, MACHINE, '-o', Path(folder) / 'module.mpy', path],
                capture_output=True,
                text=True,
                errors='replace',
            )
            if result.returncode:
                faults.append(f'{path.relative_to(ROOT)}: {" ".join(result.stderr.split())}')
    return faults


if __name__ == '__main__':
    sys.exit(main())
