"""The application of the wire tests: a route for each thing that a handler may do."""

import io
import json

import testbed
from MicroWebSrv2 import (
    DELETE,
    GET,
    HEAD,
    OPTIONS,
    PATCH,
    POST,
    PUT,
    HttpRequest,
    HttpResponse,
    MicroWebSrv2,
    RegisterRoute,
    WebRoute,
)

server = MicroWebSrv2()


@WebRoute(GET, '/hello')
def hello(microWebSrv2, request):
    request.Response.ReturnOk('hello')


# --- what the handler sees ---

PROPERTIES = (
    'IsSSL',
    'HttpVer',
    'Method',
    'Path',
    'QueryString',
    'QueryParams',
    'Host',
    'Accept',
    'AcceptEncodings',
    'AcceptLanguages',
    'Cookies',
    'CacheControl',
    'Referer',
    'ContentType',
    'ContentLength',
    'UserAgent',
    'Authorization',
    'Origin',
    'IsKeepAlive',
    'IsUpgrade',
    'Upgrade',
)


def describe(microWebSrv2, request, args=None):
    """Answers with all properties of the request in JSON."""
    found = {name: getattr(request, name) for name in PROPERTIES}
    found['UserAddress'] = list(request.UserAddress)
    found['Content'] = None if request.Content is None else bytes(request.Content).decode()
    found['XTest'] = request.GetHeader('X-Test')
    found['args'] = args
    found['same'] = (
        isinstance(request, HttpRequest)
        and isinstance(request.Response, HttpResponse)
        and request.Response.Request is request
        and request.Response.UserAddress == request.UserAddress
        and request.Response.IsSSL == request.IsSSL
        and request.XAsyncTCPClient.CliAddr == request.UserAddress
        and microWebSrv2 is server
    )
    request.Response.ReturnOkJSON(found)


def describe_with_arguments(microWebSrv2, request, args):
    describe(microWebSrv2, request, args)


for method in (GET, POST, PUT, DELETE, PATCH):
    RegisterRoute(describe, method, '/request')
RegisterRoute(describe_with_arguments, GET, '/args/<a>/<b>/end')
RegisterRoute(describe_with_arguments, GET, '/arg/<a>')
RegisterRoute(describe_with_arguments, GET, '/dot.ted/<a>')


@WebRoute(POST, '/form')
def form(microWebSrv2, request):
    request.Response.ReturnOkJSON(request.GetPostedURLEncodedForm())


@WebRoute(POST, '/json')
def posted_json(microWebSrv2, request):
    request.Response.ReturnOkJSON([request.GetPostedJSONObject()])


@WebRoute(GET, '/header')
def get_header(microWebSrv2, request):
    names = request.QueryParams['names'].split(',')
    request.Response.ReturnOkJSON([request.GetHeader(name) for name in names])


@WebRoute(GET, '/header-errors')
def get_header_errors(microWebSrv2, request):
    found = []
    for name in ('', None, 1):
        try:
            request.GetHeader(name)
            found.append('')
        except ValueError as error:
            found.append(str(error))
    request.Response.ReturnOkJSON(found)


# --- bodies ---


@WebRoute(POST, '/echo')
@WebRoute(PUT, '/echo')
@WebRoute(PATCH, '/echo')
@WebRoute(DELETE, '/echo')
def echo(microWebSrv2, request):
    request.Response.ContentType = 'application/octet-stream'
    request.Response.ReturnOk(bytes(request.Content or b''))


@WebRoute(POST, '/ignore')
def ignore(microWebSrv2, request):
    request.Response.ReturnOk('ignored')


# --- what the handler answers ---


def answer(path, method=GET):
    """Registers a function (response) as handler of a path."""

    def decorate(function):
        def handler(microWebSrv2, request):
            return function(request.Response)

        RegisterRoute(handler, method, path)
        return function

    return decorate


@answer('/ok-empty')
def ok_empty(response):
    response.ReturnOk('')


@answer('/ok-none')
def ok_none(response):
    response.ReturnOk()


@answer('/ok-unicode')
def ok_unicode(response):
    response.ReturnOk('Grüße €')


@answer('/ok-bytes')
def ok_bytes(response):
    response.ReturnOk(b'\x00\x01\xff')


@answer('/ok-bytearray')
def ok_bytearray(response):
    response.ReturnOk(bytearray(b'bytearray'))


@answer('/ok-memoryview')
def ok_memoryview(response):
    response.ReturnOk(memoryview(b'memoryview'))


@answer('/ok-number')
def ok_number(response):
    response.ReturnOk(12345)


