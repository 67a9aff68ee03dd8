"""Checks of firmware/config.py on the target: what a file gives, and what the device says of it."""

import json
import os
import sys

from checking import equal, raises

sys.path.append(__file__.rsplit('/tests/', 1)[0])  # behind the frozen modules

from firmware import config, config_save  # noqa: E402

NOT_JSON = 'line %d is not JSON; the defaults are used'

# What a file holds, and the keys that are not the default then.
RIGHT = (
    (b'{}', {}),
    (b'{"hostname": "Green-House2"}', {'hostname': 'Green-House2'}),
    (b'\xef\xbb\xbf{"demo": false}\r\n', {'demo': False}),
    (b'{"demo": null, "server": null}', {}),
    (
        b'{"server": {"port": 1, "preset": "large"}, "threads": 0}',
        {'server.port': 1, 'server.preset': 'large', 'threads': 0},
    ),
    (b'{"server": {"port": 65535, "not_found_url": "/"}}', {'server.port': 65535, 'server.not_found_url': '/'}),
    (b'{"network": {"address": "10.0.0.7", "password": ""}}', {'network.address': '10.0.0.7'}),
    (b'{"network": {"password": "{[\\"\\\\"}}'.replace(b'{[', b'{[12345678'), {'network.password': '{[12345678"\\'}),
    ('{"network": {"ssid": "Jardín é"}}'.encode(), {'network.ssid': 'Jardín é'}),
    (b'{"network": {"password": "' + b'aB' * 32 + b'"}}', {'network.password': 'aB' * 32}),
    (('{"network": {"ssid": "%s"}}' % ('\u00e9' * 16)).encode(), {'network.ssid': '\u00e9' * 16}),
    (b'{"app": {"pump": [1, {"x": 2}], "port": 9}}', {'app': {'pump': [1, {'x': 2}], 'port': 9}}),
)

