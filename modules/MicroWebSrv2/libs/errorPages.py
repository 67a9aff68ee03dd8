"""What is answered instead of the server's small pages for errors: the application's own, and JSON."""

from .httpAnswer import reason_phrase
from .httpStream import close_if_can
from .xasPoller import is_interrupt


class ErrorPages:
    """The pages for errors of one server.

    - as_json: bool, whether clients that accept JSON rather than HTML get errors as JSON.
    """

    def __init__(self):
        self.as_json = False
        self._handlers = {}

    def set(self, code, handler):
        """Set the handler of an error, or None. code: int, or None for all others."""
        self._handlers[code] = handler

    def answer(self, response, code):
        """Answer an error without content. response: HttpResponse. code: int. Return bool, False where it does not."""
        answer = response.own()
        if answer.is_error:  # of the handler of an error: nothing is asked twice for one answer
            return False
        answer.is_error = True
        handler = self._handlers.get(code) or self._handlers.get(None)
        if handler and _is_answered_by(handler, response, code):
            return True
        if self.as_json and _prefers_json(response.Request):
            response.ReturnJSON(code, {'error': reason_phrase(code), 'code': code})
            return True
        return False


def _is_answered_by(handler, response, code):
    """Return bool: whether a handler has answered. Else what it has set is undone, and what it raised logged."""
    answer = response.own()
    headers = dict(answer.headers) if answer.headers else None
    answer.content_type = answer.length = None
    try:
        result = handler(response.server, response.Request, code)
        if hasattr(result, 'throw'):
            close_if_can(result)
            raise TypeError('The handler of an error is a plain function, no coroutine.')
    except BaseException as error:
        if is_interrupt(error):
            raise error
        response.server.log_exception('The handler of the error %d' % code, error)
    if response.HeadersSent:
        return True
    answer.headers = headers
    answer.charset = None
    return False


def _prefers_json(request):
    """Return bool: whether a client names JSON among what it accepts, and not HTML before it (RFC 9110, 12.5.1)."""
    accepted = request.field(b'accept').lower()
    json = accepted.find('json')
    html = accepted.find('text/html')
    return json >= 0 and (html < 0 or json < html)
