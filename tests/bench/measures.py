"""What the benchmark measures, and how."""

import contextlib
import os
import re
import selectors
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import client
import servers

WARM_UP = 6
HEAP = '64M'  # of the firmware, where memory is counted: the collector is off, and nothing is freed
HEAP_KB = (16, 2048)  # where the smallest heap is looked for
HEAP_STEP_KB = 2
HEAP_TIMEOUT = 3  # seconds
CLIENT_CORES = {0}
SERVER_CORES = {1}


class Result:
    """A number that was measured some times. values: list of float."""

    def __init__(self, values):
        self.values = sorted(values)
        self.median = statistics.median(values)

    @property
    def spread(self):
        """float: the distance from the median to the furthest value, as a part of the median."""
        return max(abs(value - self.median) for value in self.values) / self.median if self.median else 0.0


def counts(work):
    """Returns the two numbers of requests whose difference is counted, smaller for work that takes long."""
    return (4, 12) if work == 'file of 1 MB' else (10, 30) if work == 'file of 100 KB' else (20, 100)


def instructions(server, works, repeats):
    """Counts a server's instructions per request under valgrind's callgrind, in user space.

    What N requests cost is taken from what more of them cost: what does not belong to a request drops out.
    Returns dict of work to Result; a server that fails has None.
    """
    results = {}
    options = ['-X', f'heapsize={HEAP}'] if server.runtime == 'UNIX' else []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / 'out'
        valgrind = ['valgrind', '--tool=callgrind', f'--callgrind-out-file={out}', '--compress-pos=yes']
        with server.running(valgrind, options=options) as running:
            dumps = _Dumps(running.pid, out)
            for name in works:
                few, many = counts(name)
                values = []
                with client.Session(running.port) as session:
                    session.do(client.WORK[name], WARM_UP)
                    for _ in range(repeats):
                        _collect(running)
                        costs = []
                        for times in (few, many):
                            dumps.take()
                            session.do(client.WORK[name], times)
                            costs.append(dumps.take())
                        values.append((costs[1] - costs[0]) / (many - few))
                results[name] = Result(values)
    return results


class _Dumps:
    """The counters of a process under callgrind, which vgdb has it write into files and clear."""

    def __init__(self, pid, out):
        self._pid = pid
        self._out = out
        self._number = 0

    def take(self):
        """Returns the instructions since the last time, as int."""
        subprocess.run(['vgdb', f'--pid={self._pid}', 'dump'], check=True, capture_output=True, timeout=client.TIMEOUT)
        self._number += 1
        path = self._out.with_name(f'{self._out.name}.{self._number}')
        match = re.search(rb'^totals: (\d+)', path.read_bytes(), re.MULTILINE)
        path.unlink()
        return int(match.group(1))


def _collect(running):
    """Collects the garbage of the firmware, once, and turns its collector off."""
    if running.server.runtime == 'UNIX':
        with client.Session(running.port) as session:
            session.get('/collect')


def _allocated(running):
    with client.Session(running.port) as session:
        return int(session.get('/allocated'))


def allocated_bytes(server, works, repeats):
    """Counts the bytes that the firmware allocates per request (gc.mem_alloc(), the collector off).

    Returns dict of work to Result.
    """
    results = {}
    with server.running(options=['-X', f'heapsize={HEAP}']) as running:
        for name in works:
            few, many = counts(name)
            values = []
            with client.Session(running.port) as session:
                session.do(client.WORK[name], WARM_UP)
                for _ in range(repeats):
                    _collect(running)
                    levels = [_allocated(running)]
                    for times in (few, many):
                        session.do(client.WORK[name], times)
                        levels.append(_allocated(running))
                    values.append((levels[2] - 2 * levels[1] + levels[0]) / (many - few))
            results[name] = Result(values)
    return results


def idle_heap(server, connections):
    """Counts the bytes of the firmware's heap that a connection takes which has been answered once and is idle.

    Returns Result.
    """
    with server.running(options=['-X', f'heapsize={HEAP}']) as running, contextlib.ExitStack() as stack:
        _collect(running)
        before = _allocated(running)
        for _ in range(connections):
            stack.enter_context(client.Session(running.port)).do(client.WORK['hello'])
        _collect(running)
        return Result([(_allocated(running) - before) / connections])


def smallest_heap(server, works):
    """Looks for the smallest heap of the firmware in which a server does all work. Returns Result, bytes, or None."""

    def passes(kilobytes):
        try:
            options = ['-X', f'heapsize={kilobytes}K']
            extra = []
            if server.name == 'MicroWebSrv2':
                extra = ['small'] if servers.PAGE in works else ['small', '']
            with server.running(options=options, extra=extra, timeout=HEAP_TIMEOUT) as running:
                for name in works:
                    with client.Session(running.port, HEAP_TIMEOUT) as session:
                        session.do(client.WORK[name], 3)
            return True
        except OSError:
            return False

    found = smallest(passes, *HEAP_KB, HEAP_STEP_KB)
    return Result([found * 1024]) if found else None


def smallest(passes, low, high, step=1):
    """Looks for the smallest number that is enough. passes: function of an int that tells whether it is.

    low: int, too small. high: int, the largest one to try. step: int, how exact the answer is to be. Returns int, or
    None where not even the largest one is enough.
    """
    if not passes(high):
        return None
    while high - low > step:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high


