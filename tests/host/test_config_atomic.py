"""Saving config.json is atomic: wherever the power goes, the old or the new file is there whole.

Power goes at each operation on files, at each block that MicroPython's FAT and LittleFS write, and by killing the
process; each time the next save works.
"""

import itertools
import subprocess

import pytest
from support.checks import names_of
from support.targets import APPS

RUN = f"""
import sys
sys.path.append({str(APPS)!r})
import checks_config_atomic as checks
"""

# Saves; before the operation of the given number it says so, and waits to be killed.
SAVE = (
    RUN
    + """
def wait_to_be_killed():
    print('now')
    sys.stdin.readline()

checks.prepare('killed.json', 'old')
checks.use(checks.Flash({replaces}, int(sys.argv[1]), wait_to_be_killed))
checks.config_save.save(checks.NEW, 'killed.json')
print('saved')
"""
)

LOOK = (
    RUN
    + """
print(checks.state_of('killed.json'))
"""
)


@pytest.mark.parametrize('check', names_of('checks_config_atomic'))
def test_power_goes_at_any_operation(device, check):
    device.check('checks_config_atomic', check)


@pytest.mark.needs('micropython')
@pytest.mark.parametrize('function', ['on_fat', 'on_littlefs'])
def test_power_goes_at_any_block_of_the_flash(device, function):
    output = device.run(f'{RUN}\nfound = checks.{function}()\nprint(found["old"], found["new"], found["none"])\n')
    old, new, none = map(int, output.split()[-3:])
    assert old > 3 and new > 0 and none == 0


@pytest.mark.parametrize('replaces', [True, False])
def test_the_process_is_killed_at_any_operation(target, tmp_path, replaces):
    script = tmp_path / 'save.py'
    script.write_text(SAVE.format(replaces=replaces))
    look = tmp_path / 'look.py'
    look.write_text(LOOK)
    states = []
    for step in itertools.count():
        process = subprocess.Popen(
            target.command(script, step),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=tmp_path,
            env=target.environment(),
        )
        said = process.stdout.readline().strip()
        process.kill()
        process.communicate()
        shown = subprocess.run(
            target.command(look), capture_output=True, text=True, cwd=tmp_path, env=target.environment(), check=False
        )
        states.append(shown.stdout.strip())
        assert states[-1] in ('old', 'new'), shown.stdout + shown.stderr
        if said == b'saved':
            break
        assert said == b'now'
    assert states[-1] == 'new' and states == sorted(states, reverse=True)
    assert len(states) > 8