# What a file holds, the faults in it, and the keys that are not the default all the same.
WRONG = (
    (b'', (NOT_JSON % 1,), {}),
    (b'[]', ('the file must hold an object {…}; the defaults are used',), {}),
    (b'7', ('the file must hold an object {…}; the defaults are used',), {}),
    (b'{\n"demo": false,\n"threads": x\n}', (NOT_JSON % 3,), {}),
    (b'{"demo": false, \xff}', (NOT_JSON % 1,), {}),
    (b'{"demo": false', (NOT_JSON % 1,), {}),
    (b'{"demo": false}}', (NOT_JSON % 1,), {}),
    (b'{"server": {"port": 81}\n', (NOT_JSON % 2,), {}),
    (b'{"hostname": "fals', (NOT_JSON % 1,), {}),
    (b'{"server": {"port": "81"}}', ('server.port: "81" is wrong, must be an integer of 1..65535; 80 is used',), {}),
    (
        b'{"server": {"port": true, "address": "10.0.0.1"}}',
        ('server.port: true is wrong, must be an integer of 1..65535; 80 is used',),
        {'server.address': '10.0.0.1'},
    ),
    (b'{"server": {"port": 65536}}', ('server.port: 65536 is wrong, must be an integer of 1..65535; 80 is used',), {}),
    (b'{"server": {"port": -1}}', ('server.port: -1 is wrong, must be an integer of 1..65535; 80 is used',), {}),
    (
        b'{"server": {"address": ""}}',
        ('server.address: "" is wrong, must be an address as 192.168.1.2; "0.0.0.0" is used',),
        {},
    ),
    (
        b'{"server": {"address": "1.2.3.256"}}',
        ('server.address: "1.2.3.256" is wrong, must be an address as 192.168.1.2; "0.0.0.0" is used',),
        {},
    ),
    (
        b'{"server": {"address": "01.2.3.4"}}',
        ('server.address: "01.2.3.4" is wrong, must be an address as 192.168.1.2; "0.0.0.0" is used',),
        {},
    ),
    (
        b'{"server": {"preset": "big"}}',
        ('server.preset: "big" is wrong, must be auto|embedded|light|normal|large; "auto" is used',),
        {},
    ),
    (
        b'{"server": {"preset": "auto|light"}}',
        ('server.preset: "auto|light" is wrong, must be auto|embedded|light|normal|large; "auto" is used',),
        {},
    ),
    (b'{"server": 80}', ('server: must be an object {…}; the defaults are used',), {}),
    (b'{"sever": {"port": 81}}', ('sever: no such key; did you mean server?',), {}),
    (
        b'{"server": {"prot": 81}, "demo": false}',
        ('server.prot: no such key; did you mean server.port?',),
        {'demo': False},
    ),
    (b'{"Hostname": "a"}', ('Hostname: no such key; did you mean hostname?',), {}),
    (b'{"hostname port": "a\\u001b"}', ('hostname port: no such key; did you mean hostname?',), {}),
    (b'{"demo": 1}', ('demo: 1 is wrong, must be true or false; true is used',), {}),
    (b'{"demo": [[1]]}', ('demo: its value is wrong, must be true or false; true is used',), {}),
    (
        b'{"hostname": "-a"}',
        ('hostname: "-a" is wrong, must be a text of 1..32 letters, digits, hyphens; "microwebsrv2" is used',),
        {},
    ),
    (
        b'{"hostname": "a.b"}',
        ('hostname: "a.b" is wrong, must be a text of 1..32 letters, digits, hyphens; "microwebsrv2" is used',),
        {},
    ),
    (
        b'{"hostname": ""}',
        ('hostname: "" is wrong, must be a text of 1..32 letters, digits, hyphens; "microwebsrv2" is used',),
        {},
    ),
    (
        b'{"network": {"password": "1234567"}}',
        ('network.password: its value is wrong, must be a text of 8..63 bytes, or 64 hexadecimal digits; "" is used',),
        {},
    ),
    (
        b'{"network": {"password": "' + b'ag' * 32 + b'"}}',
        ('network.password: its value is wrong, must be a text of 8..63 bytes, or 64 hexadecimal digits; "" is used',),
        {},
    ),
    (
        ('{"network": {"ssid": "%s"}}' % ('\u00e9' * 17)).encode(),
        ('network.ssid: %s is wrong, must be a text of 1..32 bytes; "" is used' % json.dumps('\u00e9' * 17)[:32],),
        {},
    ),
    (
        ('{"network": {"ap_password": "%s"}}' % ('\u00e9' * 32)).encode(),
        ('network.ap_password: its value is wrong, must be a text of 8..63 bytes; "" is used',),
        {},
    ),
    (b'\xff\xfe{\x00}\x00', ('line 1 is UTF-16, save it as UTF-8; the defaults are used',), {}),
)


def flat(values):
    """Returns a configuration as a dict of dotted keys."""
    keys = {}
    for key, value in values.items():
        if type(value) is dict and key != 'app':
            for name in value:
                keys[key + '.' + name] = value[name]
        else:
            keys[key] = value
    return keys


def write(path, data):
    """Writes a file."""
    with open(path, 'wb') as f:
        f.write(data)


def remove(*paths):
    """Removes files, where they are."""
    for path in paths:
        try:
            os.remove(path)
        except OSError:
            pass


def loaded(data, defaults=None):
    """Returns what a file with this content gives: the keys that are not the default, and the sorted faults."""
    write('config.json', data)
    values, faults = config.load('config.json', defaults)
    usual = flat(config.check({})[0])
    values = flat(values)
    equal(sorted(values), sorted(usual))
    return {
        key: value for key, value in values.items() if value != usual[key] or type(value) is not type(usual[key])
    }, sorted(faults)


def check_right_files_are_taken_as_they_are():
    for data, expected in RIGHT:
        equal(loaded(data), (expected, []))


def check_what_is_wrong_is_named_and_replaced_and_nothing_else_is():
    for data, faults, expected in WRONG:
        equal(loaded(data), (expected, sorted(faults)))


def check_an_absent_file_gives_the_defaults_without_a_fault():
    remove('config.json', 'config.json.new')
    equal(config.load('config.json'), config.check({}))
    equal(config.load('no/such/folder/config.json'), config.check({}))