@answer('/ok-large')
def ok_large(response):
    response.ReturnOk(b'0123456789abcdef' * 65536)


@answer('/charset')
def charset(response):
    response.ContentType = 'text/plain'
    response.ContentCharset = 'ISO-8859-1'
    response.ReturnOk(b'Gr\xfc\xdfe')


@answer('/content-type')
def content_type(response):
    response.ContentType = 'application/x-test'
    response.ReturnOk('typed')


@answer('/no-charset')
def no_charset(response):
    response.ContentType = 'text/plain'
    response.ContentCharset = None
    response.ReturnOk('x')


@answer('/json-object')
def json_object(response):
    response.ReturnOkJSON({'a': [1, None, True, 'ü']})


@answer('/json-201')
def json_201(response):
    response.ReturnJSON(201, 'made')


@answer('/json-null')
def json_null(response):
    response.ReturnOkJSON(None)


@answer('/redirect')
def redirect(response):
    response.ReturnRedirect('/hello')


@answer('/redirect-absolute')
def redirect_absolute(response):
    response.ReturnRedirect('http://example.net/a?b=c')


@answer('/redirect-bad')
def redirect_bad(response):
    response.ReturnRedirect('/hello\r\nX-Injected: yes')


HELPERS = (
    'ReturnNotModified',
    'ReturnBadRequest',
    'ReturnForbidden',
    'ReturnNotFound',
    'ReturnMethodNotAllowed',
    'ReturnEntityTooLarge',
    'ReturnInternalServerError',
    'ReturnNotImplemented',
    'ReturnServiceUnavailable',
    'ReturnBasicAuthRequired',
    'ReturnBearerAuthRequired',
)


@WebRoute(GET, '/helper/<name>')
def helper(microWebSrv2, request, args):
    assert args['name'] in HELPERS
    getattr(request.Response, args['name'])()


@WebRoute(GET, '/status/<code>')
def status(microWebSrv2, request, args):
    request.Response.Return(args['code'])


@WebRoute(GET, '/status-content/<code>')
def status_content(microWebSrv2, request, args):
    request.Response.Return(code=args['code'], content='content')


@answer('/unauthorized')
def unauthorized(response):
    response.ReturnUnauthorized('Digest', 'the "realm"')


@answer('/unauthorized-plain')
def unauthorized_plain(response):
    response.ReturnUnauthorized(typeName='Custom')


@answer('/cookies')
def cookies(response):
    response.SetHeader('Set-Cookie', 'a=1; Path=/')
    response.SetHeader('Set-Cookie', 'b=2; Path=/')
    response.ReturnOk('cookies')


@answer('/headers')
def headers(response):
    response.SetHeader('X-Number', 12)
    response.SetHeader('X-Text', 'first')
    response.SetHeader('x-text', 'second')
    response.SetHeader('X-Beyond', 'caf\xe9')
    response.ReturnOk('headers')


@answer('/own-headers')
def own_headers(response):
    response.SetHeader('Server', 'mine')
    response.SetHeader('Content-Type', 'text/x-own')
    response.SetHeader('Cache-Control', 'max-age=5')
    response.ReturnOk('own')


@answer('/set-header-errors')
def set_header_errors(response):
    found = []
    for name, value in (
        ('', 'x'),
        (None, 'x'),
        (1, 'x'),
        ('X-None', None),
        ('X\r\nY', 'x'),
        ('X-A', 'a\r\nB: c'),
        ('X-A', 'a\nb'),
        ('X-A', 'a\rb'),
        ('X-A', 'a\0b'),
        ('X A', 'x'),
        ('X:A', 'x'),
        ('X\0', 'x'),
        ('X\xe9', 'x'),
    ):
        try:
            response.SetHeader(name, value)
            found.append('')
        except ValueError as error:
            found.append(str(error) or 'ValueError')
    response.ReturnOkJSON(found)


@answer('/property-injection')
def property_injection(response):
    found = []
    for name in ('ContentType', 'ContentCharset', 'AccessControlAllowOrigin'):
        try:
            setattr(response, name, 'text/plain\r\nX-Injected: yes')
            found.append('')
        except ValueError as error:
            found.append(str(error) or 'ValueError')
    response.ReturnOkJSON(found)


@answer('/caching')
def caching(response):
    response.AllowCaching = True
    response.ReturnOk('cache me')


@answer('/no-caching')
def no_caching(response):
    response.AllowCaching = False
    response.ReturnOk('fresh')


