"""Demo application: the pages of the documentation's section Demo.

The harness imports this module and calls OnStart(microWebSrv2) before the server starts. Files come from the
web root; what needs code is here: a redirect, a form, a small JSON API, a WebSocket echo and a chat. Firmware
without WebSockets or PyhtmlTemplate runs it too: /api/modules tells the pages what there is.
"""

import json

from MicroWebSrv2 import GET, POST, MicroWebSrv2, MicroWebSrv2Exception, RegisterRoute, WebRoute

# The sub-protocols of the two WebSocket pages (RFC 6455, section 1.9).
_PROTOCOLS = ('echo', 'chat')

# The chat is bounded, so that a crowd costs a small board no more than this many people times this many characters.
_CHAT_SEATS, _CHAT_NAME_LENGTH, _CHAT_TEXT_LENGTH = 16, 24, 500
_CHAT_MESSAGE_LENGTH = 4096  # bytes of JSON around them

# What test.pyhtml links to.
_TEST_POINTS = (('TP1', '/test-redir'), ('TP2', '/test-post'), ('TP3', '/wstest.html'), ('TP4', '/wschat.html'))

_modules = {}  # name of an optional module -> whether this firmware has it
_chat = {}  # WebSocket -> name

_PAGE = (
    '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>%s</title><link rel="icon" href="/favicon.svg"><link rel="stylesheet" href="/style.css">'
    '<header><a href="/">MicroWebSrv2</a><span>%s</span></header><main><h1>%s</h1>%s</main>'
)

_FORM = (
    '<p class="soft">The board reads the two names from the request\'s body and writes them into its answer.</p>'
    '<form class="card" method="post"><label>First name<input name="firstname" autocomplete="given-name" required>'
    '</label><label>Last name<input name="lastname" autocomplete="family-name"></label><button>Send</button></form>'
)

_POSTED = (
    '<p class="soft">Posted to the board, read, escaped and sent back.</p><dl class="card">'
    '<div><dt>First name</dt><dd id="firstname">%s</dd></div>'
    '<div><dt>Last name</dt><dd id="lastname">%s</dd></div></dl>'
    '<p><a href="/test-post">Once more</a></p>'
)

_NO_TEMPLATES = (
    '<p class="card note">This board is small: its firmware comes without .pyhtml pages. Everything on the '
    '<a href="/">main page</a> that shows no such note works.</p>'
)


def _return_page(request, point, title, body):
    """Answer with a page in the site's dress; `point` is the label at the end of the header."""
    request.Response.ContentType = 'text/html'
    request.Response.ReturnOk(_PAGE % (title, point, title, body))


@WebRoute(GET, '/test-redir')
def RequestTestRedirect(microWebSrv2, request):
    """Redirect to the main page, which says so (documentation: Demo)."""
    request.Response.ReturnRedirect('/#redirected')


@WebRoute(GET, '/test-post')
def RequestTestForm(microWebSrv2, request):
    """Show the form of two names (documentation: Demo)."""
    _return_page(request, 'TP2', 'Form', _FORM)


@WebRoute(POST, '/test-post')
def RequestTestPost(microWebSrv2, request):
    """Answer a posted form with its two values, escaped; 400 where they are missing (documentation: Demo)."""
    form = request.GetPostedURLEncodedForm()
    if 'firstname' not in form or 'lastname' not in form:
        request.Response.ReturnBadRequest()
        return
    names = [MicroWebSrv2.HTMLEscape(form[key]) or '–' for key in ('firstname', 'lastname')]
    _return_page(request, 'TP2', 'Received', _POSTED % tuple(names))


@WebRoute(GET, '/api/hello/<name>')
def RequestHello(microWebSrv2, request, args):
    """Answer a JSON object made of the route's argument (a number comes as int) and the caller's address."""
    request.Response.ReturnOkJSON({'hello': args['name'], 'address': request.UserAddress[0]})


@WebRoute(GET, '/api/modules')
def RequestModules(microWebSrv2, request):
    """Answer which optional modules this firmware has, so that pages can say what will not work."""
    request.Response.ReturnOkJSON(_modules)


@WebRoute(GET, '/404.html')
def RequestNotFound(microWebSrv2, request):
    """Send the page of unknown addresses with the status that belongs to it; NotFoundURL leads here."""
    path = microWebSrv2.ResolvePhysicalPath('/404.html')
    if not path:
        request.Response.ReturnNotFound()
        return
    request.Response.ContentType = 'text/html'
    request.Response.ReturnStream(404, open(path, 'rb'))  # the response closes it


