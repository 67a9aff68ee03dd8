"""A server that asyncio drives beside a 10 ms heartbeat, with handlers and callbacks that are coroutines."""

import asyncio

import testbed
from MicroWebSrv2 import GET, POST, PUT, MicroWebSrv2, WebRoute
from MicroWebSrv2.libs.xasAsyncio import StartInAsyncio

try:
    from time import ticks_diff, ticks_ms
except ImportError:
    from time import monotonic

    def ticks_ms():
        return int(monotonic() * 1000)

    def ticks_diff(end, start):
        return end - start


server = testbed.configure(MicroWebSrv2())
gate = asyncio.Event()
ended = asyncio.Event()
gaps = []


@WebRoute(GET, '/hello')
def hello(microWebSrv2, request):
    request.Response.ReturnOk('hello')


@WebRoute(GET, '/async/<n>')
async def in_steps(microWebSrv2, request, args):
    for _ in range(3):
        await asyncio.sleep(0)
    request.Response.ReturnOkJSON([args['n'], request.QueryParams.get('n')])


@WebRoute(GET, '/wait')
async def wait(microWebSrv2, request):
    print('WAITING')
    await gate.wait()
    request.Response.ReturnOk('released')


@WebRoute(GET, '/release')
async def release(microWebSrv2, request):
    gate.set()
    request.Response.ReturnOk('release')


@WebRoute(GET, '/close-gate')
def close_gate(microWebSrv2, request):
    gate.clear()
    request.Response.ReturnOk('closed')


@WebRoute(POST, '/echo')
async def echo(microWebSrv2, request):
    await asyncio.sleep(0)
    request.Response.ReturnOk(bytes(request.Content))


@WebRoute(PUT, '/pieces', streamContent=True)
async def pieces(microWebSrv2, request):
    size = 0
    async for piece in request.ContentReader():
        size += len(piece)
        await asyncio.sleep(0)
    request.Response.ReturnOkJSON(size)


@WebRoute(PUT, '/reads/<size>', streamContent=True)
async def reads(microWebSrv2, request, args):
    reader = request.ContentReader(maxLength=100000)
    found = []
    while True:
        piece = await reader.Read(args['size'])
        if not piece:
            break
        found.append(len(piece))
    request.Response.ReturnOkJSON(found)


@WebRoute(PUT, '/reads-first', streamContent=True)
async def reads_first(microWebSrv2, request):
    request.Response.ReturnOk(await request.ContentReader().Read(4))


@WebRoute(PUT, '/until-it-fails', streamContent=True)
async def until_it_fails(microWebSrv2, request):
    try:
        async for _ in request.ContentReader():
            pass
    except Exception as error:
        print('FAILED', error.status, error.text)
        raise


@WebRoute(PUT, '/callbacks', streamContent=True)
async def callbacks(microWebSrv2, request):
    found = []

    async def take(request, view):
        piece = bytes(view)
        await asyncio.sleep(0.001)
        found.append(piece)

    async def end(request):
        await asyncio.sleep(0)
        request.Response.ReturnOk(b''.join(found))

    await asyncio.sleep(0)
    request.ReceiveContent(take, end)


@WebRoute(GET, '/large')
async def large(microWebSrv2, request):
    request.Response.ReturnOk(b'0123456789abcdef' * 20000)
    await asyncio.sleep(0.01)


@WebRoute(GET, '/raises')
async def raises(microWebSrv2, request):
    await asyncio.sleep(0)
    raise RuntimeError('fault of a coroutine')


@WebRoute(GET, '/silent')
async def silent(microWebSrv2, request):
    await asyncio.sleep(0)


@WebRoute(GET, '/on-sent')
async def on_sent(microWebSrv2, request):
    async def sent(microWebSrv2, response):
        await asyncio.sleep(0)
        print('SENT', microWebSrv2 is server, response.Request is request)

    request.Response.OnSent = sent
    request.Response.ReturnOk('watched')


class Feed:
    """An asynchronous iterator: what stands between slashes in its name. `wait` waits for the gate."""

    def __init__(self, name):
        self.pieces = name.split('-')

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.pieces:
            raise StopAsyncIteration
        piece = self.pieces.pop(0)
        await asyncio.sleep(0)
        if piece == 'none':
            return None
        if piece == 'raise':
            raise RuntimeError('fault of a feed')
        if piece == 'large':
            return b'0123456789abcdef' * 4000
        if piece == 'wait':
            print('WAITING')
            try:
                await gate.wait()
            except asyncio.CancelledError:
                print('CANCELLED')
                raise
        return piece

    async def aclose(self):
        print('FEED CLOSED', len(self.pieces))


@WebRoute(GET, '/feed/<name>')
def feed(microWebSrv2, request, args):
    if request.QueryParams.get('length'):
        request.Response.ContentLength = int(request.QueryParams['length'])
    request.Response.ReturnStream(200, Feed(args['name']))


@WebRoute(GET, '/timers')
async def timers(microWebSrv2, request):
    """Answers with what timers did until the last of them."""
    found = []
    last = asyncio.Event()

    async def coroutine():
        await asyncio.sleep(0)
        found.append('coroutine')

    def chain():
        found.append('chain')
        if found.count('chain') < 3:
            microWebSrv2.Pool.CallLater(5, chain)

    every = microWebSrv2.Pool.CallEvery(20, lambda: found.append('every'))
    for milliseconds, function in ((30, coroutine), (5, chain), (0, lambda: found.append('first')), (110, last.set)):
        microWebSrv2.Pool.CallLater(milliseconds, function)
    await last.wait()
    every.Cancel()
    request.Response.ReturnOkJSON(found)


@WebRoute(GET, '/gaps')
async def take_gaps(microWebSrv2, request):
    """Answers with the times between the beats since the last call, in milliseconds, sorted."""
    found = sorted(gaps)
    del gaps[:]
    request.Response.ReturnOkJSON(found)


@WebRoute(GET, '/stop')
async def stop(microWebSrv2, request):
    request.Response.ReturnOk('stopping')
    microWebSrv2.Stop()
    ended.set()


async def heart():
    last = ticks_ms()
    while True:
        await asyncio.sleep(0.01)
        now = ticks_ms()
        gaps.append(ticks_diff(now, last))
        last = now


async def main():
    pool = StartInAsyncio(server)
    beat = asyncio.create_task(heart()) if testbed.SETTINGS.get('heartbeat', True) else None
    testbed.ready()
    await ended.wait()
    while pool.WaitEventsProcessing:
        await asyncio.sleep(0.01)
    if beat:
        beat.cancel()
    print('ENDED', server.IsRunning)


asyncio.run(main())
