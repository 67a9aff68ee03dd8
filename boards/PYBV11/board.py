"""The pyboard 1.1 on the device: Ethernet by a W5500, or the network over the USB cable."""

import os

import machine
import network as _network

from firmware import net_lan

NAME = 'PYBV11'
STACK_SIZE = 6144

_USB = hasattr(_network, 'USBD_NCM')

CAPABILITIES = ('threads', 'lan', 'watchdog', 'reset')
try:
    import tls  # noqa: F401

    CAPABILITIES += ('tls',)
except ImportError:
    pass

_usb = None


def mount():
    """Returns the folder of the internal flash, which the port has mounted; a card in the slot is not it."""
    os.chdir('/flash')
    return '/flash'


def network(config):
    """Brings the network up; returns the address to open, or None."""
    global _usb
    if not _USB:
        return net_lan.up(_w5500(), config)
    _network.hostname(config['hostname'])
    _usb = _network.USBD_NCM()
    _usb.active(True)
    return _usb.ipconfig('addr4')[0]


def poll():
    """Looks after the link; returns None when nothing has changed, else the new address, '' for none."""
    return None if _USB else net_lan.poll()


def _w5500():
    """Returns the interface of a W5500 at SPI 1: X6 SCK, X7 MISO, X8 MOSI, X5 CS, X4 RST, X3 INT."""
    spi = machine.SPI(1, baudrate=20_000_000)
    # Without the pin INT the chip would be asked every 128 ms only.
    return _network.WIZNET5K(spi, machine.Pin('X5'), machine.Pin('X4'), machine.Pin('X3'))
