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
