"""The .pyhtml language: translates a page to one Python function. Knows no HTTP and opens no file.

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

from array import array

from .pyhtmlEngine import INCLUDE, PyhtmlError, Template, locate

_MAX_PARTS = 63  # a loop that has more of them yields, so that they can be joined or sent
_MAX_LINES = 65535  # what the line map's items hold
_MAX_DEPTH = 64  # blocks in each other: indentation makes the text grow with the square of that; CPython takes 99
PARAMETERS = ['__parts', '__add', '__text', '__len', '__literals', 'Request', 'print']  # the last, if it prints

_NEWLINE = 10
_DOUBLE_QUOTE = 34
_HASH = 35
_SINGLE_QUOTE = 39
_BACKSLASH = 92
_LEFT_BRACE = 123
_RIGHT_BRACE = 125
_OPENING = (40, 91, _LEFT_BRACE)
_CLOSING = (41, 93, _RIGHT_BRACE)


def compile_page(source, name, variables):
    """Compile a page.

    source: bytes, UTF-8. name: str, what tracebacks call it. variables: dict, the variables that all pages see. Compile
    anew when the dict gets a new name.
    Return Template. Raise PyhtmlError if the page is wrong. Time and memory are linear in the page's length.
    """
    program = Program(source)
    lines = program.lines
    literals = program.literals
    text = '\n'.join(program.texts)
    shared = program.shared
    del program  # compiling is what takes most memory
    prints = 'print' in text
    own = [v for v in list(variables) if v in text and v not in PARAMETERS and v not in shared]
    file = '<pyhtml %s>' % name[-200:]  # no file of that name: CPython would show its lines by our numbers
    made = {}
    try:
        exec(compile(function_text(text, prints, own), file, 'exec'), variables, made)
    # ValueError: CPython's word for a NUL in the code. The last two: an expression that is nested too deep.
    except (SyntaxError, ValueError, RuntimeError, MemoryError) as error:
        line, _ = locate(error, name, file, lines)
        raise PyhtmlError(line or 1, '%s: %s' % (type(error).__name__, error.args[0] if error.args else '')) from None
    return Template(name, file, made['page'], (literals, lines, prints, own), variables)


def function_text(body, prints, own):
    """Return the text of a page's function.

    body: str, its statements (Program.texts). prints: bool, whether it uses `print`. own: list of str, the variables
    that it takes.
    """
    return 'def page(%s):\n%s' % (','.join(PARAMETERS[: 7 if prints else 6] + own), body)


class Program:
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
        # Where lines of the last block begin that are inside a string literal or brackets: no indentation counts.
        self._continued = []
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
        """Translate the tag at `at`. Return the place after it, and after its block if it is {{ py }}."""
        source = self._source
        end = self._end_of_code(at + 2, False)
        code = str(source[at + 2 : end], 'utf-8')
        text = code.strip()
        if text == 'py':
            block = end + 2
            self._continued.clear()
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
        elif keyword == 'include' and text[7:].strip()[:1] in ('"', "'"):
            self._write('yield from %s(%s)' % (INCLUDE, text[7:].strip()), line)
        else:  # a bracket after a comment is on a line of its own
            self._write('__add(__text((%s)))' % (text + '\n' if '#' in text else text), line)

    def _open(self, keyword, text, line):
        if len(self._blocks) == _MAX_DEPTH:
            raise PyhtmlError(line, 'more than %d blocks in each other' % _MAX_DEPTH)
        self._write(text.replace('\n', ' ') + ':', line)
        self._blocks.append((keyword, line))
        self._is_empty = True

    def _close(self):
        if self._is_empty:
            self._write('pass', self._line)
        self._blocks.pop()

    def _python(self, begin, end, line):
        """Take over the lines of a {{ py }} block the first of which is `line`: all but the block's own indentation."""
        margin = None
        continued = 0  # how many of those lines are past
        while begin < end:
            newline = self._source.find(b'\n', begin, end) + 1 or end
            text = str(self._source[begin:newline], 'utf-8').rstrip('\n')
            code = text.lstrip()
            if continued < len(self._continued) and self._continued[continued] == begin:
                continued += 1
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
        """Add a statement, which began in line `line` of the page, to the innermost block."""
        self._is_empty = False
        self._add(' ' * (len(self._blocks) + 1) + text, line)

    def _add(self, text, line):
        self.texts.append(text)
        for _ in range(text.count('\n') + 1):
            self.lines.append(line)
            line += 1

    # ---- finding the end of code: a string literal holds none

    def _end_of_code(self, at, is_block):
        """Return where the code from `at` ends: a tag's at its }}, a block's at its {{ end }}."""
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
        """Return whether an {{ end }} stands at `at`, all of it; looks no further than its next word."""
        source = self._source
        if source[at : at + 2] != b'{{':
            return False
        at = self._after_spaces(at + 2)
        if source[at : at + 3] != b'end':
            return False
        at = self._after_spaces(at + 3)
        return source[at : at + 2] == b'}}'

    def _after_spaces(self, at):
        while self._source[at : at + 1].isspace():
            at += 1
        return at

    def _end_of_string(self, at):
        """Return the place of the last quote of the string literal that begins at `at`; notes the lines in it."""
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
    """Raise PyhtmlError if a text is not UTF-8. text: bytes. line: int, the number of its first line."""
    try:
        str(text, 'utf-8')
    except UnicodeError:
        lines = text.split(b'\n')
        if len(lines) == 1:
            raise PyhtmlError(line, 'the page is not UTF-8 text') from None
        for part in lines:  # which of them is it?
            _check_utf8(part, line)
            line += 1
