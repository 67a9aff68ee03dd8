"""The WIPY (CC3200) on the device."""

import os

import machine
import network as _network

from firmware import net_wipy

NAME = 'WIPY'
CAPABILITIES = ('wlan', 'reset')

poll = net_wipy.poll


def mount():
    """Give the console to the serial port as well; return the flash's folder, which the port has mounted."""
    os.dupterm(machine.UART(0, 115200))
    os.chdir('/flash')
    return '/flash'


def network(config):
    """Bring the Wi-Fi up; return the address to open, or None."""
    return net_wipy.up(_network.WLAN(), config)
