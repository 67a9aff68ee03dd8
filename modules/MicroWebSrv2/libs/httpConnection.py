"""One HTTP/1.1 connection: its requests in order, each answered before the next is begun.

Its state is one of httpStates.py. What a handler does with content that it takes as it comes is in contentStates.py.
"""

from ..httpRequest import HttpRequest
from ..httpResponse import HttpResponse
from ..webRoute import find_route
from .httpBody import MAX_DRAINED, BodyBuffer, reason_of, too_large
from .httpHead import CHUNKED, HttpError
from .httpParser import BODY as PIECE
from .httpParser import HEAD as WHOLE_HEAD
from .httpParser import RequestParser
from .httpStates import (
    ANSWERING,
    BODY,
    CLOSED,
    DETACHED,
    DRAINING,
    HANDLING,
    HEAD,
    IDLE,
    LINGERING,
    PAUSED,
    READING,
    RECEIVING,
    RETURNED,
    SENT,
)
from .httpStream import close_if_can, is_coroutine
from .unrouted import answer_unrouted
from .urlUtils import MAX_FIELDS, count_fields
from .xasPoller import is_interrupt, print_exception
from .xasPool import XClosedReason

try:
    from .contentStates import ContentStates
except ImportError:  # firmware whose handlers take content whole only
    ContentStates = object

_LINGER_SEC = 2  # after what the client has sent last, for it to read why it was refused (RFC 9112 section 9.6)
_MAX_LINGERED = 1 << 23  # bytes that are dropped meanwhile, within RequestsTimeoutSec
_ANSWERED = 'It was answered before its end.'
_LARGE = 4096  # bytes of content; for more, MicroPython is asked before whether it has them


