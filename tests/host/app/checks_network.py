"""Checks of the network modules on the target, with interfaces and a clock that are not there.

The stubs take only the calls that the ports take (MicroPython 1.25: extmod/network_lwip.c, extmod/network_cyw43.c,
ports/esp32/network_wlan.c, ports/cc3200/mods/modwlan.c); any other raises as it does there.
"""

import sys

from checking import equal

sys.path.insert(0, __file__.rsplit('/tests/', 1)[0])  # before the frozen modules: the UNIX image has none of these


class Network:
    """Stands for the module `network`."""

    STA_IF, AP_IF = 0, 1
    names = []
    countries = []
    aps = []

    @staticmethod
    def hostname(name):
        """Keeps the name; longer ones are refused."""
        if len(name) > 32:
            raise ValueError
        Network.names.append(name)

    @staticmethod
    def country(code):
        """Keeps the country."""
        Network.countries.append(code)

    @staticmethod
    def WLAN(interface):
        """Gives the access point that the check has prepared."""
        equal(interface, Network.AP_IF)
        return Network.aps[-1]


sys.modules['network'] = Network

from firmware import config, net_lan, net_wipy, net_wlan  # noqa: E402


class Clock:
    """Stands for the module `time`: sleeping lets the interface go on."""

    def __init__(self, nic=None):
        self.nic = nic
        self.ms = 0

    def sleep_ms(self, ms):
        """Sleeps."""
        self.ms += ms
        if self.nic:
            self.nic.at(self.ms)


class Nic:
    """An interface: `plan` says what happens at which millisecond, as (ms, address); an address of '' is no link."""

    def __init__(self, plan=()):
        self.plan = list(plan)
        self.calls = []
        self.address = ''
        self.is_active = False

    def at(self, ms):
        """Goes on to a time."""
        while self.plan and self.plan[0][0] <= ms:
            self.address = self.plan.pop(0)[1]

    def active(self, on=None):
        """Asks or sets whether it is on."""
        if on is not None:
            self.calls.append(('active', on))
            self.is_active = on
        return self.is_active

    def isconnected(self):
        """Tells whether there is a link with an address."""
        return self.is_active and self.address not in ('', '0.0.0.0')

    def ifconfig(self, setting=None):
        """Asks for or sets the address."""
        if setting is None:
            return (self.address or '0.0.0.0', '255.255.255.0', '0.0.0.0', '0.0.0.0')
        equal(len(setting), 4)
        for part in setting:
            equal(len(part.split('.')), 4)
        self.calls.append(('ifconfig', setting))
        self.address = setting[0]
        return None

    def ipconfig(self, **settings):
        """Starts DHCP."""
        equal(list(settings), ['dhcp4'])
        self.calls.append(('dhcp',))


class Station(Nic):
    """A Wi-Fi station: joins what the plan says, or never."""

    def __init__(self, plan=(), knows_reconnects=True):
        super().__init__(plan)
        self.knows_reconnects = knows_reconnects

    def config(self, **settings):
        """Takes `reconnects` where the port has it."""
        if list(settings) != ['reconnects'] or not self.knows_reconnects:
            raise ValueError('unknown config param')

    def connect(self, ssid, key=None):
        """Starts to join."""
        if not self.is_active:
            raise OSError('Wifi Not Started')
        self.calls.append(('connect', ssid, key))

    def disconnect(self):
        """Leaves."""
        if not self.is_active:
            raise OSError('Wifi Not Started')
        self.calls.append(('disconnect',))


class AccessPoint(Nic):
    """The device's own network. `early`: takes its settings before it is active (cyw43), else only then (ESP32)."""

    SEC_OPEN, SEC_WPA2 = 0, 3

    def __init__(self, early):
        super().__init__()
        self.early = early
        self.settings = {}
        self.stations = []
        self.address = '192.168.4.1'

    def config(self, **settings):
        """Takes the settings."""
        if not self.early and not self.is_active:
            raise RuntimeError('Wifi Invalid Argument')
        for name in settings:
            if name not in ('ssid', 'key', 'security', 'channel', 'hidden'):
                raise ValueError('unknown config param')
        self.settings.update(settings)

    def status(self, what):
        """Tells who is in the network."""
        equal(what, 'stations')
        return self.stations


