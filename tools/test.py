"""`make test`: lint, the images of all boards that can be built here, the tests on the emulated board, all others."""

import concurrent.futures
import os
import shlex
import subprocess
import sys

from tools import boards, build, common, hil, lint
from tools.common import ROOT, Failure, Unavailable


@common.tool
def main(variables):
    """Check everything; the last lines are pytest's. Status 0 only when lint, builds and tests all are well."""
    faults = []
    if lint.main([f'{name}={value}' for name, value in variables.items()]):
        faults.append('lint')
    faults += build_all(variables)
    if hil.SUITE.is_dir() and hil.run_suite('QEMU', {}):
        faults.append('hil')
    if faults:
        common.say(f'error: {", ".join(faults)}: see above')
    tests = [sys.executable, '-m', 'pytest', *shlex.split(variables.get('ARGS', ''))]
    status = subprocess.run(tests, cwd=ROOT).returncode
    return status or (2 if faults else 0)


def build_all(variables):
    """Build all boards, two at a time; return the names of those that failed, and say what cannot be built here."""
    names = [name for name in boards.names() if hasattr(boards.load(name), 'build')]
    failed = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, work in [(name, pool.submit(build.build, name, variables)) for name in names]:
            try:
                image = work.result()['image']
                common.say(f'{name}: {image.relative_to(ROOT)}, {image.stat().st_size:,} bytes')
            except Unavailable as failure:
                common.say(f'{name}: not built: {failure}')
            except Failure as failure:
                common.say(f'{name}: error: {failure}')
                failed.append(name)
    return failed


if __name__ == '__main__':
    sys.exit(main())
