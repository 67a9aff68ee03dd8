"""What all tools share: paths, variables, errors for the user, running programs, writing files whole or not at all."""

import contextlib
import fcntl
import functools
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import termios
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / 'build'

# The variables that `make NAME=value` hands on to the tools. The Makefile holds their descriptions for `make help`.
VARIABLES = (
    'BOARD',
    'PORT',
    'FLASH',
    'DEVICE',
    'VARIANT',
    'MANIFEST',
    'MICROPY_DIR',
    'DEBIAN_MIRROR',
    'RAM_KB',
    'STACK_KB',
    'CONTAINER',
    'WIFI_SSID',
    'WIFI_PASSWORD',
    'ADDRESS',
    'HOSTNAME',
    'ADMIN_PASSWORD',
    'QUICK',
    'RECORD',
    'SAMPLE',
    'SEED',
    'FILES',
    'JOBS',
    'MINUTES',
    'TARGETS',
    'ARGS',
    'V',
)

# make hands its own state, and variables of our command line, to every program below it: a port's Makefile must not
# see them.
_MAKE_STATE = (
    'MAKEFLAGS',
    'MFLAGS',
    'MAKEOVERRIDES',
    'MAKELEVEL',
    'MAKEFILES',
    'GNUMAKEFLAGS',
    'MAKE_TERMOUT',
    'MAKE_TERMERR',
)

_ERROR_LINE = re.compile(
    r'(?<!collect2: )(\berror\b|/ld: ?|undefined reference|No such file|No space left|cannot find|command not found|'
    r'overflowed by|\w*Error:|\*\*\* )',
    re.IGNORECASE,
)

# A disk with less than this many bytes free is full: not every program says so when it fails for it.
_FULL = 65536


class Failure(Exception):
    """An error for the user: one line that says what was wrong and what would be right; ends the tool with status 2."""


class Unavailable(Failure):
    """A Failure for which this machine is the reason: it lacks an SDK or sources that this project cannot install."""


def server_module(name):
    """Import a module of the server of this checkout; return it. `name`: below the package, as 'libs.httpParser'."""
    path = str(ROOT / 'modules')
    if path not in sys.path:
        sys.path.insert(0, path)
    return importlib.import_module(f'MicroWebSrv2.{name}')


def say(text):
    """Print one line of progress at once. Ends the tool when nobody reads on (`make size | head`)."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what Python flushes at its end goes there
        raise SystemExit(1) from None


def parse_variables(arguments):
    """Make a dict of `NAME=value` arguments; empty values count as not given.

    Raise Failure for an argument without `=` or a name that is not in VARIABLES.
    """
    variables = {}
    for argument in arguments:
        name, equals, value = argument.partition('=')
        if not equals or not (name in VARIABLES or name.startswith('MWS_')):
            raise Failure(
                f'{argument!r} is no variable of this project: NAME=value with NAME one of {", ".join(VARIABLES)}'
            )
        if value:
            variables[name] = value
    return variables


def tool(main):
    """Decorate a tool's `main(variables)`: variables come from the command line, a Failure is one line and status 2.

    The decorated function returns the exit status; `main` may return one, None counts as 0. Ctrl-C gives 130.
    """

    @functools.wraps(main)
    def run(arguments=None):
        try:
            return main(parse_variables(sys.argv[1:] if arguments is None else arguments)) or 0
        except Failure as failure:
            print(f'error: {failure}', file=sys.stderr, flush=True)
            return 2
        except KeyboardInterrupt:
            return 130

    return run


def clean_environment(**more):
    """Return a copy of the environment for programs that we start: without make's state and this project's variables,
    with a fixed locale, time zone and hash seed so that builds repeat. `more` is added last.
    """
    environment = {k: v for k, v in os.environ.items() if k not in _MAKE_STATE and k not in VARIABLES}
    environment.update(LC_ALL='C.UTF-8', TZ='UTC', PYTHONHASHSEED='0', PYTHONDONTWRITEBYTECODE='1')
    environment.update(more)
    return environment


def need_tool(name, package):
    """Return the path of a program, or raise Failure naming the Debian package that has it."""
    path = shutil.which(name)
    if path is None:
        raise Failure(f'the program {name} is missing: apt-get install {package}')
    return path


def first_error(text):
    """Return the line of a program's output that likely says what went wrong: the first error line, else the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any('No space left on device' in line for line in lines):
        return 'no space left on the disk'
    if fetch := re.search(r'Failed to fetch .*', text):
        return fetch.group()
    for line, following in zip(lines, [*lines[1:], '']):
        if _ERROR_LINE.search(line):
            return f'{line} {following}' if line.endswith(':') else line
    return lines[-1] if lines else 'it printed nothing'


