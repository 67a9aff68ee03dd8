"""Two servers in one pool, the second on the port ``second``: routes, hooks and pages for errors of one alone."""

import testbed
from MicroWebSrv2 import *  # noqa: F403

mws2 = testbed.configure(MicroWebSrv2())  # noqa: F405
other = MicroWebSrv2()  # noqa: F405
other.BindAddress = ('127.0.0.1', testbed.SETTINGS['second'])
other.RootPath = testbed.SETTINGS['root']
calls = []


@mws2.WebRoute(GET, '/own/<n:int>')  # noqa: F405
def own(microWebSrv2, request, args):
    request.Response.ReturnOkJSON(args)


@mws2.WebRoute('PURGE', '/own/<n:int>')
def purge(microWebSrv2, request, args):
    request.Response.ReturnOk('purged')


@WebRoute(GET, '/shared')  # noqa: F405
def shared(microWebSrv2, request):
    request.Response.ReturnOk('of all')


@mws2.WebRoute(GET, '/shared')  # noqa: F405
def shared_own(microWebSrv2, request):
    request.Response.ReturnOk('of one')


@WebRoute(GET, '/calls')  # noqa: F405
def all_calls(microWebSrv2, request):
    request.Response.ReturnOkJSON(list(calls))
    calls.clear()


@WebRoute(POST, '/length')  # noqa: F405
def length(microWebSrv2, request):
    request.Response.ReturnOk(str(request.ContentLength))


@WebRoute(GET, '/raises')  # noqa: F405
def raises(microWebSrv2, request):
    raise ValueError('on purpose')


@WebRoute(GET, '/status/<code:int>')  # noqa: F405
def status(microWebSrv2, request, args):
    request.Response.SetHeader('X-Before', '1')
    request.Response.ContentType = 'image/png'
    request.Response.Return(args['code'])


@WebRoute(GET, '/cookies')  # noqa: F405
def cookies(microWebSrv2, request):
    response = request.Response
    response.SetCookie('a', '1')
    response.SetCookie('a', '2', maxAge=60)
    response.SetCookie('a', '3', path='/cookies')
    response.DeleteCookie('old')
    response.ReturnOkJSON({'all': request.GetCookies(), 'a': request.GetCookie('a'), 'list': request.Cookies})


def on_request(microWebSrv2, request):
    calls.append('request ' + request.Path)
    if request.Path == '/stopped' or request.Path == '/text.txt':
        request.Response.Return(403, 'stopped')
    elif request.Path == '/hook-raises':
        raise ValueError('in the hook')


def on_response(microWebSrv2, request, response, code):
    calls.append('response %s %s %d' % (request.Method, request.Path, code))
    response.SetHeader('X-Frame-Options', 'DENY')
    if request.Path == '/own/13':
        raise ValueError('in the hook')


def not_found(microWebSrv2, request, code):
    request.Response.Return(code, '<h1>No %s, %s</h1>' % (request.Path, request.Method))


def teapot(microWebSrv2, request, code):
    request.Response.SetHeader('X-Page', 'teapot')
    if request.QueryString == 'again':
        request.Response.Return(404)
    elif request.QueryString == 'same':
        request.Response.Return(code)
    elif request.QueryString == 'raise':
        request.Response.SetHeader('Content-Length', '5')
        raise ValueError('in the page')
    elif request.QueryString == 'file':
        request.Response.ReturnFile(testbed.SETTINGS['root'] + '/big.txt')
    elif request.QueryString == 'ok':
        request.Response.Return(200, 'instead')


def any_error(microWebSrv2, request, code):
    if code != 410:
        request.Response.ReturnJSON(code, {'any': code, 'method': request.Method, 'path': request.Path})


mws2.OnRequest = on_request
mws2.OnResponse = on_response
mws2.OnError(404, not_found)
mws2.OnError(418, teapot)
mws2.OnError(None, any_error)
other.JSONErrors = True

pool = XAsyncSocketsPool()  # noqa: F405
other.StartInPool(pool)
mws2.StartInPool(pool)
testbed.ready()
pool.AsyncWaitEvents()
