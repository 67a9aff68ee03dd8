"""`make provision`: first contact: writes network, name and password into the board's config.json, restarts it, opens
its address.

What is not given as a variable is asked for at a terminal. The other settings in the file stay as they are. The
file's format is that of firmware/config.py, which checks it here too."""

import contextlib
import getpass
import importlib.util
import json
import os
import sys
import webbrowser

from tools import boards, common, repl
from tools.common import ROOT, Failure

CONFIG = 'config.json'

# Variables and the keys of config.json that they set; ADDRESS is 'dhcp' or ADDRESS/BITS,GATEWAY.
KEYS = {
    'WIFI_SSID': 'network.ssid',
    'WIFI_PASSWORD': 'network.password',
    'HOSTNAME': 'hostname',
    'ADMIN_PASSWORD': 'admin_password',
}
SECRETS = ('WIFI_PASSWORD', 'ADMIN_PASSWORD')
QUESTIONS = {
    'WIFI_SSID': 'Wi-Fi network to join',
    'WIFI_PASSWORD': 'its password (none: an open network)',
    'ADDRESS': 'address, as 192.168.1.50/24,192.168.1.1 (none: by DHCP)',
    'HOSTNAME': 'name of the device on the network',
    'ADMIN_PASSWORD': "password of the user admin for the device's pages",
}


@common.tool
def main(variables):
    """Provision the board at DEVICE."""
    name = variables.get('BOARD', 'STOCK')
    target = boards.load(name if name in boards.names() else 'STOCK')
    context = boards.Context(target.NAME, variables)
    if not hasattr(target, 'HIL'):
        raise Failure(
            f'{target.NAME} is no board to provision: its config.json lies in its flash folder, see '
            'docs/configuration.md'
        )
    answers = collect(variables, 'wlan' in target.HIL['capabilities'])
    with connect(target, variables.get('DEVICE')) as board:
        path = f'{board.root()}/{CONFIG}'
        old = board.read(path)
        new = change(old, answers)
        if new == old:
            context.say(f'{path} is as it should be')
        else:
            board.write(path, new)
            context.say(f'{path} written')
        address = board.restart()
    if address is None:
        raise Failure(
            'the configuration is on the board, but it printed no address within 60 s: see its console (mpremote)'
        )
    if not address:
        context.say('the board starts anew and joins its network')
        return
    context.say(f'open {address}')
    show(address)


def connect(target, device):
    """Return the connection to a board: the target's own kind, else its serial port; a context manager."""
    own = getattr(target, 'connect', None)
    return own(device) if own else repl.Board(repl.choose_port(device))


def collect(variables, wlan):
    """Return what is to be set: a dict of variable names to str. Asks at a terminal for what was not given.

    `wlan` tells whether the board has Wi-Fi. Raise Failure where nothing was given and nobody can be asked.
    """
    wanted = [name for name in QUESTIONS if wlan or not name.startswith('WIFI')]
    # make hands secrets on in the environment, where other users of the computer do not see them.
    sources = {**{name: os.environ[name] for name in SECRETS if os.environ.get(name)}, **variables}
    given = {name: sources[name] for name in wanted if name in sources}
    if not given and sys.stdin.isatty():
        given = {name: ask(name) for name in wanted}
    if not given:
        raise Failure(
            f'nothing to write: give one or more of {"=… ".join(wanted)}=…, or run it at a terminal, which asks'
        )
    return {name: value for name, value in given.items() if value}


def ask(name):
    """Ask for a variable at the terminal; secrets are not shown. Return a str, empty for none."""
    question = f'{QUESTIONS[name]}: '
    return (getpass.getpass(question) if name in SECRETS else input(question)).strip()


def change(old, answers):
    """Return the new config.json, bytes: the old one (bytes or None) with the answers set. Raise Failure for what
    is not right.
    """
    try:
        config = json.loads(old) if old else {}
    except ValueError as error:
        raise Failure(f'{CONFIG} on the board is not JSON ({error}): repair or remove it first') from error
    if not isinstance(config, dict):
        raise Failure(f'{CONFIG} on the board is not a JSON object: repair or remove it first')
    settings = {KEYS[name]: value for name, value in answers.items() if name in KEYS}
    if 'ADDRESS' in answers:
        settings.update(parse_address(answers['ADDRESS']))
    for key, value in settings.items():
        group, dot, leaf = key.rpartition('.')
        (config.setdefault(group, {}) if dot else config)[leaf] = value
    for fault in check(config):
        if any(fault.startswith(f'{key}: ') for key in settings):
            raise Failure(fault)
    return json.dumps(config, indent=2).encode() + b'\n'


def parse_address(text):
    """Return the keys that ADDRESS sets: 'dhcp', or ADDRESS/BITS,GATEWAY[,DNS]. Raise Failure."""
    import ipaddress

    if text.lower() == 'dhcp':
        return dict.fromkeys(('network.address', 'network.gateway', 'network.dns'), '')
    address, *rest = (part.strip() for part in text.split(','))
    try:
        interface = ipaddress.IPv4Interface(address)
        servers = [str(ipaddress.IPv4Address(part)) for part in rest]
    except ValueError as error:
        raise Failure(f'ADDRESS={text} is neither dhcp nor as 192.168.1.50/24,192.168.1.1: {error}') from error
    if '/' not in address or len(servers) > 2:
        raise Failure(f'ADDRESS={text} is neither dhcp nor as 192.168.1.50/24,192.168.1.1 (address/bits,gateway,dns)')
    keys = {'network.address': str(interface.ip), 'network.mask': str(interface.netmask)}
    return {**keys, **dict(zip(('network.gateway', 'network.dns'), servers))}


def check(config):
    """Return what firmware/config.py finds wrong in a configuration, a list of str."""
    spec = importlib.util.spec_from_file_location('firmware_config', ROOT / 'firmware' / 'config.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.check(config, None)[1]


def show(address):
    """Open the address in the browser where a person sits at a desktop."""
    if sys.stdout.isatty() and (
        os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY') or sys.platform == 'darwin'
    ):
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(address)


if __name__ == '__main__':
    sys.exit(main())
