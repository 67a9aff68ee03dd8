"""Shows set-up and the front door: `make help`, what a goal installs, and what is said where that cannot be."""

import os
import re
import subprocess

import pytest

from tools import boards, common, setup
from tools.common import ROOT, Failure

# These tests may themselves have been started by make, which hands its state on to a make below it.
ENVIRONMENT = common.clean_environment()


def test_help_names_all_goals_variables_and_boards():
    result = subprocess.run(['make', 'help'], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    rows = dict(re.findall(r'^  (\w+) +(\S.*)$', result.stdout, re.MULTILINE))
    makefile = (ROOT / 'Makefile').read_text()
    goals = re.search(r'^GOALS := (.*)$', makefile, re.MULTILINE).group(1).split()
    given = re.search(r'^VARIABLES := (.*)$', makefile, re.MULTILINE).group(1).split()
    assert {*goals, 'help', 'clean', 'distclean', *given, *boards.names()} <= set(rows)


def test_variables_reach_the_tools_as_they_are(tmp_path):
    """Spaces and quotes included; what is not given is not handed on."""
    recipe = subprocess.run(
        ['make', '-n', 'build', 'BOARD=QEMU', "FLASH=it's here"],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    command = recipe.strip().splitlines()[-1].rpartition('tools.build ')[2]
    words = subprocess.run(['sh', '-c', f'printf "%s\\n" {command}'], capture_output=True, text=True).stdout
    assert words.splitlines() == ['BOARD=QEMU', "FLASH=it's here"]


@pytest.mark.parametrize('argument', ['BORD=UNIX', 'BOARD'])
def test_wrong_variable_is_refused(argument):
    with pytest.raises(
        Failure, match=f"'{argument}' is no variable of this project: NAME=value with NAME one of BOARD"
    ):
        common.parse_variables([argument])


def test_unknown_board_is_refused_with_the_names():
    with pytest.raises(Failure, match='there is no board ESP31: BOARD is one of UNIX, ESP32'):
        boards.load('ESP31')


def test_unknown_board_is_one_line_and_status_2():
    result = subprocess.run(['make', 'build', 'BOARD=ESP31'], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.splitlines()[0].startswith('error: there is no board ESP31')
    assert 'Traceback' not in result.stderr


def test_packages_by_goal():
    unix = setup.debian_packages('build', {})
    assert 'gcc' in unix and 'dpkg-dev' in unix and 'gcc-arm-none-eabi' not in unix
    assert 'gcc-arm-none-eabi' in setup.debian_packages('build', {'BOARD': 'QEMU'})
    assert 'qemu-system-arm' not in setup.debian_packages('build', {'BOARD': 'QEMU'})
    assert {'qemu-system-arm', 'gcc-arm-none-eabi', 'openssl'} <= set(setup.debian_packages('test', {}))
    assert setup.debian_packages('deploy', {'BOARD': 'PICO_W'}) == setup.debian_packages('deploy', {})


def test_installed_packages_are_not_missing():
    assert setup.missing_packages(['make', 'no-such-package-of-debian']) == ['no-such-package-of-debian']


def test_without_root_the_command_is_said(monkeypatch):
    monkeypatch.setattr(setup, '_become_root', lambda: None)
    with pytest.raises(Failure, match="needs root: sudo sh -c 'apt-get update && apt-get install -y .* gcc make'"):
        setup.install_packages(['gcc', 'make'])


def test_another_linux_is_told_what_it_needs(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    missing = setup.missing_packages(['gcc', 'libc6-dev', 'qemu-system-arm'])
    assert missing == ['gcc', 'qemu-system-arm']
    with pytest.raises(Failure, match='please install what Debian calls gcc qemu-system-arm'):
        setup.install_packages(missing)


def without(folder, *hidden):
    """Makes a folder of all programs of /usr/bin but some; returns an environment whose PATH is only that."""
    folder.mkdir()
    for entry in os.scandir('/usr/bin'):
        if not entry.name.startswith(hidden):
            (folder / entry.name).symlink_to(entry.path)
    return {'PATH': str(folder)}


def test_without_python_and_apt_one_line_says_so(tmp_path):
    environment = without(tmp_path / 'bin', 'python', 'apt')
    result = subprocess.run(
        ['/bin/sh', ROOT / 'tools' / 'python.sh'], env=environment, cwd=tmp_path, capture_output=True
    )
    assert result.returncode == 2
    assert result.stderr == b'error: python3 is missing: please install Python 3.11 or newer\n'


def test_without_python_it_is_installed(tmp_path):
    """apt-get is a stand-in that notes its arguments; a failing one gives one line with its first error."""
    environment = without(tmp_path / 'bin', 'python', 'apt', 'sudo')
    apt = tmp_path / 'bin' / 'apt-get'
    apt.write_text('#!/bin/sh\necho "$@" >>calls\n')
    apt.chmod(0o755)
    command = ['/bin/sh', ROOT / 'tools' / 'python.sh']
    if os.geteuid():
        result = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert result.returncode == 2 and "needs root: sudo sh -c 'apt-get update" in result.stderr
        return
    subprocess.run(command, env=environment, cwd=tmp_path, check=True, capture_output=True)
    calls = ['update', 'install -y --no-install-recommends python3 python3-venv']
    assert (tmp_path / 'calls').read_text().splitlines() == calls
    apt.write_text('#!/bin/sh\necho "E: Unable to locate package python3"\nexit 100\n')
    result = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.startswith('error: installing python3 failed: E: Unable to locate package python3')


def test_error_of_a_program_is_one_line(tmp_path):
    """Make's own chatter and a compiler's context are left out; all of the output is in the log."""
    script = 'echo "make: Entering"; echo "main.c:3:5: error: expected ;"; echo "make: *** [all] Error 1"; exit 2'
    with pytest.raises(Failure) as failure:
        common.run(['sh', '-c', script], 'building it', tmp_path / 'log')
    assert str(failure.value) == f'building it failed: main.c:3:5: error: expected ; (all of it: {tmp_path}/log)'
    assert 'Entering' in (tmp_path / 'log').read_text()


def test_programs_do_not_see_our_make(monkeypatch):
    monkeypatch.setenv('MAKEFLAGS', ' -- BOARD=WIPY')
    monkeypatch.setenv('BOARD', 'WIPY')
    monkeypatch.setenv('KEPT', 'yes')
    environment = common.clean_environment(MORE='1')
    assert 'MAKEFLAGS' not in environment and 'BOARD' not in environment
    assert (environment['KEPT'], environment['MORE']) == ('yes', '1')


def test_files_are_written_only_when_they_differ(tmp_path):
    path = tmp_path / 'new' / 'file'
    assert common.write_if_changed(path, 'text')
    os.utime(path, (1, 1))
    assert not common.write_if_changed(path, b'text')
    assert path.stat().st_mtime == 1
    assert common.write_if_changed(path, 'other') and path.read_text() == 'other'
    assert [entry.name for entry in path.parent.iterdir()] == ['file']


def exact(text):
    """Returns the packages of a file of requirements: a dict of name and marker to (version, number of hashes)."""
    found = {}
    for entry in text.replace('\\\n', ' ').splitlines():
        if entry.strip() and not entry.startswith('#'):
            requirement, *hashes = re.split(r'\s+--hash=sha256:[0-9a-f]{64}\b', entry)
            name, equals, version = requirement.partition(';')[0].strip().partition('==')
            assert equals and not any(word.strip() for word in hashes), entry
            found[name.lower(), requirement.partition(';')[2].strip()] = version, len(hashes)
    return found


def test_all_packages_are_exact_and_hashed_with_one_version_in_all_files():
    together = {}
    for source in sorted((ROOT / 'requirements').glob('*.in')):
        found = exact(source.with_suffix('.txt').read_text())
        for name, (version, _) in exact(source.read_text()).items():
            assert found[name][0] == version, source.with_suffix('.txt').name
        for name, (version, hashes) in found.items():
            assert hashes and together.setdefault(name, version) == version, (source.name, name)


def test_workflows_name_actions_by_commit():
    for workflow in (ROOT / '.github' / 'workflows').iterdir():
        for used in re.findall(r'uses: *(.*)', workflow.read_text()):
            assert re.fullmatch(r'[\w/-]+@[0-9a-f]{40} # v[\d.]+', used), used
