"""Answers that are asynchronous generators, which MicroPython has not."""

import asyncio

import testbed
from MicroWebSrv2 import GET, MicroWebSrv2, WebRoute
from MicroWebSrv2.libs.xasAsyncio import StartInAsyncio


@WebRoute(GET, '/generator')
async def generator(microWebSrv2, request):
    request.Response.ReturnStream(200, numbers())


async def numbers():
    try:
        for number in range(5):
            await asyncio.sleep(0)
            yield f'{number},'
    finally:
        print('GENERATOR ENDED')


@WebRoute(GET, '/endless')
def endless(microWebSrv2, request):
    request.Response.ReturnStream(200, ticks())


async def ticks():
    try:
        while True:
            await asyncio.sleep(0.001)
            yield b'tick'
    finally:
        print('ENDLESS ENDED')


async def main():
    StartInAsyncio(testbed.configure(MicroWebSrv2()))
    testbed.ready()
    await asyncio.Event().wait()


asyncio.run(main())
