"""A board under test: its console by pytest-embedded's dut, its server by HTTP."""

import contextlib
import hashlib
import http.client
import re

BOOT_TIMEOUT = 40  # seconds: a real board joins its network in this time
REPLY_TIMEOUT = 10
OPEN = re.compile(rb'open http://([\d.]+)(?::(\d+))?(?=[^\d.:])')  # with what follows: it comes in pieces
PROMPT = '>>> '


class Board:
    """The board on one console.

    Attributes: `dut`, pytest-embedded's; `capabilities`, a set of str as in the board's target.py; `address`, (host,
    port) of its server as this computer reaches it, set by wait_open().
    """

    def __init__(self, dut, capabilities, address=None):
        """`address`: (host, port) when it is not the one that the board itself names."""
        self.dut = dut
        self.capabilities = capabilities
        self._fixed_address = address
        self.address = address

    def wait_open(self, timeout=BOOT_TIMEOUT):
        """Wait until the board says that it serves; return the address that it names, as str."""
        found = self.dut.expect(OPEN, timeout=timeout)
        self.address = self._fixed_address or (found.group(1).decode(), int(found.group(2) or 80))
        return found.group(1).decode()

    def interrupt(self):
        """Stop what runs in the foreground, for the REPL."""
        self.dut.write('\r\x03')
        self.dut.expect_exact(PROMPT, timeout=REPLY_TIMEOUT)
        # Behind this answer there is one prompt, and none that somebody expects later. The raw REPL leaves no line in
        # the history, where it would lie in the middle of the heap.
        assert self.run('print("ready")') == 'ready\n'

    def interrupt_again(self):
        """Stop a program once more, at the REPL.

        MicroPython keeps the traceback of the last Ctrl-C. That of the server lies where the heap was busy then.
        """
        self._type('print("busy")\nwhile True:\n pass')
        self.dut.expect_exact('busy')
        self.dut.write('\x03')
        assert 'KeyboardInterrupt' in self._result(REPLY_TIMEOUT)[1]

    def run(self, code, timeout=REPLY_TIMEOUT):
        """Run Python on the board, whose REPL must be there, and return what it prints."""
        self._type(code)
        output, error = self._result(timeout)
        assert not error, error
        return output.replace('\r\n', '\n')

    def _type(self, code):
        """Give a program to the raw REPL."""
        self.dut.write('\x01')
        self.dut.expect_exact('raw REPL; CTRL-B to exit\r\n>', timeout=REPLY_TIMEOUT)
        for line in code.split('\n'):
            self.dut.write(line)  # which ends it with a line feed
        self.dut.write('\x04')
        self.dut.expect_exact('OK', timeout=REPLY_TIMEOUT)

    def _result(self, timeout):
        """Wait until the program has ended, and leave the raw REPL; return what it printed, and its traceback."""
        found = self.dut.expect(re.compile(rb'(.*?)\x04(.*?)\x04>', re.DOTALL), timeout=timeout)
        self.dut.write('\x02')
        self.dut.expect_exact(PROMPT, timeout=REPLY_TIMEOUT)
        return tuple(group.decode() for group in found.groups())

    @contextlib.contextmanager
    def repl(self):
        """Give the REPL to the block, the server stopped; the server goes on after it."""
        self.interrupt()
        self.run('import firmware, gc\nfirmware.stop()\ngc.collect()')
        yield self
        self.resume()

    def resume(self):
        """Have the server go on."""
        self.dut.write('import firmware; firmware.start()\r')
        self.wait_open()

    def reset(self):
        """Reset the board by machine.reset(), and wait until it serves."""
        self.interrupt()
        self.dut.write('import machine; machine.reset()\r')
        self.wait_reset()

    def wait_reset(self, cause=None, timeout=BOOT_TIMEOUT):
        """Wait for the harness's first lines, with the cause of the reset if one is given, and until it serves."""
        self.dut.expect_exact('MicroWebSrv2 ', timeout=timeout)
        if cause:
            self.dut.expect_exact(f'reset cause: {cause}', timeout=REPLY_TIMEOUT)
        self.wait_open()

    def connection(self, timeout=REPLY_TIMEOUT):
        """Return a new http.client.HTTPConnection to the server."""
        return http.client.HTTPConnection(*self.address, timeout=timeout)

    def get(self, path, method='GET', headers=None, body=None):
        """Make one request on a connection of its own; return (status, headers, body)."""
        with contextlib.closing(self.connection()) as connection:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()


def sha256(data):
    """Return the SHA-256 of bytes in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
