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

    def __init__(self, name):
        if name not in self.NAMES:
            raise ValueError('no pin %r' % name)
        self.name = name


class SPI:
    """A hardware SPI."""

    def __init__(self, bus, baudrate=1000000, polarity=0, phase=0):
        if bus not in (1, 2) or not 0 < baudrate <= 42000000 or polarity or phase:
            raise ValueError('SPI')
        self.bus = bus


class UART:
    """A UART."""

    def __init__(self, bus, baudrate=9600):
        if bus not in (0, 1) or baudrate != 115200:
            raise ValueError('UART')


class WDT:
    """A watchdog: would bite, so that nothing may start it without being asked to."""

    def __init__(self, id=0, timeout=5000):
        raise SystemExit('watchdog')
