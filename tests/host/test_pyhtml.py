"""The .pyhtml engine without a server: its checks on every target, and random pages against a plain evaluation of them.

A random page is a tree. `source_of` writes it as a page, with any layout; `Evaluation` walks the same tree, by exec and
eval in one namespace, knowing nothing of the engine. The same pages are rendered on the targets, too.
"""

import html
import random
import sys
from types import ModuleType

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from MicroWebSrv2.libs import pyhtmlCompiler
from MicroWebSrv2.libs.pyhtmlCompiler import PyhtmlError, compile_page
from MicroWebSrv2.mods import PyhtmlTemplate
from support.checks import names_of

from tools import frozen


@pytest.mark.parametrize('check', names_of('checks_pyhtml'))
def test_engine(device, check):
    device.check('checks_pyhtml', check)


VARIABLES = {'n': 3, 's': 'a<b>"&\'', 'xs': [1, 'e<', None], 'pairs': [('k', 1), ('&', '€𝄞')], 'flag': False}
EXPRESSIONS = [
    'n',
    's',
    'xs',
    'n + 1',
    's * 2',
    '"}}"',
    "'{{ end }}'",
    '"\\"}}"',
    "{'a': {'b': n}}['a']['b']",
    '[x for x in xs]',
    'len(xs)',
    'n if flag else s',
    '1, n',
    '(n,\n s)',
    'None',
    "str(n) # it's\n",
    'f"{n}}}"',
    'g(n)',
    'print(s, end="")',
    'not flag',
    'Request',
]
CONDITIONS = [
    'n',
    'n > 3',
    'flag',
    'not flag',
    's',
    'xs and n',
    'len(s) in (1, 8)',
    'n == 3 or\n flag',
    '(flag)',
    'g(n) % 2',
    "'}}' in s",
]
LOOPS = [
    'x in xs',
    'n in range(n % 4)',
    'k, v in pairs',
    '(k, v) in pairs',
    'c in s',
    's in ["", "}}"]',
    'i, (k, v) in enumerate(pairs)',
    'x in ()',
]
CODES = [
    ['n += 1'],
    ['n = n * 2 % 11', 's = s[1:] + "}}"'],
    ['flag = not flag', "# it's {{ nothing", '', 'xs = xs + [n]'],
    ['def g(x):', '    return h(x) + n', 'def h(x):', '    return x * 2'],
    ['if flag:', '    print("<i>", n, sep="")', 'else:', '    print(end="<br>")'],
    ['for n in range(2):', '\tprint(n)', '', 'pairs = [(n, s), (s, [', 'n', '])]'],
    ['s = """', '  <p>', '# {{ end }}"""', 'n = len(s)'],
    ['try:', '    n = missing', 'except NameError:', '    n = 7'],
]
TEXTS = [
    '',
    ' ',
    '\n',
    '<p>\n',
    'é€𝄞',
    '}}',
    '%s %d',
    '\\n',
    "'''",
    '"',
    '\r\n',
    '\t',
    '#',
    '{ { ',
    '\x00',
    'end',
    '&amp;',
]


def make_page(rnd, depth=0):
    """Returns a random page: a list of (kind, …)."""
    return [make_node(rnd, depth) for _ in range(rnd.randint(0, 5 - depth))]


def make_node(rnd, depth):
    kind = rnd.choice(['text', 'text', 'expression', 'expression', 'py'] + (['if', 'for'] if depth < 3 else []))
    if kind == 'text':
        return kind, ''.join(rnd.choice(TEXTS) for _ in range(rnd.randint(1, 4)))
    if kind == 'expression':
        return kind, rnd.choice(EXPRESSIONS)
    if kind == 'py':
        return kind, rnd.choice(CODES)
    if kind == 'for':
        return kind, rnd.choice(LOOPS), make_page(rnd, depth + 1)
    branches = [(rnd.choice(CONDITIONS), make_page(rnd, depth + 1)) for _ in range(rnd.randint(1, 3))]
    return kind, branches, make_page(rnd, depth + 1) if rnd.random() < 0.5 else None


def source_of(rnd, page):
    """Returns the text of a page, with random spaces in its tags and random indentation of its blocks of code."""
    return ''.join(_source_of_node(rnd, node) for node in page)


def _tag(rnd, text):
    return '{{' + rnd.choice([' ', '  ', '\n', '\t']) + text + rnd.choice(['', ' ', '\n']) + '}}'


