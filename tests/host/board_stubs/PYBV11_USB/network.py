"""network of the stm32 port with the network over USB (docs of network.USBD_NCM, MicroPython 1.29)."""

from checks import need


def hostname(name=None):
    """Sets the name: 32 characters at most."""
    need(name is None or isinstance(name, str) and 1 <= len(name) <= 32, 'hostname')


class USBD_NCM:
    """The interface over the USB cable; it is up from the start."""

    def active(self, on=None):
        """Switches the interface."""
        return True

    def isconnected(self):
        """Tells whether a computer is at the other end."""
        return True

    def ipconfig(self, name):
        """Gives the address and its mask."""
        need(name == 'addr4', 'ipconfig')
        return ('169.254.7.1', '255.255.0.0')
