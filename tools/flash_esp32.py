"""Flashing an ESP32 with esptool: finds the board, writes the parts of the image, has each part's MD5 compared by the
chip.
"""

import csv
import sys
from dataclasses import dataclass

from tools.common import Failure

CHIP = 'ESP32'
BAUD = 460800
BOOTLOADER_OFFSET = 0x1000
TABLE_OFFSET = 0x8000

_HINT = 'hold the button BOOT while it connects, try another USB cable (some only charge), or another port by DEVICE='


@dataclass(frozen=True)
class Partition:
    """A row of the partition table; offset and size in bytes."""

    name: str
    kind: str
    subtype: str
    offset: int
    size: int


def partitions(path):
    """Return the rows of a partitions.csv (a Path) as a list of Partition."""
    rows = []
    with open(path, newline='') as stream:
        for row in csv.reader(line for line in stream if not line.startswith('#')):
            if row:
                name, kind, subtype, offset, size = (cell.strip() for cell in row[:5])
                rows.append(Partition(name, kind, subtype, int(offset, 0), int(size, 0)))
    return rows


def layout(made, table):
    """Return what goes where: a sorted list of (offset, Path). `made` has the Paths that target.build returns,
    `table` is the csv's Path.

    The partitions nvs and vfs are not in it: configuration and files stay.
    """
    offsets = {part.subtype: part.offset for part in partitions(table)}
    places = {
        BOOTLOADER_OFFSET: made['bootloader'],
        TABLE_OFFSET: made['partitions'],
        offsets['ota']: made['otadata'],
        offsets['ota_0']: made['application'],
    }
    return sorted(places.items())


def ports():
    """Return the serial ports that may lead to a board, as a list of str: those of USB adapters."""
    from serial.tools import list_ports

    return sorted(port.device for port in list_ports.comports() if port.vid is not None)


def flash(made, table, device, say):
    """Write the image to the board at `device`, a serial port, or at the first USB serial port that has an ESP32.

    Raise Failure when there is no board, another chip, or the writing ends early: another run writes all of it again.
    """
    places = layout(made, table)
    for _, path in places:
        if not path.is_file():
            raise Failure(f'{path} is not there: make BOARD=ESP32 build')
    chip = connect([device] if device else ports())
    say(f'found {chip.get_chip_description()} at {chip.serial_port}')
    try:
        write(chip, places, say)
    finally:
        _close(chip)


def connect(candidates):
    """Return esptool's object for the first ESP32 at one of the serial ports. Raise Failure that says what was
    found instead.
    """
    import esptool

    if not candidates:
        raise Failure(
            f'no USB serial port is there: plug the board in, or name its port by DEVICE=; if it is plugged in, {_HINT}'
        )
    found = []
    for port in candidates:
        try:
            chip = esptool.cmds.detect_chip(port, connect_attempts=3)
        except (esptool.FatalError, OSError) as error:
            found.append(f'{port}: {_one_line(error)}')
            continue
        if chip.CHIP_NAME == CHIP:
            return chip
        found.append(f'{port}: this is an {chip.CHIP_NAME}, the image is for an {CHIP}')
        _close(chip)
    wrong_chip = any('this is an' in line for line in found)
    raise Failure(f'no {CHIP} was found ({"; ".join(found)})' + ('' if wrong_chip else f': {_HINT}'))


def write(chip, places, say):
    """Write (offset, Path) pairs, has the chip compare each MD5, and resets it. Raise Failure when that ends
    early.
    """
    import esptool

    try:
        chip = esptool.run_stub(chip)
        if BAUD > chip.ESP_ROM_BAUD and not chip.serial_port.startswith('socket:'):
            chip.change_baud(BAUD)
        esptool.attach_flash(chip)
        say(f'writing {sum(path.stat().st_size for _, path in places):,} bytes')
        files = [(offset, str(path)) for offset, path in places]
        esptool.write_flash(chip, files, compress=True, no_progress=not sys.stdout.isatty())
    except (esptool.FatalError, OSError) as error:
        raise Failure(
            f'writing ended early: {_one_line(error)}. The board does not start now: check the cable and flash again'
        ) from error
    say('written and verified')
    try:
        esptool.reset_chip(chip, 'hard-reset')
    except (esptool.FatalError, OSError) as error:
        raise Failure(
            f'the image is on the board and verified, but the reset failed ({_one_line(error)}): press its button EN'
        ) from error


def _close(chip):
    try:
        chip._port.close()
    except OSError:
        pass  # the cable is out


def _one_line(error):
    return str(error).strip().partition('\n')[0].rstrip('.') or type(error).__name__