def check_a_boards_defaults_stand_between_the_schemas_and_the_files():
    defaults = {'demo': False, 'server': {'port': 8080, 'root': 'site'}}
    equal(
        loaded(b'{"server": {"root": "www2", "port": 0}}', defaults),
        (
            {'demo': False, 'server.port': 8080, 'server.root': 'www2'},
            ['server.port: 0 is wrong, must be an integer of 1..65535; 8080 is used'],
        ),
    )


def check_secrets_are_hidden():
    values = config.check({'admin_password': 'sesame', 'network': {'password': '12345678', 'ap_password': '87654321'}})[
        0
    ]
    config.hide_secrets(values)
    assert 'admin_password' not in values and 'ssid' in values['network'], values
    assert 'password' not in values['network'] and 'ap_password' not in values['network'], values


def check_each_cut_of_a_file_is_seen():
    whole = json.dumps(config.check({})[0]).encode()
    for n in range(len(whole)):
        equal(loaded(whole[:n]), ({}, [NOT_JSON % 1]))


def check_a_fault_is_one_line_whatever_the_file_holds():
    for data in (
        b'{"a\\nb": 1}',
        b'{"hostname": "a\\nb"}',
        b'{"server": {"\\r\\n": 1}}',
        b'{"' + b'x' * 3000 + b'": "' + b'y' * 3000 + b'"}',
        b'{"demo": "' + b'y' * 3000 + b'"}',
        b'{"demo": ' + b'[' * 200 + b']' * 200 + b'}',
    ):
        for fault in loaded(data)[1]:
            assert '\n' not in fault and '\r' not in fault and len(fault) < 160, fault


def check_update_keeps_what_it_does_not_change():
    write('config.json', b'{"mine": 1, "demo": false, "app": {"a": 1}, "server": {"port": 81, "root": "w"}}')
    equal(config_save.update({'hostname': 'h', 'server': {'port': 82}, 'tls': {'port': 444}}), [])
    with open('config.json') as f:
        equal(
            json.load(f),
            {
                'mine': 1,
                'demo': False,
                'app': {'a': 1},
                'server': {'port': 82, 'root': 'w'},
                'hostname': 'h',
                'tls': {'port': 444},
            },
        )
    equal(config_save.update({'demo': None, 'server': {'port': None}, 'app': {'b': 2}, 'threads': None}), [])
    with open('config.json') as f:
        equal(
            json.load(f), {'mine': 1, 'app': {'b': 2}, 'server': {'root': 'w'}, 'hostname': 'h', 'tls': {'port': 444}}
        )


def check_update_saves_nothing_when_there_are_faults():
    write('config.json', b'{"demo": false}')
    equal(
        config_save.update({'demo': True, 'server': {'prot': 1}}),
        ['server.prot: no such key; did you mean server.port?'],
    )
    equal(loaded(b'{"demo": false}'), ({'demo': False}, []))


def check_update_puts_a_broken_file_aside():
    remove('config.json.bad')
    for broken in (b'{"demo": fal', b'[1]'):
        write('config.json', broken)
        equal(config_save.update({'threads': 2}), [])
        with open('config.json.bad', 'rb') as f:
            equal(f.read(), broken)
        with open('config.json') as f:
            equal(json.load(f), {'threads': 2})


def check_a_flash_that_refuses_raises_and_leaves_the_old_file():
    write('config.json', b'{"demo": false}')

    class Full:
        def __init__(self, path, mode):
            self.file = open(path, mode)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, data):
            self.file.write(data[:3])
            raise OSError(28)

    def full_open(path, mode):
        return Full(path, mode) if 'w' in mode else open(path, mode)

    config_save.open = full_open
    try:
        equal(raises(OSError, config_save.update, {'demo': True}).args[0], 28)
    finally:
        del config_save.open
    with open('config.json', 'rb') as f:
        equal(f.read(), b'{"demo": false}')
    assert 'config.json.new' not in os.listdir('.')
