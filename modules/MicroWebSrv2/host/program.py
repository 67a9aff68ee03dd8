"""Runs an application's file for the command `microwebsrv2 app.py`, and anew when it changes."""

import os
import runpy
import signal
import subprocess
import sys
import time

from .. import MicroWebSrv2

_LOOK_SEC = 0.3
_ENDINGS = ('.py', '.pyhtml')


def run(path):
    """Run a program's file. Return (its OnStart or None, list of MicroWebSrv2: the servers that it has made itself).

    path: str. What is below `if __name__ == '__main__'` is not run: the command starts the server.
    """
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    names = runpy.run_path(path, run_name=os.path.splitext(os.path.basename(path))[0])
    servers = [value for value in names.values() if isinstance(value, MicroWebSrv2)]
    return names.get('OnStart'), servers


def wait_for(servers):
    """Wait until none of the servers, which run in threads, is running any more."""
    while any(server.IsRunning for server in servers):
        time.sleep(_LOOK_SEC)


def _seen(folder):
    """Return dict: path to time and size of each file whose change matters."""
    found = {}
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(('.', '__pycache__'))]
        for name in names:
            if name.endswith(_ENDINGS):
                path = os.path.join(root, name)
                try:
                    stat = os.stat(path)
                except OSError:
                    continue  # gone meanwhile
                found[path] = (stat.st_mtime_ns, stat.st_size)
    return found


def _end(process):
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def reload(arguments, path):
    """Run the command in a process of its own, and again each time that a file beside the program has changed.

    arguments: list of str, the command's, without --reload. path: str, the program's file. Return on Ctrl-C only.
    """
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    folder = os.path.dirname(os.path.abspath(path))
    while True:
        before = _seen(folder)
        process = subprocess.Popen([sys.executable, '-m', __package__.rpartition('.')[0], *arguments])
        try:
            while _seen(folder) == before:
                time.sleep(_LOOK_SEC)
        finally:
            _end(process)
        print('microwebsrv2: something has changed, starting anew', flush=True)
