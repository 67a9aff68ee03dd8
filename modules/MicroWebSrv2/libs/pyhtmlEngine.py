"""The .pyhtml language: compiles a page to one Python function and runs it. Knows no HTTP and opens no file.

A page becomes a generator function. Literal text and expressions become calls that add to a list of parts, instructions
become the Python statements of the same name, and `{{ py }}` blocks are taken over, indented anew:

    <ul>{{ for x in range(3) }}     def page(__parts, __add, __text, __len, __literals, Request):
    <li>{{ x }}                      __add(__literals[0])
    {{ end }}</ul>                   for x in range(3):
                                      if __len(__parts) > 63: yield True
                                      __add(__literals[1])
                                      __add(__text((x)))
                                      __add(__literals[2])
                                     __add(__literals[3])

The compiler never sees literal text: it would take several times the memory of the page.

So the variables of a page are the locals of one call: two renders never share them, and the functions that a page
defines see each other and the page's variables as closures. (A program at module level would not do: on MicroPython the
functions of a code object take the globals of whoever executed that object last.) The `yield` in loops lets a page
that is longer than the memory be sent while it is rendered.

Source: documentation, section "PyhtmlTemplate Module".
"""

import io
import sys
from array import array

_MAX_PARTS = 63  # a loop that has more of them yields, so that they can be joined or sent
_MAX_LINES = 65535  # what the line map's items hold
_PARAMETERS = ['__parts', '__add', '__text', '__len', '__literals', 'Request', 'print']

