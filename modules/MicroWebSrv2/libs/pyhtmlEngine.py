"""Runs compiled .pyhtml pages: the generator functions that pyhtmlCompiler makes. Knows no HTTP and opens no file.

The compiler is a module of its own, since pages that the build of an image has compiled need none on the device.
"""

import io
import sys
from array import array

INCLUDE = '__include'  # the variable of pages that include others


class PyhtmlError(Exception):
    """A page that cannot be compiled.

    line: int, number of the page's line that is wrong, from 1. text: str, what is wrong there.
    """

    def __init__(self, line, text):
        super().__init__('line %d: %s' % (line, text))
        self.line = line
        self.text = text


def escape(value, type=type, int=int, str=str):  # as arguments, since looking builtins up costs more
    """Returns any object as text with the characters that are special in HTML as entities: bytes, UTF-8."""
    kind = type(value)
    if kind is int:
        return b'%d' % value
    if kind is not str:
        value = str(value)
    # `in` first: most texts have nothing to replace, and a call costs more than an operator
    if '&' in value or '<' in value or '>' in value or '"' in value or "'" in value:
        value = value.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
        value = value.replace('"', '&quot;').replace("'", '&#39;')
    return value.encode()


class Template:
    """A compiled page.

    name: str, what tracebacks call it. file: str, what the interpreter calls it in tracebacks. page: its generator
    function. code: what belongs to that, a tuple of the literals, the page's line of each line of the function as
    octets of array('H') or as that, whether it takes a `print`, and the names of the variables that it takes.
    variables: dict, those that all pages see; each render begins with its values, and what a page assigns stays its
    own. That of the name INCLUDE is f(name, parts, request, depth), which returns what the page calls to include
    another one, f(filename), a generator; the arguments are of this page and as of begin().
    """

    def __init__(self, name, file, page, code, variables):
        self._name = name
        self._file = file
        self._page = page
        self._literals, self._lines, self._prints, self._own = code
        self._includes = INCLUDE in self._own
        self._variables = variables

    def render(self, request=None, limit=None):
        """Renders the page.

        request: HttpRequest, or what else the page is to see as `Request`. limit: int, octets that may be in memory at
        once, about; None: any number.
        Returns bytes, UTF-8; of a page that is longer than limit a Page. Raises what the page raises.
        """
        parts = []
        steps = self.begin(parts, request)
        if next(steps, False):
            return self._render_on(steps, parts, limit)
        return b''.join(parts)

    def begin(self, parts, request, depth=0):
        """Return the generator that renders the page, step by step.

        parts: list, gets its bytes. request: as of render(). depth: int, how many pages include this one, each in the
        one before.
        """
        if not self._own and not self._prints:
            return self._page(parts, parts.append, escape, len, self._literals, request)
        values = [_printer(parts.append)] if self._prints else []
        for name in self._own:
            values.append(self._variables[name])
        if self._includes:
            at = self._own.index(INCLUDE) - len(self._own)
            values[at] = values[at](self._name, parts, request, depth)
        return self._page(parts, parts.append, escape, len, self._literals, request, *values)

    def _render_on(self, steps, parts, limit):
        """Renders behind the first step. Not a part of render(), so that the frame of that needs no heap."""
        pieces = []
        size = 0
        more = True
        while more:
            pieces.append(b''.join(parts))
            parts.clear()
            size += len(pieces[-1])
            if limit is not None and size > limit:
                return Page(steps, parts, b''.join(pieces))
            more = next(steps, False)
        return b''.join(pieces + parts)

    def locate(self, ex):
        """Finds where an exception comes from that the page raised.

        ex: Exception. Returns as locate() of this module.
        """
        return locate(ex, self._name, self._file, self._lines)


def locate(ex, name, file, lines):
    """Finds where an exception comes from that a page raised, or its compilation.

    ex: Exception. name, file: as Template has them. lines: the page's line of each line of the program, array('H') or
    octets of it. Returns (int, number of the page's line, None where it has no part in it; str, the traceback, in
    which the page has its own line numbers).
    """
    line = None
    texts = []
    lines = array('H', lines)
    mark = 'File "%s", line ' % file
    for text in _traceback(ex).split('\n'):
        before, found, after = text.partition(mark)
        if found:
            digits = after.split(',')[0].strip()
            line = lines[min(int(digits), len(lines)) - 1]
            text = '%sFile "%s", line %d%s' % (before, name, line, after[len(digits) :])
        texts.append(text)
    return line, '\n'.join(texts)


class Page:
    """The rest of a render, as a stream: what is read of it is rendered then. Made by Template.render()."""

    def __init__(self, steps, parts, begin):
        self._steps = steps
        self._parts = parts
        self._rest = memoryview(begin)
        self._more = True

    def readinto(self, buffer):
        """Fills a buffer with the page's next octets. Returns int, their number: 0 at the end. Raises as the page."""
        filled = 0
        while filled < len(buffer):
            if self._rest:
                size = min(len(buffer) - filled, len(self._rest))
                buffer[filled : filled + size] = self._rest[:size]
                self._rest = self._rest[size:]
                filled += size
            elif self._more:
                self._more = next(self._steps, False)
                self._rest = memoryview(b''.join(self._parts))
                self._parts.clear()
            else:
                break
        return filled

    def close(self):
        """Ends the render where it is."""
        self._more = False
        self._steps.close()


def _printer(add):
    """Returns a page's `print`. It returns '', so that `{{ print(x) }}` shows x alone."""

    def page_print(*values, sep=' ', end='\n', file=None, flush=False):
        if file is not None:
            print(*values, sep=sep, end=end, file=file)
        else:
            add((sep.join([str(value) for value in values]) + end).encode())
        return ''

    return page_print


def _traceback(ex):
    if hasattr(sys, 'print_exception'):
        out = io.StringIO()
        sys.print_exception(ex, out)
        return out.getvalue()
    import traceback

    return ''.join(traceback.format_exception(type(ex), ex, ex.__traceback__))