@answer('/allow-origin')
def allow_origin(response):
    response.AccessControlAllowOrigin = 'https://example.net'
    response.ReturnOk('cors')


@answer('/allow-origin-any')
def allow_origin_any(response):
    response.AccessControlAllowOrigin = '*'
    response.ReturnOk('cors')


@answer('/properties')
def properties(response):
    before = [
        response.AllowCaching,
        response.AccessControlAllowOrigin,
        response.ContentType,
        response.ContentCharset,
        response.ContentLength,
        response.HeadersSent,
        response.OnSent,
    ]
    errors = []
    for name, value in (
        ('AllowCaching', 1),
        ('AllowCaching', None),
        ('AccessControlAllowOrigin', 1),
        ('ContentType', 1),
        ('ContentCharset', 1),
        ('ContentLength', -1),
        ('ContentLength', '1'),
        ('OnSent', 1),
        ('HeadersSent', True),
        ('Request', None),
        ('UserAddress', ()),
        ('IsSSL', True),
    ):
        try:
            setattr(response, name, value)
            errors.append([name, ''])
        except (ValueError, AttributeError) as error:
            errors.append([name, str(error) or 'error'])
    response.ReturnOkJSON({'before': before, 'errors': errors})


@answer('/on-sent')
def on_sent(response):
    def sent(microWebSrv2, response_):
        print('SENT', microWebSrv2 is server, response_ is response, response_.HeadersSent)

    response.OnSent = sent
    response.ReturnOk('watched')


@answer('/on-sent-large')
def on_sent_large(response):
    def sent(microWebSrv2, response_):
        print('SENT-LARGE')

    response.OnSent = sent
    response.ContentLength = 6000000
    response.ReturnStream(200, Endless())


@answer('/argument-errors')
def argument_errors(response):
    calls = (
        ('Return', ('x',)),
        ('Return', (0,)),
        ('Return', (-1,)),
        ('ReturnJSON', ('x', 1)),
        ('ReturnStream', (0, io.BytesIO(b''))),
        ('ReturnStream', (200, 1)),
        ('ReturnFile', ('',)),
        ('ReturnFile', (None,)),
        ('ReturnFile', ('x.txt', 1)),
        ('ReturnRedirect', ('',)),
        ('ReturnRedirect', (None,)),
        ('ReturnUnauthorized', ('',)),
        ('ReturnUnauthorized', ('Basic', 1)),
        ('SwitchingProtocols', ('',)),
        ('SwitchingProtocols', (1,)),
    )
    errors = []
    for name, arguments in calls:
        try:
            getattr(response, name)(*arguments)
            errors.append([name, ''])
        except ValueError as error:
            errors.append([name, str(error) or 'ValueError'])
    response.ReturnOkJSON(errors)


# --- faults of handlers ---


@answer('/raises')
def raises(response):
    raise RuntimeError('fault of the handler')


@answer('/raises-late')
def raises_late(response):
    response.ReturnOk('answered')
    raise RuntimeError('fault behind the answer')


@answer('/silent')
def silent(response):
    pass


@answer('/twice')
def twice(response):
    response.ReturnOk('first')
    response.ReturnOk('second')


@answer('/returns-response')
def returns_response(response):
    return response.ReturnOk('returned')


@answer('/unencodable')
def unencodable(response):
    response.ContentCharset = 'us-ascii'
    response.ReturnOk('\u20ac')


@answer('/unencodable-surrogate')
def unencodable_surrogate(response):
    response.ReturnOk(json.loads('"\\ud800"'))


@answer('/unserialisable')
def unserialisable(response):
    response.ReturnOkJSON({'x': response})


# --- streams and files ---


class Source:
    """A readable stream that is no file: offers readinto alone, hands out little at a time, tells when it is closed."""

    def __init__(self, data, step=1000, fault=None):
        self.data, self.step, self.position, self.fault = data, step, 0, fault

    def readinto(self, buffer):
        if self.fault and self.position >= self.fault:
            raise OSError(5)
        piece = self.data[self.position : self.position + min(self.step, len(buffer))]
        buffer[: len(piece)] = piece
        self.position += len(piece)
        return len(piece)

    def close(self):
        print('CLOSED', self.position)


STREAM = b'0123456789' * 2000


@answer('/stream')
def stream(response):
    response.ReturnStream(200, io.BytesIO(STREAM))


@answer('/stream-length')
def stream_length(response):
    response.ContentLength = len(STREAM)
    response.ReturnStream(200, io.BytesIO(STREAM))


