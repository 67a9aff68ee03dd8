"""The servers of the benchmark, each as its users run it."""

import contextlib
import os
import platform
import shutil
import socket
import string
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import client

from tools import frozen, lint

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / 'build' / 'bench'
HTTP = [name for name, work in client.WORK.items() if not work.is_websocket]
PAGE = 'page from a template'


class Server:
    """A server that can be started.

    name: str, as in the tables. runtime: 'CPython', 'UNIX' or 'C'. works: names of client.WORK that it does.
    command: the words of its command; PORT in it becomes the TCP port. environment: dict, added to a clean one.
    """

    def __init__(self, name, runtime, version, works, command, environment=None, log=None):
        self.name = name
        self.runtime = runtime
        self.version = version
        self.works = works
        self.log = log or BUILD / f'{runtime}-{name}.log'
        self._command = command
        self._environment = {
            'PATH': os.environ['PATH'],
            'LC_ALL': 'C.UTF-8',
            'PYTHONHASHSEED': '0',
            'PYTHONDONTWRITEBYTECODE': '',
            'PYTHONNOUSERSITE': '1',
            **(environment or {}),
        }

    @contextlib.contextmanager
    def running(self, before=(), extra=(), options=(), cores=None, timeout=client.TIMEOUT):
        """Runs the server; gives a Running.

        before: words of a command that runs it, as valgrind's. options: words behind the program's name.
        extra: words at the end. cores: set of the processor's cores that it may use. timeout: seconds until it serves.
        """
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        words = [str(port) if word == 'PORT' else word for word in self._command]
        if words[0] == 'NGINX':
            words = nginx_command(port)
        words[1:1] = options

        def begin():
            if cores:
                os.sched_setaffinity(0, cores)

        with open(self.log, 'wb') as log:
            process = subprocess.Popen(
                [*before, *map(str, words), *extra],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                preexec_fn=begin,
            )
        try:
            client.wait_until_it_serves(port, process, timeout)
            yield Running(self, process, port)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Running:
    """A server that runs. server: Server. process: subprocess.Popen. port: int."""

    def __init__(self, server, process, port):
        self.server = server
        self.pid = process.pid
        self.port = port

    def cpu_seconds(self):
        """Returns the processor time that the server has used, as float, seconds."""
        total = 0
        for path in Path(f'/proc/{self.pid}/task').glob('*/schedstat'):
            total += int(path.read_text().split()[0])
        return total / 1e9

    def resident_bytes(self):
        """Returns the memory that the server takes, as int, bytes."""
        for line in Path(f'/proc/{self.pid}/status').read_text().splitlines():
            if line.startswith('VmRSS:'):
                return int(line.split()[1]) * 1024
        raise OSError(f'process {self.pid} has no VmRSS')


def prepare():
    """Makes the folder of what the servers serve; returns its Path."""
    www = BUILD / 'www'
    shutil.rmtree(www, ignore_errors=True)
    (www / 'files').mkdir(parents=True)
    for name, size in client.FILES.items():
        (www / 'files' / name).write_bytes(client.file_content(size))
    shutil.copy(HERE / 'apps' / 'www' / 'page.pyhtml', www)
    shutil.copytree(HERE / 'apps' / 'templates', www / 'templates')
    return www


