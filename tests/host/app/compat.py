"""A program as they are in the field: star import, stacked decorators, attributes of its own, late callbacks."""

from time import sleep  # noqa: F401

import testbed
from MicroWebSrv2 import *  # noqa: F403

mws2 = MicroWebSrv2()  # noqa: F405
mws2.counter = 0


@WebRoute(GET, '/stacked-one', name='One')  # noqa: F405
@WebRoute(POST, '/stacked-two')  # noqa: F405
def stacked(microWebSrv2, request):
    microWebSrv2.counter += 1
    return request.Response.ReturnOkJSON({'counter': microWebSrv2.counter, 'method': request.Method})


class Pages:
    @WebRoute(GET, '/in-class')  # noqa: F405
    def in_class(microWebSrv2, request):
        request.Response.ReturnOk(content='in class')

    def __init__(self, text):
        self.text = text
        RegisterRoute(self.bound, GET, '/bound')  # noqa: F405

    def bound(self, microWebSrv2, request):
        request.Response.Return(code=200, content=self.text)


def closure(text):
    def handler(microWebSrv2, request, args):
        request.Response.ReturnOk(text % args['x'])

    RegisterRoute(handler, GET, '/closure/<x>')  # noqa: F405


Pages('bound method')
closure('closure %s')


@WebRoute(GET, '/keywords')  # noqa: F405
def keywords(microWebSrv2, request):
    if request.QueryParams.get('json'):
        return request.Response.ReturnJSON(code=200, obj=[1])
    if request.QueryParams.get('okjson'):
        return request.Response.ReturnOkJSON(obj=[2])
    return request.Response.ReturnFile(filename=testbed.SETTINGS['root'] + '/text.txt', attachmentName='saved.txt')


@WebRoute(GET, '/late-callback')  # noqa: F405
def late_callback(microWebSrv2, request):
    microWebSrv2.OnLogging = lambda server, msg, msgType: print('LOGGED', msg, msgType == MicroWebSrv2.WARNING)  # noqa: F405
    microWebSrv2.Log('late', microWebSrv2.WARNING)
    request.Response.ReturnOk(microWebSrv2.HTMLEscape('<late>'))


@WebRoute(GET, '/internals')  # noqa: F405
def internals(microWebSrv2, request):
    response = request.Response
    response.SetHeader('X-One', '1')
    response.ContentType = 'text/plain'
    response.ReturnOk('%s %s %s' % (response._headers['X-One'], response._contentType, microWebSrv2._bindAddr[0]))


@WebRoute(GET, '/content')  # noqa: F405
@WebRoute(POST, '/content')  # noqa: F405
def content(microWebSrv2, request):
    kind = 'none' if request.Content is None else 'memoryview' if isinstance(request.Content, memoryview) else 'other'
    request.Response.ReturnOk(kind)


testbed.main(mws2)
