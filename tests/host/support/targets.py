"""The systems that run the server under test: CPython, the UNIX firmware, the emulated board.

A target starts an application of tests/host/app (`start`) and runs the checks of a module there (`run`). What a target
cannot do is left out of its `abilities`; a test asks for them by ``@pytest.mark.needs('threads')``.
"""

import codecs
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from .client import TIMEOUT, Connection

ROOT = pathlib.Path(__file__).resolve().parents[3]
APPS = ROOT / 'tests' / 'host' / 'app'
EXAMPLES = sorted(path for path in (ROOT / 'examples').glob('*') if path.is_dir())
START_TIMEOUT = 60  # seconds, for a computer that has a lot else to do


class TargetError(Exception):
    """The target cannot be used as it is; the message says what to do."""


def free_port(kind=socket.SOCK_STREAM):
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Output:
    """Collects what a stream of bytes gives, as it comes, so that tests can wait for a text."""

    def __init__(self, stream, newline=None):
        """``newline``: what to put for CR LF, None to leave it."""
        self.text = ''
        self.ended = False
        self._newline = newline
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._collect, args=(stream,), daemon=True)
        self._thread.start()

    def _collect(self, stream):
        decoder = codecs.getincrementaldecoder('utf-8')('backslashreplace')
        with stream, contextlib.suppress(OSError):
            for data in iter(lambda: stream.read1(65536), b''):
                self._add(decoder.decode(data))
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def _add(self, text):
        with self._changed:
            self.text += text
            if self._newline:
                self.text = self.text[:-100_000] + self.text[-100_000:].replace('\r\n', self._newline)
            self._changed.notify_all()

    def wait_for(self, text, since=0, timeout=TIMEOUT, is_over=None):
        """Wait until ``text`` stands in the output after position ``since``; return whether it does.

        ``is_over``: tells whether nothing more is to be waited for, None: the end of the stream tells.
        """
        is_over = is_over or (lambda: self.ended)
        with self._changed:
            self._changed.wait_for(lambda: text in self.text[since:] or is_over(), timeout)
            return text in self.text[since:]

    def wait_for_end(self, timeout=TIMEOUT):
        """Wait until the stream is closed; return all of the text."""
        self._thread.join(timeout)
        return self.text


class Server:
    """A running application. Connections go to (host, port); `log` is all that it printed."""

    def __init__(self, target, app, settings):
        self.target = target
        self.app = app
        self.settings = settings
        self.host = '127.0.0.1'
        self._start()

    def _start(self):
        self.port, self.process, self.output = self.target.spawn(self.app, self.settings)
        if not self.output.wait_for('READY\n', timeout=START_TIMEOUT):
            self.stop()
            raise TargetError(f'{self.app} did not start on {self.target.name}:\n{self.output.text}')
        self._await_listening()

    def _await_listening(self):
        if not self.settings.get('listens', self.target.refuses_early):
            return
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                with socket.create_connection((self.host, self.port), 1):
                    return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise TargetError(
                        f'{self.app} does not listen on {self.target.name}:\n{self.output.text}'
                    ) from None

    @property
    def address(self):
        """(host, port), as socket.connect wants it."""
        return self.host, self.port

    @property
    def alive(self):
        """Whether the process runs."""
        return self.process.poll() is None

    def connect(self, **options):
        """Open a raw connection; see support.client.Connection for the options."""
        return Connection(self.address, **options)

    def request(self, method, path, headers=(), body=None):
        """Send one request over a connection of its own and return the response."""
        with self.connect() as connection:
            return connection.request(method, path, headers, body)

    def get(self, path, headers=()):
        """Short for request('GET', …)."""
        return self.request('GET', path, headers)

    def log(self):
        """Return all that the application printed until now."""
        return self.output.text

    def interrupt(self):
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def stop(self):
        """End the application."""
        if self.alive:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.output.wait_for_end()

    def restart(self):
        """End the application if it still runs and start it anew (on another port)."""
        self.stop()
        self._start()


