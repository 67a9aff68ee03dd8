"""network of the stm32 port with a W5500 on lwIP (extmod/network_wiznet5k.c)."""

import machine
from checks import check_static, need, note


def hostname(name=None):
    """Sets the name: 32 characters at most."""
    need(name is None or isinstance(name, str) and 1 <= len(name) <= 32, 'hostname')
    note('hostname', name)


class WIZNET5K:
    """The W5500. Without the fourth argument it would be polled; that is refused here."""

    def __init__(self, spi, cs, rst, intn):
        if not isinstance(spi, machine.SPI):
            raise TypeError('expected SPI')
        need([pin.name for pin in (cs, rst, intn)] == ['X5', 'X4', 'X3'], 'pins')
        if not spi.chip_has_power:
            raise SystemExit('the driver waits for ever for a chip that does not answer')
        need(machine.Pin.levels.get('X5') == 1, 'the chip is still selected')
        self._active, self._static, self._dhcp = False, None, False

    def active(self, on=None):
        """Switches the interface."""
        if on is not None:
            self._active = bool(on)
        return self._active

    def isconnected(self):
        """Tells whether link and address are there."""
        return self._active and bool(self._static or self._dhcp)

    def ifconfig(self, value=None):
        """Gives or sets the address."""
        if value is None:
            return self._static or ('10.0.0.6' if self._dhcp else '0.0.0.0', '255.255.255.0', '10.0.0.1', '10.0.0.1')
        check_static(value)
        self._static = value

    def ipconfig(self, name=None, **values):
        """Starts DHCP."""
        need(name is None and list(values) == ['dhcp4'], 'ipconfig')
        need(self._active, 'inactive')
        self._dhcp = values['dhcp4']
