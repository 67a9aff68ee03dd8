"""Shows what `pip install .` installs: the whole package, its version, and the command."""

import os
import shutil
import subprocess
import sys

import pytest

from tools import frozen
from tools.common import ROOT


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    """A folder with the project installed into it; from a copy, since setuptools writes into the sources."""
    project, target = tmp_path_factory.mktemp('project'), tmp_path_factory.mktemp('installed')
    for name in ('pyproject.toml', 'README.md', 'LICENSE'):
        shutil.copy(ROOT / name, project)
    shutil.copytree(ROOT / 'modules', project / 'modules', ignore=shutil.ignore_patterns('__pycache__'))
    pip = [sys.executable, '-m', 'pip', 'install', '--no-index', '--no-build-isolation', '--no-deps']
    subprocess.run([*pip, '--target', target, project], check=True, capture_output=True)
    return target


def run(installed, *command):
    """Runs a program with the installed package; returns what it printed."""
    environment = dict(os.environ, PYTHONPATH=str(installed))
    return subprocess.run(command, env=environment, cwd=installed, capture_output=True, text=True, check=True).stdout


def test_all_modules_are_installed(installed):
    def modules(folder):
        return {path.relative_to(folder).as_posix() for path in (folder / 'MicroWebSrv2').rglob('*.py')}

    assert modules(installed) == modules(ROOT / 'modules')


def test_command_and_version(installed):
    assert 'usage: microwebsrv2' in run(installed, installed / 'bin' / 'microwebsrv2', '--help')
    version = run(installed, sys.executable, '-c', 'import MicroWebSrv2; print(MicroWebSrv2.__version__)').strip()
    assert version == frozen.project_version()
    assert (installed / f'microwebsrv2_firmware-{version}.dist-info').is_dir()