def _source_of_node(rnd, node):
    kind = node[0]
    if kind == 'text':
        return node[1]
    if kind == 'expression':
        return _tag(rnd, node[1])
    end = _tag(rnd, 'end')
    if kind == 'py':
        margin = rnd.choice(['', '  ', '\t', ' ' * 12])
        return _tag(rnd, 'py') + '\n' + _indented(node[1], margin) + margin + end
    if kind == 'for':
        return _tag(rnd, 'for ' + node[1]) + source_of(rnd, node[2]) + end
    text = ''
    for i, (condition, page) in enumerate(node[1]):
        text += _tag(rnd, ('elif ' if i else 'if ') + condition) + source_of(rnd, page)
    if node[2] is not None:
        text += _tag(rnd, 'else') + source_of(rnd, node[2])
    return text + end


def _indented(code, margin):
    """Returns the lines of a block of code with a margin; those within a string literal are not to have it."""
    text = ''
    is_quoted = False
    for line in code:
        text += line + '\n' if is_quoted else margin + line + '\n'
        is_quoted ^= line.count('"""') % 2
    return text


class Evaluation:
    """What a page says, by walking its tree."""

    def __init__(self, page, variables):
        self.out = []
        self.names = dict(variables, print=self.print)
        self.walk(page)

    def print(self, *values, sep=' ', end='\n'):
        self.out.append(sep.join(map(str, values)) + end)
        return ''

    def walk(self, page):
        for node in page:
            getattr(self, 'walk_' + node[0])(*node[1:])

    def walk_text(self, text):
        self.out.append(text)

    def walk_expression(self, text):
        value = eval('(' + text + '\n)', self.names)
        self.out.append(html.escape(str(value)).replace('&#x27;', '&#39;'))

    def walk_py(self, code):
        exec('\n'.join(code), self.names)

    def walk_for(self, head, page):
        walk = f'_walk_{id(page)}'
        self.names[walk] = lambda: self.walk(page)
        exec(f'for {head}: {walk}()', self.names)

    def walk_if(self, branches, otherwise):
        for condition, page in branches:
            if eval('(' + condition + '\n)', self.names):
                self.walk(page)
                return
        self.walk(otherwise or [])


def expected(page):
    """Returns the bytes that a page renders, or the name of the error that it raises."""
    try:
        return ''.join(Evaluation(page, dict(VARIABLES, g=lambda x: x, Request='R')).out).encode()
    except Exception as error:
        return type(error).__name__


def rendered(template):
    """Returns what a template makes, or the name of the error that it raises."""
    try:
        return template.render('R')
    except Exception as error:
        return type(error).__name__


def shared_variables():
    """Returns the variables that the pages share."""
    return dict(VARIABLES, g=lambda x: x, __name__='pyhtml')


@settings(max_examples=400, deadline=None)
@given(st.randoms(use_true_random=False))
def test_random_pages_say_what_their_parts_say(rnd):
    page = make_page(rnd)
    assert rendered(compile_page(source_of(rnd, page).encode(), 'page', shared_variables())) == expected(page)


def compiled_by_build(source, variables):
    """Returns the template that the build of an image makes of a page, None where it leaves that to the device."""
    text = frozen.page_module('page.pyhtml', source)
    if text is None:
        return None
    module = ModuleType('page0')
    module.__file__ = 'pyhtml_pages/page0.py'
    exec(compile(text, module.__file__, 'exec'), module.__dict__)
    return PyhtmlTemplate.template_of_build(module, 'page.pyhtml', variables)


def test_pages_that_the_build_compiles_include_others():
    included = []

    def including(path, parts, request, depth):
        def include(name):
            included.append((path, name, request, depth))
            parts.append(b'included')
            yield True

        return include

    source = b'<{{ include "head.pyhtml" }}{{ a }}{{ print("p", end="") }}>'
    for variables in ({'a': 1, '__include': including}, {'__include': including, 'b': 2, 'a': 1}):
        for template in (compiled_by_build(source, variables), compile_page(source, 'page.pyhtml', variables)):
            assert template.render('R') == b'<included1p>'
    assert included == [('page.pyhtml', 'head.pyhtml', 'R', 0)] * 4


@settings(max_examples=400, deadline=None)
@given(st.randoms(use_true_random=False))
def test_random_pages_that_the_build_compiles_say_the_same(rnd):
    page = make_page(rnd)
    template = compiled_by_build(source_of(rnd, page).encode(), shared_variables())
    event('compiled by the build' if template else 'left to the device')
    assert template is None or rendered(template) == expected(page)


