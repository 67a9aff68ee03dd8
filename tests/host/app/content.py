"""Handlers that take their content as it comes: by callbacks, into files, as forms, by reads in a worker."""

import os

import testbed
from MicroWebSrv2 import GET, POST, PUT, WebRoute

log = []  # what happened to requests, in order
held = []  # requests that wait for something


@WebRoute(GET, '/hello')
def hello(microWebSrv2, request):
    request.Response.ReturnOk('hello')


@WebRoute(GET, '/log')
def take_log(microWebSrv2, request):
    found = []
    while log:  # one by one: other threads add to it
        found.append(log.pop(0))
    request.Response.ReturnOkJSON(found)


@WebRoute(GET, '/held')
def take_held(microWebSrv2, request):
    request.Response.ReturnOkJSON(testbed.held(microWebSrv2, request))


class Sum:
    """Counts and adds up what comes."""

    def __init__(self):
        self.size = self.sum = self.pieces = self.largest = 0

    def add(self, request, view):
        self.size += len(view)
        self.sum = (self.sum + sum(bytes(view[:16]))) & 0xFFFFFF
        self.pieces += 1
        self.largest = max(self.largest, len(view))

    def end(self, request):
        request.Response.ReturnOkJSON([self.size, self.pieces, self.largest])

    def abort(self, request, reason):
        log.append([reason, self.size])
        print('ABORTED', reason)


@WebRoute(PUT, '/count', streamContent=True)
@WebRoute(POST, '/count', streamContent=True)
def count(microWebSrv2, request):
    found = Sum()
    request.ReceiveContent(found.add, found.end, found.abort, maxLength=testbed.SETTINGS.get('limit'))


@WebRoute(PUT, '/limited', streamContent=True)
def limited(microWebSrv2, request):
    found = Sum()
    request.ReceiveContent(found.add, found.end, found.abort, maxLength=5000)


@WebRoute(PUT, '/in-a-second', streamContent=True)
def in_a_second(microWebSrv2, request):
    found = Sum()
    request.ReceiveContent(found.add, found.end, found.abort, timeoutSec=1)


@WebRoute(PUT, '/echo', streamContent=True)
def echo(microWebSrv2, request):
    pieces = []
    request.ReceiveContent(
        lambda request, view: pieces.append(bytes(view)), lambda request: request.Response.ReturnOk(b''.join(pieces))
    )


@WebRoute(PUT, '/refuses', streamContent=True)
def refuses(microWebSrv2, request):
    request.Response.ReturnForbidden()


@WebRoute(PUT, '/takes-nothing', streamContent=True)
def takes_nothing(microWebSrv2, request):
    pass


@WebRoute(PUT, '/ends-silently', streamContent=True)
def ends_silently(microWebSrv2, request):
    request.ReceiveContent(lambda request, view: None)


@WebRoute(PUT, '/raises/<where>', streamContent=True)
def raises(microWebSrv2, request, args):
    def fail(where):
        if where == args['where']:
            raise RuntimeError('fault in ' + where)

    request.ReceiveContent(
        lambda request, view: fail('content'), lambda request: fail('end'), lambda request, reason: log.append(reason)
    )
    fail('handler')


@WebRoute(PUT, '/enough/<n>', streamContent=True)
def enough(microWebSrv2, request, args):
    found = Sum()

    def add(request, view):
        found.add(request, view)
        if found.size >= args['n']:
            request.Response.ReturnOkJSON(found.size)

    request.ReceiveContent(add, found.end, found.abort)


@WebRoute(PUT, '/paused/<n>', streamContent=True)
def paused(microWebSrv2, request, args):
    """Pauses after each n bytes, until GET /resume."""
    found = Sum()
    state = {'next': args['n']}

    def add(request, view):
        found.add(request, view)
        if found.size >= state['next']:
            state['next'] = found.size + args['n']
            request.PauseContent()
            held.append(request)
            print('PAUSED %d\n' % found.size, end='')

    request.ReceiveContent(add, found.end, found.abort)


@WebRoute(GET, '/resume')
def resume(microWebSrv2, request):
    count = len(held)
    for _ in range(count):
        held.pop(0).ResumeContent()
    request.Response.ReturnOkJSON(count)


@WebRoute(GET, '/answer')
def answer(microWebSrv2, request):
    """Answers the requests that wait, from outside of their own callbacks."""
    size = request.QueryParams.get('size', '10')
    while held:
        held.pop().Response.ReturnOk(b'x' * int(size))
    request.Response.ReturnOk('answered')


@WebRoute(PUT, '/read', streamContent=True)
def read(microWebSrv2, request):
    size = int(request.QueryParams.get('size', '0')) or None
    found = Sum()
    while True:
        piece = request.ReadContent(size)
        if not piece:
            break
        found.add(request, piece)
    found.end(request)


@WebRoute(PUT, '/read-some', streamContent=True)
def read_some(microWebSrv2, request):
    first = request.ReadContent(4)
    request.Response.ReturnOk(first)


# --- files ---


def path_of(name):
    return testbed.SETTINGS['root'] + '/' + name


@WebRoute(PUT, '/save/<name>', streamContent=True)
def save(microWebSrv2, request, args):
    request.SaveContent(path_of(args['name']), maxLength=1 << 50, onAbort=lambda request, reason: log.append(reason))


@WebRoute(PUT, '/save-then/<name>', streamContent=True)
def save_then(microWebSrv2, request, args):
    def saved(request):
        request.Response.ReturnOkJSON(os.stat(path_of(args['name']))[6])

    request.SaveContent(path_of(args['name']), saved, maxLength=1 << 20)


@WebRoute(PUT, '/save-nowhere', streamContent=True)
def save_nowhere(microWebSrv2, request):
    request.SaveContent(path_of('no/such/folder'))


@WebRoute(PUT, '/save-in/<folder>', streamContent=True)
def save_in(microWebSrv2, request, args):
    """Saves in a folder of the settings: a full disk."""
    request.SaveContent(testbed.SETTINGS['folders'][args['folder']] + '/file', maxLength=1 << 30)


# --- forms ---


def shown(value):
    return value if isinstance(value, str) else [value.Filename, value.ContentType, value.Content.decode()]


@WebRoute(POST, '/form')
def form(microWebSrv2, request):
    found = request.GetPostedForm()
    request.Response.ReturnOkJSON({name: shown(found[name]) for name in found})


@WebRoute(POST, '/values/<name>')
def values(microWebSrv2, request, args):
    posted = [shown(value) for value in request.GetPostedValues(args['name'])]
    request.Response.ReturnOkJSON([posted, request.GetQueryValues(args['name'])])


@WebRoute(POST, '/files', streamContent=True)
def files(microWebSrv2, request):
    found = []

    def on_file(request, part):
        found.append([part.Name, part.Filename, part.ContentType])
        return path_of(part.Filename) if part.Filename else None

    request.ReceiveForm(
        lambda request, name, value: found.append([name, value]),
        on_file,
        lambda request: request.Response.ReturnOkJSON(found),
        lambda request, reason: log.append(reason),
        maxLength=1 << 24,
        maxFieldLength=100,
    )


@WebRoute(POST, '/refuses-files', streamContent=True)
def refuses_files(microWebSrv2, request):
    def on_file(request, part):
        request.Response.Return(415)

    request.ReceiveForm(None, on_file, lambda request: request.Response.ReturnOk('taken'))


testbed.main()
