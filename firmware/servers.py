"""The device's servers, made of its configuration: http, and https where there is a certificate, in one pool."""

import gc
import os

from MicroWebSrv2 import MicroWebSrv2, XAsyncSocketsPool

from firmware import hardware

_LEVELS = ('debug', 'info', 'warning', 'error')  # as MicroWebSrv2.DEBUG and so on count

# Keys of config['server'] whose names on the server are not their words in PascalCase.
_NAMES = {'root': 'RootPath', 'not_found_url': 'NotFoundURL', 'cors_allow_all': 'CORSAllowAll'}
_NOT_SET = ('address', 'port', 'preset')

_ROOT = 'www'  # the default of server.root, as in config.py

# Files that say that a folder is the flash itself.
_OF_THE_FLASH = ('config.json', 'main.py', 'main.mpy', 'boot.py')

# With more free heap than this, in bytes, buffers may be large.
_MUCH_HEAP = 1000000


class Servers:
    """The servers of one device.

    Arguments: `config`: the whole configuration; `frozen`: folder of the frozen web files as str, or None; `build`:
    str, the id of the build that they belong to.
    """

    def __init__(self, config, frozen, build):
        self._config = config
        self._frozen = frozen
        self._build = build
        self._servers = []
        self._pool = None

    def open(self, on_second, on_server):
        """Start the servers; run() processes them.

        Arguments: `on_second(passed)`: called about once a second with the milliseconds since the last time, from
        run(); `on_server(server)`: called with each MicroWebSrv2 that is about to start.
        Raise what a server raises that cannot start; https alone may fail, with a line on the console.
        """
        self.close()  # what Ctrl-C may have left open
        config, tls = self._config, self._config['tls']
        self._pool = XAsyncSocketsPool()
        self._pool.on_second = on_second
        if config['threads'] > 1:
            self._start_workers(config['threads'] - 1)
        self._add(config['server']['port'], None, on_server)
        if tls['cert']:
            try:
                self._add(tls['port'], tls, on_server)
            except Exception as error:
                print('https is off: %s' % hardware.reason(error))

    def run(self):
        """Process the pool in this thread until interrupt(). Raise what ends the loop."""
        self._pool.AsyncWaitEvents(0)

    def interrupt(self):
        """End run() from any thread, or from a handler."""
        if self._pool:
            self._pool.StopWaitEvents()

    def close(self):
        """Stop the servers; the ports are free then."""
        while self._servers:
            self._servers[-1].Stop()
            self._servers.pop()
        if self._pool:
            self._pool.dispose()
            self._pool = None

    def _start_workers(self, count):
        """Have `count` more threads run the handlers."""
        try:
            self._pool.start_workers(count)
        except ImportError:
            print('threads: this firmware has no workers; one thread serves')

    def _add(self, port, tls, on_server):
        """Start one server in the pool."""
        server = MicroWebSrv2()
        self._set_up(server)
        server.BindAddress = (self._config['server']['address'], port)
        if tls:
            server.EnableSSL(tls['cert'], tls['key'])
        server.Pool = self._pool  # for the timers that the application sets now
        on_server(server)
        server.StartInPool(self._pool)
        self._servers.append(server)

    def _set_up(self, server):
        """Give a server its settings."""
        settings = self._config['server']
        preset = settings['preset']
        getattr(server, 'Set%sConfig' % _capital(preset_for_heap() if preset == 'auto' else preset))()
        for key, value in settings.items():
            if key not in _NOT_SET and value is not None:
                setattr(server, _NAMES.get(key) or ''.join([_capital(word) for word in key.split('_')]), value)
        server.FallbackRootPath = self._frozen
        server.FallbackVersion = self._build
        level = self._config['log_level']
        if level in _LEVELS:
            server.LogLevel = _LEVELS.index(level)
        else:
            server.OnLogging = _log_nothing

    @property
    def is_in_use(self):
        """bool: whether somebody has a connection open."""
        return self._pool is not None and len(self._pool.GetAllAsyncSockets()) > len(self._servers)

    def urls(self, address):
        """Return the URLs that lead here, a list of str. `address`: the device's, str, or None without a network."""
        urls = []
        for server in self._servers:
            host, port = server.BindAddress
            if host == '0.0.0.0':
                host = address
            if host:
                tls = server.IsSSLEnabled
                port = '' if port == (443 if tls else 80) else ':%d' % port
                urls.append('%s://%s%s' % ('https' if tls else 'http', host, port))
        return urls


def root_faults(config, frozen):
    """Say what is wrong with the folder of the web files: a list of lines for the console.

    Arguments: `config`: the whole configuration; `frozen`: as of Servers.
    """
    root = config['server']['root']
    path = root.rstrip('/') or '/'
    if not _is(path, 0x4000):
        if root == _ROOT and frozen:
            return []
        rest = 'the frozen ones are served' if frozen else 'there are no web files'
        return ['server.root: there is no folder %s; %s' % (root, rest)]
    names = list(_OF_THE_FLASH)
    if config['tls']['key']:
        names.append(config['tls']['key'].split('/')[-1])
    found = [name for name in names if _is(path + '/' + name, 0x8000)]
    if not found:
        return []
    return [
        'server.root: %s holds %s: give the web files a folder of their own, or strangers read what else lies there'
        % (root, ', '.join(found))
    ]


def _is(path, kind):
    """Tell whether there is a file (`kind` 0x8000) or a folder (0x4000) of this path."""
    try:
        return os.stat(path)[0] & 0xF000 == kind
    except OSError:
        return False


def preset_for_heap():
    """Choose a preset whose buffers take a small part of the heap; return its name."""
    if not hasattr(gc, 'mem_free'):
        return 'normal'
    gc.collect()
    return 'light' if gc.mem_free() > _MUCH_HEAP else 'embedded'


def _log_nothing(server, msg, kind):
    """Take what the server logs when log_level is `off`."""


def _capital(word):
    """Return the word with a capital letter."""
    return word[0].upper() + word[1:]