class ProcessTarget:
    """A target that is a process of this machine: an interpreter that is given a script."""

    name = ''
    abilities = frozenset()
    refuses_early = True  # whether connections are refused as long as nobody listens

    @classmethod
    def check(cls, options):
        """Raise TargetError if the target is missing on this machine; ``options`` are pytest's."""

    def __init__(self, options):
        self.options = options
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix=f'mws2-{self.name}-'))
        self._servers = {}

    def command(self, script, *arguments):
        """Return the command line that runs a script."""
        raise NotImplementedError

    def environment(self):
        """Return the environment for the interpreter."""
        raise NotImplementedError

    def path(self, local):
        """Return the path by which the target finds a file or folder of the host."""
        return str(local)

    def put(self, name, content):
        """Make a file of bytes where the target's programs find it by its name alone."""
        (self.scratch / name).write_bytes(content)

    def spawn(self, app, settings):
        """Start an application; return its port, the process and its Output."""
        port = free_port()
        handle, name = tempfile.mkstemp('.json', app + '-', self.scratch)
        with os.fdopen(handle, 'w') as file:
            json.dump(dict(settings, port=port), file)
        process = subprocess.Popen(
            self.command(APPS / (app + '.py'), name),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environment(),
            cwd=self.scratch,
        )
        return port, process, Output(process.stdout)

    def server(self, app, settings):
        """Return the running server of an application with these settings; start it if need be."""
        key = (app, json.dumps(settings, sort_keys=True))
        server = self._servers.get(key)
        if server is None:
            server = self._servers[key] = Server(self, app, settings)
        elif not server.alive:
            server.restart()
        return server

    def run(self, source, timeout=60, arguments=()):
        """Run a piece of Python, return (exit status, what it printed)."""
        handle, name = tempfile.mkstemp('.py', 'run-', self.scratch)
        with os.fdopen(handle, 'w') as file:
            file.write(source)
        done = subprocess.run(
            self.command(name, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environment(),
            cwd=self.scratch,
            timeout=timeout,
            check=False,
        )
        return done.returncode, done.stdout.decode('utf-8', 'backslashreplace')

    def close(self):
        """End all servers and remove the scratch folder."""
        for server in self._servers.values():
            server.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)


class CPython(ProcessTarget):
    """The interpreter that runs the tests, with the server's sources."""

    name = 'cpython'
    abilities = frozenset(
        'cpython processes shared-files threads many-sockets symlinks strict-json '
        'asyncio tls tls-1.3 client-certificates'.split()
    )

    def command(self, script, *arguments):
        return [sys.executable, '-u', '-X', 'utf8', str(script), *map(str, arguments)]

    def environment(self):
        path = os.pathsep.join(map(str, (ROOT / 'modules', APPS, *EXAMPLES)))
        return dict(os.environ, PYTHONPATH=path, PYTHONDONTWRITEBYTECODE='1')


class UnixFirmware(ProcessTarget):
    """The firmware of the UNIX board, with the server that is frozen into it."""

    name = 'unix'
    # MicroPython has neither lstat nor readlink to see symlinks by, its json takes `[1 2`, its TLS is 1.2.
    abilities = frozenset('micropython processes shared-files threads many-sockets asyncio tls'.split())

    @classmethod
    def check(cls, options):
        if not pathlib.Path(options.firmware).is_file():
            raise TargetError(f'{options.firmware} is missing: `make build` makes it (or give --targets cpython)')

    def command(self, script, *arguments):
        return [os.path.abspath(self.options.firmware), '-X', 'heapsize=8m', str(script), *map(str, arguments)]

    def environment(self):
        modules = [str(ROOT / 'modules'), str(ROOT / 'boards' / 'lib')] if self.options.unfrozen else []
        return dict(os.environ, MICROPYPATH=':'.join([*modules, '.frozen', *map(str, (APPS, *EXAMPLES))]))