ON_DEVICE = """
from MicroWebSrv2.libs.pyhtmlCompiler import compile_page
for source, expected in {pages!r}:
    template = compile_page(source, 'page', dict({variables!r}, g=lambda x: x, __name__='pyhtml'))
    try:
        text = template.render('R')
    except Exception as error:
        text = type(error).__name__
    assert text == expected, (source, text, expected)
print('all', len({pages!r}))
"""


def test_random_pages_say_the_same_on_every_target(device):
    rnd = random.Random(20)
    pages = []
    for _ in range(60):
        page = make_page(rnd)
        pages.append((source_of(rnd, page).encode(), expected(page)))
    assert device.run(ON_DEVICE.format(pages=pages, variables=VARIABLES)) == 'all 60\n'


FRAGMENTS = st.sampled_from(
    [
        '{{',
        '}}',
        '{',
        '}',
        ' ',
        '\n',
        'py',
        'end',
        'if',
        'elif',
        'else',
        'for',
        'x',
        ' in ',
        'y',
        "'",
        '"',
        '"""',
        '\\',
        '#',
        '(',
        ')',
        '1',
        ':',
        '\t',
        'é',
        '\x00',
        'global x',
        '\r\n',
        '=',
        '{{ end }}',
        '{{ py }}',
        '{{ if 1 }}',
        '{{ for x in [] }}',
        'print',
        'return',
        'def f():',
        ';',
    ]
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(FRAGMENTS, max_size=25).map(''.join))
def test_any_text_is_a_page_or_an_error_with_a_line_of_it(source):
    try:
        compile_page(source.encode(), 'page', {'__name__': 'pyhtml', 'x': 1})
    except PyhtmlError as error:
        assert 1 <= error.line <= source.count('\n') + 1 and error.text


@settings(max_examples=300, deadline=None)
@given(st.text().filter(lambda text: '{{' not in text and text[:1] != '\ufeff'))
def test_text_without_instructions_is_unchanged(text):
    assert compile_page(text.encode('utf-8', 'ignore'), 'page', {}).render() == text.encode('utf-8', 'ignore')


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(st.characters(codec='utf-8')),
        st.integers(),
        st.floats(),
        st.lists(st.text(st.characters(codec='utf-8'))),
    )
)
def test_any_value_is_escaped(value):
    text = html.escape(str(value)).replace('&#x27;', '&#39;')
    assert compile_page(b'<{{ x }}>', 'page', {'x': value}).render().decode() == f'<{text}>'


class Counted(bytes):
    """A page's text that counts how many of its bytes are looked at."""

    looked_at = 0

    def __getitem__(self, key):
        found = bytes.__getitem__(self, key)
        self.looked_at += len(found) if isinstance(key, slice) else 1
        return found

    def find(self, what, begin=0, end=None):
        end = len(self) if end is None else end
        at = bytes.find(self, what, begin, end)
        self.looked_at += (end if at < 0 else at) - begin
        return at


def work_of(source):
    """Returns what translating a page takes: lines that run, bytes that are looked at, bytes that are made."""
    text = Counted(source)
    limit = 200 * len(source) + 10_000
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        lines += event == 'line'
        assert lines < limit, 'the translation does not end'
        return trace

    made = 0
    sys.settrace(trace)
    try:
        made = sum(map(len, pyhtmlCompiler.Program(text).texts))
    except PyhtmlError:
        pass
    finally:
        sys.settrace(None)
    return lines + text.looked_at + made


@settings(max_examples=300, deadline=None)
@given(*[st.lists(FRAGMENTS, max_size=4).map(''.join)] * 3)
def test_the_work_for_any_text_is_linear_in_its_length(begin, middle, end):
    source = (begin + middle * (3000 // (len(middle) or 1)) + end).encode()
    work = work_of(source)
    assert work <= 150 * len(source) + 1000, (work, len(source))


@pytest.mark.parametrize(
    'source',
    [
        b'{{ py }}' + b'{{ ' * 2000,
        b'{{ py }}' + b'{{ end ' * 1000,
        b'{{ py }}\nx = 1\n' * 500 + b'{{ end }',
        b'{{ if 1 }}' * 800 + b'{{ end }}' * 800,
        b"{{ '" * 2000,
        b'{{ py }}x = [' + b'\n1,' * 2000 + b']{{ end }}',
    ],
)
def test_the_work_for_cut_and_nested_tags_is_linear_in_their_length(source):
    assert work_of(source) <= 150 * len(source) + 1000
