"""Runs the checks of a module on the target and prints one verdict for each, for tests/host/support/checks.py."""

import gc
import sys
from time import sleep

try:
    from traceback import print_exc
except ImportError:
    print_exc = None


def sleep_ms(milliseconds):
    """Sleeps; by time.sleep(), during which MicroPython lets other threads run."""
    sleep(milliseconds / 1000)


def raises(errors, function, *args, **kwargs):
    """Calls the function, asserts that it raises one of ``errors``, returns the error."""
    try:
        function(*args, **kwargs)
    except errors as error:
        return error
    raise AssertionError('nothing raised by arguments %r %r' % (args, kwargs))


def equal(value, expected):
    """Asserts that two values are equal, and shows them if not."""
    assert value == expected, '%r is not %r' % (value, expected)


def run_module(module, only=''):
    """Runs the check functions of a module (or the one named ``only``) in the order of their names."""
    checks = __import__(module)
    for name in sorted(dir(checks)):
        if name.startswith('check_') and name == (only or name):
            _run(name, getattr(checks, name))


def _run(name, check):
    gc.collect()
    try:
        check()
        print('>>> %s passed\n<<<' % name)
    except Exception as error:
        print('>>> %s failed' % name)
        if print_exc:
            print_exc(file=sys.stdout)
        else:
            sys.print_exception(error)
        print('<<<')
