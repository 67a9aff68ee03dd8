"""Wi-Fi of ESP32, Pico W and their like: joins a network, and opens one of its own when it cannot.

The station is tried again for ever: at once when the network is lost, then every 30 seconds. Searching takes the radio
away from the device's own network: with somebody in that one, a try comes every two minutes and ends after ten seconds,
and while somebody uses the device's pages it is put off, for ten minutes at most. config['network']['ap'] says when the
device opens its own network.
"""

import time

import network

_BOOT_WAIT_S = 15
_AGAIN_S = 30  # from one try to the next

# With somebody in the device's own network: from one try to the next, how long a try lasts, how long it is put off, and
# how long that network stays open once the device is at home.
_AGAIN_USED_S = 120
_TRY_USED_S = 10
_PATIENCE_S = 600
_FAREWELL_S = 120

_sta = None
_ap = None
_config = None
_say = None
_address = ''
_without = 0  # seconds without the network, 0 at home
_since_try = 0  # seconds since the last try to join
_at_home = 0  # seconds at home


def up(nic, config, say=print):
    """Join the network of the configuration, waiting 15 seconds at most, or open the device's own.

    Arguments: `nic`: the station, network.WLAN, not yet active; `config`: the whole configuration; `say`: takes a line
    for the console.
    Return the address as str, or None while there is none. Never raises for what the network does.
    """
    global _sta, _config, _say, _address, _without, _since_try, _at_home
    _without = _since_try = _at_home = 0
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


def poll(busy=False):
    """Look after the networks; to be called about once a second.

    `busy`: whether somebody is using the device's pages. Return None when nothing has changed, else the address, ''
    for none.
    """
    global _address
    address = _station_address()
    if address:
        _stay_home(busy)
    elif _config['network']['ssid']:
        _go_home(busy)
    address = address or _ap_address()
    if address == _address:
        return None
    _address = address
    return address


def _stay_home(busy):
    """Close the device's own network: at once when it is empty, else when who is in it had time to read the address."""
    global _without, _since_try, _at_home
    _without = 0
    _since_try = _AGAIN_USED_S  # when the network is lost, it is tried at once
    _at_home += 1
    if _ap and _config['network']['ap'] == 'fallback':
        if not _ap_is_used() or _at_home > _FAREWELL_S and not busy:
            _close_ap()


def _go_home(busy):
    """Try to join when it is time; open the device's own network when that takes long."""
    global _without, _since_try, _at_home
    _at_home = 0
    _without += 1
    _since_try += 1
    used = _ap_is_used()
    if used and _since_try == _TRY_USED_S:
        _stop_trying()
    if _since_try >= (_AGAIN_USED_S if used else _AGAIN_S) and not (used and busy and _since_try < _PATIENCE_S):
        _since_try = 0
        _try(_join)
    if _without > _AGAIN_S and not _ap and _config['network']['ap'] == 'fallback':
        _open_ap()


def _stop_trying():
    """Give the radio back to the device's own network."""
    try:
        _sta.disconnect()
    except OSError:
        pass


def _try(function, *args):
    """Call what the radio may refuse, or what the port may not have; return whether it worked."""
    try:
        function(*args)
        return True
    except (OSError, ValueError, RuntimeError, TypeError, AttributeError) as error:
        _say('network: %s' % error)
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
    _stop_trying()
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
