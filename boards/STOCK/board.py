"""Any board with stock MicroPython: takes the network that its firmware has, Wi-Fi before Ethernet."""

import os
import sys

import network as _network

NAME = sys.platform

CAPABILITIES = ['reset']
for _module, _capability in (('_thread', 'threads'), ('tls', 'tls')):
    try:
        __import__(_module)
        CAPABILITIES.append(_capability)
    except ImportError:
        pass

if hasattr(_network, 'WLAN'):
    from firmware import net_wlan as _net

    CAPABILITIES.append('wlan')
else:
    from firmware import net_lan as _net

    CAPABILITIES.append('lan')
CAPABILITIES = tuple(CAPABILITIES)

poll = _net.poll


def mount():
    """Return the folder that main.py lies in, which the port has mounted."""
    return os.getcwd()


def network(config):
    """Bring the network up; return the address to open, or None."""
    if hasattr(_network, 'WLAN'):
        return _net.up(_network.WLAN(_network.STA_IF), config)
    return _net.up(_network.LAN(), config)
