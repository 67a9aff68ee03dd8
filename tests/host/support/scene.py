"""A server under attack, with what attacks and the tests around them do to it."""

import contextlib
import time

from .polite import one_of_each

SETTLED = 20  # seconds: an attack lives on the time-outs of the server, which are a tenth of that


class Scene:
    """A server under attack. `polite`: the client that works beside, None when there is none."""

    def __init__(self, server, tls=None):
        """`tls`: the clients' SSLContext, None for a server without TLS."""
        self.server = server
        self.polite = None
        self._tls = tls

    def connect(self, **options):
        """Open a bare TCP connection."""
        return self.server.connect(**options)

    def connection(self):
        """Open a connection for requests."""
        return self.server.connect(tls=self._tls)

    def request(self, *arguments):
        """Send one request on a connection of its own, return the response."""
        with self.connection() as connection:
            return connection.request(*arguments)

    def held(self):
        """Return what the server holds, as a dict; asked for on a connection of its own."""
        return self.request('GET', '/held').json()

    def settled(self, enough=None):
        """Wait until the server holds no more than its listener, this question and the polite client, or until
        `enough` (a function of what it holds) says so; return what it holds. Fails when that does not come.
        """
        most = 3 if self.polite else 2
        enough = enough or (lambda now: now['sockets'] <= most and not now['slots'])
        deadline = time.monotonic() + SETTLED
        while not enough(now := self.held()):
            assert time.monotonic() < deadline, f'{SETTLED} s after an attack the server still holds {now}'
            self.breathe()
        return now

    def at_rest(self):
        """Return what the server holds when it has settled; of memory, the least that it tells in some questions.

        MicroPython takes an old value on the stack for one in use, now and then.
        """
        found = []
        for _ in range(3):
            one_of_each(self)
            found.append(self.settled())
        return min(found, key=lambda now: now['memory'])

    def tracebacks(self, since):
        """Return what the server printed after position `since` of its log from the first traceback on, '' for none.

        No client can make a program fail: what it sends is refused, and where it goes is noticed.
        """
        log = self.server.log()[since:]
        start = log.find('Traceback')
        return log[start : start + 2000] if start >= 0 else ''

    def breathe(self, seconds=0.1):
        """Let the polite client work for a moment."""
        if self.polite:
            self.polite.wait_for_one(seconds)
        else:
            time.sleep(seconds)

    @contextlib.contextmanager
    def crowd(self, count, **options):
        """Give connections, as many as the server takes of `count`; close them at the end."""
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(self.connect(**options)) for _ in range(count)]

    def vanish(self, data, reset):
        """Send data and leave, by RST or by FIN, without reading."""
        with self.connect() as connection:
            with contextlib.suppress(OSError):
                connection.send(data)
            if reset:
                connection.abort()