class HttpConnection(ContentStates):
    """Serves HTTP on a TCP connection.

    microWebSrv2: MicroWebSrv2. client: XAsyncTCPClient, just accepted.

    - client: XAsyncTCPClient. state: int, as above.
    - request: HttpRequest, the one object for all requests; None when the connection is not HTTP's any more.
    - keep_alive: bool, whether the connection stays open after the answer.
    - is_old: bool, whether the client speaks HTTP/1.0.
    - has_attributes: bool, whether the application has given attributes of its own to the request or the response.
    - parser: RequestParser, for who owns the connection.
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
        '_response',
        '_sender',
        '_slot',
        '_wanting',
        '_workers',
        'client',
        'has_attributes',
        'is_old',
        'keep_alive',
        'parser',
        'request',
        'state',
    )

    def __init__(self, microWebSrv2, client):
        self._mws2 = microWebSrv2
        self.client = client
        self.parser = RequestParser(microWebSrv2.max_head)
        self.request = HttpRequest(self, self.parser)
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
        """Take what was received: where reading is on.

        Return bool: whether reading goes on; else who ends the answer turns it on again.
        """
        parser = self.parser
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
        elif self.state == DRAINING:
            self._grant(0)
        elif self.state != HEAD:
            body = self._body
            if body.size + parser.left > body.limit:
                raise too_large(body.limit)  # a chunk that is announced
            self._grant(body.seconds())

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
            raise HttpError(408, 'The content did not come in time.')
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
        mws2 = self._mws2
        if method == b'HEAD' or parser.version != b'HTTP/1.1' or mws2.prepares:
            self._response.prepare()
        find = mws2.routes.find_any if mws2.routes else find_route
        self._found = find(method, parser.path)
        if not self._found and method == b'HEAD':
            self._found = find(b'GET', parser.path)
        if parser.length or b'expect' in parser.headers:
            return self._expect_content(parser)
        return self._handle()

    def _expect_content(self, parser):
        """Decide on content before it is read: wanted, to be passed over, or refused."""
        length = parser.length
        self.state = BODY
        self._began = self.client.pool.now
        self._expects = b'expect' in parser.headers and parser.version != b'HTTP/1.0'
        if self._expects and parser.headers[b'expect'].lower() != b'100-continue':
            raise HttpError(417, 'Only 100-continue can be expected.')
        if not length:
            return self._handle()
        if not self._found and not self._is_for_module():
            if self._expects or not 0 < length <= MAX_DRAINED:
                self.close_after_answer()
            return self._handle()
        if self._is_streamed():
            self.note_left()
            return self._handle()
        if length > self._mws2.max_content:
            raise too_large(self._mws2.max_content)
        self._take_slot()
        if length > _LARGE and not self._mws2.has_memory(length):
            raise HttpError(503, 'No memory for content of %d bytes.' % length)
        if self._expects and not parser.rest:
            self.client.put(b'HTTP/1.1 100 Continue\r\n\r\n')
        self._body = BodyBuffer(length, self._mws2.max_content)
        return True

    def _is_streamed(self):  # small: False without content
        """Return bool: whether the handler takes the content as it comes."""
        return bool(self._found) and self._found[0].StreamContent

    def _is_in(self, state):  # small: False without content
        """Return bool: whether the connection is in a state of content that flows."""
        return self.state == state

    def _is_for_module(self):
        """Return bool: whether a module may read the content of a request without a route."""
        for module in self._mws2.modules.values():
            if not hasattr(module, 'WantsContent') or module.WantsContent(self._mws2, self.request):
                return True
        return False

    def _on_piece(self, parser):
        """Give a piece of content to who takes it. Return as _on_data()."""
        piece, parser.piece = parser.piece, None
        if self.state == DRAINING:
            return True
        body = self._body
        if parser.length == CHUNKED and body.size + len(piece) + parser.left > body.limit:
            raise too_large(body.limit)
        if self._is_in(READING):
            self._stop_reading()
        try:
            return body.add(piece)
        except MemoryError:
            self._body = None
            raise HttpError(503, 'No memory for the content.')

    def _on_end(self):
        if self.state == DRAINING:
            self.state = IDLE
            return True
        if self._is_in(RECEIVING) or self._is_in(READING):
            return self._end_content()
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
            return self._returned()
        if self.state < LINGERING:
            self.client.receive(None)
        return False

    def _returned(self):
        """Go on after what ran in the pool's thread, without an answer that is out. Return as _on_data()."""
        if self._is_in(RECEIVING) and not self._pauses():
            return True if self.parser.in_body else self._end_content()
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
            self._workers.submit(lambda: self._run(job))

    def _run(self, job):
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
            self._workers.submit(lambda: self._run(job))
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
        if self._is_in(RECEIVING):
            if not self._pauses():
                self._receive_on()
        elif self._pass(ANSWERING, RETURNED):
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
        if self._finish() and (not (self.parser.rest or self.parser.in_body) or self._on_data(b'')):
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
            if self.parser.in_body:
                self.state = DRAINING
                self._began = client.pool.now
        deadline = client.pool.now + self._mws2.timeout_sec + 1
        if client.deadline != deadline:
            client.deadline = deadline
        return not client.closed

    def _forget(self):
        """Drop what belonged to the last request alone: content, and attributes of the application's."""
        self.has_attributes = False
        self._drop_content(_ANSWERED)
        self.request.forget()
        self._response.forget()

    def _end(self):
        """Close after the last answer; first let the client read it, where it may still be sending."""
        self._drop_content(_ANSWERED)
        if self.parser.rest or self.parser.in_body:
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
        """The application's code has returned without an answer: it may have asked for content."""
        if self._has_asked():
            self._began += self.client.pool.now - self._body.since
            self.state = RECEIVING
        else:
            self._mws2.Log('The handler of %s %s sent no response.' % (self.request.Method, self.request.Path), 2)
            self._response.Return(501)

    def _has_asked(self):  # small: False without content
        """Return bool: whether the handler has asked for content."""
        return self._body is not None

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
        """A handler raised: the client gets 500, or the end of the connection where an answer has begun.

        An HttpError, as of content that cannot be taken, is answered by its status.
        """
        if is_interrupt(error):
            raise error
        status = 500
        if isinstance(error, HttpError):
            status = error.status
            self._mws2.Log('Refused %s: %d, %s' % (self.client.CliAddr[0], status, error.text), 1)
        else:
            self._mws2.log_exception('%s %s' % (self.parser.method.decode(), self.parser.path.decode()), error)
        self._drop_content(reason_of(error))
        if self.state == ANSWERING or self.state == DETACHED:  # nobody knows how far it is right
            self.client.close(XClosedReason.Error)
        elif self.state == HANDLING:
            self._response.renew()
            self._response.prepare()
            self._guarded(self._response.Return, status)

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
        if self._is_in(READING):
            self.keep_alive = False
            self._stop_reading().abort(text, status)
            return
        self._mws2.Log('Refused %s: %d, %s' % (self.client.CliAddr[0], status, text), 1)
        response = self._response
        has_head = self.state not in (IDLE, HEAD, DRAINING)
        if self.state == BODY:
            self._body = None
        self.client.receive(None)
        self.state = HANDLING
        self.keep_alive = False
        response.renew()
        if not has_head:
            self.parser.forget_head()  # it is of the request before
        response.prepare()
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
        self._drop_content(text, status)

    def _drop_content(self, reason, status=0):  # small: False without content
        """Tell the sink, where there is one, that nothing more comes. reason: str. status: int, the answer's, or 0."""
        body, self._body = self._body, None
        if body:
            self._guarded(body.abort, reason, status)

    def _answer_meanwhile(self, function, *args):  # small: False without content
        """Answer while content comes that is not taken any more, as from a timer. Return False in other states."""
        state = self.state
        if state not in (RECEIVING, READING, PAUSED) or self.client.pool.is_foreign():
            return False
        self._suspend()
        self.state = HANDLING
        done = function(*args)
        self._drop_content(_ANSWERED)
        if state != READING:
            self._handler_returned()
        return done

    # ---- services for the response and the senders

    def answer(self, data):
        """Send an answer that is whole, of a handler that runs. data: bytes. Return False if there was one before."""
        if self.state != HANDLING:
            return self._answer_meanwhile(self.answer, data) or self.refuse_second()
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
            return self._answer_meanwhile(self.begin) or self.refuse_second()
        self.state = ANSWERING
        return True

    def is_answered(self):
        """Return bool: whether the request has been answered, or its connection is gone."""
        return self.state > HANDLING

    def refuse_second(self):
        """Log a second answer. Return False."""
        self._mws2.Log('A second response to %s was refused.' % self.parser.target.decode(), 3)
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
        return self.parser.rest

    # ---- what the client's connection tells

    def spare(self):
        """Return int where the connection could be closed for a newcomer, the least first; None where it is in use."""
        return self.client.deadline or 0 if self.state == IDLE else None

    def expired(self):
        """The connection's timeout has passed."""
        if HEAD <= self.state <= READING:
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
        self._wanting = None
        if self._is_in(READING):
            self.state = HANDLING
        self._drop_content('The client is gone.')
        self._body = None
        self.parser.release()
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
        if self.client.protocol is self:
            self.client.protocol = None
        self._response = self.request = None
