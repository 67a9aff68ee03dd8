"""Shows that the same inputs give the same image: from a copy elsewhere, its files made in another order and time."""

import os
import shutil
import subprocess
import sys

from tools import boards, build
from tools.common import BUILD, ROOT

INPUTS = ('boards', 'firmware', 'modules', 'tools', 'www', 'NOTICE')


def copy_backwards(source, target):
    """Copies a tree with its entries made in reverse order, dated an hour apart."""
    target.mkdir(parents=True)
    for number, entry in enumerate(sorted(source.iterdir(), reverse=True)):
        if entry.name == '__pycache__':
            continue
        if entry.is_dir():
            copy_backwards(entry, target / entry.name)
        else:
            shutil.copyfile(entry, target / entry.name)
            os.utime(target / entry.name, (1_600_000_000 + 3600 * number,) * 2)


def test_two_builds_are_equal(tmp_path):
    other = tmp_path / 'elsewhere' / 'project'
    for name in INPUTS:
        if (ROOT / name).is_dir():
            copy_backwards(ROOT / name, other / name)
        else:
            shutil.copy(ROOT / name, other / name)
    # The sources and mpy-cross are inputs, not what is built: both builds use the same.
    (other / 'build').mkdir()
    for name in ('sources', 'mpy-cross'):
        (other / 'build' / name).symlink_to(BUILD / name)
    here = build.build('UNIX', {})['image']
    subprocess.run([sys.executable, '-m', 'tools.build', 'BOARD=UNIX'], cwd=other, check=True, capture_output=True)
    there = other / 'build' / 'UNIX' / 'firmware'
    assert there.read_bytes() == here.read_bytes()


def test_build_id_names_the_inputs(tmp_path):
    """A frozen file more, a byte of it, a setting: each gives another id; the time of a file does not."""

    def build_id(variables=None, manifest=None):
        context = boards.Context('UNIX', dict(variables or {}, **({'MANIFEST': str(manifest)} if manifest else {})))
        context.build = tmp_path / 'build'
        context.manifest()
        return (context.build / 'frozen' / 'build_info.py').read_text()

    own = tmp_path / 'manifest.py'
    own.write_text("module('own.py')\n")
    (tmp_path / 'own.py').write_text('x = 1\n')
    plain = build_id()
    first = build_id(manifest=own)
    os.utime(tmp_path / 'own.py', (1, 1))
    assert build_id(manifest=own) == first
    (tmp_path / 'own.py').write_text('x = 2\n')
    ids = {plain, first, build_id(manifest=own), build_id({'RAM_KB': '96'})}
    assert len(ids) == 4
