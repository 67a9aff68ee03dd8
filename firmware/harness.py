"""The flow on the device: flash, configuration, network, application, servers, supervision, REPL.

Where the board has threads, the server runs in one of its own: an application that never returns from its import is
served all the same, and the REPL is there. Elsewhere the server runs in the main thread until Ctrl-C.
"""

import gc
import sys

import board
from MicroWebSrv2 import XAsyncTCPServerException
from MicroWebSrv2.microWebSrv2 import collect_early

from firmware import config as config_
from firmware import hardware
from firmware.application import Application
from firmware.servers import Servers, root_faults

try:
    import _thread
except ImportError:
    _thread = None

# An application that has not returned from its import after this many milliseconds is one that runs there.
_IMPORT_MS = 3000

_PAUSE_MAX_MS = 60000

# Bytes of stack for the server's thread where board.py says nothing. tests/hil/test_hil_stack.py shows what is needed.
_STACK_SIZE = 12 * 1024

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
    """Stop serving; return when the ports are free."""
    if current is not None:
        current.stop()


class Harness:
    """One device: its configuration, network, application and servers.

    Arguments: `changes`: nested dict of what wins over config.json, or None; `frozen`: folder of the frozen web files
    as str where no module www_image has them, or None.

    Properties for the device's pages: `config`; `address` (str or None); `uptime_ms`; `version`, `build` (str);
    `application` (what serves: a module's name, 'demo', 'none', or 'failed'); `reset_cause` (str or None).
    """

    def __init__(self, changes=None, frozen=None):
        self._changes = changes or {}
        self._frozen = frozen
        self._application = Application()
        self._servers = None
        self._serving = False
        self._watchdog = hardware.Watchdog()
        self._reset_in = 0
        self._poll = None
        self.config = None
        self.address = None
        self.reset_cause = None
        self.uptime_ms = 0
        self.version = self.build = 'unknown'
        self.running = False
        self.failed = False
        self.is_program = False
        self.booted = False

    @property
    def application(self):
        """str: what serves: a module's name, 'demo', 'none', or 'failed'."""
        return self._application.name

    # Boot

    def boot(self):
        """Mount the flash, read the configuration, bring the network up, mount the frozen web files."""
        self._identify()
        root = board.mount()
        self._print_head()
        self._configure()
        self._start_network()
        self._mount_web_files()
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

    def _identify(self):
        """Learn which build this is."""
        try:
            import build_info

            self.version, self.build = build_info.VERSION, build_info.BUILD
        except ImportError:
            pass

    def _print_head(self):
        """Print who this is, and why it starts."""
        version = sys.implementation.version
        free = ', %d KB free' % (gc.mem_free() // 1024) if hasattr(gc, 'mem_free') else ''
        print(
            'MicroWebSrv2 %s (build %s) on %s, %s %d.%d.%d%s'
            % (self.version, self.build, board.NAME, sys.implementation.name, version[0], version[1], version[2], free)
        )
        self.reset_cause = hardware.reset_cause()
        if self.reset_cause:
            print('reset cause: ' + self.reset_cause)

    def _configure(self):
        """Read config.json, say what is wrong in it, and lay the changes of the command line over it."""
        self.config, faults = config_.load('config.json', getattr(board, 'DEFAULTS', None))
        for fault in faults:
            print('config.json: ' + fault)
        for key, value in self._changes.items():
            if type(value) is dict:
                self.config[key].update(value)
            else:
                self.config[key] = value

    def _start_network(self):
        """Bring the network up; the device starts without one, too."""
        try:
            self.address = board.network(self.config)
            self._poll = getattr(board, 'poll', None)
        except Exception as error:
            print('the network has failed')
            hardware.print_exception(error)

    def _mount_web_files(self):
        """Mount the frozen web files, and say what is wrong with the folder of those on the flash."""
        try:
            import www_image

            self._frozen = www_image.mount()
        except ImportError:
            pass
        self._servers = Servers(self.config, self._frozen, self.build)
        for fault in root_faults(self.config, self._frozen):
            print(fault)

    # Start and stop

    def start(self):
        """Load the application, once, and serve. Without threads it returns when the server has been stopped."""
        if self._serving:
            self._announce()
            return
        self.running = True
        self.failed = False
        if self._has_thread():
            self._serving = True
            size = getattr(board, 'STACK_SIZE', _STACK_SIZE)
            if size:
                _thread.stack_size(size)
            _thread.start_new_thread(self._serve_in_thread, ())
            self._load_application()
        else:
            self._load_application()
            self._serving = True
            self._serve()

    def _has_thread(self):
        """Tell whether the server has a thread of its own."""
        return bool(_thread and self.config['threads'])

    def _load_application(self):
        """Import the application, once."""
        self._application.load(self.config['application'], self.config['demo'], not self._has_thread())

    def stop(self):
        """Stop serving; return when the ports are free, or at once when a handler calls it."""
        self.running = False
        while self._serving:
            self._servers.interrupt()
            if _thread is None or self._serving == _thread.get_ident():
                break
            hardware.sleep(20)

    def reset_soon(self):
        """Reset the board in a second: time for the answer to go out.

        Raise NotImplementedError where there is no reset.
        """
        if not hardware.find_reset(board):
            raise NotImplementedError('this board cannot reset itself')
        self._reset_in = 2

    # Supervision

    def _serve_in_thread(self):
        """Serve, when the application has been imported or has had the time for it."""
        waited = 0
        while self.running and not self._application.is_loaded and waited < _IMPORT_MS:
            hardware.sleep(20)
            waited += 20
        if self.running and not self._application.is_loaded:
            print('application %s: it runs in its import; the server starts beside it' % self.application)
        self._serve()

    def _serve(self):
        """Keep the servers running until stop(): what ends the loop is shown, and it starts anew after a pause.

        The pauses last 1, 2, 4 … 60 seconds, and 1 again once the servers have run for a minute. What a connection
        raises does not end the loop: the pool sees to that.
        """
        if _thread:
            self._serving = _thread.get_ident()
        pause = 1000
        try:
            self._watchdog.start(self.config['watchdog'])
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
            self._servers.open(self._on_second, self._application.introduce)
            opened = True
            self._announce()
            self._servers.run()
        except Exception as error:
            if opened:
                print('the server has failed')
                hardware.print_exception(error)
            else:
                self._show_refusal(error)
        self._close()

    def _show_refusal(self, error):
        """Show why the servers cannot start; a program ends then."""
        print('the server cannot start: %s' % error)
        if not isinstance(error, (OSError, XAsyncTCPServerException)):
            hardware.print_exception(error)
        if self.is_program:
            self.failed = True
            self.running = False

    def _close(self):
        """Stop the servers; the ports are free then."""
        self._servers.close()
        self._application.forget_servers()

    def _wait(self, ms):
        """Let time go by between two starts."""
        while ms > 0 and self.running:
            hardware.sleep(200)
            ms -= 200
            self._on_second(200)

    def _on_second(self, passed):
        """Do what is to be done about once a second; `passed`: milliseconds since the last time."""
        self.uptime_ms += passed
        self._watchdog.feed()
        self._application.catch_up()
        if self._poll:
            self._follow_network()
        if self._reset_in:
            self._reset_in -= 1
            if not self._reset_in:
                self._close()
                hardware.find_reset(board)()

    def _follow_network(self):
        """Ask the board whether the address is another now."""
        try:
            address = self._poll(self._servers.is_in_use)
            if address is not None:
                self.address = address or None
                self._announce()
        except Exception as error:
            self._poll = None
            print('the network has failed')
            hardware.print_exception(error)

    # Console

    def addresses(self):
        """Return the URLs under which the device is reached now, as a list of str."""
        return self._servers.urls(self.address)

    def _announce(self):
        """Print the addresses to open."""
        urls = self.addresses()
        print('open ' + '  '.join(urls) if urls else 'no network yet; the server is ready')
