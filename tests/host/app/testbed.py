"""What the test applications share: their settings, and how they start and say that they serve.

The settings are a JSON object in the file that the first argument names: ``port``, ``root`` (folder of the site),
``set`` (properties of the server by name), ``preset`` (name of a method Set…Config), ``threads`` (None: a pool that
runs in the main thread; a number: StartManaged(number)), ``tls`` (arguments of EnableSSL), and what an application
defines for itself.
"""

import gc
import json
import sys
from time import sleep

from MicroWebSrv2 import MicroWebSrv2, XAsyncSocketsPool


def sleep_ms(milliseconds):
    """Sleeps, and lets other threads run: MicroPython's own sleep_ms does not on its unix port."""
    sleep(milliseconds / 1000)


def settings():
    """Returns the settings of this run as a dict."""
    with open(sys.argv[1] if len(sys.argv) > 1 else 'testbed.json') as file:
        return json.load(file)


SETTINGS = settings()


def configure(mws2):
    """Gives a server the address, root folder and properties of the settings; returns it."""
    mws2.BindAddress = (SETTINGS.get('host', '127.0.0.1'), SETTINGS['port'])
    mws2.RootPath = SETTINGS['root']
    if SETTINGS.get('preset'):
        getattr(mws2, SETTINGS['preset'])()
    for name, value in SETTINGS.get('set', {}).items():
        setattr(mws2, name, value)
    if SETTINGS.get('tls'):
        mws2.EnableSSL(**SETTINGS['tls'])
    return mws2


def ready():
    """Says that the application serves from now on."""
    print('READY')


def ready_when_listening(mws2):
    """Has it said by the server's first message, "Server listening …", for one that takes the calling thread."""
    on_logging = mws2.OnLogging

    def log(_, msg, msgType):
        mws2.OnLogging = on_logging
        ready()

    mws2.OnLogging = log


def serve(mws2):
    """Starts a server as the settings ask for, and stays in it."""
    threads = SETTINGS.get('threads')
    if threads is None:
        pool = XAsyncSocketsPool()
        mws2.StartInPool(pool)
        ready()
        pool.AsyncWaitEvents()
    elif threads == 0:
        ready_when_listening(mws2)
        mws2.StartManaged(0)
    else:
        mws2.StartManaged(threads)
        ready()
        while mws2.IsRunning:
            sleep_ms(50)
    print('ENDED')


def memory():
    """Returns what of the heap is in use after a collection: bytes, on CPython blocks.

    Without what is kept of earlier heads, whose size is bounded but depends on what came last.
    """
    from MicroWebSrv2.libs.httpHead import forget_heads

    forget_heads()
    gc.collect()
    return gc.mem_alloc() if hasattr(gc, 'mem_alloc') else sys.getallocatedblocks()


def held(mws2, request):
    """Returns what is in use: sockets of the pool, buffer slots, memory.

    Without that of the slots: slots and their buffers are made when they are first needed, and kept.
    """
    sockets = request.XAsyncTCPClient.GetAsyncSocketsPool().GetAllAsyncSockets()
    made = mws2.slots.made()
    taken = [slot for slot in made if not slot.Available]
    for slot in made:
        if slot.Available:
            slot.Buffer  # noqa: B018 - makes it
            slot.Available = True
    kept = len(made) * mws2.BufferSlotSize if hasattr(gc, 'mem_alloc') else 0
    return {'sockets': len(sockets), 'slots': len(taken), 'memory': memory() - kept}


def main(mws2=None):
    """Configures and serves."""
    serve(configure(mws2 or MicroWebSrv2()))
