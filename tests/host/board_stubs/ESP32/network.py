"""network of the esp32 port (its docs, and ports/esp32/network_wlan.c): Wi-Fi; `KNOWN` is the network that can be
joined.
"""

from checks import check_key, check_ssid, check_static, need, note

STA_IF, AP_IF = 0, 1
AUTH_OPEN, AUTH_WPA2_PSK = 0, 3
KNOWN = ('attic', 'long enough')

_CONFIG = {
    'ssid': str,
    'key': str,
    'security': int,
    'channel': int,
    'reconnects': int,
    'hidden': bool,
    'max_clients': int,
}


def hostname(name=None):
    """Sets the name: 32 characters at most."""
    need(name is None or isinstance(name, str) and 1 <= len(name) <= 32, 'hostname')
    note('hostname', name)


def country(code=None):
    """Sets the country: two letters."""
    need(code is None or isinstance(code, str) and len(code) == 2, 'country')


class WLAN:
    """One of the two interfaces."""

    _instances = {}

    def __new__(cls, interface=STA_IF):
        need(interface in (STA_IF, AP_IF), 'interface')
        if interface not in cls._instances:
            cls._instances[interface] = super().__new__(cls)
            cls._instances[interface]._clear(interface)
        return cls._instances[interface]

    def __init__(self, interface=STA_IF):
        pass

    def _clear(self, interface):
        self._interface, self._active, self._joined, self._static = interface, False, False, None

    def active(self, on=None):
        """Switches the interface."""
        if on is not None:
            note('active', self._interface, on)
            self._active = bool(on)
        return self._active

    def config(self, *names, **values):
        """Sets known parameters of an active interface."""
        need(not names, 'reading is not used')
        for name, value in values.items():
            need(name in _CONFIG, 'unknown config param')
            need(isinstance(value, _CONFIG[name]), name)
            if not self._active:
                raise OSError('Wifi Not Started')
            need((name == 'reconnects') == (self._interface == STA_IF), name)
        if values.get('security') == AUTH_WPA2_PSK:
            check_key(values['key'])
        note('config', self._interface, sorted(values))

    def connect(self, ssid=None, key=None):
        """Starts to join."""
        need(self._interface == STA_IF, 'STA required')
        check_ssid(ssid)
        if key is not None:
            check_key(key)
        if not self._active:
            raise OSError('Wifi Not Started')
        note('connect', ssid)
        self._joined = (ssid, key) == KNOWN

    def disconnect(self):
        """Leaves the network."""
        if not self._active:
            raise OSError('Wifi Not Started')
        self._joined = False

    def isconnected(self):
        """Tells whether the interface has its network."""
        return self._active and (self._joined or self._interface == AP_IF)

    def ifconfig(self, value=None):
        """Gives or sets the address."""
        if value is not None:
            check_static(value)
            self._static = value
            return None
        address = '192.168.4.1' if self._interface == AP_IF else '10.0.0.5' if self._joined else '0.0.0.0'
        return self._static or (address, '255.255.255.0', '10.0.0.1', '10.0.0.1')

    def status(self, what=None):
        """Gives the state, or the stations of the access point."""
        need(what in (None, 'stations', 'rssi'), 'unknown status param')
        need((what == 'stations') == (self._interface == AP_IF), what)
        return [] if what == 'stations' else 1010
