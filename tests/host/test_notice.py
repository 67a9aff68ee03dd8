"""NOTICE names all software that the images carry, and is in the images."""

import ast
import gzip
import re
import subprocess

import pytest

from tools import boards
from tools.common import BUILD, ROOT

NOTICE = (ROOT / 'NOTICE').read_text()

# MicroPython's own folders, and this project's, whose objects lie in a port's build folder.
OWN = {'py', 'extmod', 'shared', 'console', 'ports', 'fatfs', 'ftp', 'misc', 'mods', 'telnet', 'util'}

LICENCES = ('MIT', 'BSD-3-Clause', 'BSD-1-Clause (FatFs)', 'zlib', 'Apache-2.0')


def parts_of(name):
    """Returns the folders of other software that a board's build has compiled, or read headers of."""
    port = BUILD / name / 'port'
    objects = [path for path in port.rglob('*.o') if path.parent != port]
    assert objects, f'{port} is empty: make BOARD={name} build'
    found = set()
    for path in objects:
        folders = path.relative_to(port).parts
        found.add('/'.join(folders[:2]) if folders[0] in ('lib', 'drivers') else folders[0])
        dependencies = path.with_suffix('.P')
        if dependencies.is_file():
            found.update(re.findall(r'(?<!/usr/)\blib/[\w.-]+(?=/)', dependencies.read_text()))
    return found - OWN


def submodules_of(name):
    """Returns the folders below lib/ that a board's target.py asks of an upstream checkout."""
    tree = ast.parse((ROOT / 'boards' / name / 'target.py').read_text())
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {text for text in texts if re.fullmatch(r'lib/[\w.-]+', text)}


@pytest.mark.parametrize('name', ['UNIX', 'QEMU', 'WIPY'])
def test_what_a_build_compiles_is_named(name):
    parts = parts_of(name)
    assert parts
    assert {part for part in parts if f'{part},' not in NOTICE and f'{part})' not in NOTICE} == set()


@pytest.mark.parametrize('name', ['PYBV11', 'ESP32'])
def test_what_a_board_takes_of_a_checkout_is_named(name):
    modules = submodules_of(name)
    assert modules
    assert {module for module in modules if module not in NOTICE} == set()


def test_each_board_is_named_and_each_licence_has_its_text():
    for name in boards.names():
        assert name == 'STOCK' or name in NOTICE  # STOCK carries nothing of others
    for licence in LICENCES:
        assert f'\n\n\n{licence}\n\n' in NOTICE


def test_the_image_carries_it():
    source = "import www_image\nprint(open(www_image.mount() + '/licences.txt.gz', 'rb').read().hex())"
    firmware = [BUILD / 'UNIX' / 'firmware', '-c', source]
    printed = subprocess.run(firmware, capture_output=True, text=True, check=True).stdout
    assert gzip.decompress(bytes.fromhex(printed)).decode() == NOTICE
