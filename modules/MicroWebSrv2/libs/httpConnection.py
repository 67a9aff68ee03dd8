"""One HTTP/1.1 connection: its requests in order, each answered before the next is begun.

A connection is in exactly one state. Reading is on in IDLE, HEAD, BODY and DRAINING only: who feeds the parser is the
pool's thread then, and else the one that has ended the answer, before it turns reading on again.

    IDLE       nothing of a next request has come
    HEAD       a part of a head is here
    BODY       the head is here, and its content comes
    DRAINING   the content of a request that was answered is passed over
    HANDLING   the handler runs, or waits for a worker, and has not answered
    ANSWERING  the handler runs; its answer is on its way
    SENT       the handler runs; its answer is in the socket's buffer
    RETURNED   the handler has ended; its answer is on its way
    LINGERING  refused: what still comes is dropped, so that the client can read why
    DETACHED   another protocol has the connection
    CLOSED     what it held is given back
"""

from ..httpRequest import HttpRequest
from ..httpResponse import HttpResponse
from ..webRoute import find_route
from .httpBody import BodyBuffer
from .httpHead import CHUNKED, HttpError
from .httpParser import BODY as PIECE
from .httpParser import HEAD as WHOLE_HEAD
from .httpParser import RequestParser
from .httpStream import close_if_can, is_coroutine
from .unrouted import answer_unrouted
from .urlUtils import MAX_FIELDS, count_fields
from .xasPoller import is_interrupt, print_exception
from .xasPool import XClosedReason

IDLE = 0
HEAD = 1
BODY = 2
DRAINING = 3
HANDLING = 4
ANSWERING = 5
SENT = 6
RETURNED = 7
LINGERING = 8
DETACHED = 9
CLOSED = 10

_MAX_DRAINED = 16384  # bytes of an unwanted body that are read, to keep the connection
_LINGER_SEC = 2  # after what the client has sent last, for it to read why it was refused (RFC 9112 section 9.6)
_MAX_LINGERED = 1 << 23  # bytes that are dropped meanwhile, within RequestsTimeoutSec
_LEAST_RATE = 256  # bytes a second of content, after the first RequestsTimeoutSec
_LARGE = 4096  # bytes of content; for more, MicroPython is asked before whether it has them


