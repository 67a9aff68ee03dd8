"""The self-benchmark of the emulated board: instructions and bytes per request, the same in each run.

The image of boards/QEMU/selfbench holds client and server; QEMU runs it in a closed world (`-icount
shift=0,sleep=off`, no network, a fixed seed). tests/bench/qemu-record.json holds the numbers of record.
"""

import bisect
import collections
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import boards, common, emulator, frozen
from tools.common import BUILD, ROOT, Failure

NAME = 'QEMU'
FOLDER = ROOT / 'boards' / NAME / 'selfbench'
RECORD = ROOT / 'tests' / 'bench' / 'qemu-record.json'
TOLERANCE = 1.02  # how much a number may grow before the record must be changed with it

KINDS = ('hello', 'json', 'file', 'websocket', 'pyhtml')
COUNTED = 16  # as in boards/QEMU/selfbench/selfbench_client.py
PROFILE_LINES = 40


class Context(boards.Context):
    """The build of a self-benchmark's image: the board's port with another manifest and other web files."""

    def __init__(self, variables=None, peer=None):
        """`variables`: the make variables given, as a dict of strings. `peer`: a folder of FOLDER, another server."""
        super().__init__(NAME, variables)
        self.board = FOLDER / peer if peer else FOLDER
        self.build = BUILD / (f'QEMU-selfbench-{peer}' if peer else 'QEMU-selfbench')
        self.log = self.build / 'build.log'

    def manifest(self):
        """Return the Path of the manifest to build with. Raise Failure."""
        return frozen.prepare(self, _WebFiles)

    def _configuration(self):
        """Return what the board's own build compares: the port is the same."""
        return boards.Context(NAME, self.variables)._configuration()


class _WebFiles:
    WWW = (f'boards/{NAME}/selfbench/www',)


def build(variables=None, peer=None):
    """Build the image; return the Path of its ELF file. Raise Failure.

    `peer`: 'microdot' for the image of that server, whose package tests/bench/manifest.py must find.
    """
    context = Context(variables, peer)
    with common.lock(context.build / '.lock'):
        context.log.unlink(missing_ok=True)
        context.prepare()
        folder = context.port_folder()
        boards.load(NAME).compile_port(context, folder)
        return context.output(folder / 'firmware.elf', 'firmware.elf')


def run(image, arguments='', extra=()):
    """Run the image once; return a dict: kind of request to {'instructions': …, 'bytes': …}.

    `arguments`: those of boards/QEMU/selfbench/main.py. `extra`: more arguments for QEMU. Raise Failure.
    """
    text = emulator.run_closed(image, f'seed=1 {arguments}', extra)
    if 'Traceback' in text or 'FAULT' in text:
        raise Failure(f'the self-benchmark failed: {text}')
    rows = [json.loads(line.partition(' ')[2]) for line in text.splitlines() if line.startswith('SELFBENCH ')]
    return {row.pop('request'): row for row in rows}


def profile(variables=None, kinds=KINDS):
    """Print for each kind of request where its instructions go, by function. Raise Failure."""
    image = build(variables)
    functions = Functions(image)
    plugin = _plugin(image.parent)
    for kind in kinds:
        before, after = (_executions(image, plugin, f'only={kind} count={count} octets=0') for count in (0, COUNTED))
        after.subtract(before)
        by_function = collections.Counter()
        for (address, instructions), executions in after.items():
            by_function[functions.name(address)] += instructions * executions
        total = sum(by_function.values())
        common.say(f'{kind}: {total // COUNTED:,} instructions per request, the client included')
        for name, instructions in by_function.most_common(PROFILE_LINES):
            common.say(f'{instructions // COUNTED:>10,} {100 * instructions / total:5.1f} % {name}')


