"""asyncio drives a pool: its sockets wake the event loop, and handlers and callbacks may be coroutines."""

import asyncio
import sys

from .xasPoller import IN, OUT, is_interrupt, print_exception

_LOOK_UP_MS = 100  # for what other threads ask, and for new timers


def _move(pool, old, new):
    """Register the pool's sockets with another poller."""
    pool.poller = new
    for asyncSocket in pool.GetAllAsyncSockets():
        old.unregister(asyncSocket.key)
        new.register(asyncSocket.key, asyncSocket.mask)


if sys.implementation.name == 'micropython':
    from asyncio import core as _core

    def _attach(pool):
        """Have asyncio wait for the pool's sockets too: they are registered with its own poll object."""
        queue = _core._io_queue
        own = pool.poller
        shared = _SharedIOQueue(queue, pool)
        _core._io_queue = shared
        _move(pool, own, shared)

        def detach():
            _core._io_queue = queue
            _move(pool, shared, own)

        return detach

    class _SharedIOQueue(type(_core._io_queue)):
        """asyncio's queue of streams, and the pool's poller, on one poll object."""

        def __init__(self, queue, pool):
            self.poller = queue.poller
            self.map = queue.map
            self._pool = pool
            self.register = self.poller.register
            self.modify = self.poller.modify
            self.unregister = self.poller.unregister
            self.seconds = pool.poller.seconds

        def wait_io_event(self, dt):
            """Wait for streams and for the pool's sockets; called by asyncio's loop.

            dt: int, milliseconds, -1: for ever.
            """
            pool = self._pool
            for event in self.poller.ipoll(dt):
                if pool.knows(event[0]):
                    self._on_pool_event(event)
                else:
                    self._wake_task(event[0], event[1])

        def _on_pool_event(self, event):
            try:
                self._pool.on_event(event)
            except BaseException as error:
                self._pool.failed(error)

        def _wake_task(self, stream, mask):
            """Makes the tasks that wait for a stream ready, as asyncio's own queue does."""
            waiting = self.map.get(id(stream))
            if waiting is None:
                return
            for i, flags in ((0, ~OUT), (1, ~IN)):
                if mask & flags and waiting[i] is not None:
                    _core._task_queue.push(waiting[i])
                    waiting[i] = None
            if waiting[0] is None and waiting[1] is None:
                self._dequeue(stream)
            else:
                self.poller.modify(stream, IN if waiting[1] is None else OUT)

        def wake(self):
            """Do nothing: the pool's task looks up by itself."""

        def drain(self):
            """Do nothing: no wake-up calls are to be taken away."""

        def close(self):
            """Do nothing: all of it lies on the heap."""

else:

    def _attach(pool):
        """Have asyncio's loop wait for the pool's sockets: for its epoll object, or for each of them."""
        loop = asyncio.get_running_loop()
        if hasattr(pool.poller, 'fileno'):
            number = pool.poller.fileno()
            loop.add_reader(number, pool.ProcessEvents)
            return lambda: loop.remove_reader(number)
        from .xasPollerHost import LoopPoller

        own = pool.poller
        _move(pool, own, LoopPoller(loop, own, pool))
        return lambda: _move(pool, pool.poller, own)


async def drive(pool):
    """Process a pool by asyncio until StopWaitEvents(); to be run as a task.

    pool: XAsyncSocketsPool. Raise XAsyncSocketsPoolException if it is processed already.
    """
    pool.begin()
    detach = _attach(pool)
    pool.spawn = spawn
    pool.on_timer = lambda milliseconds: _expect_timer(pool, milliseconds)
    try:
        while not pool.is_stopping():
            pool.tick()
            await asyncio.sleep(min(pool.wait_ms(), _LOOK_UP_MS) / 1000)
    finally:
        pool.spawn = pool.on_timer = None
        detach()
        pool.end()


def _expect_timer(pool, milliseconds):
    """Call a new timer in time: drive() may just have begun to sleep longer."""
    if milliseconds < _LOOK_UP_MS:
        asyncio.create_task(_look_up(pool, milliseconds))


async def _look_up(pool, milliseconds):
    """Do what drive() does for timers, until it is sure to have looked up."""
    slept = 0
    while slept + milliseconds < _LOOK_UP_MS and not pool.is_stopping():
        await asyncio.sleep(milliseconds / 1000)
        slept += milliseconds
        milliseconds = pool.wait_ms()


def spawn(coroutine, on_done=None):
    """Await a coroutine in a task. on_done: f(exception or None) or None, called at its end."""
    asyncio.create_task(_await(coroutine, on_done))


async def _await(coroutine, on_done):
    error = None
    try:
        await coroutine
    except BaseException as ex:  # a task that it awaits may have been cancelled, which is no Exception
        error = ex
    if on_done:
        on_done(error)
    elif error and not is_interrupt(error):
        print_exception(error)
    if error and is_interrupt(error):
        raise error


def StartInAsyncio(microWebSrv2, asyncSocketsPool=None):
    """Starts a server that asyncio's running loop drives; `async def` handlers and callbacks are awaited.

    microWebSrv2: MicroWebSrv2. asyncSocketsPool: XAsyncSocketsPool that is driven already, or None for a new one.
    Returns the pool. Raises as MicroWebSrv2.StartInPool().
    """
    microWebSrv2.spawn = spawn
    pool = asyncSocketsPool or microWebSrv2.Pool
    microWebSrv2.StartInPool(pool, asyncSocketsPool is None)
    if asyncSocketsPool is None:
        asyncio.create_task(drive(pool))
    return pool