def all_servers(www, firmware, firmware_version):
    """Returns the list of Server. www: Path of prepare(). firmware: Path of the UNIX firmware that has both servers."""
    everything = list(client.WORK)
    without_page = [name for name in everything if name != PAGE]
    modules = {'PYTHONPATH': str(ROOT / 'modules')}

    def on_cpython(name, script, version, works, environment=None):
        return Server(
            name, 'CPython', version, works, [sys.executable, HERE / 'apps' / script, 'PORT', www], environment
        )

    servers = [
        on_cpython('MicroWebSrv2', 'ours.py', f'{own_version()}, {versions("websockets")}', everything, modules),
        on_cpython('microdot', 'microdot_app.py', versions('microdot', 'Jinja2'), everything),
        on_cpython('uhttp-server', 'uhttp_app.py', versions('uhttp-server'), without_page),
        on_cpython('aiohttp', 'aiohttp_app.py', versions('aiohttp', 'Jinja2'), everything),
        on_cpython(
            'uvicorn', 'starlette_app.py', versions('uvicorn', 'starlette', 'httptools', 'uvloop', 'Jinja2'), everything
        ),
        on_cpython('bottle', 'bottle_app.py', versions('bottle', 'Jinja2'), HTTP),
    ]
    nginx = find_nginx()
    if nginx:
        works = [name for name in HTTP if name.startswith(('hello', 'file'))]
        servers.append(Server('nginx', 'C', nginx_version(nginx), works, ['NGINX'], log=BUILD / 'nginx.log'))
    servers += [
        Server(
            'MicroWebSrv2', 'UNIX', firmware_version, everything, [firmware, HERE / 'apps' / 'ours.py', 'PORT', www]
        ),
        Server(
            'microdot',
            'UNIX',
            versions('microdot'),
            without_page,
            [firmware, HERE / 'apps' / 'microdot_app.py', 'PORT', www],
        ),
    ]
    return servers


def versions(*packages):
    """Returns the versions of Python packages as a text."""
    return ', '.join(f'{package} {metadata.version(package)}' for package in packages)


def own_version():
    """Returns the version of the server in the tree as a text."""
    return f'MicroWebSrv2 {frozen.project_version()}'


def module_sets():
    """Yields what a board without our image would load: (row of the table, server's name, list of Path)."""
    ours = ROOT / 'modules' / 'MicroWebSrv2'
    theirs = BUILD / 'micropython' / 'microdot'
    libs = (
        '__init__',
        'XAsyncSockets',
        'httpConnection',
        'httpHead',
        'httpParser',
        'staticFiles',
        'strictJson',
        'urlUtils',
        'validators',
    )
    http = [*ours.glob('[!_]*.py'), ours / '__init__.py', *(ours / 'libs' / f'{name}.py' for name in libs)]
    elsewhere = ('sha1.py', 'httpNative.py', 'wsNative.py')
    files = [f for f in ours.rglob('*.py') if f.name not in elsewhere and not lint.is_host_only(f)]
    yield 'HTTP server', 'MicroWebSrv2', http
    yield 'HTTP server', 'microdot', [theirs / name for name in ('__init__.py', 'helpers.py', 'microdot.py')]
    yield 'all of the documentation', 'MicroWebSrv2', files


# nginx comes by apt, but is unpacked and not installed: an installed one would serve on port 80 from then on.


def find_nginx():
    """Returns the Path of nginx, fetched by apt where this machine has none; None where that fails."""
    found = shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin')
    if found:
        return Path(found)
    folder = BUILD / 'nginx'
    program = folder / 'usr' / 'sbin' / 'nginx'
    if not program.is_file() and shutil.which('apt-get'):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(['apt-get', 'download', '-q', 'nginx'], cwd=folder, capture_output=True)
        for package in folder.glob('nginx_*.deb'):
            subprocess.run(['dpkg', '-x', package, folder], capture_output=True)
    return program if program.is_file() else None


def nginx_version(program):
    """Returns nginx's version as a text."""
    output = subprocess.run([program, '-v'], capture_output=True, text=True)
    return output.stderr.strip().rpartition(': ')[2].replace('/', ' ')


def nginx_command(port):
    """Writes nginx's configuration for a port; returns the words of its command."""
    text = string.Template((HERE / 'apps' / 'nginx.conf').read_text())
    configuration = BUILD / f'nginx-{port}.conf'
    configuration.write_text(text.substitute(folder=BUILD, www=BUILD / 'www', port=port))
    return [find_nginx(), '-c', configuration]


def machine():
    """Returns lines that tell what the numbers were measured on."""
    model = [line.partition(': ')[2] for line in Path('/proc/cpuinfo').read_text().splitlines() if 'model name' in line]
    return [
        f'{platform.python_implementation()} {platform.python_version()}',
        f'Linux {platform.release()} {platform.machine()}, {os.cpu_count()} cores, {model[0] if model else "unknown"}',
        subprocess.run(['valgrind', '--version'], capture_output=True, text=True).stdout.strip(),
    ]
