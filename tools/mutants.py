"""`make mutants`: puts faults into the server, one at a time, and tells which of them no test notices.

The tests run in a copy of the project, on CPython. First each file of tests runs once with its lines recorded, in all
processes that it starts; then a mutant meets only the files that run its line, those that know its module best first,
until one of them fails. What was found is kept in build/mutants: a run that was ended goes on where it was.
"""

import collections
import concurrent.futures
import contextlib
import difflib
import fnmatch
import hashlib
import json
import os
import queue
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tools import common, mutation
from tools.common import BUILD, ROOT, Failure

# What gets faults, and the tests that may notice them: patterns of files from the project's root.
SOURCES = (
    'modules/MicroWebSrv2/httpResponse.py',
    'modules/MicroWebSrv2/http*.py',
    'modules/MicroWebSrv2/webRoute.py',
    'modules/MicroWebSrv2/libs/routeTable.py',
    'modules/MicroWebSrv2/libs/routeKinds.py',
    'modules/MicroWebSrv2/libs/http*.py',
    'modules/MicroWebSrv2/libs/staticFiles.py',
    'modules/MicroWebSrv2/libs/XAsyncSockets.py',
    'modules/MicroWebSrv2/libs/xas*.py',
    'modules/MicroWebSrv2/libs/wsFrames.py',
    'modules/MicroWebSrv2/libs/pyhtmlCompiler.py',
    'modules/MicroWebSrv2/mods/WebSockets.py',
    'firmware/config_save.py',
)
TESTS = ('tests/host/test_*.py',)
# They run no code of the server on CPython, or build for minutes.
NOT_TESTS = ('*/test_bench.py', '*/test_board_*.py', '*/test_build_*.py', '*/test_flash_*.py', '*/test_d[eo]*.py')

FOLDER = BUILD / 'mutants'
RESULTS = FOLDER / 'results.jsonl'
BASELINE = FOLDER / 'baseline.json'
DIFFS = FOLDER / 'survivors.diff'

# A mutant meets at most so many seconds of tests; a file takes so many times its time, plus so many seconds, at most.
_BUDGET = 60
_FACTOR, _GRACE = 3, 15
_MEMORY = 4 << 30  # bytes of address space for each process: a fault must not take the computer down
_PYTEST = ('-x', '-q', '--targets', 'cpython', '-p', 'no:cacheprovider', '--hypothesis-seed=0')

# Runs at the start of each Python process of the tests: writes `path:line` for each line of the sources when it first
# runs. Processes end in all ways, so that nothing may be left for later.
_RECORDER = """
import os, sys, threading
record, prefix = os.environ.get('MUTANTS_RECORD'), os.environ.get('MUTANTS_TREE')
if record:
    out = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    seen = set()
    def lines(frame, event, argument):
        key = frame.f_code.co_filename, frame.f_lineno
        if key not in seen:
            seen.add(key)
            os.write(out, ('%s:%d\\n' % key).encode())
        return lines
    def calls(frame, event, argument):
        name = frame.f_code.co_filename
        if name.startswith(prefix):
            return lines(frame, event, argument)
    threading.settrace(calls)
    sys.settrace(calls)
"""


class Tree:
    """A copy of the project whose sources may be spoiled."""

    def __init__(self, number):
        self.root = FOLDER / f'tree-{number}'
        shutil.rmtree(self.root, ignore_errors=True)
        for name in _project_files():
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
        # Where Pythons that run an application of the tests find it, the firmware, and the tests.
        for folder in ('.', 'tests/host/app'):
            (self.root / folder / 'sitecustomize.py').write_text(_RECORDER)

    def run(self, tests, timeout, record=None):
        """Run files of tests; return (pytest's status, its output), None for the status when the time is over."""
        environment = common.clean_environment(PYTHONPATH=os.pathsep.join([str(self.root), str(self.root / 'modules')]))
        if record:
            environment.update(MUTANTS_RECORD=str(record), MUTANTS_TREE=f'{self.root}{os.sep}')
        process = subprocess.Popen(
            [sys.executable, '-m', 'pytest', *_PYTEST, *tests],
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY)),
        )
        try:
            output, _ = process.communicate(timeout=timeout)
            return process.returncode, output.decode(errors='replace')
        except subprocess.TimeoutExpired:
            return None, 'the time is over'
        finally:
            # The servers that the tests started, too.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    @contextlib.contextmanager
    def spoiled(self, name, text):
        """Give the source `name` another text for the block."""
        path = self.root / name
        path.write_text(text)
        try:
            yield
        finally:
            shutil.copy2(ROOT / name, path)


