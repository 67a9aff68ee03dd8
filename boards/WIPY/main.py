"""What the WIPY runs after power-on: network, application (the module `app` on the flash), server. It stands for the
harness of larger boards, whose config.json it reads: hostname and network.
"""

import gc
import json
import sys
import time

import board
from MicroWebSrv2 import MicroWebSrv2, XAsyncSocketsPool


def _configuration():
    """Return the configuration: defaults, and what config.json says of them."""
    config = {
        'hostname': 'microwebsrv2',
        'network': {
            'ssid': '',
            'password': '',
            'address': '',
            'mask': '255.255.255.0',
            'gateway': '',
            'dns': '',
            'ap': 'fallback',
            'ap_ssid': '',
            'ap_password': '',
        },
    }
    try:
        with open('config.json', 'rb') as file:
            data = file.read()
        given = json.loads(data[3:] if data[:3] == b'\xef\xbb\xbf' else data)  # a mark that editors on Windows set
        config['network'].update(given.get('network', {}))
        config['hostname'] = given.get('hostname', 'microwebsrv2')
    except Exception as error:
        print('config.json:', error)
    return config


def _serve(address):
    """Serve until Ctrl-C or an error."""
    pool = XAsyncSocketsPool()
    server = MicroWebSrv2()
    server.SetEmbeddedConfig()
    server.RootPath = 'www'
    server.BindAddress = ('0.0.0.0', 80)
    server.StartInPool(pool)
    try:
        while True:
            if address is not None:
                print('open http://' + address if address else 'no network')
            pool.ProcessEvents(1000)
            address = board.poll()
    finally:
        server.Stop()


def _main():
    board.mount()
    address = board.network(_configuration())
    try:
        __import__('app')
    except ImportError as error:
        print(error)
    while True:
        gc.collect()
        try:
            _serve(address)
        except Exception as error:
            sys.print_exception(error)
            time.sleep(2)


_main()