def settings(**network):
    """Returns a configuration with these keys of the group network."""
    values, faults = config.check({'hostname': 'barn', 'network': network})
    equal(faults, [])
    return values


def up(module, nic, **network):
    """Brings an interface up anew; returns (the address, the lines for the console, the milliseconds it took)."""
    lines = []
    clock = Clock(nic)
    module.time = clock
    for name, value in (('_address', ''), ('_without', 0), ('_ap', None)):
        if hasattr(module, name):
            setattr(module, name, value)
    address = module.up(nic, settings(**network), lines.append)
    return address, lines, clock.ms


def check_lan_gets_its_address_by_dhcp():
    nic = Nic([(700, '10.0.2.15')])
    address, lines, ms = up(net_lan, nic)
    equal((address, lines), ('10.0.2.15', []))
    assert ms < 1000
    equal(nic.calls, [('active', True), ('dhcp',)])
    equal(Network.names[-1], 'barn')


def check_lan_takes_a_static_address():
    nic = Nic()
    equal(up(net_lan, nic, address='192.168.0.9', gateway='192.168.0.1')[0], '192.168.0.9')
    equal(nic.calls[-1], ('ifconfig', ('192.168.0.9', '255.255.255.0', '192.168.0.1', '192.168.0.1')))
    up(net_lan, nic, address='192.168.0.9', mask='255.255.0.0', dns='9.9.9.9')
    equal(nic.calls[-1], ('ifconfig', ('192.168.0.9', '255.255.0.0', '0.0.0.0', '9.9.9.9')))


def check_lan_without_a_cable_comes_up_later_and_follows_link_and_address():
    nic = Nic()
    address, lines, ms = up(net_lan, nic)
    equal(address, None)
    assert ms <= 20000 and len(lines) == 1 and 'cable' in lines[0], lines
    equal([net_lan.poll() for _ in range(60)], [None] * 60)
    assert 2 <= len([call for call in nic.calls if call == ('dhcp',)]) <= 15, nic.calls
    nic.address = '10.0.2.15'
    equal([net_lan.poll(), net_lan.poll()], ['10.0.2.15', None])
    nic.address = ''
    equal([net_lan.poll(), net_lan.poll()], ['', None])
    nic.address = '10.9.9.9'
    equal([net_lan.poll(), net_lan.poll()], ['10.9.9.9', None])


def check_lan_without_a_chip_says_so():
    class Dead(Nic):
        def active(self, on=None):
            raise OSError(19)

    address, lines, _ = up(net_lan, Dead())
    equal((address, len(lines)), (None, 1))
    equal(net_lan.poll(), None)


def check_wlan_joins():
    for key, expected in (('', None), ('12345678', '12345678')):
        nic = Station([(3000, '10.0.0.5')], knows_reconnects=not key)
        Network.aps.append(AccessPoint(True))
        address, lines, ms = up(net_wlan, nic, ssid='garden', password=key, country='CH')
        equal(address, '10.0.0.5')
        assert ms < 4000
        equal(nic.calls, [('active', True), ('disconnect',), ('connect', 'garden', expected)])
        equal(Network.aps[-1].calls, [])
        equal((Network.countries[-1], Network.names[-1]), ('CH', 'barn'))


def check_wlan_takes_a_static_address():
    nic = Station([(3000, '192.168.0.9')])
    up(net_wlan, nic, ssid='garden', address='192.168.0.9', gateway='192.168.0.1')
    equal(nic.calls[1], ('ifconfig', ('192.168.0.9', '255.255.255.0', '192.168.0.1', '192.168.0.1')))


