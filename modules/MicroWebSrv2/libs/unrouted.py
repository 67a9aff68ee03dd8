"""What a request without a route gets: a static file, CORS, or why not."""

from ..webRoute import allowed_methods, is_routed
from .httpHead import is_known
from .staticFiles import find_file, serve


def allowed(mws2, request):
    """Return list of str: the methods that a request's path takes, from routes and files.

    mws2: MicroWebSrv2. request: HttpRequest.
    """
    path = request.raw_path
    if path == b'*':
        return ['GET', 'HEAD', 'OPTIONS']
    methods = allowed_methods(path, mws2.routes)
    if find_file(mws2, path):
        methods += [method for method in ('GET', 'HEAD') if method not in methods]
    if methods and 'OPTIONS' not in methods:
        methods.append('OPTIONS')
    return methods


def answer_unrouted(mws2, request, response):
    """Answer a request without a route. mws2: MicroWebSrv2. request: HttpRequest. response: HttpResponse."""
    method = request.parser.method
    if method == b'GET' or method == b'HEAD':
        if serve(mws2, request, response):
            return
    elif not is_known(method) and not is_routed(method, mws2.routes):
        response.Return(501)
        return
    methods = allowed(mws2, request)
    if methods:
        response.SetHeader('Allow', ', '.join(methods))
    if method == b'OPTIONS':
        _preflight(mws2, request, response, methods)
    elif methods:
        response.Return(405)
    else:
        response.ReturnNotFound()


def _preflight(mws2, request, response, methods):
    """Answer OPTIONS (RFC 9110 section 9.3.7) and CORS preflight (Fetch Standard section 3.2.2)."""
    if mws2.CORSAllowAll and request.Origin:
        asked = request.GetHeader('Access-Control-Request-Method')
        response.AccessControlAllowOrigin = request.Origin
        response.SetHeader('Access-Control-Allow-Methods', asked or ', '.join(methods) or '*')
        response.SetHeader('Access-Control-Allow-Headers', request.GetHeader('Access-Control-Request-Headers') or '*')
        response.SetHeader('Access-Control-Max-Age', '600')
        response.SetHeader('Vary', 'Origin')
    elif not methods:
        response.ReturnNotFound()
        return
    response.Return(204)
