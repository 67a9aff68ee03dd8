"""microdot on the emulated board: measured in the closed world as the server is, see selfbench_client.py.

Without a seed the world is open, and the image serves the network: for the search of the smallest RAM.
"""

import asyncio
import gc

import machine
import www_image
from microdot import Microdot, send_file
from microdot.websocket import with_websocket
from selfbench_client import CLOSING_REQUEST, GET_REQUEST, ONLY, WS_FRAME, WS_REQUEST, WS_TEXT, Client, argument, report

ROOT = www_image.mount()
PORT = 80
app = Microdot()


@app.get('/hello')
async def hello(request):
    """Answers with a short text."""
    return 'Hello, world!'


@app.get('/sensor/<int:number>')
async def sensor(request, number):
    """Answers with JSON that holds the route's argument."""
    return {'sensor': number, 'value': 21, 'unit': 'C'}


@app.get('/ws')
@with_websocket
async def echo(request, ws):
    """Sends a WebSocket's messages back."""
    while True:
        await ws.send(await ws.receive())


@app.get('/<path:path>')
async def files(request, path):
    """Answers with a file."""
    if '..' in path:
        return 'Not found', 404
    return send_file(ROOT + '/' + path)


async def measure(name, request, expected, first=None):
    """Measures a kind of request; microdot ends each connection but a WebSocket's."""
    if ONLY not in (None, name):
        return
    done = []
    gc.enable()
    gc.collect()
    client = Client(first, request, expected, lambda: done.append(True), closes=first is None)
    while not client.start():
        await asyncio.sleep_ms(10)
    while not done:  # looks seldom, in time that does not count where nothing else is to do
        await asyncio.sleep(1)
    gc.enable()
    report(name, client)


async def start():
    """Starts the server; returns its task when it listens."""
    task = asyncio.create_task(app.start_server(port=PORT))
    while app.server is None:
        await asyncio.sleep_ms(10)
    return task


async def measure_all():
    """Measures all kinds of requests."""
    await start()
    await measure('hello', GET_REQUEST % b'/hello', b'Hello, world!')
    await measure('closing', CLOSING_REQUEST, b'Hello, world!')
    await measure('json', GET_REQUEST % b'/sensor/42', b'"sensor": 42')
    await measure('file', GET_REQUEST % b'/1k.txt', b'quick brown fox')
    await measure('websocket', WS_FRAME, WS_TEXT, WS_REQUEST)


async def serve():
    """Serves the network until the power goes."""
    import board

    gc.threshold(-1)  # as MicroPython has it: importing the board's network has set what our harness wants
    board.mount()
    address = board.network({'hostname': 'microdot', 'network': {'address': ''}})
    task = await start()
    print('open http://%s' % address)
    await task


if argument('seed', None):
    try:
        asyncio.run(measure_all())
    finally:
        machine.reset()  # ends QEMU, which runs with -no-reboot
else:
    asyncio.run(serve())
