"""The ESP32 on the device."""

import os

import network as _network

from firmware import net_wlan

NAME = 'ESP32'
CAPABILITIES = ('threads', 'tls', 'wlan', 'watchdog', 'reset')

# 16 sockets (sdkconfig.board.in), of which two listen; the others are for the application and for the next client.
DEFAULTS = {'server': {'max_connections': 12}}

poll = net_wlan.poll


def mount():
    """Return the root of the flash, which the port has mounted."""
    os.chdir('/')
    return '/'


def network(config):
    """Bring the Wi-Fi up; return the address to open, or None. An image that comes this far is kept after an
    update.
    """
    address = net_wlan.up(_network.WLAN(_network.STA_IF), config)
    _keep_image()
    return address


def _keep_image():
    """Tell the bootloader that this image works: without it, the next reset starts the one before."""
    try:
        from esp32 import Partition

        Partition.mark_app_valid_cancel_rollback()
    except (ImportError, OSError):
        pass  # stock firmware, or one without rollback
