"""Registers routes while it runs."""

import testbed
from MicroWebSrv2 import GET, RegisterRoute, WebRoute


@WebRoute(GET, '/add')
def add(microWebSrv2, request):
    RegisterRoute(lambda microWebSrv2, request: request.Response.ReturnOk('late'), GET, '/late')
    RegisterRoute(lambda microWebSrv2, request: request.Response.ReturnOk('the route'), GET, '/text.txt')
    request.Response.ReturnOk('added')


testbed.main()