def check_wlan_that_cannot_join_opens_its_own_network_and_joins_later():
    for early in (True, False):
        nic = Station()
        ap = AccessPoint(early)
        Network.aps.append(ap)
        address, lines, ms = up(net_wlan, nic, ssid='garden', password='12345678', ap_password='87654321')
        equal(address, '192.168.4.1')
        assert ms <= 20000
        equal(ap.settings, {'ssid': 'barn', 'key': '87654321', 'security': 3})
        assert any('cannot join garden' in line for line in lines), lines
        assert 'barn' in lines[-1] and '192.168.4.1' in lines[-1] and '87654321' not in ''.join(lines), lines
        joins = len([call for call in nic.calls if call[0] == 'connect'])
        for _ in range(90):
            equal(net_wlan.poll(), None)
        assert 2 <= len([call for call in nic.calls if call[0] == 'connect']) - joins <= 5, nic.calls
        nic.address = '10.0.0.5'
        equal(net_wlan.poll(), '10.0.0.5')
        assert not ap.is_active


def joins_in(nic, seconds, busy):
    """Polls for so many seconds; returns the seconds in which it started to join and those in which it gave up."""
    started, ended = [], []
    for second in range(seconds):
        before = len(nic.calls)
        equal(net_wlan.poll(busy), None)
        calls = [call[0] for call in nic.calls[before:]]
        if 'connect' in calls:
            started.append(second)
        elif 'disconnect' in calls:
            ended.append(second)
    return started, ended


def used_ap():
    """Returns (station, access point) of a device that cannot join, with a phone in its own network."""
    nic, ap = Station(), AccessPoint(True)
    Network.aps.append(ap)
    equal(up(net_wlan, nic, ssid='garden')[0], '192.168.4.1')
    ap.stations = [('mac',)]
    return nic, ap


def check_wlan_with_a_phone_in_its_own_network_tries_gently_and_goes_home():
    nic, ap = used_ap()
    started, ended = joins_in(nic, 400, False)
    assert 2 <= len(started) <= 4 and all(b - a >= 120 for a, b in zip(started, started[1:])), started
    assert all(any(a < b <= a + 10 for b in ended) for a in started), (started, ended)
    nic.address = '10.0.0.5'
    equal(net_wlan.poll(False), '10.0.0.5')
    equal([net_wlan.poll(False) for _ in range(60)], [None] * 60)
    assert ap.is_active  # who is in it reads the new address there
    for _ in range(200):
        net_wlan.poll(True)
    assert ap.is_active  # and is still at it
    equal(net_wlan.poll(False), None)
    assert not ap.is_active


def check_wlan_whose_pages_are_used_puts_a_try_off_but_not_for_ever():
    nic, _ = used_ap()
    equal(joins_in(nic, 500, True)[0], [])
    equal(len(joins_in(nic, 600, True)[0]), 1)
    started, _ = joins_in(nic, 200, False)  # they have gone
    assert started and started[0] <= 120, started


def check_wlan_tries_at_once_when_it_loses_its_network_with_a_phone_in_its_own():
    nic, ap = Station([(100, '10.0.0.5')]), AccessPoint(True)
    Network.aps.append(ap)
    up(net_wlan, nic, ssid='garden', ap='always')
    ap.stations = [('mac',)]
    equal(net_wlan.poll(False), None)
    nic.address = ''
    equal(net_wlan.poll(False), '192.168.4.1')
    equal(nic.calls[-1], ('connect', 'garden', None))


def check_wlan_that_loses_its_network_tries_at_once_and_opens_its_own_later():
    nic = Station([(100, '10.0.0.5')])
    ap = AccessPoint(True)
    Network.aps.append(ap)
    up(net_wlan, nic, ssid='garden')
    equal(net_wlan.poll(), None)
    joins = len(nic.calls)
    nic.address = ''
    equal(net_wlan.poll(), '')
    equal(nic.calls[-1], ('connect', 'garden', None))
    assert len(nic.calls) > joins
    found = [net_wlan.poll() for _ in range(60)]
    equal([address for address in found if address is not None], ['192.168.4.1'])
    equal(ap.settings, {'ssid': 'barn', 'security': 0})


def check_wlan_without_a_configured_network_opens_its_own():
    ap = AccessPoint(False)
    Network.aps.append(ap)
    address, lines, ms = up(net_wlan, Station(), ap_ssid='setup')
    equal((address, ms), ('192.168.4.1', 0))
    equal(ap.settings['ssid'], 'setup')
    assert 'network.ssid' in lines[0]