def _no_templates(microWebSrv2, request):
    """Stand in for /test.pyhtml where the firmware has no PyhtmlTemplate."""
    _return_page(request, 'TP5', 'Template', _NO_TEMPLATES)


def _on_protocol(microWebSrv2, protocols):
    """Choose the first sub-protocol that the demo speaks, None if there is none."""
    for protocol in protocols:
        if protocol in _PROTOCOLS:
            return protocol


def _on_accepted(microWebSrv2, webSocket):
    """Give a new WebSocket to the chat or to the echo, by the path that it was opened on."""
    if webSocket.Request.Path.lower() == '/wschat':
        webSocket.MaxRecvMessageLength = _CHAT_MESSAGE_LENGTH
        webSocket.OnTextMessage = _on_chat_message
        webSocket.OnClosed = _on_chat_closed
    else:
        webSocket.OnTextMessage = _on_echo_text
        webSocket.OnBinaryMessage = _on_echo_binary


def _on_echo_text(webSocket, msg):
    webSocket.SendTextMessage(msg)


def _on_echo_binary(webSocket, msg):
    webSocket.SendBinaryMessage(msg)


def _chat_text(message, key, length):
    """Return the string under `key` without surrounding spaces, cut to `length` characters; '' if there is none."""
    text = message.get(key)
    return text.strip()[:length] if isinstance(text, str) else ''


def _chat_broadcast(event):
    """Send an event to everybody in the chat. A closed one answers False; its OnClosed takes it out."""
    text = json.dumps(event)
    for webSocket in list(_chat):
        webSocket.SendTextMessage(text)


def _chat_free_name(wanted):
    """Return `wanted`, or the first of 'wanted 2', 'wanted 3'… that nobody has."""
    names, name, number = list(_chat.values()), wanted, 2
    while name in names:
        name = '%s %d' % (wanted, number)
        number += 1
    return name


def _chat_join(webSocket, wanted):
    """Seat a newcomer and tell everybody, or say that all seats are taken."""
    if len(_chat) >= _CHAT_SEATS:
        webSocket.SendTextMessage(json.dumps({'full': _CHAT_SEATS}))
        webSocket.Close()
        return
    name = _chat_free_name(wanted or 'Guest')
    _chat[webSocket] = name
    webSocket.SendTextMessage(json.dumps({'you': name}))
    _chat_broadcast({'joined': name, 'here': list(_chat.values())})


def _on_chat_message(webSocket, msg):
    """Take {"name": …} from somebody who comes in, {"text": …} from somebody who is in; anything else is ignored."""
    try:
        message = json.loads(msg)
    except ValueError:
        return
    if not isinstance(message, dict):
        return
    if webSocket not in _chat:
        _chat_join(webSocket, _chat_text(message, 'name', _CHAT_NAME_LENGTH))
        return
    text = _chat_text(message, 'text', _CHAT_TEXT_LENGTH)
    if text:
        _chat_broadcast({'from': _chat[webSocket], 'text': text})


def _on_chat_closed(webSocket):
    """Free the seat of somebody who left, and tell the others."""
    name = _chat.pop(webSocket, None)
    if name:
        _chat_broadcast({'left': name, 'here': list(_chat.values())})


def _load(microWebSrv2, name):
    """Load an optional module and note whether it is there; return it, or None where the firmware comes without it."""
    try:
        module = MicroWebSrv2.LoadModule(name)
    except (ImportError, MicroWebSrv2Exception) as error:
        microWebSrv2.Log('Demo without %s: %s' % (name, error), MicroWebSrv2.INFO)
        module = None
    _modules[name] = module is not None
    return module


def _load_modules(microWebSrv2):
    """Load what the demo's pages need; all servers share it."""
    webSockets = _load(microWebSrv2, 'WebSockets')
    if webSockets:
        webSockets.OnWebSocketProtocol = _on_protocol
        webSockets.OnWebSocketAccepted = _on_accepted
    templates = _load(microWebSrv2, 'PyhtmlTemplate')
    if templates:
        templates.SetGlobalVar('TestPoints', _TEST_POINTS)
    else:
        RegisterRoute(_no_templates, GET, '/test.pyhtml')


def OnStart(microWebSrv2):
    """Prepare the demo on a server that is about to start; the harness calls it for each server.

    microWebSrv2: the server. Its NotFoundURL is set where the configuration leaves it open.
    """
    if not microWebSrv2.NotFoundURL:
        microWebSrv2.NotFoundURL = '/404.html'
    if not _modules:
        _load_modules(microWebSrv2)
