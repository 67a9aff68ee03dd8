"""Shows how fetching the sources fails: one clear line, and nothing half-made that breaks the next try."""

import hashlib
import os
import subprocess
import sys

import pytest

from tools import sources
from tools.common import ROOT, Failure


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A build folder without sources."""
    folder = tmp_path / 'sources'
    monkeypatch.setattr(sources, 'FOLDER', folder)
    monkeypatch.setattr(sources, 'LOG', folder / 'sources.log')
    return folder


def nothing_half_made(folder):
    """Whether a folder of sources holds nothing but the log and the lock."""
    return {path.name for path in folder.iterdir()} <= {'sources.log', '.lock'}


def programs(folder, *names):
    """Makes a folder with only these programs of the PATH in it; returns its path for PATH."""
    folder.mkdir()
    for name in names:
        found = next(place for place in os.environ['PATH'].split(':') if os.access(f'{place}/{name}', os.X_OK))
        (folder / name).symlink_to(f'{found}/{name}')
    return str(folder)


def test_no_apt(empty, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', programs(tmp_path / 'bin', 'sh'))
    with pytest.raises(Failure, match='no apt-get .*give MICROPY_DIR=<an upstream checkout'):
        sources.get({})
    assert nothing_half_made(empty)


def test_missing_tool_is_named_with_its_package(empty, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', programs(tmp_path / 'bin', 'apt-get'))
    with pytest.raises(Failure, match='dpkg-source is missing: apt-get install dpkg-dev'):
        sources.get({})
    assert nothing_half_made(empty)


def test_missing_keys_are_named_with_their_package(empty, monkeypatch):
    monkeypatch.setattr(sources, 'KEYRINGS', ('/nowhere/keys.gpg',))
    with pytest.raises(Failure, match='apt-get install debian-archive-keyring'):
        sources.get({})


def test_no_network(empty):
    """Nothing listens at the mirror's port."""
    with pytest.raises(Failure, match=r'fetching the sources from http://127\.0\.0\.1:9/debian failed: .*onnect'):
        sources.get({'DEBIAN_MIRROR': 'http://127.0.0.1:9/debian'})
    assert nothing_half_made(empty)


def test_unsigned_mirror_is_refused(empty, tmp_path):
    mirror = tmp_path / 'mirror'
    index = mirror / 'dists' / sources.SUITE / 'main' / 'source' / 'Sources'
    index.parent.mkdir(parents=True)
    index.write_text('Package: micropython\nVersion: 1.25.0+ds-1\n\n')
    digest = hashlib.sha256(index.read_bytes()).hexdigest()
    release = f'Suite: {sources.SUITE}\nCodename: {sources.SUITE}\nComponents: main\nSHA256:\n'
    release += f' {digest} {index.stat().st_size} main/source/Sources\n'
    (mirror / 'dists' / sources.SUITE / 'Release').write_text(release)
    with pytest.raises(Failure, match='fetching the sources from file:.*(not signed|signature|Release)'):
        sources.get({'DEBIAN_MIRROR': f'file://{mirror}'})
    assert nothing_half_made(empty)


def test_other_archive_is_refused(tmp_path):
    """Signed by Debian and yet not the version that this project was made with."""
    (tmp_path / 'micropython_1.25.0+ds.orig.tar.xz').write_bytes(b'something else')
    with pytest.raises(
        Failure, match=r'micropython_1\.25\.0\+ds\.orig\.tar\.xz from the mirror is not the MicroPython'
    ):
        sources._check_archive(tmp_path)


def test_changed_package_is_refused(tmp_path, empty):
    """dpkg-source checks the hashes of a package's files once more: one byte changed after the download."""
    archive = tmp_path / 'micropython_1.orig.tar.xz'
    archive.write_bytes(b'as it was')
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    (tmp_path / 'micropython_1-1.dsc').write_text(
        'Format: 3.0 (quilt)\nSource: micropython\nVersion: 1-1\nMaintainer: a <a@example.org>\n'
        f'Checksums-Sha256:\n {digest} 9 {archive.name}\nFiles:\n {"0" * 32} 9 {archive.name}\n'
    )
    archive.write_bytes(b'as it is!')
    with pytest.raises(Failure, match=r'unpacking micropython_1-1\.dsc failed'):
        sources._unpack(tmp_path)


