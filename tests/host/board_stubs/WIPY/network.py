"""network of the cc3200 port (ports/cc3200/mods/modwlan.c): one radio; `KNOWN` is the network that can be joined."""

from checks import check_key, check_ssid, check_static, need, note

KNOWN = ('attic', (3, 'long enough'))


class WLAN:
    """The radio: a station or an access point."""

    STA, AP = 0, 2
    WEP, WPA, WPA2 = 1, 2, 3
    INT_ANT, EXT_ANT = 0, 1
    _instance = None

    def __new__(cls, id=0):
        need(id == 0, 'id')
        if cls._instance is None:
            cls._instance = super().__new__(cls)
            cls._instance._clear()
        return cls._instance

    def __init__(self, id=0):
        pass

    def _clear(self):
        self._mode, self._joined, self._static = self.AP, False, None

    def _check_auth(self, auth):
        if auth is not None:
            need(isinstance(auth, tuple) and len(auth) == 2 and auth[0] in (self.WEP, self.WPA, self.WPA2), 'auth')
            check_key(auth[1])

    def init(self, mode=STA, *, ssid=None, auth=None, channel=1, antenna=INT_ANT):
        """Sets the radio up."""
        need(mode in (self.STA, self.AP), 'mode')
        if mode == self.AP:
            check_ssid(ssid)
        self._check_auth(auth)
        need(1 <= channel <= 11, 'channel')
        note('init', mode)
        self._mode, self._joined = mode, False

    def mode(self):
        """Gives the mode."""
        return self._mode

    def connect(self, ssid, auth=None, *, bssid=None, timeout=None):
        """Joins a network, within `timeout` milliseconds."""
        check_ssid(ssid)
        self._check_auth(auth)
        need(timeout is None or isinstance(timeout, int) and timeout > 0, 'timeout')
        note('connect', ssid)
        if self._mode != self.STA:
            raise OSError(1)
        self._joined = (ssid, auth) == KNOWN
        if not self._joined:
            raise OSError(110)

    def isconnected(self):
        """Tells whether the network is there."""
        return self._joined

    def ifconfig(self, id=0, config=None):
        """Gives the address, or sets it: four addresses or 'dhcp'."""
        need(id == 0, 'id')
        if config is None:
            return self._static or ('10.0.0.7' if self._joined else '0.0.0.0', '255.255.255.0', '10.0.0.1', '10.0.0.1')
        if config != 'dhcp':
            check_static(config)
            self._static = config
