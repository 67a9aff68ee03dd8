"""Wi-Fi of ESP32, Pico W and their like: joins a network, and opens one of its own when it cannot.

The station is tried again for ever: at once when the network is lost, then every 30 seconds, but not while somebody is
in the device's own network, since searching takes the radio away from it. config['network']['ap'] says when to open it.
"""

import time

import network

_BOOT_WAIT_S = 15
_AGAIN_S = 30

_sta = None
_ap = None
_config = None
_say = None
_address = ''
_without = 0


def up(nic, config, say=print):
    """Join the network of the configuration, waiting 15 seconds at most, or open the device's own.

    Arguments: `nic`: the station, network.WLAN, not yet active; `config`: the whole configuration; `say`: takes a line
    for the console.
    Returns the address as str, or None while there is none. Never raises for what the network does.
    """
    global _sta, _config, _say, _address
    _sta, _config, _say = nic, config, say
    net = config['network']
    _try(network.hostname, config['hostname'])
    _try(network.country, net['country'])
    if net['ap'] == 'always':
        _open_ap()
    if net['ssid']:
        say('network: joining %s' % net['ssid'])
        _try(_join)
        for _ in range(_BOOT_WAIT_S * 10):
            if _station_address():
                break
            time.sleep_ms(100)
        else:
            say('network: cannot join %s; is its name right, its password, is it near?' % net['ssid'])
    else:
        say('network: config.json has no network.ssid')
    if not _station_address() and net['ap'] == 'fallback':
        _open_ap()
    _address = _station_address() or _ap_address()
    return _address or None


def poll():
    """Look after the networks; to be called about once a second.

    Returns None when nothing has changed, else the address, '' for none.
    """
    global _address, _without
    net = _config['network']
    address = _station_address()
    if address:
        _without = 0
        if _ap and net['ap'] == 'fallback' and not _ap_is_used():
            _close_ap()
    elif net['ssid']:
        if _without % _AGAIN_S == 0 and not _ap_is_used():
            _try(_join)
        _without += 1
        if _without > _AGAIN_S and not _ap and net['ap'] == 'fallback':
            _open_ap()
    address = address or _ap_address()
    if address == _address:
        return None
    _address = address
    return address


def _try(function, *args):
    """Call what the radio may refuse, or what the port may not have; returns whether it worked."""
    try:
        function(*args)
        return True
    except (OSError, ValueError, RuntimeError, TypeError, AttributeError) as e:
        _say('network: %s' % e)
        return False


def _join():
    """Start to join; the radio goes on by itself."""
    net = _config['network']
    _sta.active(True)
    try:
        _sta.config(reconnects=0)  # ESP32 searches without end otherwise; poll() does that, with pauses.
    except (OSError, ValueError):
        pass
    if net['address']:
        gateway = net['gateway'] or '0.0.0.0'
        _sta.ifconfig((net['address'], net['mask'], gateway, net['dns'] or gateway))
    try:
        _sta.disconnect()
    except OSError:
        pass
    if net['password']:
        _sta.connect(net['ssid'], net['password'])
    else:
        _sta.connect(net['ssid'])


def _station_address():
    """Return the station's address, '' when it has none."""
    try:
        address = _sta.ifconfig()[0] if _sta.isconnected() else ''
    except (OSError, RuntimeError):
        address = ''
    return '' if address == '0.0.0.0' else address


def _open_ap():
    """Open the device's own network."""
    global _ap
    net = _config['network']
    ssid, key = net['ap_ssid'] or _config['hostname'], net['ap_password']
    ap = network.WLAN(network.AP_IF)

    def configure():
        if key:
            # WPA2 has different numbers on different radios; cyw43 knows it in the mixed mode only.
            security = getattr(ap, 'SEC_WPA2', None)
            if security is None:
                security = getattr(ap, 'SEC_WPA_WPA2', None)
            if security is None:
                security = getattr(network, 'AUTH_WPA2_PSK', 3)
            ap.config(ssid=ssid, key=key, security=security)
        else:
            ap.config(ssid=ssid, security=0)

    # ESP32 takes the settings of an active interface only, cyw43 before it is active.
    try:
        configure()
        ap.active(True)
    except (OSError, RuntimeError):
        if not (_try(ap.active, True) and _try(configure)):
            return
    _ap = ap
    _say(
        'network: open the Wi-Fi network %s%s, then http://%s' % (ssid, '' if key else ' (no password)', _ap_address())
    )


def _close_ap():
    """Close the device's own network."""
    global _ap
    _try(_ap.active, False)
    _ap = None


def _ap_address():
    """Return the address of the device in its own network, '' when that is closed."""
    return _ap.ifconfig()[0] if _ap else ''


def _ap_is_used():
    """Tell whether somebody is in the device's own network."""
    try:
        return bool(_ap and _ap.status('stations'))
    except (OSError, ValueError, TypeError):
        return False
