"""Ethernet: network.LAN, WIZnet and what else has their methods. Address by DHCP or static, from config['network']."""

import time

import network

_BOOT_WAIT_S = 10
_DHCP_AGAIN_S = 15

_nic = None
_config = None
_address = ''
_without = 0


def up(nic, config, say=print):
    """Bring the interface up and wait for its address, 10 seconds at most.

    Arguments: `nic`: the interface, not yet active; `config`: the whole configuration; `say`: takes a line for the
    console.
    Return the address as str, or None while there is none. Never raises for what the network does.
    """
    global _nic, _config
    _nic, _config = nic, config
    try:
        network.hostname(config['hostname'])
        nic.active(True)
        _configure()
        for _ in range(_BOOT_WAIT_S * 10):
            if poll():
                return _address
            time.sleep_ms(100)
        say('network: no address yet; is the cable in, and is there a DHCP server?')
    except (OSError, ValueError, RuntimeError) as error:
        say('network: %s' % error)
    return None


def poll(busy=False):
    """Look after link and address; to be called about once a second.

    `busy` makes no difference here: see net_wlan. Return None when nothing has changed, else the address, '' for none.
    """
    global _address, _without
    try:
        address = _nic.ifconfig()[0] if _nic.isconnected() else ''
        if address == '0.0.0.0':
            address = ''
        if address:
            _without = 0
        else:
            # lwIP asks again by itself when the link comes back; what asks here is for a server that came later.
            _without += 1
            if _without % _DHCP_AGAIN_S == 0:
                _configure()
    except (OSError, ValueError, RuntimeError):
        address = ''
    if address == _address:
        return None
    _address = address
    return address


def _configure():
    """Set the static address, or start DHCP without waiting for it."""
    net = _config['network']
    if net['address']:
        gateway = net['gateway'] or '0.0.0.0'
        _nic.ifconfig((net['address'], net['mask'], gateway, net['dns'] or gateway))
    elif hasattr(_nic, 'ipconfig'):
        _nic.ipconfig(dhcp4=True)
    else:
        _nic.ifconfig('dhcp')
