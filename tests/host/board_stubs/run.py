"""Runs on the UNIX firmware: imports all modules of a board's set, then lets the board bring its network up.

Arguments: the network that it is to join, its password, then the names of the modules.
"""

import sys

ssid, password = sys.argv[1:3]

for name in sys.argv[3:]:
    module = __import__(name)
    print('imported', name)

import board  # noqa: E402, I001
from checks import calls  # noqa: E402

given = {'hostname': 'porch', 'network': {'ssid': ssid, 'password': password}}
try:
    from firmware import config

    values, faults = config.check(given, getattr(board, 'DEFAULTS', None))
    assert not faults, faults
except ImportError:  # a board whose main.py stands for the harness
    text = dict.fromkeys(('address', 'gateway', 'dns', 'ap_ssid', 'ap_password'), '')
    values = dict(given, network=dict(text, ap='fallback', mask='255.255.255.0', **given['network']))

if 'firmware.net_wlan' in sys.modules:
    sys.modules['firmware.net_wlan']._BOOT_WAIT_S = 1  # a network that refuses does so at once here

print('root', board.mount())
print('address', board.network(values))
print('poll', board.poll(False))
print('capabilities', *board.CAPABILITIES)
print('calls', calls)
