"""`make bench`: the server beside its peers, under the same work, measured in one run.

Most trusted first: instructions, allocated bytes and the smallest heap, which other programs on the machine do not
change; then memory, processor time and requests per second. See docs/performance.md for what came out.
"""

import argparse
import concurrent.futures
import json
import os
import resource
import sys
import time
from pathlib import Path

import client
import measures
import qemu
import report
import servers

from tools import selfbench

QUICK_WORKS = ['hello', 'hello, no head like the last', 'JSON with an argument', 'file of 1 KB', 'WebSocket, 32 bytes']
QUICK_LOADS = [('hello', 100), ('file of 100 KB', 1)]
LOADS = [
    *[(name, 1) for name in client.WORK if name != 'hello, no head like the last'],
    ('hello', 100),
    ('WebSocket, 32 bytes', 50),
    ('WebSocket, 4,000 bytes', 50),
]
IDLE_LEVELS = [1000, 4000, 10000]
IDLE_SERVERS = ('MicroWebSrv2', 'uhttp-server', 'aiohttp', 'uvicorn', 'nginx')  # the others do not keep connections
IDLE_ON_FIRMWARE = 100
SPARE_FILES = 200


class Benchmark:
    """One run. quick: bool. firmware: Path of the UNIX firmware. www: Path of what is served."""

    def __init__(self, quick, firmware, firmware_version, www):
        self.quick = quick
        self.servers = servers.all_servers(www, firmware, firmware_version)
        self.tables = []

    def on(self, *runtimes):
        """Returns the servers of these runtimes."""
        return [server for server in self.servers if server.runtime in runtimes]

    def works(self, server):
        """Returns the names of the work of a server that is to be measured."""
        return [name for name in server.works if not self.quick or name in QUICK_WORKS]

    def table(self, *words, **options):
        """Adds a table; returns it."""
        self.tables.append(report.Table(*words, **options))
        return self.tables[-1]

    def count_instructions(self):
        """Fills the tables of instructions; servers are counted beside each other, as that changes nothing."""
        text = (
            'Counted by callgrind in user space: what N requests cost is taken from what more of them cost. '
            'The client is not counted. "No head like the last": the query differs each time.'
        )
        on_host = self.table('Instructions per request, CPython', 'thousands', text, scale=1e3, digits=1)
        on_firmware = self.table(
            'Instructions per request, UNIX firmware',
            'thousands',
            text + ' The collector is off, so that what is allocated costs nothing more here.',
            scale=1e3,
            digits=1,
        )
        if self.quick:
            on_host_names = ('MicroWebSrv2', 'uhttp-server', 'aiohttp', 'nginx')
            chosen = [server for server in self.servers if server.runtime == 'UNIX' or server.name in on_host_names]
        else:
            chosen = self.servers
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as executor:
            counted = executor.map(
                lambda server: measures.instructions(server, self.works(server), 1 if self.quick else 3), chosen
            )
            for server, results in zip(chosen, counted):
                table = on_firmware if server.runtime == 'UNIX' else on_host
                for name in (name for name in client.WORK if name in results):
                    table.add(name, server.name, results[name])
                say(f'counted {server.runtime} {server.name}')

    def count_memory(self):
        """Fills the tables of the firmware's memory."""
        text = (
            'gc.mem_alloc() with the collector off, again the slope between two numbers of requests. '
            'A word has 8 bytes on this firmware; on a 32-bit board, most of it is half as much.'
        )
        table = self.table('Bytes allocated per request, UNIX firmware', 'bytes', text)
        for server in self.on('UNIX'):
            for name, result in measures.allocated_bytes(server, self.works(server), 1 if self.quick else 3).items():
                table.add(name, server.name, result)
        for server in self.on('UNIX'):
            if server.name == report.OURS:  # microdot ends each connection
                table.add('idle connection', server.name, measures.idle_heap(server, IDLE_ON_FIRMWARE))
        if not self.quick:
            text = (
                'The smallest -X heapsize with which all work but the template page is done right, and ours with it. '
                'Both servers are frozen in the firmware. Ours sets gc.threshold() where the program has not.'
            )
            table = self.table('Smallest heap that does all work, UNIX firmware', 'KB', text, scale=1024)
            for server in self.on('UNIX'):
                works = [name for name in server.works if name != servers.PAGE]
                table.add('without templates', server.name, measures.smallest_heap(server, works))
                if servers.PAGE in server.works:
                    table.add('with templates', server.name, measures.smallest_heap(server, server.works))
        say('counted memory')

    def measure_size(self, mpy_cross):
        """Fills the table of the modules' sizes."""
        text = 'Without line numbers (mpy-cross -O3), for boards without an image. microdot needs asyncio besides.'
        table = self.table('Size as .mpy files', 'KB', text, scale=1024, digits=1)
        for row, name, files in servers.module_sets():
            table.add(row, name, measures.bytecode_size(mpy_cross, files))

    def measure_idle(self):
        """Fills the table of idle connections."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        levels = [level for level in IDLE_LEVELS if level + SPARE_FILES <= hard and (level == 1000 or not self.quick)]
        table = self.table(
            'Memory per idle connection, CPython',
            'KB',
            'What the resident memory of the server grows by, per connection that has been answered once. '
            'Servers that end each connection are not in it.',
            scale=1024,
            digits=2,
        )
        for server in self.on('CPython', 'C'):
            if server.name in IDLE_SERVERS:
                for connections, result in measures.idle_memory(server, levels).items():
                    table.add(f'{connections:,} connections', server.name, result)
        say('measured idle connections')

    def measure_loads(self):
        """Fills the tables of processor time and of requests per second."""
        text = 'The servers are loaded by turns; server and client have a core each. HTTP by wrk. '
        cpu = self.table(
            'Processor time per request, CPython',
            'µs',
            text + "The time that the operating system's scheduler gave the server, with that of the kernel for it.",
            scale=1e-6,
            digits=1,
        )
        rates = self.table('Requests per second, CPython', '1/s', text + 'Here, more is better.', less_is_better=False)
        cases, rounds, seconds = (QUICK_LOADS, 1, 1) if self.quick else (LOADS, 5, 1)
        chosen = self.on('CPython', 'C')
        results = measures.loads(chosen, cases, rounds, seconds)
        for name, connections in cases:
            row = f'{name}, {connections} connections' if connections > 1 else name
            for server in chosen:
                load = results.get((server, name, connections))
                cpu.add(row, server.name, measures.Result(load.seconds) if load else None)
                rates.add(row, server.name, measures.Result(load.rates) if load and load.rates else None)
        say('measured loads')

    def take_board(self, path):
        """Fills the table of the emulated board from the file that tools/bench.py has made."""
        table = self.table('The emulated board (QEMU, Cortex-M4F), per request', 'as named', qemu.TABLE_TEXT)
        qemu.fill(table, json.loads(path.read_text()))

    def find_smallest_ram(self):
        """Fills the table of the emulated board's smallest RAM."""
        table = self.table('Smallest RAM that does all work, emulated board', 'KB', qemu.RAM_TEXT, scale=1024)
        for work in qemu.works():
            table.add(work.row, work.column, qemu.smallest_ram(work))
            say(f'found the smallest RAM of {work.column} {work.row}')


