"""asyncio drives a pool: its sockets wake the event loop, and handlers and callbacks may be coroutines."""

import asyncio
import sys

from .XAsyncSockets import XAsyncSocketsPool, XAsyncSocketsPoolException, get_ident, print_exception

if sys.implementation.name == 'micropython':
    from asyncio import core as _core

    def _attach(pool, on_ready):
        """Has asyncio wait for the pool's sockets too: they are registered with its own poll object."""
        queue = _core._io_queue
        shared = _SharedIOQueue(queue, pool)
        _core._io_queue = shared
        pool._poller = shared
        for asyncSocket in pool.GetAllAsyncSockets():
            shared.register(asyncSocket._key, asyncSocket._mask)

        def detach():
            for asyncSocket in pool.GetAllAsyncSockets():
                shared.unregister(asyncSocket._key)
            shared.detach(queue)

        return detach

    class _SharedIOQueue(type(_core._io_queue)):
        """asyncio's queue of streams, and the pool's poller, on one poll object."""

        def __init__(self, queue, pool):
            self.poller = queue.poller
            self.map = queue.map
            self._pool = pool
            self._own = pool._poller
            self.register = self.poller.register
            self.modify = self.poller.modify
            self.unregister = self.poller.unregister
            self.seconds = self._own.seconds

        def wait_io_event(self, dt):
            """Waits for streams and for the pool's sockets; called by asyncio's loop.

            dt: int, milliseconds, -1: for ever.
            """
            pool = self._pool
            for event in self.poller.ipoll(dt):
                if event[0] in pool._sockets:
                    self._on_pool_event(event)
                else:
                    self._wake_task(event[0], event[1])

        def _on_pool_event(self, event):
            try:
                self._pool._on_event(event)
            except Exception as ex:
                self._pool._failed(self._pool._current, ex)

        def _wake_task(self, stream, mask):
            """Makes the tasks that wait for a stream ready, as asyncio's own queue does."""
            waiting = self.map.get(id(stream))
            if waiting is None:
                return
            for i, flags in ((0, ~_OUT), (1, ~_IN)):
                if mask & flags and waiting[i] is not None:
                    _core._task_queue.push(waiting[i])
                    waiting[i] = None
            if waiting[0] is None and waiting[1] is None:
                self._dequeue(stream)
            else:
                self.poller.modify(stream, _IN if waiting[1] is None else _OUT)

        def wake(self):
            """Nothing to do: the pool's task looks up by itself."""

        def drain(self):
            """Nothing to take away."""

        def detach(self, queue):
            """Gives asyncio its queue, and the pool its poller, back."""
            _core._io_queue = queue
            self._pool._poller = self._own
            for asyncSocket in self._pool.GetAllAsyncSockets():
                self._own.register(asyncSocket._key, asyncSocket._mask)

    from .XAsyncSockets import _IN, _OUT

    _LOOK_UP_SEC = 0.1

else:

    def _attach(pool, on_ready):
        """Has asyncio's loop wait for the pool's epoll object."""
        loop = asyncio.get_running_loop()
        number = pool._poller.fileno()
        loop.add_reader(number, on_ready)
        return lambda: loop.remove_reader(number)

    _LOOK_UP_SEC = 1


async def drive(pool):
    """Processes a pool by asyncio until StopWaitEvents(); to be run as a task.

    pool: XAsyncSocketsPool. Raises XAsyncSocketsPoolException if it is processed already.
    """
    if pool.WaitEventsProcessing:
        raise XAsyncSocketsPoolException('The pool is being processed already.')
    pool._stop = False
    pool._ident = get_ident()
    detach = _attach(pool, lambda: pool.ProcessEvents(0))
    try:
        while not pool._stop:
            pool._tick()
            await asyncio.sleep(_LOOK_UP_SEC)
    finally:
        pool._ident = None
        detach()


def spawn(coroutine, on_done=None):
    """Has a coroutine awaited by a task. on_done: f(exception or None) or None, called at its end."""
    asyncio.create_task(_await(coroutine, on_done))


async def _await(coroutine, on_done):
    error = None
    try:
        await coroutine
    except Exception as ex:
        error = ex
    if on_done:
        on_done(error)
    elif error:
        print_exception(error)


def StartInAsyncio(microWebSrv2, asyncSocketsPool=None):
    """Starts a server that asyncio's running loop drives; `async def` handlers and callbacks are awaited.

    microWebSrv2: MicroWebSrv2. asyncSocketsPool: XAsyncSocketsPool that is driven already, or None for a new one.
    Returns the pool. Raises as MicroWebSrv2.StartInPool().
    """
    microWebSrv2._spawn = spawn
    pool = asyncSocketsPool or XAsyncSocketsPool()
    microWebSrv2.StartInPool(pool)
    if asyncSocketsPool is None:
        microWebSrv2._managed = True
        asyncio.create_task(drive(pool))
    return pool
