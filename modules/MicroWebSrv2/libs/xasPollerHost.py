"""What CPython gives to wait for sockets: epoll, poll or select, behind the names of xasPoller.py."""

import select
import socket
import threading
import traceback
from errno import EAGAIN
from time import monotonic

IN = getattr(select, 'POLLIN', 1)  # Windows has select() alone
OUT = getattr(select, 'POLLOUT', 4)
GONE = getattr(select, 'POLLHUP', 16) | getattr(select, 'POLLERR', 8)
MAX_BACKLOG = 1 << 16
MAX_RECV = 65536
WAIT_MS = 1000
would_block = (EAGAIN, 10035)  # 10035: WSAEWOULDBLOCK


def socket_key(sock):
    """Return what stands for a platform's socket in the poll object's events: its descriptor."""
    return sock.fileno()


def is_main_thread():
    """Return bool: whether the calling thread is the one that Ctrl-C interrupts."""
    return threading.current_thread() is threading.main_thread()


def print_exception(error):
    """Write a traceback to the console. error: the exception."""
    traceback.print_exception(type(error), error, error.__traceback__)


class SelectPoll:
    """select.select() with the calls of a poll object, for platforms that have nothing else (Windows)."""

    def __init__(self):
        self._masks = {}

    def register(self, key, mask):
        """Watch a socket. key: int, its descriptor. mask: int, IN, OUT, both or 0."""
        self._masks[key] = mask

    modify = register

    def unregister(self, key):
        """Watch a socket no more. key: int. Raise KeyError unless it is watched."""
        del self._masks[key]

    def poll(self, milliseconds):
        """Return a list of (key, mask) of what is ready, after at most that many milliseconds."""
        readers = [key for key, mask in self._masks.items() if mask & IN]
        writers = [key for key, mask in self._masks.items() if mask & OUT]
        ready = select.select(readers, writers, writers, milliseconds / 1000)  # a refused connect() is exceptional
        found = dict.fromkeys(ready[0], IN)
        for key in ready[1] + ready[2]:
            found[key] = found.get(key, 0) | OUT
        return list(found.items())


def new_poll():
    """Return a poll object, for who waits for a socket or two of its own."""
    return select.poll() if hasattr(select, 'poll') else SelectPoll()


class _PollPoller:
    """poll() or select(), with a socket pair that wakes it, and a clock."""

    def __init__(self):
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._poll = self._made()
        self.register = self._poll.register
        self.modify = self._poll.modify
        self.unregister = self._poll.unregister
        self._poll.register(self._wake_in.fileno(), IN)

    def _made(self):
        return new_poll()

    def wait(self, milliseconds):
        """Return a list of (key, mask) of what is ready, after at most that many milliseconds."""
        return self._poll.poll(milliseconds)

    def seconds(self):
        """Return int, seconds of a clock that never goes back."""
        return int(monotonic())

    def drain(self):
        """Take the wake-up calls away, once the loop is awake."""
        try:
            self._wake_in.recv(4096)
        except OSError:
            pass

    def wake(self):
        """End the wait that is going on in another thread."""
        try:
            self._wake_out.send(b'\0')
        except OSError:
            pass  # the buffer is full of wake-up calls already

    def close(self):
        """Give the operating system's objects back; may be called again."""
        self._wake_in.close()
        self._wake_out.close()


class _EpollPoller(_PollPoller):
    """epoll in the place of poll()."""

    def _made(self):
        return select.epoll()

    def wait(self, milliseconds):
        """Return a list of (key, mask) of what is ready, after at most that many milliseconds."""
        return self._poll.poll(milliseconds / 1000)

    def fileno(self):
        """Return int, the descriptor that another loop can wait for: readable when something is ready."""
        return self._poll.fileno()

    def close(self):
        """Give the operating system's objects back; may be called again."""
        _PollPoller.close(self)
        self._poll.close()


Poller = _EpollPoller if hasattr(select, 'epoll') else _PollPoller


class LoopPoller:
    """asyncio's loop in the place of poll(), where the platform's poll object has no descriptor to wait for.

    loop: asyncio's, one with add_reader(): on Windows the selector loop. own: the pool's poller. pool: told of events.
    """

    def __init__(self, loop, own, pool):
        self._loop = loop
        self._own = own
        self._pool = pool
        self._masks = {}
        self.wait = own.wait
        self.seconds = own.seconds
        self.drain = own.drain
        self.close = own.close

    def register(self, key, mask):
        """Watch a socket. key: int, its descriptor. mask: int, IN, OUT, both or 0."""
        self._masks[key] = 0
        self.modify(key, mask)

    def modify(self, key, mask):
        """Watch a socket for other events. key, mask: as of register()."""
        changed = mask ^ self._masks[key]
        self._masks[key] = mask
        if changed & IN:
            self._switch(key, mask & IN, self._loop.add_reader, self._loop.remove_reader, IN)
        if changed & OUT:
            self._switch(key, mask & OUT, self._loop.add_writer, self._loop.remove_writer, OUT)

    def unregister(self, key):
        """Watch a socket no more. key: int. Raise KeyError unless it is watched."""
        self.modify(key, 0)
        del self._masks[key]

    def wake(self):
        """Have asyncio's loop do what another thread asks."""
        self._loop.call_soon_threadsafe(self._pool.tick)

    def _switch(self, key, wanted, add, remove, flag):
        if wanted:
            add(key, self._on_event, (key, flag))
        else:
            remove(key)

    def _on_event(self, event):
        try:
            self._pool.on_event(event)
        except BaseException as error:
            self._pool.failed(error)
