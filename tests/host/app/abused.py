"""The application of the abuse suite and of the soak: what a device's program does, small enough for a board."""

import gc

import testbed
from MicroWebSrv2 import GET, POST, MicroWebSrv2, WebRoute

STREAM = b'0123456789abcdef'
SHOWN = 16  # fields of a form that are sent back


@WebRoute(GET, '/hello')
def hello(microWebSrv2, request):
    request.Response.ReturnOk('hello')


@WebRoute(GET, '/number/<n>')
def number(microWebSrv2, request, args):
    request.Response.ReturnOkJSON({'n': args['n']})


@WebRoute(POST, '/json')
def posted_json(microWebSrv2, request):
    request.Response.ReturnOkJSON([request.GetPostedJSONObject()])


@WebRoute(POST, '/form')
def form(microWebSrv2, request):
    fields = request.GetPostedURLEncodedForm()
    names = sorted(fields)[:SHOWN]
    request.Response.ReturnOkJSON({name: fields[name] for name in names})


@WebRoute(POST, '/echo')
def echo(microWebSrv2, request):
    request.Response.ContentType = 'application/octet-stream'
    request.Response.ReturnOk(bytes(request.Content or b''))


class Pattern:
    """A stream of so many bytes of STREAM, repeated; None: without end."""

    def __init__(self, size):
        self._left = size

    def readinto(self, buffer):
        """Fills the buffer with whole repetitions, or what is left."""
        size = len(buffer) if self._left is None else min(self._left, len(buffer))
        size -= size % len(STREAM)
        for start in range(0, size, len(STREAM)):
            buffer[start : start + len(STREAM)] = STREAM
        if self._left is not None:
            self._left -= size
        return size

    def close(self):
        """Has nothing to close."""


@WebRoute(GET, '/stream/<size>')
def stream(microWebSrv2, request, args):
    request.Response.ReturnStream(200, Pattern(args['size']))


@WebRoute(GET, '/endless')
def endless(microWebSrv2, request):
    request.Response.ReturnStream(200, Pattern(None))


@WebRoute(GET, '/held')
def held(microWebSrv2, request):
    """Tells what is in use: sockets of the pool, buffer slots, memory."""
    request.Response.ReturnOkJSON(testbed.held(microWebSrv2, request))


@WebRoute(GET, '/heap')
def heap(microWebSrv2, request):
    """Has MicroPython print its heap: the largest free block is told nowhere else."""
    gc.collect()
    try:
        from micropython import mem_info

        mem_info()
    except ImportError:
        pass
    request.Response.ReturnOk()


def accepted(microWebSrv2, webSocket):
    webSocket.OnTextMessage = lambda ws, msg: ws.SendTextMessage(msg)


MicroWebSrv2.LoadModule('PyhtmlTemplate')
MicroWebSrv2.LoadModule('WebSockets').OnWebSocketAccepted = accepted
testbed.main()
