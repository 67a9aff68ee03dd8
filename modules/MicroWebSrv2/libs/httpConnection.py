"""One HTTP/1.1 connection: its requests in order, each answered before the next is begun."""

from ..httpRequest import HttpRequest
from ..httpResponse import HttpResponse
from ..webRoute import allowed_methods, find_route, is_routed
from .httpHead import CHUNKED, HttpError, is_known
from .httpParser import BODY, HEAD, RequestParser
from .staticFiles import find_file, serve
from .XAsyncSockets import XClosedReason, print_exception

_MAX_DRAINED = 16384  # octets of an unwanted body that are read, to keep the connection
_LINGER_SEC = 2  # for the client to read why it was refused (RFC 9112 section 9.6)


class HttpConnection:
    """Serves HTTP on a TCP connection.

    microWebSrv2: MicroWebSrv2. client: XAsyncTCPClient, just accepted.
    """

    __slots__ = (
        '_body',
        '_client',
        '_discard',
        '_expect',
        '_found',
        '_head',
        '_lock',
        '_met',
        '_mws2',
        '_parser',
        '_pool',
        '_received',
        '_request',
        '_response',
        '_slot',
        '_timing',
        'has_answered',
    )

    def __init__(self, microWebSrv2, client):
        self._mws2 = microWebSrv2
        self._client = client
        self._pool = client._pool
        self._parser = RequestParser(microWebSrv2._max_head)
        self._request = HttpRequest(microWebSrv2, client, self)
        self._response = self._request.Response = HttpResponse(microWebSrv2, self._request, self)
        self._slot = self._found = self._body = self._head = None
        self._received = self._met = 0
        self._discard = self._timing = self._expect = False
        self._lock = self._pool._lock if self._pool._workers else None
        client._protocol = self
        client._expire(microWebSrv2._requestsTimeoutSec)
        client._receive(self._on_data)

    # ---- receiving

    def _on_data(self, data):
        parser = self._parser
        try:
            event = parser.feed(data)
            while event:
                if event == HEAD:
                    ready = self._on_head(parser)
                elif event == BODY:
                    ready = self._on_body(parser.piece)
                else:
                    ready = self._on_end()
                if not ready or not (parser.rest or parser.in_body):
                    return
                event = parser.next()
        except HttpError as error:
            self.refuse(error.status, error.text)
            return
        if parser.rest or parser.in_body:
            self._wait_for_rest()

    def _wait_for_rest(self):
        """A part of a request is here: it holds a buffer slot, and has the timeout for its whole head, or its
        next data.
        """
        if self._parser.in_body and not self._discard:
            if self._received + self._parser.left > self._mws2._maxRequestContentLength:  # a chunk that is announced
                self.refuse(413, 'Content larger than %d octets.' % self._mws2._maxRequestContentLength)
                return
        if not self._slot:
            self._slot = self._mws2._slots.GetAvailableSlot()
            if not self._slot:
                self.refuse(503, 'No buffer slot is free.')
                return
        if self._parser.in_body or not self._timing:
            self._timing = True
            self._client._expire(self._mws2._requestsTimeoutSec)

    def _on_head(self, parser):
        """Takes a request's head. Returns True when the connection is ready for what comes behind it."""
        request = self._request
        response = self._response
        method = parser.method
        headers = parser.headers
        if self._head is not parser.head:  # else the same head has come again
            self._take_head(parser)
        if not request._keep_alive or self._mws2._allowAllOrigins or parser.version != b'HTTP/1.1':
            response._special = True
        self._found = find_route(method, request._path)
        if method == b'HEAD':
            response._bodiless = response._special = True
            self._found = self._found or find_route(b'GET', request._path)
        if parser.length or b'expect' in headers:
            return self._expect_body(parser)
        return self._handle()

    # On MicroPython storing an attribute takes long on an object whose class has properties, as requests have.

    def _take_head(self, parser):
        """Puts what was parsed into the request."""
        request = self._request
        self._head = parser.head
        request._method = parser.method
        request._headers = parser.headers
        request._version = parser.version
        request._path = parser.path
        request._query = parser.query
        request._keep_alive = parser.keep_alive

    def _expect_body(self, parser):
        """Decides on a body before it is read: wanted, to be passed over, or refused."""
        request = self._request
        length = parser.length
        self._expect = b'expect' in request._headers and request._version != b'HTTP/1.0'
        if self._expect and request._field(b'expect').lower() != '100-continue':
            raise HttpError(417, 'Only 100-continue can be expected.')
        if length > self._mws2._maxRequestContentLength:
            raise HttpError(413, 'Content larger than %d octets.' % self._mws2._maxRequestContentLength)
        if not length:
            return self._handle()
        if not self._found and not self._mws2._modules:
            return self._answer_without_body(length)
        self._slot = self._slot or self._mws2._slots.GetAvailableSlot()
        if not self._slot:
            raise HttpError(503, 'No buffer slot is free.')
        if self._expect and not parser.rest:
            self._client._put(b'HTTP/1.1 100 Continue\r\n\r\n')
        self._body = bytearray(max(length, 0))
        self._received = 0
        return True

    def _answer_without_body(self, length):
        """Nothing will read the body: it is passed over if it is small, else the connection ends behind the answer."""
        self._discard = True
        if self._expect or not 0 < length <= _MAX_DRAINED:
            self._request._keep_alive = False
            self._response._special = True
        return self._handle()

    def _on_body(self, piece):
        if not self._discard:
            end = self._received + len(piece)
            if self._parser.length == CHUNKED:
                if end + self._parser.left > self._mws2._maxRequestContentLength:
                    raise HttpError(413, 'Content larger than %d octets.' % self._mws2._maxRequestContentLength)
                self._body += piece
            else:
                self._body[self._received : end] = piece
            self._received = end
        return True

    def _on_end(self):
        if self._discard:
            self._discard = False
            return True
        self._request._content = memoryview(self._body)
        self._body = None
        return self._handle()

    # ---- answering

    def _handle(self):
        """Has the request answered. Returns True when that is done."""
        self._met = 0
        workers = self._pool._workers
        if workers:
            self._lock = self._pool._lock
            self._suspend()
            workers.submit(self._work)
            return False
        if self._dispatch():
            self._met += 1
            if self._met == 2:
                return self._finish()
        if self._parser:
            self._client._receive(None)
        return False

    def _suspend(self):
        """Reads no more, and has no timeout, until the handler has done its work."""
        self._client._receive(None)
        self._client._deadline = None

    def _work(self):
        """Has the request answered by a worker thread."""
        if self._dispatch():
            self._handler_returned()

    def _handler_returned(self):
        if self._meet():
            self._go_on()

    def answered(self):
        """Called by the response when all of it is in the socket's buffer."""
        response = self._response
        if response._on_sent:
            self._guarded(response._on_sent, self._mws2, response)
        if self._lock is None:
            self._met += 1
            if self._met == 2:
                self._go_on()
        elif self._meet():
            self._go_on()

    def _meet(self):
        """The handler's return and the end of sending come in any order, from two threads.

        Returns True to the second.
        """
        lock = self._lock
        if lock:
            lock.acquire()
        self._met += 1
        last = self._met == 2
        if lock:
            lock.release()
        return last

    def _go_on(self):
        """Goes on behind an answer that was not out when the handler returned."""
        if self._finish():
            self._client._receive(self._on_data)
            if self._parser.rest or self._parser.in_body:
                self._on_data(b'')

    def _finish(self):
        """The request is over. Returns True if the connection goes on."""
        mws2 = self._mws2
        request = self._request
        if mws2._log_level == 0:
            mws2.Log('%s %s' % (request.Method, request.Path), 0)
        if self._slot:
            self._free_slot()
        self._timing = False
        if not request._keep_alive:
            self._end()
            return False
        if request._content is not None:
            request._content = request._form = None
        response = self._response
        if response._special or response._changed:
            response._reset()
        else:
            self.has_answered = False
        client = self._client
        deadline = self._pool._now + mws2._requestsTimeoutSec + 1
        if client._deadline != deadline:
            client._deadline = deadline
        return not client._closed

    def _end(self):
        """Closes behind the last answer; first lets the client read it, where it may still be sending."""
        if self._discard or self._parser.rest or self._parser.in_body:
            self._linger()
        else:
            self._client._close(XClosedReason.ClosedByHost)

    def _linger(self):
        client = self._client
        client._protocol = None
        client._expire(_LINGER_SEC)
        if hasattr(client._socket, 'shutdown') and not client._tls:
            try:
                client._socket.shutdown(1)
            except OSError:
                pass
        client._receive(_drop)

    def _dispatch(self):
        """Calls modules, then the route's handler or the static files. Returns False if a coroutine goes on with it."""
        mws2 = self._mws2
        request = self._request
        response = self._response
        try:
            if mws2._modules:
                for module in mws2._modules.values():
                    module.OnRequest(mws2, request)
                    if self.has_answered:
                        return True
            found = self._found
            if not found:
                self._unrouted(mws2, request, response)
                return True
            route, args = found
            result = route.Handler(mws2, request) if args is None else route.Handler(mws2, request, args)
            if result is not None and hasattr(result, 'send') and hasattr(result, 'throw'):
                return self._spawn(result)
            if not self.has_answered:
                self._not_answered()
        except Exception as ex:
            self._handler_failed(ex)
        return True

    def _not_answered(self):
        self._mws2.Log('No answer by the handler of %s %s.' % (self._request.Method, self._request.Path), 2)
        self._response.Return(501)

    def _spawn(self, coroutine):
        if not self._mws2._spawn:
            raise TypeError('A handler is a coroutine: start the server by StartInAsyncio().')
        self._suspend()
        self._mws2._spawn(coroutine, self._coroutine_done)
        return False

    def _coroutine_done(self, ex):
        if ex:
            self._handler_failed(ex)
        elif not self.has_answered:
            self._guarded(self._not_answered)
        self._handler_returned()

    def _unrouted(self, mws2, request, response):
        """A request without a route: static files, CORS, or why not."""
        method = request._method
        if method == b'GET' or method == b'HEAD':
            if serve(mws2, request, response):
                return
        elif not is_known(method) and not is_routed(method):
            response.Return(501)
            return
        methods = self.allowed()
        if methods:
            response.SetHeader('Allow', ', '.join(methods))
        if method == b'OPTIONS':
            self._preflight(request, response, methods)
        elif methods:
            response.Return(405)
        else:
            response.ReturnNotFound()

    def allowed(self):
        """The methods that the request's path takes, from routes and files. Returns list of str."""
        request = self._request
        if request._path == b'*':
            return ['GET', 'HEAD', 'OPTIONS']
        methods = allowed_methods(request._path)
        if find_file(self._mws2, request._path):
            methods += [method for method in ('GET', 'HEAD') if method not in methods]
        if methods and 'OPTIONS' not in methods:
            methods.append('OPTIONS')
        return methods

    def _preflight(self, request, response, methods):
        """OPTIONS (RFC 9110 section 9.3.7) and CORS preflight (Fetch Standard section 3.2.2)."""
        if self._mws2._corsAllowAll and request.Origin:
            response.AccessControlAllowOrigin = request.Origin
            asked = request.GetHeader('Access-Control-Request-Method')
            response.SetHeader('Access-Control-Allow-Methods', asked or ', '.join(methods) or '*')
            response.SetHeader(
                'Access-Control-Allow-Headers', request.GetHeader('Access-Control-Request-Headers') or '*'
            )
            response.SetHeader('Access-Control-Max-Age', '600')
            response.SetHeader('Vary', 'Origin')
        elif not methods:
            response.ReturnNotFound()
            return
        response.Return(204)

    def _handler_failed(self, ex):
        """A handler raised: the client gets 500, or the end of the connection where an answer has begun."""
        self._mws2._log_exception('%s %s' % (self._request.Method, self._request.Path), ex)
        response = self._response
        if self.has_answered:
            if self._met == 0:  # the answer is not out, and nobody knows how far it is right
                self._client._close(XClosedReason.Error)
        else:
            response._reset()
            response._bodiless = self._request._method == b'HEAD'
            response._special = True
            self._guarded(response.Return, 500)

    def _guarded(self, function, *args):
        try:
            result = function(*args)
            if result is not None and self._mws2._spawn and hasattr(result, 'throw'):
                self._mws2._spawn(result, None)
        except Exception as ex:
            print_exception(ex)

    def refuse(self, status, text):
        """Answers a request that cannot be taken, and closes. status: int. text: str, why, for the log."""
        self._mws2.Log('Refused %s: %d, %s' % (self._client.CliAddr, status, text), 0)
        response = self._response
        response._reset()
        response._special = self._discard = True
        self._request._keep_alive = False
        if status == 503:
            response.SetHeader('Retry-After', '1')
        self._met = 1
        self._client._receive(None)
        response.Return(status)

    # ---- services

    def with_slot(self, function):
        """Calls function(slot) with a buffer slot, at once or when one is given back."""
        slot = self._slot or self._mws2._slots.GetAvailableSlot()
        if slot:
            self._use_slot(slot, function)
        else:
            self.progress()
            self._mws2._slots._wait(lambda slot: self._pool._call(lambda: self._use_slot(slot, function)))

    def _use_slot(self, slot, function):
        if self._client._closed:
            slot.Available = True
        else:
            self._slot = slot
            function(slot)

    def _free_slot(self):
        self._slot.Available = True
        self._slot = None

    def progress(self):
        """The client has taken data: it has the timeout again for the next."""
        self._client._deadline = self._pool._now + self._mws2._requestsTimeoutSec + 1

    def detach(self):
        """Ends HTTP on this connection. Returns bytes: what was received behind the request's head."""
        client = self._client
        client._receive(None)
        client._protocol = client._deadline = None
        if self._slot:
            self._free_slot()
        rest = self._parser.rest
        self._parser = None
        return rest

    def expired(self):
        """The connection's timeout has passed."""
        if self.has_answered or self._parser.idle():
            self._client._close(XClosedReason.Timeout)
        else:
            self.refuse(408, 'The request did not come in time.')

    def released(self):
        """The connection is closed: what it held is given back."""
        if self._slot:
            self._free_slot()
        self._response._released()


def _drop(data):
    """Takes what a client sends that nobody wants."""