def smallest_of_steps(passes, low, high, step):
    """Looks for the smallest number that is enough, where a larger one need not be.

    In little RAM the port is built otherwise, so that more RAM can be less heap. passes, low: as of smallest(). high:
    int, the largest number to try. step: int, the distance of the numbers that are tried from below, until one is
    enough; between it and the last one, all larger ones are taken to be. Returns int, or None.
    """
    for number in range(low + step, high + 1, step):
        if passes(number):
            return smallest(passes, number - step, number)
    return None


def bytecode_size(mpy_cross, files):
    """Adds up what modules take as .mpy files without line numbers (mpy-cross -O3).

    mpy_cross: Path. files: Paths of sources. Returns Result, bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / 'module.mpy'
        total = 0
        for file in files:
            subprocess.run([mpy_cross, '-O3', '-s', file.name, '-o', made, file], check=True)
            total += made.stat().st_size
    return Result([total])


class Load:
    """The result of loads of one kind of work on one server: lists, a number for each run.

    seconds: of the server's processor time per request. rates: requests per second.
    """

    def __init__(self):
        self.seconds = []
        self.rates = []

    def add(self, requests, seconds, cpu):
        """Takes a run over. requests: int. seconds: float, its duration, or None. cpu: float, the server's time."""
        self.seconds.append(cpu / requests)
        if seconds:
            self.rates.append(requests / seconds)


def pin_client():
    """Keeps this process, and those that it starts, off the server's core, where there is more than one."""
    cores = os.sched_getaffinity(0)
    if CLIENT_CORES | SERVER_CORES <= cores:
        os.sched_setaffinity(0, CLIENT_CORES)
        return SERVER_CORES
    return None


def loads(servers, cases, rounds, seconds):
    """Loads servers by turns. cases: list of (name of work, connections). seconds: float, of each run.

    Returns dict of (server, work, connections) to Load.
    """
    results = {}
    before = os.sched_getaffinity(0)
    cores = pin_client()
    try:
        with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
            running = [stack.enter_context(server.running(cores=cores)) for server in servers]
            for case in cases:
                for _ in range(rounds):
                    for one in running:
                        if case[0] in one.server.works:
                            _load_once(one, case, seconds, Path(folder), results)
    finally:
        os.sched_setaffinity(0, before)
    return results


def _load_once(running, case, seconds, folder, results):
    name, connections = case
    work = client.WORK[name]
    cpu = running.cpu_seconds()
    if work.is_websocket:
        requests, duration = _echoes(running.port, work, connections, seconds)
    else:
        requests, duration = _wrk(running.port, work, connections, seconds, folder)
    if not requests:
        cpu = running.cpu_seconds()
        requests, duration = _sessions(running.port, work, seconds), None
    load = results.setdefault((running.server, name, connections), Load())
    load.add(requests, duration, running.cpu_seconds() - cpu)


def _wrk(port, work, connections, seconds, folder):
    """Has wrk load a server. Returns (requests, seconds), or (0, 0) where it does not understand the answers."""
    script = folder / 'work.lua'
    script.write_text(work.wrk_script())
    command = ['wrk', '-t1', f'-c{connections}', f'-d{seconds}s', '-s', script, f'http://127.0.0.1:{port}{work.path}']
    output = subprocess.run(command, capture_output=True, text=True, timeout=client.TIMEOUT + seconds).stdout
    match = re.search(r'(\d+) requests in ([\d.]+)(m?)s', output)
    if 'Socket errors' in output or 'Non-2xx' in output or not match:
        return 0, 0
    return int(match.group(1)), float(match.group(2))


def _sessions(port, work, seconds):
    """Loads a server that ends bodies with the connection, as wrk cannot: not as fast. Returns requests."""
    done = 0
    with client.Session(port) as session:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            session.do(work)
            done += 1
    return done


def _echoes(port, work, connections, seconds):
    """Sends messages on all connections, each when its last has come back. Returns (messages, seconds)."""
    done = 0
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for _ in range(connections):
            session = stack.enter_context(client.Session(port))
            session.do(work)
            session.send(work)
            selector.register(session._socket, selectors.EVENT_READ, session)
        start = time.monotonic()
        end = start + seconds
        while time.monotonic() < end:
            for key, _ in selector.select(client.TIMEOUT):
                key.data.receive(work)
                key.data.send(work)
                done += 1
        duration = time.monotonic() - start
        for key in list(selector.get_map().values()):
            key.data.receive(work)
    return done, duration


def idle_memory(server, levels):
    """Measures the memory that a connection takes which has been answered once and is idle.

    levels: list of int, numbers of connections. Returns dict of connections to Result, bytes per connection.
    """
    results = {}
    with server.running() as running, contextlib.ExitStack() as stack:
        before = running.resident_bytes()
        opened = 0
        for connections in levels:
            for _ in range(connections - opened):
                stack.enter_context(client.Session(running.port)).do(client.WORK['hello'])
            opened = connections
            results[connections] = Result([(running.resident_bytes() - before) / connections])
    return results
