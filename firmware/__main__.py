"""The firmware as a program: `-m firmware [--port N] [--bind ADDRESS] [--log LEVEL] [--repl]`.

On CPython it takes the server, the board UNIX and the web files from the checkout that this package lies in.

The current folder is the flash. Ctrl-C ends it with status 0. Status 1: the server could not start; 2: a wrong option.
--repl returns to the interpreter while the server runs; started with `-i`, that is the REPL.
"""

import sys
from time import sleep

try:
    import micropython
except ImportError:
    micropython = None

_FROZEN = None  # folder that stands for the frozen web files
if sys.implementation.name == 'cpython':
    _PROJECT = __file__.replace('\\', '/').rsplit('/', 2)[0]
    _FROZEN = _PROJECT + '/www'
    sys.path += [_PROJECT + '/modules', _PROJECT + '/boards/UNIX']

from firmware import config, harness  # noqa: E402

_KEYS = {'--port': 'server.port', '--bind': 'server.address', '--log': 'log_level'}


def options_of(arguments):
    """Read the options of the command line.

    `arguments`: list of str. Return (changes of the configuration as nested dict, whether --repl is given). Raise
    ValueError with one line for what is wrong.
    """
    changes, repl, i = {}, False, 0
    while i < len(arguments):
        option = arguments[i]
        i += 1
        if option == '--repl':
            repl = True
            continue
        if option not in _KEYS:
            raise ValueError('%s: no such option; there are --port N, --bind ADDRESS, --log LEVEL, --repl' % option)
        if i == len(arguments):
            raise ValueError('%s: its value is missing' % option)
        text = arguments[i]
        i += 1
        group, _, name = ('.' + _KEYS[option]).rpartition('.')
        into = changes.setdefault(group[1:], {}) if group else changes
        into[name] = int(text) if name == 'port' and text.isdigit() else text
    faults = config.check(changes)[1]
    if faults:
        raise ValueError(faults[0].rsplit(';', 1)[0])
    return changes, repl


def main():
    """Run the firmware; return the exit status."""
    if hasattr(micropython, 'kbd_intr'):
        micropython.kbd_intr(3)  # MicroPython takes Ctrl-C for a KeyboardInterrupt in scripts, but not after -m.
    try:
        changes, repl = options_of(sys.argv[1:])
    except ValueError as error:
        print('firmware: %s' % error)
        return 2
    return run(changes, repl)


def run(changes, repl):
    """Boot and serve until Ctrl-C.

    Arguments: `changes`: nested dict of what the command line sets in the configuration; `repl`: return with the server
    running. Return the exit status: 0, or 1 when the server cannot start.
    """
    device = harness.current = harness.Harness(changes, _FROZEN)
    device.is_program = True
    try:
        device.boot()
        device.start()
        while device.running and not repl:
            sleep(0.2)
    except KeyboardInterrupt:
        # The end of the program closes the sockets: waiting for the server's thread would make it late.
        print()
    return 1 if device.failed else 0


if __name__ in ('__main__', 'firmware.__main__'):
    _status = main()
    if _status:
        sys.exit(_status)
