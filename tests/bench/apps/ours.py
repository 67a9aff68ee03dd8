"""The work of the benchmark, done by this project's server, on CPython and on the firmware."""

import gc
import sys

from MicroWebSrv2 import GET, POST, MicroWebSrv2, WebRoute


@WebRoute(GET, '/hello')
def hello(server, request):
    request.Response.ReturnOk('Hello, world!')


@WebRoute(GET, '/json/<number>')
def sensor(server, request, args):
    request.Response.ReturnOkJSON({'sensor': args['number'], 'value': 21, 'unit': 'C'})


@WebRoute(POST, '/form')
def form(server, request):
    request.Response.ReturnOkJSON({'fields': len(request.GetPostedURLEncodedForm())})


@WebRoute(GET, '/collect')
def collect(server, request):
    gc.collect()
    gc.disable()
    request.Response.ReturnOk('collected')


@WebRoute(GET, '/allocated')
def allocated(server, request):
    request.Response.ReturnOk(str(gc.mem_alloc()))


def echo(web_socket, message):
    web_socket.SendTextMessage(message)


def accept(server, web_socket):
    web_socket.OnTextMessage = echo


def main(port, folder, small=False, pages=True):
    server = MicroWebSrv2()
    if small:
        server.SetEmbeddedConfig()
    else:
        server.RequestsTimeoutSec = 60
    server.BindAddress = ('127.0.0.1', int(port))
    server.RootPath = folder
    server.LogLevel = MicroWebSrv2.WARNING
    MicroWebSrv2.LoadModule('WebSockets').OnWebSocketAccepted = accept
    if pages:
        MicroWebSrv2.LoadModule('PyhtmlTemplate')
    server.StartManaged(0)


main(*sys.argv[1:])
