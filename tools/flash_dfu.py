"""Flashing a pyboard with dfu-util: looks for the board in DFU mode, says how to enter it, writes the image."""

import re
import subprocess

from tools import common
from tools.common import Failure

USB_ID = '0483:df11'

ENTER = (
    'connect the pin BOOT0 (P1, DFU) with 3V3 and press RST, or type `import machine; machine.bootloader()` '
    'on its console; then flash again'
)


def devices(tool='dfu-util'):
    """Return what `dfu-util --list` finds in DFU mode, a list of serial numbers. Raise Failure where it cannot
    look.
    """
    result = subprocess.run(
        [tool, '--list'], capture_output=True, text=True, errors='replace', env=common.clean_environment()
    )
    if result.returncode:
        raise Failure(f'dfu-util --list failed: {common.first_error(result.stderr)}')
    lines = [line for line in result.stdout.splitlines() if f'[{USB_ID}]' in line and 'alt=0' in line]
    return [_serial(line) for line in lines]


def _serial(line):
    found = re.search(r'serial="([^"]*)"', line)
    return found.group(1) if found else ''


def flash(ctx, image, device):
    """Write a .dfu file (a Path) to the board in DFU mode; `device` is its serial number where there are several.

    The files on the flash stay. Raise Failure; a board whose image was cut stays in reach of DFU.
    """
    tool = common.need_tool('dfu-util', 'dfu-util')
    found = devices(tool)
    if not found:
        raise Failure(f'no board in DFU mode: {ENTER} (on Linux a udev rule or root may be needed for USB {USB_ID})')
    if device and device not in found:
        raise Failure(f'DEVICE={device} is none of the boards in DFU mode, whose serial numbers are {", ".join(found)}')
    if len(found) > 1 and not device:
        raise Failure(f'several boards are in DFU mode: choose one by DEVICE=, out of {", ".join(found)}')
    chosen = ['--serial', device] if device else []
    ctx.say(f'writing {image} ({image.stat().st_size:,} bytes)')
    try:
        ctx.run([tool, '-a', '0', '-d', USB_ID, *chosen, '-D', image, '-s', ':leave'], what='dfu-util', show=True)
    except Failure as failure:
        raise Failure(f'{failure}; the board does not start now: {ENTER}') from failure
    ctx.say('written; the board starts')