def say(text):
    """Prints progress, to the standard error output."""
    print(f'[{time.monotonic() - START:4.0f} s] {text}', file=sys.stderr, flush=True)


def main():
    """Measures, prints, and records where it is asked to."""
    parser = argparse.ArgumentParser(prog='bench', description=__doc__)
    parser.add_argument('--quick', action='store_true', help='a part of it, in less than three minutes')
    parser.add_argument('--firmware', required=True, type=Path, help="the UNIX board's firmware")
    parser.add_argument('--firmware-version', required=True, help='its version')
    parser.add_argument('--mpy-cross', required=True, type=Path, help='the compiler')
    parser.add_argument('--board', type=Path, help="the emulated board's results, JSON")
    parser.add_argument('--record', type=Path, help='the document to write')
    parser.add_argument('--command', default='make bench RECORD=1', help='the command that the document names')
    arguments = parser.parse_args()
    servers.BUILD.mkdir(parents=True, exist_ok=True)
    benchmark = Benchmark(arguments.quick, arguments.firmware, arguments.firmware_version, servers.prepare())
    benchmark.count_instructions()
    benchmark.count_memory()
    benchmark.measure_size(arguments.mpy_cross)
    if arguments.board:
        benchmark.take_board(arguments.board)
        if not arguments.quick:
            benchmark.find_smallest_ram()
    benchmark.measure_idle()
    benchmark.measure_loads()
    facts = servers.machine() + [f'{server.runtime}: {server.version}' for server in benchmark.servers]
    if arguments.board:
        facts.append(f'QEMU: {arguments.firmware_version}, {servers.versions("microdot")}, {selfbench.compiler()}')
    print(report.to_console(benchmark.tables))
    print('\n' + '\n'.join(facts))
    if arguments.record:
        report.record(benchmark.tables, facts, arguments.command, arguments.record)


START = time.monotonic()
main()