_NEWLINE = 10
_DOUBLE_QUOTE = 34
_HASH = 35
_SINGLE_QUOTE = 39
_BACKSLASH = 92
_LEFT_BRACE = 123
_RIGHT_BRACE = 125
_OPENING = (40, 91, _LEFT_BRACE)
_CLOSING = (41, 93, _RIGHT_BRACE)


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

    source: bytes, the page, UTF-8. name: str, what tracebacks call it. variables: dict, the variables that all pages
    see; each render begins with its values, and what a page assigns stays its own. Compile anew when the dict gets a
    new name.
    Raises PyhtmlError if the page is wrong.
    """

    def __init__(self, source, name, variables):
        self._name = name
        self._file = '<pyhtml %s>' % name[-200:]  # no file of that name: CPython would show its lines by our numbers
        self._variables = variables
        program = _Program(source)
        self._lines = program.lines
        self._literals = program.literals
        text = '\n'.join(program.texts)
        shared = program.shared
        del program  # compiling is what takes most memory
        self._prints = 'print' in text
        self._own = [v for v in list(variables) if v in text and v not in _PARAMETERS and v not in shared]
        parameters = _PARAMETERS[: 7 if self._prints else 6] + self._own
        made = {}
        exec(self._compiled('def page(%s):\n%s' % (','.join(parameters), text)), variables, made)
        self._page = made['page']

    def _compiled(self, text):
        try:
            return compile(text, self._file, 'exec')
        except (SyntaxError, ValueError) as ex:  # ValueError: CPython's word for a NUL in the code
            line, _ = self.locate(ex)
            raise PyhtmlError(line or 1, '%s: %s' % (type(ex).__name__, ex.args[0] if ex.args else '')) from None

    def render(self, request=None, limit=None):
        """Renders the page.

        request: HttpRequest, or what else the page is to see as `Request`. limit: int, octets that may be in memory at
        once, about; None: any number.
        Returns bytes, UTF-8; of a page that is longer than limit a Page. Raises what the page raises.
        """
        parts = []
        steps = self._begin(parts, request)
        if next(steps, False):
            return self._render_on(steps, parts, limit)
        return b''.join(parts)

    def _begin(self, parts, request):
        if not self._own and not self._prints:
            return self._page(parts, parts.append, escape, len, self._literals, request)
        values = [_printer(parts.append)] if self._prints else []
        for name in self._own:
            values.append(self._variables[name])
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
        """Finds where an exception comes from that the page raised, or its compilation.

        ex: Exception. Returns (int, number of the page's line, None where it has no part in it; str, the traceback, in
        which the page has its own line numbers).
        """
        line = None
        texts = []
        mark = 'File "%s", line ' % self._file
        for text in _traceback(ex).split('\n'):
            before, found, after = text.partition(mark)
            if found:
                digits = after.split(',')[0].strip()
                line = self._lines[min(int(digits), len(self._lines)) - 1]
                text = '%sFile "%s", line %d%s' % (before, self._name, line, after[len(digits) :])
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


class _Program:
    """The body of a page's function, made in one pass over the page.

    texts: its statements. literals: the texts between the tags, bytes. lines[n]: the page's line of the program's line
    n + 1, the function's head being the first. shared: names that the page declares global.
    """

    def __init__(self, source):
        if source.count(b'\n') >= _MAX_LINES:
            raise PyhtmlError(_MAX_LINES, 'a page has %d lines at most' % _MAX_LINES)
        _check_utf8(source, 1)
        self.texts = []
        self.literals = []
        self.lines = array('H', [1])
        self.shared = []
        self._source = source[3:] if source[:3] == b'\xef\xbb\xbf' else source
        self._line = 1  # of what is translated now
        self._blocks = []  # (keyword, line) of those that are open
        self._is_empty = False  # whether the innermost has no statement yet
        self._continued = []  # where lines begin that are inside a string literal or brackets: no indentation counts
        self._translate()

    def _translate(self):
        source = self._source
        begin = 0
        tag = source.find(b'{{')
        while tag >= 0:
            self._literal(source[begin:tag])
            begin = self._tag(tag)
            self._line += source[tag:begin].count(b'\n')
            tag = source.find(b'{{', begin)
        self._literal(source[begin:])
        if self._blocks:
            raise PyhtmlError(self._blocks[-1][1], '{{ %s }} has no {{ end }}' % self._blocks[-1][0])
        self._write('return', self._line)
        self._write('yield', self._line)  # never reached: makes each page a generator

    def _literal(self, text):
        if text:
            self._write('__add(__literals[%d])' % len(self.literals), self._line)
            self.literals.append(text)
            self._line += text.count(b'\n')

    def _tag(self, at):
        """Translates the tag at `at`. Returns the place behind it, and behind its block if it is {{ py }}."""
        source = self._source
        end = self._end_of_code(at + 2, False)
        code = str(source[at + 2 : end], 'utf-8')
        text = code.strip()
        if text == 'py':
            block = end + 2
            end = self._end_of_code(block, True)
            self._python(block, end, self._line + source[at:block].count(b'\n'))
            return source.find(b'}}', end) + 2
        if not text:
            raise PyhtmlError(self._line, '{{ }} is empty')
        self._instruction(text, self._line + code[: code.find(text[0])].count('\n'))
        return end + 2

    def _instruction(self, text, line):
        keyword = text.replace('(', ' ').split()[0]
        if keyword == 'if' or keyword == 'for':
            self._open(keyword, text, line)
            if keyword == 'for':
                self._write('if __len(__parts)>%d:yield True' % _MAX_PARTS, line)
        elif keyword == 'elif' or keyword == 'else':
            if not self._blocks or self._blocks[-1][0] not in ('if', 'elif'):
                raise PyhtmlError(line, '{{ %s }} belongs to no {{ if }}' % keyword)
            self._close()
            self._open(keyword, text, line)
        elif text == 'end':
            if not self._blocks:
                raise PyhtmlError(line, '{{ end }} closes nothing')
            self._close()
        else:  # a bracket behind a comment is on a line of its own
            self._write('__add(__text((%s)))' % (text + '\n' if '#' in text else text), line)

    def _open(self, keyword, text, line):
        self._write(text.replace('\n', ' ') + ':', line)
        self._blocks.append((keyword, line))
        self._is_empty = True

    def _close(self):
        if self._is_empty:
            self._write('pass', self._line)
        self._blocks.pop()

    def _python(self, begin, end, line):
        """Takes the lines of a {{ py }} block over, the first of which is `line`: all but its own indentation."""
        margin = None
        while begin < end:
            newline = self._source.find(b'\n', begin, end) + 1 or end
            text = str(self._source[begin:newline], 'utf-8').rstrip('\n')
            code = text.lstrip()
            if begin in self._continued:
                self._add(text, line)
            elif code and code[0] != '#':
                if code[:7] == 'global ':
                    self.shared += code[7:].replace(',', ' ').split()
                if line == self._line:
                    text = code
                elif margin is None:
                    margin = text[: len(text) - len(code)]
                if margin and not text.startswith(margin):
                    raise PyhtmlError(line, 'this line is indented less than the first of its {{ py }} block')
                self._write(text[len(margin or '') :], line)
            begin = newline
            line += 1

    def _write(self, text, line):
        """Adds a statement, which began in line `line` of the page, to the innermost block."""
        self._is_empty = False
        self._add(' ' * (len(self._blocks) + 1) + text, line)

    def _add(self, text, line):
        self.texts.append(text)
        for _ in range(text.count('\n') + 1):
            self.lines.append(line)
            line += 1

    # ---- finding the end of code: what is in a string literal is none

    def _end_of_code(self, at, is_block):
        """Returns where the code from `at` ends: a tag's at its }}, a block's at its {{ end }}."""
        source = self._source
        depth = 0
        is_comment = False
        while at < len(source):
            char = source[at]
            if char == _LEFT_BRACE and is_block and self._is_end(at):
                return at
            if char == _RIGHT_BRACE and not is_block and depth <= 0 and source[at : at + 2] == b'}}':
                return at
            if char == _NEWLINE:
                if depth > 0 or not is_comment and source[at - 1] == _BACKSLASH:
                    self._continued.append(at + 1)
                is_comment = False
            elif is_comment:
                pass
            elif char in _OPENING:
                depth += 1
            elif char in _CLOSING:
                depth -= 1
            elif char == _HASH:
                is_comment = True
            elif char == _SINGLE_QUOTE or char == _DOUBLE_QUOTE:
                at = self._end_of_string(at)
            at += 1
        raise PyhtmlError(self._line, '{{ py }} has no {{ end }}' if is_block else '{{ has no }}')

    def _is_end(self, at):
        close = self._source.find(b'}}', at)
        return self._source[at : at + 2] == b'{{' and self._source[at + 2 : close].strip() == b'end'

    def _end_of_string(self, at):
        """Returns the place of the last quote of the string literal that begins at `at`; notes the lines in it."""
        source = self._source
        begin = at
        quotes = source[at : at + 1]
        if source[at : at + 3] == quotes * 3:
            quotes = quotes * 3
        at += len(quotes)
        while at < len(source):
            char = source[at]
            if char == _BACKSLASH:
                at += 1
            elif char == quotes[0] and source[at : at + len(quotes)] == quotes:
                return at + len(quotes) - 1
            if source[at : at + 1] == b'\n':
                if len(quotes) == 1 and char != _BACKSLASH:
                    break
                self._continued.append(at + 1)
            at += 1
        line = 1 + source[:begin].count(b'\n')
        raise PyhtmlError(line, 'the string literal that begins with %s does not end' % str(quotes, 'utf-8'))


def _check_utf8(text, line):
    """Raises PyhtmlError if a text is not UTF-8. text: bytes. line: int, the number of its first line."""
    try:
        str(text, 'utf-8')
    except UnicodeError:
        lines = text.split(b'\n')
        if len(lines) == 1:
            raise PyhtmlError(line, 'the page is not UTF-8 text') from None
        for part in lines:  # which of them is it?
            _check_utf8(part, line)
            line += 1
