"""Shows `make BOARD=PYBV11 flash` around dfu-util: no tool, no board in DFU mode, several boards, a transfer that
fails. A program in place of dfu-util prints what dfu-util 0.11 prints; the absence of a board is shown with the real
one too.
"""

import stat
from types import SimpleNamespace

import pytest

from tools import common, flash_dfu
from tools.common import Failure

FOUND = (
    'Found DFU: [0483:df11] ver=2200, devnum=18, cfg=1, intf=0, path="1-2", alt={alt}, '
    'name="@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg", serial="{serial}"'
)


@pytest.fixture
def dfu_util(tmp_path, monkeypatch):
    """A factory of programs dfu-util: `found` serial numbers in DFU mode, `status` of writing. Returns the file of
    its arguments.
    """

    def make(found=(), status=0):
        lines = [FOUND.format(alt=alt, serial=serial) for serial in found for alt in (1, 0)]
        arguments = tmp_path / 'arguments'
        program = tmp_path / 'bin' / 'dfu-util'
        program.parent.mkdir()
        text = '\n'.join(['dfu-util 0.11', *lines])
        program.write_text(
            f'#!/bin/sh\nif [ "$1" = --list ]; then cat <<\'EOF\'\n{text}\nEOF\nexit 0; fi\necho "$@" >{arguments}\n'
            f'[ {status} = 0 ] || echo "dfu-util: Error during download get_status" >&2\nexit {status}\n'
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv('PATH', f'{program.parent}:/usr/bin:/bin')
        return arguments

    return make


@pytest.fixture
def context(tmp_path):
    """A Context with an image."""
    (tmp_path / 'firmware.dfu').write_bytes(b'DfuSe')

    def run(command, what, show):
        return common.run(command, what, tmp_path / 'build.log')

    return SimpleNamespace(build=tmp_path, say=print, run=run)


def flash(context, device=None):
    """Runs the flashing of the image."""
    flash_dfu.flash(context, context.build / 'firmware.dfu', device)


def test_the_image_is_written_to_the_flash_and_started(dfu_util, context):
    arguments = dfu_util(['335F'])
    flash(context)
    assert arguments.read_text().split() == [
        '-a', '0', '-d', '0483:df11', '-D', str(context.build / 'firmware.dfu'), '-s', ':leave'
    ]  # fmt: skip


def test_without_dfu_util_the_package_is_named(context, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(Failure, match='dfu-util is missing: apt-get install dfu-util'):
        flash(context)


def test_no_board_says_how_to_enter_dfu(dfu_util, context):
    dfu_util()
    with pytest.raises(Failure, match=r'no board in DFU mode: connect the pin BOOT0 .* machine\.bootloader\(\)'):
        flash(context)


def test_the_real_dfu_util_finds_no_board_here():
    assert flash_dfu.devices() == []


def test_of_several_boards_one_is_chosen(dfu_util, context):
    arguments = dfu_util(['335F', '44AA'])
    with pytest.raises(Failure, match='choose one by DEVICE=, out of 335F, 44AA'):
        flash(context)
    with pytest.raises(Failure, match='DEVICE=99 is none of the boards'):
        flash(context, '99')
    assert not arguments.exists()
    flash(context, '44AA')
    assert '--serial 44AA' in arguments.read_text()


def test_a_transfer_that_fails_says_what_to_do(dfu_util, context):
    dfu_util(['335F'], status=74)
    with pytest.raises(
        Failure, match='Error during download get_status.*the board does not start now: connect the pin BOOT0'
    ):
        flash(context)
