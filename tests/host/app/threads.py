"""Handlers that block until another request releases them, for servers with workers."""

from _thread import get_ident

import testbed
from MicroWebSrv2 import GET, POST, WebRoute, allocate_lock

gate = allocate_lock()
gate.acquire()


@WebRoute(GET, '/hello')
def hello(microWebSrv2, request):
    request.Response.ReturnOk('hello')


@WebRoute(GET, '/block')
def block(microWebSrv2, request):
    print('BLOCKED\n', end='')  # in one piece: two threads print it
    gate.acquire()
    request.Response.ReturnOk('released')


@WebRoute(GET, '/release')
def release(microWebSrv2, request):
    while not gate.locked():  # whom the last release let go has not taken the gate yet
        testbed.sleep_ms(1)
    gate.release()
    request.Response.ReturnOk('release')


@WebRoute(GET, '/ident')
def ident(microWebSrv2, request):
    request.Response.ReturnOkJSON(get_ident())


@WebRoute(POST, '/echo')
def echo(microWebSrv2, request):
    request.Response.ReturnOk(bytes(request.Content or b''))


@WebRoute(GET, '/number/<n>')
def number(microWebSrv2, request, args):
    testbed.sleep_ms(args['n'] % 3)
    request.Response.ReturnOkJSON([args['n'], request.QueryParams.get('n')])


@WebRoute(GET, '/large')
def large(microWebSrv2, request):
    request.Response.ReturnOk(b'0123456789abcdef' * 20000)


@WebRoute(GET, '/raises')
def raises(microWebSrv2, request):
    raise RuntimeError('fault in a worker')


@WebRoute(GET, '/stop')
def stop(microWebSrv2, request):
    request.Response.ReturnOk('stopping')
    microWebSrv2.Stop()


testbed.main()