def run(command, what, log, cwd=None, env=None, show=False):
    """Run a program to its end with its output appended to the file `log`; `env` is added to clean_environment().

    `what` names the work in the error: `building the firmware`. With `show` the output goes to the console as well.
    Return the output. Raise Failure with the first error line when the program is missing or its status is not 0.
    """
    command = [str(part) for part in command]
    log = Path(log)
    output = []
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, 'a', encoding='utf-8', errors='replace') as stream:
            stream.write(f'$ {" ".join(command)}\n')
            with subprocess.Popen(
                command,
                cwd=cwd,
                env=clean_environment(**(env or {})),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding='utf-8',
                errors='replace',
            ) as process:
                for line in process.stdout:
                    output.append(line)
                    stream.write(line)
                    if show:
                        print(line, end='', flush=True)
    except FileNotFoundError as error:
        raise Failure(f'{what}: the program {error.filename} is missing') from error
    except OSError as error:
        raise Failure(f'{what}: {error.strerror}: {error.filename or log}') from error
    text = ''.join(output)
    if process.returncode:
        full = shutil.disk_usage(log.parent).free < _FULL
        raise Failure(f'{what} failed: {"no space left on the disk" if full else first_error(text)} (all of it: {log})')
    return text


@contextlib.contextmanager
def lock(path):
    """Hold a lock file: what two tools at once would spoil is done by one after the other."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, 'w') as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def disk_errors(what):
    """Turn an OSError inside the block (full disk, no permission) into a Failure that says `what` was being done."""
    try:
        yield
    except OSError as error:
        place = f': {error.filename}' if error.filename else ''
        raise Failure(f'{what}: {error.strerror or error}{place}') from error


def write_if_changed(path, data):
    """Write bytes or text to a file, whole or not at all.

    Only when they differ: the file's time tells make what to do anew.

    Return whether it was written.
    """
    path = Path(path)
    data = data.encode() if isinstance(data, str) else data
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def take_interrupts():
    """Have programs that are started from now on take Ctrl-C.

    A shell starts the background jobs of a script with SIGINT ignored, and that is inherited. What is caught, if only
    to do nothing, is not: an exec() sets it back.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: None)


def foreground(command, cwd=None, env=None):
    """Run a program that owns the console until it ends: keys and Ctrl-C go to it alone.

    Return its exit status, -N for signal N.

    On a terminal the program becomes a foreground process group of its own, as a shell does it: `make` and the tool do
    not see its Ctrl-C, and so do not turn a program that ended well into an interrupted make. SIGINT and SIGTERM sent
    to the tool are handed on. The terminal's settings are put back afterwards.
    """
    terminal = sys.stdin.fileno() if sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp() else None
    settings = termios.tcgetattr(terminal) if terminal is not None else None

    def begin():
        if terminal is not None:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            os.tcsetpgrp(terminal, os.getpgrp())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)

    sys.stdout.flush()
    process = subprocess.Popen(
        [str(part) for part in command], cwd=cwd, env=clean_environment(**(env or {})), preexec_fn=begin
    )
    before = {
        number: signal.signal(number, lambda got, _: process.send_signal(got))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        return process.wait()
    finally:
        if terminal is not None:
            ignored = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            os.tcsetpgrp(terminal, os.getpgrp())
            termios.tcsetattr(terminal, termios.TCSADRAIN, settings)
            signal.signal(signal.SIGTTOU, ignored)
        for number, handler in before.items():
            signal.signal(number, handler)
