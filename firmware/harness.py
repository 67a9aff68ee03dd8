"""The flow on the device: flash, configuration, network, application, servers, supervision, REPL.

Where the board has threads, the server runs in one of its own: an application that never returns from its import is
served all the same, and the REPL is there. Elsewhere the server runs in the main thread until Ctrl-C.
"""

import gc
import sys
import time

import board
from MicroWebSrv2 import MicroWebSrv2, XAsyncSocketsPool, XAsyncTCPServerException
from MicroWebSrv2.microWebSrv2 import collect_early

from firmware import config as config_

try:
    import _thread
except ImportError:
    _thread = None
try:
    import machine
except ImportError:
    machine = None

_LEVELS = ('debug', 'info', 'warning', 'error')  # as MicroWebSrv2.DEBUG and so on count

# Keys of config['server'] whose names on the server are not their words in PascalCase.
_NAMES = {'root': 'RootPath', 'not_found_url': 'NotFoundURL', 'cors_allow_all': 'CORSAllowAll'}
_NOT_SET = ('address', 'port', 'preset')

# An application that has not returned from its import after this many milliseconds is one that runs there.
_IMPORT_MS = 3000

# The loop may sleep for a second and needs some time for itself.
_WATCHDOG_MIN_S = 4

# More exceptions than this in a second are the loop's own.
_ERRORS_MAX = 50

_PAUSE_MAX_MS = 60000

# What sys.platform says where this is a program on a computer, not a board.
_HOSTS = ('linux', 'darwin', 'win32')

current = None


def main():
    """Boot and serve: what a board does after power-on. Without threads it returns at Ctrl-C, with threads at once."""
    global current
    current = Harness()
    try:
        current.boot()
    except KeyboardInterrupt:
        print('stopped; firmware.start() goes on')
        return
    start()


def start():
    """Start serving, or go on."""
    try:
        if current is None or not current.booted:  # Ctrl-C came while it booted
            main()
        else:
            current.start()
    except KeyboardInterrupt:
        current.stop()
        print('stopped; firmware.start() goes on')


def stop():
    """Stop serving; returns when the ports are free."""
    if current is not None:
        current.stop()