def _project_files():
    """Return the paths of the project's files, as git knows them, new ones too."""
    command = ['git', 'ls-files', '--cached', '--others', '--exclude-standard', '-z']
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if result.returncode:
        raise Failure(f'make mutants needs a checkout by git: {common.first_error(result.stderr)}')
    return [name for name in result.stdout.split('\0') if name and (ROOT / name).is_file()]


def _matching(patterns, without=()):
    names = _project_files()
    return sorted(
        name
        for name in names
        if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
        and not any(fnmatch.fnmatch(name, pattern) for pattern in without)
    )


def _digest(names):
    total = hashlib.sha256()
    for name in sorted(names):
        total.update(name.encode() + b'\0' + (ROOT / name).read_bytes())
    return total.hexdigest()[:16]


def _tests_files():
    return [name for name in _project_files() if name.startswith('tests/host/')]


def baseline(sources):
    """Return what each file of tests does with the sources as they are.

    That is a dict of file to {'seconds': how long it takes, 'lines': {source: [the lines that it runs]}}.
    A file whose tests fail as it is has no say: it is named, and left out.
    """
    tests = _matching(TESTS, NOT_TESTS)
    state = _digest({*sources, *_tests_files()})
    kept = json.loads(BASELINE.read_text()) if BASELINE.is_file() else {}
    if kept.get('state') == state:
        return kept['tests']
    tree = Tree(0)
    found = {}
    for test in tests:
        record = FOLDER / 'record'
        record.unlink(missing_ok=True)
        begun = time.monotonic()
        status, output = tree.run([test], 900, record)
        seconds = time.monotonic() - begun
        if status:
            common.say(f'{test} is left out, it fails as it is: {common.first_error(output)}')
            continue
        lines = collections.defaultdict(set)
        for entry in record.read_text().split('\n') if record.is_file() else ():
            path, _, line = entry.rpartition(':')
            name = os.path.relpath(path, tree.root) if path else ''
            if name in sources:
                lines[name].add(int(line))
        found[test] = {'seconds': round(seconds, 1), 'lines': {name: sorted(lines[name]) for name in lines}}
        common.say(f'{test}: {seconds:.0f} s, {sum(map(len, lines.values()))} lines of the sources')
    common.write_if_changed(BASELINE, json.dumps({'state': state, 'tests': found}))
    return found


def judges(mutant, source, tests):
    """Return the files of tests that run a mutant, those that run most of its module in the least time first."""
    able = []
    for test, what in tests.items():
        lines = what['lines'].get(source, ())
        if not set(mutant.lines).isdisjoint(lines):
            able.append((-len(lines) / (what['seconds'] + 1), test))
    chosen, seconds = [], 0
    for _, test in sorted(able):
        seconds += tests[test]['seconds']
        if chosen and seconds > _BUDGET:
            break
        chosen.append(test)
    return chosen


class Run:
    """One run over mutants, with the verdicts of earlier ones: 'caught', 'survived', 'not run'."""

    def __init__(self, tests):
        """`tests`: what baseline() returns."""
        self._tests = tests
        self._tests_state = _digest(_tests_files())
        self._verdicts = {}
        self._lock = threading.Lock()
        if RESULTS.is_file():
            for line in RESULTS.read_text().splitlines():
                entry = json.loads(line)
                # What other tests did not notice, these may.
                if entry['verdict'] == 'caught' or entry['tests'] == self._tests_state:
                    self._verdicts[entry['key']] = entry['verdict']

    @staticmethod
    def _key(source, text, mutant):
        return hashlib.sha256(repr((source, text, mutant)).encode()).hexdigest()[:24]

    def verdict(self, source, text, mutant):
        """Return the verdict on a mutant of a source with this text, None where there is none yet."""
        return self._verdicts.get(self._key(source, text, mutant))

    def judge(self, tree, source, text, mutant):
        """Find the verdict on a mutant, and write it down for the next run."""
        verdict, by = self._try(tree, source, text, mutant)
        key = self._key(source, text, mutant)
        entry = {'key': key, 'verdict': verdict, 'tests': self._tests_state}
        with self._lock:
            self._verdicts[key] = verdict
            with open(RESULTS, 'a') as file:
                file.write(json.dumps(entry) + '\n')
            common.say(f'{verdict:9} {source}:{mutant.line}: {mutant.kind} {by}')

    def _try(self, tree, source, text, mutant):
        """Return the verdict, and the file of tests that noticed the fault."""
        chosen = judges(mutant, source, self._tests)
        if not chosen:
            return 'not run', ''
        with tree.spoiled(source, mutant.apply(text)):
            for test in chosen:
                status, _ = tree.run([test], self._tests[test]['seconds'] * _FACTOR + _GRACE)
                if status != 0:
                    return 'caught', Path(test).stem
        return 'survived', ''


