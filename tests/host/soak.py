"""The soak: for a long time, each attack beside a polite client, on each target.

Started by `make soak`. Prints a row for each attack, and what the server holds before and after; status 1 when a polite
client was not served, or something was not given back.
"""

import argparse
import collections
import contextlib
import pathlib
import re
import ssl
import sys
import tempfile
import time
from dataclasses import dataclass, field

from support import certificates
from support import site as site_
from support.attacks import ATTACKS, settings_of
from support.polite import Polite
from support.qemu import Qemu
from support.scene import Scene
from support.targets import ROOT, CPython, UnixFirmware

TARGETS = {target.name: target for target in (CPython, UnixFirmware, Qemu)}

# By how much what is held may be worse at the end than at the beginning, by whether it is CPython, and what: bytes,
# but descriptors, and on CPython blocks in use.
LIMITS = {
    (False, 'in use'): 4096,
    (False, 'largest block'): 4096,
    (False, 'resident'): 8 << 20,
    (False, 'descriptors'): 0,
    (True, 'in use'): 1000,
}

# Seconds that one thing of the polite client may take, waiting included: as long as an attack may hold the server up.
LONGEST = 10


@dataclass
class Row:
    """What an attack did: how often it was made, and how the polite client beside it fared."""

    attack: str
    doses: int = 0
    done: int = 0
    refused: int = 0
    longest: float = 0.0
    faults: list = field(default_factory=list)

    def add(self, polite):
        """Add what a polite client has noted."""
        self.done += polite.done
        self.refused += polite.refused
        self.longest = max(self.longest, polite.longest)
        self.faults += polite.failures
        if polite.longest > LONGEST:
            self.faults.append(f'the polite client waited for {polite.longest:.1f} s')


class Soak:
    """The soak of one target."""

    def __init__(self, target, root, context):
        """`root`: the site's folder, on the target. `context`: the clients' SSLContext."""
        self._target, self._root, self._context = target, root, context
        self.rows, self.memory = [], []
        self.well = True

    def run(self, seconds):
        """Make all attacks that the target is able to run, in shares of the time."""
        able = [attack for attack in ATTACKS if attack.needs <= self._target.abilities]
        kinds = collections.defaultdict(list)
        for attack in able:
            kinds[str(settings_of(attack, ''))].append(attack)
        for attacks in kinds.values():
            server = self._target.server('abused', settings_of(attacks[0], self._root))
            scene = Scene(server, tls=self._context if attacks[0].settings.get('tls') else None)
            try:
                before = self._held(scene)
                for attack in attacks:
                    self._attack(scene, attack, seconds / len(able))
                self._compare(before, self._held(scene))
            except (OSError, AssertionError) as error:
                what = f'{type(error).__name__}: {error}'
                row = Row(f'nobody beside {attacks[0].__name__}', faults=[f'{what}\n{server.log()[-2000:]}'])
                self.rows.append(row)

    def _attack(self, scene, attack, seconds):
        row = Row(attack.__name__)
        begun = len(scene.server.log())
        self.rows.append(row)
        end = time.monotonic() + seconds
        while not row.faults and (not row.doses or time.monotonic() < end):
            try:
                with Polite(scene) as scene.polite:
                    scene.polite.wait_for_one()
                    attack(scene)
                    scene.polite.wait_for_one()
                row.add(scene.polite)
            except (OSError, AssertionError) as error:
                row.faults.append(f'{type(error).__name__}: {error}')
            finally:
                scene.polite = None
            row.doses += 1
            row.faults += filter(None, [scene.tracebacks(begun)])
        self._settle(scene, row)
        print(
            f'{self._target.name}: {row.attack}: {row.doses} doses, {"well" if not row.faults else row.faults[0]}',
            flush=True,
        )

    def _settle(self, scene, row):
        """Have the next attack begin with a server that holds nothing, with a new one if need be."""
        try:
            assert scene.server.alive, 'the server ended'
            scene.settled()
        except (OSError, AssertionError) as error:
            row.faults.append(f'after it: {type(error).__name__}: {error}\n{scene.server.log()[-2000:]}')
            scene.server.restart()

    def _held(self, scene):
        """Return what the server holds at rest, a dict of name to number: less is better, but for `largest block`."""
        found = {'in use': scene.at_rest()['memory']}
        if 'micropython' in self._target.abilities:
            begun = len(scene.server.log())
            scene.request('GET', '/heap')
            scene.server.output.wait_for('max free sz', begun)
            found['largest block'] = int(re.search(r'max free sz: (\d+)', scene.server.log()[begun:]).group(1)) * 16
        process = pathlib.Path('/proc') / str(scene.server.process.pid)
        if process.is_dir():
            found['descriptors'] = len(list((process / 'fd').iterdir()))
            found['resident'] = int(re.search(r'VmRSS:\s+(\d+)', (process / 'status').read_text()).group(1)) * 1024
        return found

    def _compare(self, before, after):
        for name, value in before.items():
            more = after[name] - value if name != 'largest block' else value - after[name]
            too_much = more > LIMITS.get((self._target.name == 'cpython', name), LIMITS[False, name])
            row = f'{self._target.name:8} {name:14} {value:>12,} {after[name]:>12,}'
            self.memory.append(f'{row}  more than allowed' if too_much else row)
            self.well = self.well and not too_much


@contextlib.contextmanager
def prepared(name, options, folder):
    """Give a Soak of a target, with the site and the certificates put there."""
    target = TARGETS[name](options)
    try:
        keys = folder / 'certificates'
        for path in keys.iterdir():
            target.put(path.name, path.read_bytes())
        yield Soak(target, target.path(folder / 'www'), ssl.create_default_context(cafile=keys / 'ca.pem'))
    finally:
        target.close()


def report(soak):
    """Print the tables of a target; return whether all was well."""
    print(f'\n{"attack":40} {"doses":>6} {"served":>7} {"503":>5} {"longest":>8}')
    for row in soak.rows:
        fault = f'  {row.faults[0]}' if row.faults else ''
        print(f'{row.attack:40} {row.doses:>6} {row.done:>7} {row.refused:>5} {row.longest:>6.2f} s{fault}')
    print('\ntarget   held                 before        after', *soak.memory, sep='\n', flush=True)
    return soak.well and not any(row.faults for row in soak.rows)


def main():
    """Soak the targets one after the other; return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--minutes', type=float, default=10, help='for each target')
    parser.add_argument('--targets', default=','.join(TARGETS))
    parser.add_argument('--firmware', default=str(ROOT / 'build' / 'UNIX' / 'firmware'))
    options = parser.parse_args()
    options.unfrozen, options.qemu_variables = False, {}
    well = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / 'certificates').mkdir()
        site_.make(folder)
        certificates.make(folder / 'certificates')
        for target in options.targets.split(','):
            with prepared(target, options, folder) as soak:
                soak.run(options.minutes * 60)
                well = report(soak) and well
    print('\nall well' if well else '\nNOT well: see above')
    return 0 if well else 1


if __name__ == '__main__':
    sys.exit(main())