class HttpConnection:
    """Serves HTTP on a TCP connection.

    microWebSrv2: MicroWebSrv2. client: XAsyncTCPClient, just accepted.

    - client: XAsyncTCPClient. state: int, as above.
    - request: HttpRequest, the one object for all requests; None when the connection is not HTTP's any more.
    - keep_alive: bool, whether the connection stays open after the answer.
    - is_old: bool, whether the client speaks HTTP/1.0.
    - has_attributes: bool, whether the application has given attributes of its own to the request or the response.
    """

    __slots__ = (
        '_began',
        '_body',
        '_expects',
        '_found',
        '_head',
        '_is_unusual',
        '_is_working',
        '_lingered',
        '_lock',
        '_mws2',
        '_next_job',
        '_parser',
        '_response',
        '_sender',
        '_slot',
        '_wanting',
        '_workers',
        'client',
        'has_attributes',
        'is_old',
        'keep_alive',
        'request',
        'state',
    )

    def __init__(self, microWebSrv2, client):
        self._mws2 = microWebSrv2
        self.client = client
        self._parser = RequestParser(microWebSrv2.max_head)
        self.request = HttpRequest(self, self._parser)
        self._response = self.request.Response = HttpResponse(microWebSrv2, self)
        self._slot = self._found = self._body = self._sender = self._wanting = self._next_job = self._head = None
        self._began = 0
        self._expects = self._is_working = self._is_unusual = False
        self.keep_alive = self.has_attributes = self.is_old = False
        self._workers = client.pool.workers
        self._lock = self._workers.lock if self._workers else None
        self.state = IDLE
        client.protocol = self
        client.expire(microWebSrv2.timeout_sec)
        client.receive(self._on_data)

    # ---- receiving

    def _on_data(self, data):
        """Take what was received: in IDLE, HEAD, BODY and DRAINING.

        Return bool: whether reading goes on; else who ends the answer turns it on again.
        """
        parser = self._parser
        try:
            event = parser.feed(data)
            while event:
                if event == WHOLE_HEAD:
                    goes_on = self._on_head(parser)
                elif event == PIECE:
                    goes_on = self._on_piece(parser)
                else:
                    goes_on = self._on_end()
                if not goes_on:
                    return False
                if not (parser.rest or parser.in_body):
                    return True
                event = parser.next()
            if parser.rest or parser.in_body:
                self._wait_for_rest(parser)
        except HttpError as error:
            self.refuse(error.status, error.text)
            return False
        return True

    def _wait_for_rest(self, parser):
        """Grant a part of a request that is here the time for its whole head, or for its next data, and a slot."""
        if self.state == IDLE:
            self.state = HEAD
            self._take_slot()
            self.client.expire(self._mws2.timeout_sec)
        elif self.state == BODY:
            if self._body.size + parser.left > self._mws2.max_content:
                raise self._too_large()  # a chunk that is announced
            self._grant(self._body.size // _LEAST_RATE)
        elif self.state == DRAINING:
            self._grant(0)

    def _take_slot(self):
        """Hold a buffer slot: they bound what parts of requests take."""
        self._slot = self._slot or self._mws2.slots.GetAvailableSlot()
        if not self._slot:
            raise HttpError(503, 'No buffer slot is free.')

    def _grant(self, seconds):
        """Wait for the next data of content, but for all of it no longer than the timeout and some seconds more."""
        timeout = self._mws2.timeout_sec
        left = self._began + timeout + seconds - self.client.pool.now
        if left < 0:
            raise HttpError(408, 'The content comes at less than %d bytes a second.' % _LEAST_RATE)
        self.client.expire(min(timeout, left + 1))

    def _on_head(self, parser):
        """Take a request's head. Return True when the connection is ready for what comes after it."""
        if parser.head is not self._head:
            self._take_head(parser)
        if self._is_unusual or self._mws2.is_special:
            return self._on_unusual_head(parser)
        self._found = find_route(parser.method, parser.path)
        return self._handle()

    def _take_head(self, parser):
        """Note what a head that is not the last one again says of its connection."""
        if len(parser.query) > MAX_FIELDS and count_fields(parser.query) > MAX_FIELDS:
            raise HttpError(414, 'More than %d fields in a query.' % MAX_FIELDS)
        self._head = parser.head
        self.keep_alive = parser.keep_alive
        self.is_old = parser.version == b'HTTP/1.0'
        self._is_unusual = (
            parser.length != 0
            or parser.version != b'HTTP/1.1'
            or parser.method == b'HEAD'
            or b'expect' in parser.headers
        )

    def _on_unusual_head(self, parser):
        """Take a head that asks for more than its answer: content, HEAD, HTTP/1.0, or where settings do."""
        method = parser.method
        if method == b'HEAD' or parser.version != b'HTTP/1.1' or self._mws2.is_special:
            self._response.prepare()
        self._found = find_route(method, parser.path)
        if not self._found and method == b'HEAD':
            self._found = find_route(b'GET', parser.path)
        if parser.length or b'expect' in parser.headers:
            return self._expect_content(parser)
        return self._handle()

    def _expect_content(self, parser):
        """Decide on content before it is read: wanted, to be passed over, or refused."""
        length = parser.length
        self._began = self.client.pool.now
        self._expects = b'expect' in parser.headers and parser.version != b'HTTP/1.0'
        if self._expects and parser.headers[b'expect'].lower() != b'100-continue':
            raise HttpError(417, 'Only 100-continue can be expected.')
        if not length:
            return self._handle()
        if not self._found and not self._is_for_module():
            if self._expects or not 0 < length <= _MAX_DRAINED:
                self.close_after_answer()
            return self._handle()
        if length > self._mws2.max_content:
            raise self._too_large()
        self._take_slot()
        if length > _LARGE and not self._mws2.has_memory(length):
            raise HttpError(503, 'No memory for content of %d bytes.' % length)
        if self._expects and not parser.rest:
            self.client.put(b'HTTP/1.1 100 Continue\r\n\r\n')
        self._body = BodyBuffer(length)
        self.state = BODY
        return True

    def _is_for_module(self):
        """Return bool: whether a module may read the content of a request without a route."""
        for module in self._mws2.modules.values():
            if not hasattr(module, 'WantsContent') or module.WantsContent(self._mws2, self.request):
                return True
        return False

    def _too_large(self):
        return HttpError(413, 'Content larger than %d bytes.' % self._mws2.max_content)

    def _on_piece(self, parser):
        if self.state == BODY:
            body = self._body
            if parser.length == CHUNKED:
                if body.size + len(parser.piece) + parser.left > self._mws2.max_content:
                    raise self._too_large()
            try:
                body.add(parser.piece)
            except MemoryError:
                self._body = None
                raise HttpError(503, 'No memory for the content.')
        parser.piece = None
        return True

    def _on_end(self):
        if self.state == DRAINING:
            self.state = IDLE
            return True
        content = self._body.content()
        self._body = None
        if len(content) > MAX_FIELDS and self.request.is_form() and count_fields(bytes(content)) > MAX_FIELDS:
            raise HttpError(413, 'More than %d fields in a form.' % MAX_FIELDS)
        self.request.take_content(content)
        return self._handle()

    # ---- answering

    def _handle(self):
        """Have the request answered. Return True when that is done, and the connection goes on."""
        self.state = HANDLING
        if self._workers and (self._found or self._mws2.modules):
            self._suspend()
            self._submit(self._work)
            return False
        if self._dispatch():
            if self.state == SENT:
                return self._finish()
            if self.state == ANSWERING:
                self.state = RETURNED
                if self.client.closed:
                    self._give_back()
        if self.state < LINGERING:
            self.client.receive(None)
        return False

    def _suspend(self):
        """Read no more, and have no timeout, until the handler has done its work."""
        self.client.receive(None)
        self.client.deadline = None

    # What runs in a worker owns what the connection holds: where the client leaves meanwhile, the worker gives it back.

    def _submit(self, job):
        """Have a worker do a job, after the one of this connection that it may be doing."""
        self._lock.acquire()
        is_first = not self._is_working
        if is_first:
            self._is_working = True
        else:
            self._next_job = job
        self._lock.release()
        if is_first:
            self._workers.submit(lambda: self._run_job(job))

    def _run_job(self, job):
        """Do a job in a worker. A client that has left while it waited is not served any more."""
        try:
            if not self.client.closed:
                job()
        except BaseException as error:
            self.client.fail()
            print_exception(error)
        self._lock.acquire()
        job, self._next_job = self._next_job, None
        self._is_working = job is not None
        self._lock.release()
        if job:
            self._workers.submit(lambda: self._run_job(job))
        elif self.client.closed:
            if self.state == HANDLING or self.state == ANSWERING:
                self.state = RETURNED
            self._give_back()

    def _work(self):
        if self._dispatch():
            self._handler_returned()

    def is_worked(self):  # small: False without threads
        """Return bool: whether worker threads run what may block."""
        return self._workers is not None

    def work(self, job):  # small: calls it without threads
        """Do what may block: in a worker where there are some, else here. job: callable without arguments."""
        if self._workers and not self.client.pool.is_foreign():
            self._submit(job)
        else:
            job()

    def _handler_returned(self):
        if self._pass(ANSWERING, RETURNED):
            self._go_on()

    def sent(self):
        """Take the sender's call: all of the answer is in the socket's buffer."""
        self._sender = None
        self._tell_sent()
        if self._pass(ANSWERING, SENT):
            self._go_on()

    def _pass(self, before, after):
        """The handler's return and the end of sending come in any order, from two threads.

        Return True to the second, False to the first, for which the state becomes another.
        """
        lock = self._lock
        if lock:
            lock.acquire()
        is_second = self.state != before
        if not is_second:
            self.state = after
        if lock:
            lock.release()
        return is_second and self.state < LINGERING

    def _go_on(self):
        """Go on after an answer that was not out when the handler returned: first with what was received meanwhile."""
        if self._finish() and (not (self._parser.rest or self._parser.in_body) or self._on_data(b'')):
            self.client.receive(self._on_data)

    def _finish(self):
        """The request is over. Return True if the connection goes on."""
        response = self._response
        if self._slot:
            self._free_slot()
        if response.answer is not None:
            response.drop()
        if not self.keep_alive:
            self._end()
            return False
        client = self.client
        self.state = IDLE
        if self.has_attributes or self._is_unusual:
            self._forget()
            if self._parser.in_body:
                self.state = DRAINING
                self._began = client.pool.now
        deadline = client.pool.now + self._mws2.timeout_sec + 1
        if client.deadline != deadline:
            client.deadline = deadline
        return not client.closed

    def _forget(self):
        """Drop what belonged to the last request alone: content, and attributes of the application's."""
        self.has_attributes = False
        self.request.forget()
        self._response.forget()

    def _end(self):
        """Close after the last answer; first let the client read it, where it may still be sending."""
        if self._parser.rest or self._parser.in_body:
            self._linger()
        else:
            self.client.close(XClosedReason.ClosedByHost)

    def _linger(self):
        client = self.client
        self.state = LINGERING
        client.expire(_LINGER_SEC)
        client.shutdown()
        self._began = client.pool.now
        self._lingered = 0
        client.receive(self._drop)

    def _drop(self, data):
        self._lingered += len(data)
        if self._lingered > _MAX_LINGERED or self.client.pool.now - self._began > self._mws2.timeout_sec:
            self.client.close(XClosedReason.ClosedByHost)
        else:
            self.client.expire(_LINGER_SEC)

    def _dispatch(self):
        """Call modules, then the route's handler or the static files. Return False if a coroutine goes on with it."""
        mws2 = self._mws2
        try:
            if mws2.modules:
                for module in mws2.modules.values():
                    module.OnRequest(mws2, self.request)
                    if self.state != HANDLING:
                        return True
            found = self._found
            if not found:
                answer_unrouted(mws2, self.request, self._response)
                return True
            route, args = found
            result = route.Handler(mws2, self.request) if args is None else route.Handler(mws2, self.request, args)
            if result is not None and is_coroutine(result):
                return self._spawn(result)
            if self.state == HANDLING:
                self._not_answered()
        except BaseException as error:
            self._handler_failed(error)
        return True

    def _not_answered(self):
        self._mws2.Log('The handler of %s %s sent no response.' % (self.request.Method, self.request.Path), 2)
        self._response.Return(501)

    def _spawn(self, coroutine):
        if not self._mws2.spawn:
            close_if_can(coroutine)
            raise TypeError('A handler is a coroutine: start the server by StartInAsyncio().')
        self._suspend()
        self._mws2.spawn(coroutine, self._coroutine_done)
        return False

    def _coroutine_done(self, error):
        if error:
            self._handler_failed(error)
        elif self.state == HANDLING:
            self._guarded(self._not_answered)
        self._handler_returned()

    def _handler_failed(self, error):
        """A handler raised: the client gets 500, or the end of the connection where an answer has begun."""
        if is_interrupt(error):
            raise error
        self._mws2.log_exception('%s %s' % (self.request.Method, self.request.Path), error)
        if self.state == ANSWERING:  # the answer is not out, and nobody knows how far it is right
            self.client.close(XClosedReason.Error)
        elif self.state == HANDLING:
            self._response.renew()
            self._response.prepare()
            self._guarded(self._response.Return, 500)

    def _guarded(self, function, *args):
        """Call what the application may have written. What it raises costs its own request only."""
        try:
            result = function(*args)
            if result is not None and self._mws2.spawn and is_coroutine(result):
                self._mws2.spawn(result, None)
        except BaseException as error:
            if is_interrupt(error):
                raise error
            print_exception(error)

    def refuse(self, status, text):
        """Answer a request that cannot be taken, and close. status: int. text: str, why, for the log."""
        self._mws2.Log('Refused %s: %d, %s' % (self.client.CliAddr[0], status, text), 1)
        response = self._response
        self._body = None
        self.client.receive(None)
        self.state = HANDLING
        self.keep_alive = False
        response.renew()
        if status == 503:
            response.SetHeader('Retry-After', '1')
        response.Return(status)
        if self.state == SENT:
            response.drop()
            if self._slot:
                self._free_slot()
            self._linger()
        elif self.state == ANSWERING:
            self.state = RETURNED

    # ---- services for the response and the senders

    def answer(self, data):
        """Send an answer that is whole, of a handler that runs. data: bytes. Return False if there was one before."""
        if self.state != HANDLING:
            return self.refuse_second()
        done = self.client.put(data)
        if done:
            self.state = SENT
            if self._response.answer is not None:
                self._tell_sent()
            return True
        self.state = ANSWERING
        self._after_put(done)
        return True

    def begin(self):
        """Begin an answer in parts. Return False, and log, if there was one before."""
        if self.state != HANDLING:
            return self.refuse_second()
        self.state = ANSWERING
        return True

    def is_answered(self):
        """Return bool: whether the request has been answered, or its connection is gone."""
        return self.state > HANDLING

    def refuse_second(self):
        """Log a second answer. Return False."""
        self._mws2.Log('A second response to %s was refused.' % self._parser.target.decode(), 3)
        return False

    def put_last(self, data):
        """Send the last part of an answer that has begun. data: bytes."""
        done = self.client.put(data)
        if done:
            self.sent()
        else:
            self._after_put(done)

    def _after_put(self, done):
        if done is None:
            self.client.close(XClosedReason.ClosedByPeer)
        else:
            self.progress()
            self.client.pump_with(self._queue_sent)

    def _queue_sent(self):
        self.client.pump_with(None)
        self.sent()

    def send_stream(self, sender):
        """Send an answer that has begun by a sender: start() it; close() it when the connection ends before."""
        self._sender = sender
        sender.start()

    def cut(self, text):
        """End the connection in the middle of an answer, which cannot be completed. text: str, why, for the log."""
        self._mws2.Log(text, 3)
        self.client.close(XClosedReason.Error)

    def close_after_answer(self):
        """Keep the connection open no longer than for this answer."""
        self.keep_alive = False

    def _tell_sent(self):
        answer = self._response.answer
        if answer is not None and answer.on_sent:
            self._guarded(answer.on_sent, self._mws2, self._response)

    def borrow_slot(self):
        """Return a buffer slot for the answer, which goes back after it; None if all are lent."""
        self._slot = self._slot or self._mws2.slots.GetAvailableSlot()
        return self._slot

    def with_slot(self, function):
        """Call function(slot) with a buffer slot, at once or when one is given back."""
        if self.borrow_slot():
            function(self._slot)
        else:
            self.progress()
            self._wanting = function
            self._mws2.slots.wait(self)

    def take_slot(self, slot):
        """Take a slot that has been waited for. From any thread."""
        self.client.pool.call(lambda: self._use_slot(slot))

    def _use_slot(self, slot):
        function, self._wanting = self._wanting, None
        if self.client.closed or not function:
            slot.Available = True
            return
        self._slot = slot
        try:
            function(slot)
        except BaseException as error:
            self.client.fail()
            self.client.pool.report(error)

    def _free_slot(self):
        slot, self._slot = self._slot, None
        slot.Available = True

    def progress(self):
        """The client has taken data: it has the timeout again for the next."""
        self.client.deadline = self.client.pool.now + self._mws2.timeout_sec + 1

    def detach(self):
        """End HTTP on this connection. Return bytes: what was received after the request's head."""
        client = self.client
        client.receive(None)
        client.deadline = None
        self.state = DETACHED
        if self._slot:
            self._free_slot()
        self._let_go()
        return self._parser.rest

    # ---- what the client's connection tells

    def spare(self):
        """Return int where the connection could be closed for a newcomer, the least first; None where it is in use."""
        return self.client.deadline or 0 if self.state == IDLE else None

    def expired(self):
        """The connection's timeout has passed."""
        if self.state == HEAD or self.state == BODY:
            self.refuse(408, 'The request did not come in time.')
        elif self._wanting:  # nothing of the answer is sent yet
            self._wanting = None
            self._mws2.slots.forget(self)
            sender, self._sender = self._sender, None
            self._guarded(sender.close)
            self.refuse(503, 'No buffer slot became free.')
        else:
            self.client.close(XClosedReason.Timeout)

    def released(self, reason):
        """The connection is closed: what it held is given back."""
        if not self._is_working:
            self._give_back()

    def _give_back(self):
        """Give back the slot, the stream, the content, each once; wait for nothing any more."""
        lock = self._lock
        if lock:
            lock.acquire()
        slot, self._slot = self._slot, None
        sender, self._sender = self._sender, None
        if lock:
            lock.release()
        if self._wanting:
            self._mws2.slots.forget(self)
        self._body = self._wanting = None
        self._parser.release()
        if slot:
            slot.Available = True
        if sender:
            self._guarded(sender.close)
        if self.state == HANDLING or self.state == ANSWERING:
            return  # a coroutine goes on with what it has
        self.state = CLOSED
        self._let_go()

    def _let_go(self):
        """Break the circles of objects: what the connection took is free at once, not when the collector comes."""
        self.client.protocol = None
        self._response = self.request = None
