"""Wi-Fi of the CC3200: one radio that is either a station or an access point.

As the fallback the device stays an access point until it is reset: it cannot search for a network meanwhile.
"""

_AGAIN_S = 60
_JOIN_MS = 5000
_AP_ADDRESS = '192.168.1.1'  # the CC3200's own default

_nic = None
_config = None
_address = ''
_without = 0


def up(nic, config, say=print):
    """Join the network of the configuration, waiting 15 seconds at most, or open the device's own.

    Arguments: `nic`: network.WLAN(); `config`: the whole configuration; `say`: takes a line for the console.
    Return the address as str, or None while there is none. Never raises for what the network does.
    """
    global _nic, _config, _address
    _nic, _config = nic, config
    net = config['network']
    try:
        if net['ssid'] and net['ap'] != 'always':
            nic.init(mode=nic.STA)
            if net['address']:
                gateway = net['gateway'] or '0.0.0.0'
                nic.ifconfig(config=(net['address'], net['mask'], gateway, net['dns'] or gateway))
            else:
                nic.ifconfig(config='dhcp')
            for _ in range(3):
                _join()
                _address = _now()
                if _address:
                    return _address
            say('network: cannot join ' + net['ssid'])
        if net['ap'] != 'never':
            ssid, key = net['ap_ssid'] or config['hostname'], net['ap_password']
            nic.init(mode=nic.AP, ssid=ssid, auth=(nic.WPA2, key) if key else None, channel=7)
            _address = _AP_ADDRESS
            say('network: open the Wi-Fi network %s, then http://%s' % (ssid, _address))
    except (OSError, ValueError) as error:
        say('network: %s' % error)
    return _address or None


def poll(busy=False):
    """Look after the network; to be called about once a second.

    `busy` makes no difference here: see net_wlan. Return None when nothing has changed, else the address, '' for none.
    """
    global _address, _without
    if _nic.mode() == _nic.AP:
        return None
    address = _now()
    if address:
        _without = 0
    else:
        if _without % _AGAIN_S == 0:
            _join()
        _without += 1
    if address == _address:
        return None
    _address = address
    return address


def _join():
    """Try to join; takes 5 seconds at most."""
    net = _config['network']
    try:
        _nic.connect(net['ssid'], auth=(_nic.WPA2, net['password']) if net['password'] else None, timeout=_JOIN_MS)
    except OSError:
        pass


def _now():
    """Return the station's address, '' when it has none."""
    address = _nic.ifconfig()[0] if _nic.isconnected() else ''
    return '' if address == '0.0.0.0' else address
