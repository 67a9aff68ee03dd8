"""The module machine, as far as the firmware uses it; refuses what boards refuse."""

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = range(1, 6)


def reset_cause():
    """Says that power came."""
    return PWRON_RESET


def reset():
    """Is not to be called by what only starts."""
    raise SystemExit('reset')


class Pin:
    """A pin of the board by its name."""

    NAMES = ('X3', 'X4', 'X5', 'X6', 'X7', 'X8')

    OUT = 1
    levels = {}  # of the pins that are outputs, by name

    def __init__(self, name):
        if name not in self.NAMES:
            raise ValueError('no pin %r' % name)
        self.name = name

    def init(self, mode, value=None):
        """Makes the pin an output."""
        if mode != self.OUT or value not in (0, 1):
            raise ValueError('pin')
        self.value(value, True)

    def value(self, level, fresh=False):
        """Sets the level of an output."""
        if not fresh and self.name not in self.levels:
            raise OSError('%s is no output' % self.name)
        if self.name == 'X4' and level == 1 and self.levels.get('X4') == 0:
            SPI.chip_is_reset = True
        self.levels[self.name] = level


class SPI:
    """A hardware SPI with a W5500 at its end: selected by X5, reset by X4. Without power nobody drives MISO."""

    chip_has_power = True
    chip_is_reset = False
    chip_wakes_after = 2  # questions; a slow supply

    def __init__(self, bus, baudrate=1000000, polarity=0, phase=0):
        if bus not in (1, 2) or not 0 < baudrate <= 42000000 or polarity or phase:
            raise ValueError('SPI')
        self.bus = bus
        self.asked = None

    def write(self, data):
        """Sends address and control byte of a read of the common block."""
        if Pin.levels.get('X5') != 0:
            raise OSError('the chip is not selected')
        self.asked = bytes(data)

    def readinto(self, buffer):
        """Receives what the register holds."""
        if Pin.levels.get('X5') != 0 or self.asked is None or len(self.asked) != 3 or self.asked[2] != 0:
            raise OSError('no read of the common block')
        SPI.chip_wakes_after -= 1
        awake = self.chip_has_power and self.chip_is_reset and SPI.chip_wakes_after < 0
        register = self.asked[0] << 8 | self.asked[1]
        for i in range(len(buffer)):
            buffer[i] = (4 if register + i == 0x39 else 0) if awake else 0xFF
        self.asked = None


class UART:
    """A UART."""

    def __init__(self, bus, baudrate=9600):
        if bus not in (0, 1) or baudrate != 115200:
            raise ValueError('UART')


class WDT:
    """A watchdog: would bite, so that nothing may start it without being asked to."""

    def __init__(self, id=0, timeout=5000):
        raise SystemExit('watchdog')
