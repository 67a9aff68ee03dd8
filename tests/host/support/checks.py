"""Checks that run on the target itself: functions named check_… in modules of tests/host/app."""

import re

from .targets import APPS

RUNNER = """
import sys
import checking
checking.run_module({module!r}, {only!r})
"""


def names_of(module):
    """Return the names of the check functions of a module of tests/host/app, in the order of the file."""
    source = (APPS / (module + '.py')).read_text()
    return re.findall(r'^def (check_\w+)\(', source, re.MULTILINE)


class Device:
    """Runs check modules on a target, each module once per session, and gives the result of each check."""

    def __init__(self, target):
        self.target = target
        self._results = {}

    def run(self, source, **options):
        """Run a piece of Python on the target; return what it printed; fail if it ends with an error."""
        status, output = self.target.run(source, **options)
        assert status == 0, f'ended with status {status} on {self.target.name}:\n{output}'
        return output

    def check(self, module, name):
        """Assert that a check passed; the error is the traceback from the target."""
        if module not in self._results:
            self._results[module] = self._run(module)
        results, output = self._results[module]
        if name not in results:
            _, output = self.target.run(RUNNER.format(module=module, only=name))
            results.update(self._parse(output))
        assert name in results, f'{name} did not end on {self.target.name}:\n{output}'
        passed, text = results[name]
        assert passed, f'{name} failed on {self.target.name}:\n{text}'

    def _run(self, module):
        _, output = self.target.run(RUNNER.format(module=module, only=''))
        return self._parse(output), output

    @staticmethod
    def _parse(output):
        results = {}
        for name, verdict, text in re.findall(
            r'^>>> (\w+) (passed|failed)\n(.*?)^<<<$', output, re.MULTILINE | re.DOTALL
        ):
            results[name] = (verdict == 'passed', text)
        return results


def device_of(target):
    """Return the Device of a target, the same one for the whole session."""
    if not hasattr(target, 'device'):
        target.device = Device(target)
    return target.device
