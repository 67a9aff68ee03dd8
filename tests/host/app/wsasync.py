"""WebSocket callbacks that are coroutines, under asyncio: by path /ordered, /waits, and all others echo."""

import asyncio

import testbed
from MicroWebSrv2 import MicroWebSrv2
from MicroWebSrv2.libs.xasAsyncio import StartInAsyncio


async def accepted(microWebSrv2, webSocket):
    await asyncio.sleep(0)
    path = webSocket.Request.Path
    webSocket.OnTextMessage = CALLBACKS.get(path, echo)
    webSocket.OnClosed = closed


async def echo(webSocket, msg):
    webSocket.SendTextMessage(msg)


async def ordered(webSocket, msg):
    for _ in range(9 - int(msg)):  # the later it came, the less it waits
        await asyncio.sleep(0)
    webSocket.SendTextMessage(msg)


async def waits(webSocket, msg):
    if msg == 'wait':
        await gate.wait()
    else:
        gate.set()
    webSocket.SendTextMessage(msg)


async def closed(webSocket):
    await asyncio.sleep(0)
    print('CLOSED', webSocket.Request.Path)


async def main():
    global gate
    gate = asyncio.Event()
    StartInAsyncio(testbed.configure(MicroWebSrv2()))
    testbed.ready()
    while True:
        await asyncio.sleep(3600)


CALLBACKS = {'/ordered': ordered, '/waits': waits}
module = MicroWebSrv2.LoadModule('WebSockets')
module.OnWebSocketAccepted = accepted

asyncio.run(main())
