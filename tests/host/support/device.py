"""The whole firmware as a process: started as `-m firmware` in a folder that stands for the device's flash."""

import json
import os
import subprocess
import sys
import time

from .client import TIMEOUT, Connection
from .targets import ROOT, START_TIMEOUT, Output, free_port

# Stands for the image's web files where there is no image (CPython, --unfrozen): the folder that they are made of.
WWW_IMAGE = f"""
def mount():
    return {str(ROOT / 'www')!r}
"""

READY = 'open http'


def _paths(scratch):
    """The folders of the harness's parts where they are not frozen."""
    scratch.mkdir(exist_ok=True)
    (scratch / 'www_image.py').write_text(WWW_IMAGE)
    return [str(path) for path in (ROOT, ROOT / 'modules', ROOT / 'boards' / 'UNIX', scratch)]


def command(target, scratch, interpreter_options=()):
    """Return (command line up to the firmware's own options, environment) for a target."""
    environment = {name: value for name, value in os.environ.items() if name not in ('MICROPYPATH', 'PYTHONPATH')}
    if target.name == 'cpython':
        environment.update(PYTHONPATH=os.pathsep.join(_paths(scratch)), PYTHONDONTWRITEBYTECODE='1', PYTHONUTF8='1')
        return [sys.executable, '-u', *interpreter_options, '-m', 'firmware'], environment
    if target.options.unfrozen:
        environment['MICROPYPATH'] = ':'.join(['', *_paths(scratch), str(ROOT / 'boards' / 'lib'), '.frozen'])
    return [os.path.abspath(target.options.firmware), *interpreter_options, '-m', 'firmware'], environment


class FirmwareProcess:
    """A running firmware. `config` is the content of config.json: a dict, bytes, or None for no file."""

    def __init__(self, target, flash, config=None, files=(), options=(), wait=READY, interpreter_options=()):
        self.flash = flash
        self.host = '127.0.0.1'
        self.port = free_port()
        if config is not None:
            data = config if isinstance(config, bytes) else json.dumps(config).encode()
            (flash / 'config.json').write_bytes(data)
        for name, content in dict(files).items():
            path = flash / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        line, environment = command(target, flash.parent / 'unfrozen', interpreter_options)
        self.process = subprocess.Popen(
            [*line, '--port', str(self.port), *options],
            cwd=flash,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.output = Output(self.process.stdout)
        if wait:
            self.wait_for(wait, timeout=START_TIMEOUT)

    def wait_for(self, text, since=0, timeout=TIMEOUT):
        """Wait until the console shows a text after position `since`."""
        assert self.output.wait_for(text, since, timeout), f'the console does not show {text!r}:\n{self.output.text}'

    @property
    def console(self):
        """What the console has shown until now."""
        return self.output.text

    def request(self, method, path, headers=(), body=None):
        """Send one request over a connection of its own and return the response."""
        with Connection((self.host, self.port)) as connection:
            return connection.request(method, path, headers, body)

    def get(self, path, headers=()):
        """Short for request('GET', …)."""
        return self.request('GET', path, headers)

    def ended(self):
        """Wait for the end; return the exit status, negative for a signal."""
        status = self.process.wait(TIMEOUT)
        self.output.wait_for_end()
        return status

    def signal(self, number):
        """Send a signal and return (exit status, seconds that the end took)."""
        begun = time.monotonic()
        self.process.send_signal(number)
        return self.ended(), time.monotonic() - begun

    def close(self):
        """End the firmware, if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.output.wait_for_end()