@answer('/stream-short')
def stream_short(response):
    response.ContentLength = len(STREAM) + 100
    response.ReturnStream(200, io.BytesIO(STREAM))


@answer('/stream-long')
def stream_long(response):
    response.ContentLength = 15
    response.ReturnStream(200, io.BytesIO(STREAM))


@answer('/stream-empty')
def stream_empty(response):
    response.ReturnStream(200, io.BytesIO(b''))


@answer('/stream-empty-length')
def stream_empty_length(response):
    response.ContentLength = 0
    response.ReturnStream(200, io.BytesIO(b''))


@answer('/stream-own')
def stream_own(response):
    response.ContentType = 'text/plain'
    response.ReturnStream(code=200, stream=Source(STREAM))


@answer('/stream-404')
def stream_404(response):
    response.ReturnStream(404, io.BytesIO(b'gone'))


@answer('/stream-fails')
def stream_fails(response):
    response.ReturnStream(200, Source(STREAM, fault=5000))


@answer('/stream-fails-length')
def stream_fails_length(response):
    response.ContentLength = len(STREAM)
    response.ReturnStream(200, Source(STREAM, fault=5000))


class Endless:
    """A stream without end, to be abandoned by the client."""

    def readinto(self, buffer):
        return len(buffer)

    def close(self):
        print('ENDLESS CLOSED')


@answer('/stream-endless')
def stream_endless(response):
    response.ReturnStream(200, Endless())


@WebRoute(GET, '/file/<name>')
def file(microWebSrv2, request, args):
    request.Response.ReturnFile(filename=testbed.SETTINGS['root'] + '/' + args['name'])


@WebRoute(GET, '/attachment/<name>')
def attachment(microWebSrv2, request, args):
    request.Response.ReturnFile(testbed.SETTINGS['root'] + '/text.txt', attachmentName=args['name'])


@WebRoute(POST, '/posted-file')
def posted_file(microWebSrv2, request):
    request.Response.ReturnFile(testbed.SETTINGS['root'] + '/text.txt')


@answer('/file-missing')
def file_missing(response):
    response.ReturnFile(testbed.SETTINGS['root'] + '/is-not-there.txt')


# --- methods ---


@WebRoute(HEAD, '/head-only')
def head_only(microWebSrv2, request):
    request.Response.SetHeader('X-Head', 'own')
    request.Response.ReturnOk('never sent')


@WebRoute(OPTIONS, '/options')
def options(microWebSrv2, request):
    request.Response.SetHeader('X-Options', 'own')
    request.Response.ReturnOk('options')


@WebRoute(GET, '/several')
@WebRoute(PUT, '/several')
def several(microWebSrv2, request):
    request.Response.ReturnOk(request.Method)


@WebRoute('PROPFIND', '/webdav')
def propfind(microWebSrv2, request):
    request.Response.Return(207, 'multi')


# --- authentication ---


@WebRoute(GET, '/basic')
def basic(microWebSrv2, request):
    if request.CheckBasicAuth('user', 'pass:word'):
        request.Response.ReturnOk('in')
    else:
        request.Response.ReturnBasicAuthRequired()


@WebRoute(GET, '/basic-unicode')
def basic_unicode(microWebSrv2, request):
    request.Response.ReturnOkJSON(request.CheckBasicAuth('jürgen', 'päss€'))


@WebRoute(GET, '/basic-empty')
def basic_empty(microWebSrv2, request):
    request.Response.ReturnOkJSON([request.CheckBasicAuth('', ''), request.CheckBasicAuth('user', '')])


@WebRoute(GET, '/bearer')
def bearer(microWebSrv2, request):
    if request.CheckBearerAuth('token-123'):
        request.Response.ReturnOk('in')
    else:
        request.Response.ReturnBearerAuthRequired()


@WebRoute(GET, '/auth-errors')
def auth_errors(microWebSrv2, request):
    found = []
    for name, arguments in (
        ('CheckBasicAuth', (None, 'x')),
        ('CheckBasicAuth', ('x', None)),
        ('CheckBasicAuth', (1, 2)),
        ('CheckBearerAuth', (None,)),
        ('CheckBearerAuth', (1,)),
    ):
        try:
            getattr(request, name)(*arguments)
            found.append('')
        except ValueError as error:
            found.append(str(error) or 'ValueError')
    request.Response.ReturnOkJSON(found)


@WebRoute(GET, '/stats')
def stats(microWebSrv2, request):
    """Tells what is in use: sockets of the pool, buffer slots, memory."""
    request.Response.ReturnOkJSON(testbed.held(microWebSrv2, request))


testbed.main(server)
