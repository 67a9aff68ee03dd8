"""The application: a module on the flash, a frozen one, or the demo. A fault in it never ends the server."""

import os
import sys

from firmware import hardware


class Application:
    """The module that the configuration names, once it is imported.

    Properties: `name` (what serves: a module's name, 'demo', 'none', or 'failed'); `is_loaded` (its import has ended).
    """

    def __init__(self):
        self._module = None
        self._unknown = []  # servers that it has not seen
        self.name = 'none'
        self.is_loaded = False

    def load(self, name, demo, waits):
        """Import the module, once, and show what goes wrong in it.

        Arguments: `name`: str, dotted; `demo`: bool, whether the demo stands in where the flash holds no `main`;
        `waits`: bool, whether the server waits for the end of the import.
        """
        if self.is_loaded:
            return
        try:
            if is_on_flash(name):
                if waits:
                    print('application %s: without threads the server starts when its import has ended' % name)
                self._import(name)
            elif name != 'main':
                self._import(name)
            elif demo:
                self._import('firmware.demo')
                self.name = 'demo'
        except SystemExit:
            print('application %s: it has ended itself by SystemExit' % name)
        except Exception as error:
            self.name = 'failed'
            print('application %s: it failed; the server runs without it' % name)
            hardware.print_exception(error)
        self.is_loaded = True

    def _import(self, name):
        """Import a module by its dotted name."""
        self.name = name
        __import__(name)
        self._module = sys.modules[name]

    def introduce(self, server):
        """Show a server that is about to start to the application: now, or as soon as its import has ended."""
        self._unknown.append(server)
        self.catch_up()

    def catch_up(self):
        """Call OnStart with the servers that the application has not seen, where its import has ended."""
        while self.is_loaded and self._unknown:
            server = self._unknown.pop()
            on_start = getattr(self._module, 'OnStart', None)
            if on_start:
                try:
                    on_start(server)
                except Exception as error:
                    print('application %s: its OnStart failed' % self.name)
                    hardware.print_exception(error)

    def forget_servers(self):
        """Let the servers go that it has not seen: they are stopped."""
        self._unknown.clear()


def is_on_flash(name):
    """Tell whether the module `name` lies on the flash; `main` elsewhere is this firmware's own main.py."""
    path = name.replace('.', '/')
    for suffix in ('.py', '.mpy', ''):
        try:
            os.stat(path + suffix)
            return True
        except OSError:
            pass
    return False