class Harness:
    """One device: its configuration, network, application and servers.

    Properties for the device's pages: `config`; `address` (str or None); `uptime_ms`; `version`, `build` (str);
    `application` (what serves: a module's name, 'demo', 'none', or 'failed'); `reset_cause` (str or None).
    """

    def __init__(self, changes=None):
        self._changes = changes or {}
        self._module = None
        self._imported = False
        self._pool = None
        self._servers = []
        self._unstarted = []
        self._serving = False
        self._watchdog = None
        self._reset_in = 0
        self._www = None
        self._poll = None
        self.config = None
        self.address = None
        self.application = 'none'
        self.reset_cause = None
        self.uptime_ms = 0
        self.version = self.build = 'unknown'
        self.running = False
        self.failed = False
        self.is_program = False
        self.booted = False

    # Boot

    def boot(self):
        """Mount the flash, read the configuration, bring the network up, mount the frozen web files."""
        try:
            import build_info

            self.version, self.build = build_info.VERSION, build_info.BUILD
        except ImportError:
            pass
        root = board.mount()
        self._print_head()
        self.config, faults = config_.load('config.json', getattr(board, 'DEFAULTS', None))
        for fault in faults:
            print('config.json: ' + fault)
        for key, value in self._changes.items():
            if type(value) is dict:
                self.config[key].update(value)
            else:
                self.config[key] = value
        try:
            self.address = board.network(self.config)
            self._poll = getattr(board, 'poll', None)
        except Exception as e:
            print('the network has failed')
            _print_exception(e)
        try:
            import www_image

            self._www = www_image.mount()
        except ImportError:
            pass
        try:
            from firmware import device

            device.register(self)
        except ImportError:
            pass
        # The application lies in the flash's root, whatever the port's search path is.
        if '' not in sys.path and root not in sys.path:
            sys.path.insert(0, root)
        self.booted = True
        collect_early()

    def _print_head(self):
        """Print who this is, and why it starts."""
        version = sys.implementation.version
        free = ', %d KB free' % (gc.mem_free() // 1024) if hasattr(gc, 'mem_free') else ''
        print(
            'MicroWebSrv2 %s (build %s) on %s, %s %d.%d.%d%s'
            % (self.version, self.build, board.NAME, sys.implementation.name, version[0], version[1], version[2], free)
        )
        self.reset_cause = _reset_cause()
        if self.reset_cause:
            print('reset cause: ' + self.reset_cause)

    # Start and stop

    def start(self):
        """Load the application, once, and serve. Without threads it returns when the server has been stopped."""
        if self._serving:
            self._announce()
            return
        self.running = True
        self.failed = False
        if _thread and self.config['threads']:
            self._serving = True
            size = getattr(board, 'STACK_SIZE', 8192)
            if size:
                _thread.stack_size(size)
            _thread.start_new_thread(self._serve_in_thread, ())
            self._load_application()
        else:
            self._load_application()
            self._serving = True
            self._serve()

    def stop(self):
        """Stop serving; returns when the ports are free, or at once when a handler calls it."""
        self.running = False
        while self._serving:
            pool = self._pool
            if pool:
                pool.StopWaitEvents()
            if _thread is None or self._serving == _thread.get_ident():
                break
            _sleep(20)

    def reset_soon(self):
        """Reset the board in a second: time for the answer to go out.

        Raises NotImplementedError where there is no reset.
        """
        if not _reset():
            raise NotImplementedError('this board cannot reset itself')
        self._reset_in = 2

    # Application

    def _load_application(self):
        """Import the application module or the demo; show what goes wrong in it."""
        if self._imported:
            return
        name = self.config['application']
        try:
            if self._is_on_flash(name):
                if not (_thread and self.config['threads']):
                    print('application %s: without threads the server starts when its import has ended' % name)
                self._import(name)
            elif name != 'main':
                self._import(name)
            elif self.config['demo']:
                self._import('firmware.demo')
                self.application = 'demo'
        except SystemExit:
            print('application %s: it has ended itself by SystemExit' % name)
        except Exception as e:
            self.application = 'failed'
            print('application %s: it failed; the server runs without it' % name)
            _print_exception(e)
        self._imported = True

    def _is_on_flash(self, name):
        """Tell whether the application module lies on the flash; 'main' elsewhere is this firmware's own main.py."""
        import os

        path = name.replace('.', '/')
        for suffix in ('.py', '.mpy', ''):
            try:
                os.stat(path + suffix)
                return True
            except OSError:
                pass
        return False

    def _import(self, name):
        """Import a module by its dotted name."""
        self.application = name
        __import__(name)
        self._module = sys.modules[name]

    def _call_on_start(self):
        """Give the servers that it does not know yet to the application."""
        on_start = getattr(self._module, 'OnStart', None)
        while self._unstarted:
            server = self._unstarted.pop()
            if on_start:
                try:
                    on_start(server)
                except Exception as e:
                    print('application %s: its OnStart failed' % self.application)
                    _print_exception(e)

    # Servers

    def _serve_in_thread(self):
        """Serve, when the application has been imported or has had the time for it."""
        waited = 0
        while self.running and not self._imported and waited < _IMPORT_MS:
            _sleep(20)
            waited += 20
        if self.running and not self._imported:
            print('application %s: it runs in its import; the server starts beside it' % self.application)
        self._serve()

    def _serve(self):
        """Keep the servers running until stop(): what ends them is shown, and they are started anew after a pause."""
        if _thread:
            self._serving = _thread.get_ident()
        pause = 1000
        try:
            self._start_watchdog()
            while self.running:
                begun = self.uptime_ms
                self._serve_once()
                if self.running:
                    if self.uptime_ms - begun > _PAUSE_MAX_MS:
                        pause = 1000
                    print('it starts again in %d s' % (pause // 1000))
                    self._wait(pause)
                    pause = min(pause * 2, _PAUSE_MAX_MS)
        finally:
            try:
                self._close()
            finally:  # also where a second Ctrl-C comes in between
                self._serving = False

    def _serve_once(self):
        """Open the servers and serve until something ends that; shows what."""
        opened = False
        try:
            self._open()
            opened = True
            self._announce()
            self._pool.AsyncWaitEvents(0)
        except Exception as e:
            if opened:
                print('the server has failed')
                _print_exception(e)
            else:
                print('the server cannot start: %s' % e)
                if not isinstance(e, (OSError, XAsyncTCPServerException)):
                    _print_exception(e)
                if self.is_program:
                    self.failed = True
                    self.running = False
        self._close()

    def _open(self):
        """Start http, and https where there is a certificate, in one pool."""
        self._close()  # what Ctrl-C may have left open
        server, tls = self.config['server'], self.config['tls']
        self._pool = _Pool(self._on_second)
        if self.config['threads'] > 1 and _thread:
            self._start_workers(self.config['threads'] - 1)
        self._add_server(server['port'])
        if tls['cert']:
            try:
                self._add_server(tls['port'], tls)
            except Exception as e:
                print('https is off: %s' % _reason(e))

    def _start_workers(self, count):
        """Have `count` more threads run the handlers."""
        try:
            from MicroWebSrv2.libs.xasWorkers import XAsyncWorkers

            self._pool._workers = XAsyncWorkers(count)
        except ImportError:
            print('threads: this firmware has no workers; one thread serves')

    def _add_server(self, port, tls=None):
        """Start one server in the pool."""
        settings = self.config['server']
        server = MicroWebSrv2()
        preset = settings['preset']
        if preset == 'auto':
            preset = _preset_for_heap()
        getattr(server, 'Set%sConfig' % _capital(preset))()
        for key, value in settings.items():
            if key not in _NOT_SET and value is not None:
                setattr(server, _NAMES.get(key) or ''.join([_capital(word) for word in key.split('_')]), value)
        server.FallbackRootPath = self._www
        server.etag_salt = self.build  # frozen files have no date
        level = self.config['log_level']
        if level in _LEVELS:
            server.LogLevel = _LEVELS.index(level)
        else:
            server.OnLogging = _log_nothing
        server.BindAddress = (settings['address'], port)
        if tls:
            server.EnableSSL(tls['cert'], tls['key'])
        self._unstarted.append(server)
        if self._imported:
            self._call_on_start()
        server.StartInPool(self._pool)
        self._servers.append(server)

    def _close(self):
        """Stop the servers; the ports are free then."""
        while self._servers:
            self._servers[-1].Stop()
            self._servers.pop()
        self._unstarted.clear()
        self._pool = None

    def _wait(self, ms):
        """Let time go by between two starts."""
        while ms > 0 and self.running:
            _sleep(200)
            ms -= 200
            self._on_second(200)

    def _on_second(self, passed):
        """Do what is to be done about once a second; `passed`: milliseconds since the last time."""
        self.uptime_ms += passed
        if self._watchdog:
            self._watchdog.feed()
        if self._unstarted and self._imported:
            self._call_on_start()
        if self._poll:
            self._follow_network()
        if self._reset_in:
            self._reset_in -= 1
            if not self._reset_in:
                self._close()
                _reset()()

    def _follow_network(self):
        """Ask the board whether the address is another now."""
        try:
            address = self._poll()
            if address is not None:
                self.address = address or None
                self._announce()
        except Exception as e:
            self._poll = None
            print('the network has failed')
            _print_exception(e)

    def _start_watchdog(self):
        """Start the watchdog, if the configuration asks for one."""
        seconds = self.config['watchdog']
        if seconds and not self._watchdog:
            try:
                self._watchdog = machine.WDT(timeout=max(seconds, _WATCHDOG_MIN_S) * 1000)
            except Exception as e:
                print('watchdog: %s' % (_reason(e) if hasattr(machine, 'WDT') else 'this board has none'))

    # Console

    def addresses(self):
        """Return the URLs under which the device is reached now, as a list of str."""
        urls = []
        for server in self._servers:
            host, port = server.BindAddress
            if host == '0.0.0.0':
                host = self.address
            if host:
                tls = server.IsSSLEnabled
                urls.append(
                    '%s://%s%s'
                    % ('https' if tls else 'http', host, '' if port == (443 if tls else 80) else ':%d' % port)
                )
        return urls

    def _announce(self):
        """Print the addresses to open."""
        urls = self.addresses()
        print('open ' + '  '.join(urls) if urls else 'no network yet; the server is ready')


class _Pool(XAsyncSocketsPool):
    """A pool whose loop calls `on_second(passed)` once a second, and ends when it does nothing but fail.

    `passed`: milliseconds since the last time. The base class shows exceptions and goes on, which is right for one that
    a connection is to blame for.
    """

    def __init__(self, on_second):
        XAsyncSocketsPool.__init__(self)
        self._on_second = on_second
        self._errors = 0

    def _tick(self):
        before = self._now
        XAsyncSocketsPool._tick(self)
        if self._now != before:
            self._errors = 0
            self._on_second((self._now - before) * 1000)

    def _failed(self, asyncSocket, ex):
        self._errors += 1
        if self._errors > _ERRORS_MAX:
            raise ex
        XAsyncSocketsPool._failed(self, asyncSocket, ex)


def _log_nothing(server, msg, kind):
    """Take what the server logs when log_level is `off`."""


def _reset_cause():
    """Return why the board started, as 'power-on', 'watchdog'; None where it is not known."""
    try:
        cause = machine.reset_cause()
    except AttributeError:
        return None
    for name, text in (
        ('PWRON_RESET', 'power-on'),
        ('HARD_RESET', 'hard reset'),
        ('WDT_RESET', 'watchdog'),
        ('SOFT_RESET', 'soft reset'),
        ('DEEPSLEEP_RESET', 'deep sleep'),
    ):
        if getattr(machine, name, None) == cause:
            return text
    return str(cause)


def _sleep(ms):
    """Sleep; other threads run meanwhile. (sleep_ms of MicroPython's UNIX port lets none run.)"""
    if sys.platform in _HOSTS:
        time.sleep(ms / 1000)
    else:
        time.sleep_ms(ms)


def _reset():
    """Return the function that resets the board, or None."""
    return getattr(board, 'reset', None) or getattr(machine, 'reset', None)


def _capital(word):
    """Return the word with a capital letter."""
    return word[0].upper() + word[1:]


def _preset_for_heap():
    """Choose a preset whose buffers take a small part of the heap."""
    if not hasattr(gc, 'mem_free'):
        return 'normal'
    gc.collect()
    return 'light' if gc.mem_free() > 1000000 else 'embedded'


def _print_exception(e):
    """Print an exception with its traceback."""
    if hasattr(sys, 'print_exception'):
        sys.print_exception(e)
    else:
        sys.excepthook(type(e), e, e.__traceback__)


def _reason(e):
    """Return one line that says what went wrong."""
    return '%s: %s' % (type(e).__name__, e)
