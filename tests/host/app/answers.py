"""Handlers that set what belongs to one answer, in each way that programs know, and handlers that end in odd ways."""

import testbed
from MicroWebSrv2 import GET, POST, MicroWebSrv2, WebRoute

MicroWebSrv2.LoadModule('PyhtmlTemplate')


@WebRoute(GET, '/plain')
def plain(microWebSrv2, request):
    request.Response.ReturnOk('<h1>plain')


@WebRoute(GET, '/hello')
def hello(microWebSrv2, request):
    request.Response.ReturnOk('hello')


@WebRoute(GET, '/octets')
def octets(microWebSrv2, request):
    request.Response.ReturnOk(b'\0\1\2')


@WebRoute(GET, '/set/<how>')
def set_(microWebSrv2, request, args):
    response = request.Response
    how = args['how']
    if how == 'field':
        response._headers.update({'X-Secret': 'of one answer', 'Set-Cookie': 'session=alice'})
    elif how == 'type':
        response._contentType = 'text/plain'
    elif how == 'charset':
        response._contentCharset = 'ISO-8859-1'
    elif how == 'properties':
        response.SetHeader('X-Mine', 1)
        response.AllowCaching = True
        response.AccessControlAllowOrigin = 'http://a.example'
        response.ContentType = 'text/css'
        response.ContentLength = 99
        response.OnSent = lambda microWebSrv2, response: print('SENT %s\n' % how, end='')
    response.ReturnOk('set')


@WebRoute(GET, '/own-attributes')
def own_attributes(microWebSrv2, request):
    found = [getattr(thing, 'user', None) for thing in (request, request.Response)]
    request.user = request.Response.user = request.GetHeader('X-User')
    request.Response.ReturnOkJSON([found, [request.user, request.Response.user]])


@WebRoute(GET, '/header-lines')
def header_lines(microWebSrv2, request):
    request.Response._headers['X-Split'] = 'a\r\nSet-Cookie: forged=1'
    request.Response.ReturnOk('split')


@WebRoute(GET, '/framing/<name>')
def framing(microWebSrv2, request, args):
    request.Response._headers[args['name']] = {'Content-Length': '5', 'Transfer-Encoding': 'chunked'}[args['name']]
    request.Response.ReturnOk('hello world')


@WebRoute(GET, '/framing-by-method')
def framing_by_method(microWebSrv2, request):
    found = []
    for name, value in (('Transfer-Encoding', 'chunked'), ('transfer-encoding', 'gzip')):
        try:
            request.Response.SetHeader(name, value)
        except ValueError as error:
            found.append(str(error))
    request.Response.ReturnOkJSON(found)


@WebRoute(GET, '/close')
def close(microWebSrv2, request):
    request.Response.SetHeader('Connection', 'close')
    request.Response.ReturnOk('last')


@WebRoute(GET, '/interim/<code>')
def interim(microWebSrv2, request, args):
    try:
        request.Response.Return(args['code'])
    except ValueError as error:
        request.Response.ReturnOk(str(error))


class Cancelled(BaseException):
    """As asyncio's: no Exception."""


@WebRoute(GET, '/raises/<what>')
def raises(microWebSrv2, request, args):
    raise {'SystemExit': SystemExit, 'GeneratorExit': GeneratorExit, 'Cancelled': Cancelled}[args['what']]('odd end')


@WebRoute(GET, '/returns')
def returns(microWebSrv2, request):
    request.Response.ReturnOk('answered')
    return 'and a value'


@WebRoute(POST, '/posted')
def posted(microWebSrv2, request):
    request.Response.ReturnOkJSON([request.ContentLength, len(request.GetPostedURLEncodedForm())])


@WebRoute(GET, '/upgrade')
def upgrade(microWebSrv2, request):
    request.Response.ReturnOkJSON(request.IsUpgrade)


@WebRoute(GET, '/fields')
def fields(microWebSrv2, request):
    request.Response.ReturnOkJSON(len(request.QueryParams))


testbed.main()
