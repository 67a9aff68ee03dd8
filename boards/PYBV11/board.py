"""The pyboard 1.1 on the device: Ethernet by a W5500, or the network over the USB cable."""

import os
import time

import machine
import network as _network

from firmware import net_lan

NAME = 'PYBV11'

# Bytes. tests/hil/test_hil_stack.py shows that they suffice, with room to spare; they come from the heap.
STACK_SIZE = 10 * 1024

# lwIP has 10 connections (target.py); one is left free for the next client.
DEFAULTS = {'server': {'max_connections': 9}}

_USB = hasattr(_network, 'USBD_NCM')

CAPABILITIES = ('threads', 'lan', 'watchdog', 'reset')
try:
    import tls  # noqa: F401

    CAPABILITIES += ('tls',)
except ImportError:
    pass

_usb = None
_is_up = False  # whether there is an Ethernet to look after


# The W5500's register of its version, and what stands there (datasheet 4.1, VERSIONR).
_VERSIONR = b'\x00\x39\x00'
_VERSION = 4
_TRIES = 20  # 10 ms each; the chip takes 1 ms (its PLL), a slow supply more


def mount():
    """Return the folder of the internal flash, which the port has mounted; a card in the slot is not it."""
    os.chdir('/flash')
    return '/flash'


def network(config):
    """Bring the network up; return the address to open, or None."""
    global _usb, _is_up
    if _USB:
        _network.hostname(config['hostname'])
        _usb = _network.USBD_NCM()
        _usb.active(True)
        return _usb.ipconfig('addr4')[0]
    nic = _w5500()
    if nic is None:
        print(
            'network: no W5500 answers at SPI 1 (X4 to X8); is it wired as boards/PYBV11/README.md says, has it power?'
        )
        return None
    _is_up = True
    return net_lan.up(nic, config)


def poll(busy):
    """Look after the link; return None when nothing has changed, else the new address, '' for none."""
    return net_lan.poll(busy) if _is_up else None


def _w5500():
    """Return the interface of a W5500 at SPI 1: X6 SCK, X7 MISO, X8 MOSI, X5 CS, X4 RST, X3 INT; None without one."""
    spi = machine.SPI(1, baudrate=20_000_000)
    select, reset = machine.Pin('X5'), machine.Pin('X4')
    if not _answers(spi, select, reset):
        return None
    # Without the pin INT the chip would be asked every 128 ms only.
    return _network.WIZNET5K(spi, select, reset, machine.Pin('X3'))


def _answers(spi, select, reset):
    """Reset the chip and tell whether it is there: the port's driver waits for ever for one that is not."""
    select.init(machine.Pin.OUT, value=1)
    reset.init(machine.Pin.OUT, value=0)
    time.sleep_ms(1)  # 500 us at least (datasheet 5.5.1)
    reset.value(1)
    for _ in range(_TRIES):
        time.sleep_ms(10)
        if _version(spi, select) == _VERSION:
            return True
    return False


def _version(spi, select):
    """Return what stands in VERSIONR: address, control byte (common block, read, any length), data (datasheet 2.2)."""
    data = bytearray(1)
    select.value(0)
    spi.write(_VERSIONR)
    spi.readinto(data)
    select.value(1)
    return data[0]