def checkout(folder, version):
    """Makes as much of a checkout of MicroPython as the check of MICROPY_DIR looks at."""
    (folder / 'py').mkdir(parents=True)
    lines = zip(('MAJOR', 'MINOR', 'MICRO'), version)
    (folder / 'py' / 'mpconfig.h').write_text(''.join(f'#define MICROPY_VERSION_{name} {n}\n' for name, n in lines))
    return {'MICROPY_DIR': str(folder)}


def test_checkout_is_checked(tmp_path):
    with pytest.raises(Failure, match=r'is no checkout of MicroPython: it has no py/mpconfig\.h'):
        sources.get({'MICROPY_DIR': str(tmp_path)})
    with pytest.raises(Failure, match=r'is MicroPython 1\.24\.1: 1\.25\.0 or newer is needed'):
        sources.get(checkout(tmp_path / 'old', (1, 24, 1)))


def test_checkout_without_submodules_names_the_command(tmp_path):
    tree = sources.get(checkout(tmp_path / 'new', (1, 26, 0)))
    assert tree.upstream
    assert tree.version == (1, 26, 0)
    with pytest.raises(Failure, match=r'git -C .*/new submodule update --init lib/mbedtls'):
        tree.need('lib/mbedtls')


def source_package(folder, name):
    """Makes a small source package of Debian's format in a folder; a megabyte when unpacked."""
    archive = folder / f'{name}_1.orig.tar.xz'
    tree = folder / f'{name}-1'
    (tree / 'lib').mkdir(parents=True)
    (tree / 'lib' / 'content').write_bytes(bytes(1_000_000))
    debian = folder / f'{name}_1-1.debian.tar.xz'
    (folder / 'debian').mkdir(exist_ok=True)
    (folder / 'debian' / 'changelog').write_text('')
    subprocess.run(['tar', 'cJf', archive, '-C', folder, tree.name], check=True)
    subprocess.run(['tar', 'cJf', debian, '-C', folder, 'debian'], check=True)
    files = [
        (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size, path.name) for path in (archive, debian)
    ]
    (folder / f'{name}_1-1.dsc').write_text(
        f'Format: 3.0 (quilt)\nSource: {name}\nVersion: 1-1\nMaintainer: a <a@example.org>\nChecksums-Sha256:\n'
        + ''.join(f' {digest} {size} {file}\n' for digest, size, file in files)
        + 'Files:\n'
        + ''.join(
            f' {hashlib.md5((folder / file).read_bytes()).hexdigest()} {size} {file}\n' for _, size, file in files
        )
    )
    return archive


def test_full_disk(tmp_path):
    """A real small disk, in a mount namespace of its own: one line says so, and with room the next try succeeds."""
    unshare = ['unshare', '--mount', '--propagation', 'private']
    packages, disk = tmp_path / 'packages', tmp_path / 'disk'
    disk.mkdir()
    if subprocess.run([*unshare, 'mount', '-t', 'tmpfs', 'none', disk], capture_output=True).returncode:
        pytest.skip('mounting a small disk needs root')
    packages.mkdir()
    archive = [source_package(packages, name) for name in ('micropython', 'mbedtls', 'lwip')][0]
    code = f"""
import hashlib, pathlib, shutil, subprocess
disk, packages = pathlib.Path({str(disk)!r}), pathlib.Path({str(packages)!r})
subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=2m', 'none', disk], check=True)
from tools import common, sources
sources.FOLDER = disk / 'sources'
sources.LOG = sources.FOLDER / 'sources.log'
sources.MICROPYTHON_SHA256 = {hashlib.sha256(archive.read_bytes()).hexdigest()!r}
def download(folder, mirror, keyring):
    for path in packages.glob('*_1*'):
        shutil.copy(path, folder)
sources._download = download
fetch = lambda: sources._fetch(sources.FOLDER / 'tree', 'http://127.0.0.1')
sources.FOLDER.mkdir()
try:
    fetch()
except common.Failure as failure:
    print(failure)
print(sorted(path.name for path in sources.FOLDER.iterdir()))
subprocess.run(['mount', '-o', 'remount,size=100m', disk], check=True)
fetch()
print(sorted(path.name for path in (sources.FOLDER / 'tree').iterdir()))
"""
    result = subprocess.run([*unshare, sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stdout.splitlines() if not line.startswith('fetching the sources of')]
    assert 'no space left on the disk' in lines[0]
    assert lines[1:] == ["['sources.log']", "['DEBIAN-SOURCES', 'debian', 'lib']"]