def _plugin(folder):
    """Compile QEMU's plugin for the QEMU that is installed; return the Path of the shared object. Raise Failure."""
    source = ROOT / 'boards' / NAME / 'profiler' / 'plugin.c'
    made = folder / 'plugin.so'
    text = subprocess.run(
        [common.need_tool(emulator.PROGRAM, 'qemu-system-arm'), '--version'], capture_output=True, text=True
    )
    major = int(re.search(r'version (\d+)', text.stdout).group(1))
    # QEMU takes plugins from an oldest version of its interface on: 0 until QEMU 8, 2 since QEMU 9.
    version = 1 if major < 9 else 2
    command = [common.need_tool('gcc', 'gcc'), '-O2', '-Wall', '-shared', '-fPIC', f'-DPLUGIN_VERSION={version}']
    common.run([*command, '-o', made, source], 'compiling the profiler', folder / 'build.log')
    return made


def _executions(image, plugin, arguments):
    """Run the image; return how often each block was executed: a Counter by (address, instructions in the block)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'counts'
        run(image, arguments, ['-plugin', f'{plugin},out={path}'])
        counts = collections.Counter()
        for line in path.read_text().splitlines():
            address, instructions, executions = line.split()
            counts[int(address, 16), int(instructions)] += int(executions)
    return counts


class Functions:
    """The functions of an ELF file, by address."""

    def __init__(self, image):
        """`image`: Path of the ELF file. Raises Failure."""
        nm = common.need_tool('arm-none-eabi-nm', 'gcc-arm-none-eabi')
        lines = subprocess.run([nm, '-S', str(image)], capture_output=True, text=True, check=True).stdout.splitlines()
        fields = [line.split() for line in lines]
        self._functions = sorted((int(f[0], 16), int(f[1], 16), f[3]) for f in fields if len(f) == 4 and f[2] in 'tTwW')
        self._addresses = [address for address, _, _ in self._functions]

    def name(self, address):
        """Return the name of the function that an address lies in, '?' where there is none."""
        index = bisect.bisect_right(self._addresses, address) - 1
        if index < 0 or address >= self._functions[index][0] + self._functions[index][1]:
            return '?'
        return self._functions[index][2]


def compiler():
    """Return the compiler's name and major version, on which the numbers depend. Raise Failure."""
    gcc = common.need_tool('arm-none-eabi-gcc', 'gcc-arm-none-eabi')
    version = subprocess.run([gcc, '-dumpversion'], capture_output=True, text=True, check=True).stdout
    return f'arm-none-eabi-gcc {version.partition(".")[0].strip()}'


def record():
    """Return the numbers of record, as run() does; none, an empty dict, where none are of this compiler."""
    return json.loads(RECORD.read_text()).get(compiler(), {})


def grown(results, recorded):
    """Return lines that tell what grew beyond the tolerance, and what one of the two does not have."""
    faults = [f'{kind}: measured or recorded, but not both' for kind in sorted(set(results) ^ set(recorded))]
    for kind in sorted(set(results) & set(recorded)):
        for what, limit in recorded[kind].items():
            found = results[kind][what]
            if found > limit * TOLERANCE:
                faults.append(
                    f'{kind}: {found:,} {what} per request, {limit:,} are recorded in {RECORD.relative_to(ROOT)}'
                )
    return faults


def table(results, recorded):
    """Return the text of a table of results beside the record."""
    lines = [f'{"request":<12}{"instructions":>14}{"recorded":>12}{"bytes":>10}{"recorded":>12}']
    for kind, row in results.items():
        line = f'{kind:<12}'
        for what, width in (('instructions', 14), ('bytes', 10)):
            line += f'{row[what]:>{width},}{recorded[kind][what] if kind in recorded else "none":>12}'
        lines.append(line)
    return '\n'.join(lines)


@common.tool
def main(variables):
    """Print the table; status 1 when a number has grown beyond the tolerance."""
    results = run(build(variables))
    recorded = record()
    common.say(table(results, recorded))
    if not recorded:
        common.say(f'{RECORD.relative_to(ROOT)} has no numbers of {compiler()}')
    faults = grown(results, recorded) if recorded else []
    for fault in faults:
        common.say(f'error: {fault}')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