def check_wlan_opens_no_network_of_its_own_where_that_is_not_wanted():
    ap = AccessPoint(False)
    Network.aps.append(ap)
    nic = Station()
    equal(up(net_wlan, nic, ssid='garden', ap='never')[0], None)
    for _ in range(90):
        equal(net_wlan.poll(), None)
    equal(ap.calls, [])
    nic.address = '10.0.0.5'
    equal(net_wlan.poll(), '10.0.0.5')


def check_wlan_always_has_its_own_network_where_that_is_wanted():
    ap = AccessPoint(False)
    Network.aps.append(ap)
    equal(up(net_wlan, Station([(100, '10.0.0.5')]), ssid='garden', ap='always')[0], '10.0.0.5')
    equal([net_wlan.poll() for _ in range(9)], [None] * 9)
    assert ap.is_active


class Wipy:
    """The CC3200's network.WLAN: one mode at a time; connect() waits and raises ETIMEDOUT."""

    STA, AP, WPA2 = 1, 2, 3

    def __init__(self, address=''):
        self.future = address
        self.address = ''
        self.calls = []
        self._mode = self.AP

    def init(self, mode, ssid=None, auth=None, channel=1):
        """Takes a mode; an access point must have a name of 1 to 32 characters, and a key of 8 to 63."""
        if mode == self.AP:
            assert ssid and len(ssid) <= 32
        if auth:
            assert auth[0] == self.WPA2 and 8 <= len(auth[1]) <= 63
        self._mode = mode
        self.calls.append(('init', mode, ssid, auth))

    def mode(self):
        """Tells the mode."""
        return self._mode

    def connect(self, ssid, auth=None, timeout=None):
        """Joins."""
        if self._mode == self.AP:
            raise OSError(1)
        self.calls.append(('connect', ssid, auth, timeout))
        self.address = self.future
        if not self.address:
            raise OSError(110)

    def isconnected(self):
        """Tells whether it has joined."""
        return bool(self.address)

    def ifconfig(self, id=0, config=None):
        """Asks for or sets the address."""
        if config is None:
            return (self.address or '0.0.0.0', '0.0.0.0', '0.0.0.0', '0.0.0.0')
        assert config == 'dhcp' or type(config) is tuple and len(config) == 4
        self.calls.append(('ifconfig', config))
        return None


def check_wipy_joins():
    nic = Wipy('10.0.0.7')
    equal(up(net_wipy, nic, ssid='garden', password='12345678')[0], '10.0.0.7')
    equal(
        nic.calls,
        [('init', Wipy.STA, None, None), ('ifconfig', 'dhcp'), ('connect', 'garden', (Wipy.WPA2, '12345678'), 5000)],
    )
    equal(net_wipy.poll(), None)
    nic.address = nic.future = ''
    equal(net_wipy.poll(), '')
    nic.future = '10.0.0.8'
    found = [net_wipy.poll() for _ in range(120)]
    equal([address for address in found if address is not None], ['10.0.0.8'])


def check_wipy_takes_a_static_address_and_an_open_network():
    nic = Wipy('192.168.0.9')
    up(net_wipy, nic, ssid='garden', address='192.168.0.9', gateway='192.168.0.1')
    equal(nic.calls[1], ('ifconfig', ('192.168.0.9', '255.255.255.0', '192.168.0.1', '192.168.0.1')))
    equal(nic.calls[2], ('connect', 'garden', None, 5000))


def check_wipy_that_cannot_join_opens_its_own_network():
    nic = Wipy()
    address, lines, _ = up(net_wipy, nic, ssid='garden', ap_password='87654321')
    equal(address, '192.168.1.1')
    equal(nic.calls[-1], ('init', Wipy.AP, 'barn', (Wipy.WPA2, '87654321')))
    assert len([call for call in nic.calls if call[0] == 'connect']) * 5000 <= 20000
    assert 'cannot join garden' in lines[0] and '192.168.1.1' in lines[1]
    equal(net_wipy.poll(), None)
    nic = Wipy()
    equal(up(net_wipy, nic, ssid='garden', ap='never')[0], None)
    equal(up(net_wipy, Wipy(), ap='never')[0], None)
    equal(up(net_wipy, Wipy('10.0.0.7'), ssid='garden', ap='always')[0], '192.168.1.1')