def diff(source, text, mutant):
    """Return a mutant as a unified diff."""
    before, after = text.splitlines(keepends=True), mutant.apply(text).splitlines(keepends=True)
    return ''.join(difflib.unified_diff(before, after, source, f'{source} ({mutant.kind})', n=1))


def choose(sources, sample, seed):
    """Return [(source, its text, mutant)]: all of them, or `sample` of each source, as `seed` has it.

    A larger sample holds the smaller one.
    """
    chosen = []
    for source in sources:
        text = (ROOT / source).read_text()
        found = mutation.mutants(text)
        if sample:
            random.Random(f'{seed} {source}').shuffle(found)
            found = found[:sample]
        chosen += [(source, text, mutant) for mutant in found]
    return chosen


def report(run, chosen):
    """Print caught and survived by module; write the survivors' diffs to a file and print them."""
    counts = collections.defaultdict(collections.Counter)
    diffs = []
    for source, text, mutant in chosen:
        verdict = run.verdict(source, text, mutant)
        counts[source][verdict] += 1
        if verdict == 'survived':
            diffs.append(diff(source, text, mutant))
    common.write_if_changed(DIFFS, '\n'.join(diffs))
    common.say('\n'.join(diffs))
    common.say(f'{"module":<45} {"caught":>7} {"survived":>9} {"not run":>8}')
    total = collections.Counter()
    for source, row in [*sorted(counts.items()), ('all', total)]:
        met = row['caught'] + row['survived']
        share = f'{100 * row["caught"] / met:.0f} %' if met else ''
        common.say(f'{source:<45} {row["caught"]:>7} {row["survived"]:>9} {row["not run"]:>8}  {share}')
        if row is not total:
            total.update(row)
    common.say(f'survivors: {DIFFS.relative_to(ROOT)}')


def _number(variables, name, default):
    text = variables.get(name, str(default))
    if not text.isdigit():
        raise Failure(f'{name}={text} is no number')
    return int(text)


@common.tool
def main(variables):
    """Try the mutants: SAMPLE of each module chosen by SEED, in the modules that FILES matches; JOBS at a time."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    patterns = variables.get('FILES', '*').split()
    sources = [name for name in _matching(SOURCES) if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
    if not sources:
        raise Failure(f'FILES={" ".join(patterns)} matches none of {", ".join(_matching(SOURCES))}')
    with common.lock(FOLDER / '.lock'):
        run = Run(baseline(_matching(SOURCES)))
        chosen = choose(sources, _number(variables, 'SAMPLE', 0), variables.get('SEED', '1'))
        todo = [one for one in chosen if run.verdict(*one) is None]
        common.say(f'{len(chosen)} mutants, {len(chosen) - len(todo)} of them known')
        try_all(run, todo, _number(variables, 'JOBS', 1))
        report(run, chosen)


def try_all(run, todo, jobs):
    """Try mutants, `jobs` at a time, each in a tree of its own."""
    trees = queue.SimpleQueue()
    for number in range(jobs):
        trees.put(Tree(number))

    def try_one(one):
        tree = trees.get()
        try:
            run.judge(tree, *one)
        finally:
            trees.put(tree)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        try:
            for done in [pool.submit(try_one, one) for one in todo]:
                done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)  # Ctrl-C waits for the mutants that are being tried only


if __name__ == '__main__':
    sys.exit(main())
