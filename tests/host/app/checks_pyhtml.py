"""The .pyhtml engine on the target: every instruction, scopes, string literals, UTF-8, the line that an error names."""

from checking import equal, raises
from MicroWebSrv2.libs.pyhtmlCompiler import compile_page
from MicroWebSrv2.libs.pyhtmlEngine import Page, PyhtmlError


class Request:
    """Stands for an HttpRequest."""

    def __init__(self, path):
        self.Path = path


def template(source, **variables):
    variables['__name__'] = 'pyhtml'
    return compile_page(source.encode(), 'www/page.pyhtml', variables)


def rendered(source, request=None, **variables):
    return template(source, **variables).render(request).decode()


def faulty(source):
    """Returns (line, text) of the error of a page that does not compile."""
    error = raises(PyhtmlError, template, source)
    return error.line, error.text


def failing(source, **variables):
    """Returns the line of the error of a page that does not run."""
    page = template(source, **variables)
    try:
        page.render()
    except Exception as error:
        return page.locate(error)[0]
    raise AssertionError('nothing raised')


def check_literal_text_is_unchanged():
    for text in (
        '',
        'a',
        '\n\n a\tb \r\n',
        '}} { } %s %% \\n \\ \' " \'\'\' """',
        'é € 𝄞 \u2028',
        '<b>&amp;</b>',
        '\x00\x7f',
    ):
        equal(rendered(text), text)


def check_byte_order_mark_is_dropped():
    equal(rendered('\ufeffé'), 'é')


def check_expressions():
    equal(
        rendered('{{ 1 + 1 }}|{{2}}|{{\n  "a"\n}}|{{ None }}|{{ 1, 2 }}|{{ not x }}|{{ "é€𝄞" }}', x=0),
        '2|2|a|None|(1, 2)|True|é€𝄞',
    )
    equal(rendered('{{ lambda_ }}{{ [i for i in x if i] }}{{ f"{x[1]}" }}', x=[0, 1], lambda_='l'), 'l[1]1')


def check_output_is_escaped():
    equal(rendered('{{ x }}', x='<a b="c">\'&amp;'), '&lt;a b=&quot;c&quot;&gt;&#39;&amp;amp;')

    class Sly(str):
        def replace(self, old, new):
            return self

        def __str__(self):
            return '<i>'

    class SlyInt(int):
        def __str__(self):
            return '<i>'

    equal(rendered('{{ x }}{{ y }}', x=Sly('<i>'), y=['<']), '&lt;i&gt;[&#39;&lt;&#39;]')
    equal(rendered('{{ x }}', x=SlyInt(5)), '&lt;i&gt;')


def check_print_writes_as_it_is():
    equal(rendered('a{{ py }}print("<b>", 1, sep="-", end="|"){{ end }}c'), 'a<b>-1|c')
    equal(rendered('a{{ print("<b>") }}c{{ print() }}'), 'a<b>\nc\n')
    equal(rendered('{{ py }}\ndef f(x):\n print(x, end="")\n return x\n{{ end }}a{{ f("<") }}b'), 'a<&lt;b')
    equal(rendered('{{ for p in (print,) }}{{ p("x", end="") }}{{ end }}'), 'x')


def check_the_end_of_a_tag_is_not_in_a_string_literal():
    equal(rendered("""{{ '}}' }}{{ "}}" }}{{ '\\'}}' }}{{ "\\\\" }}"""), '}}}}&#39;}}\\')
    equal(rendered('{{ """a"}}\n""" }}'), 'a&quot;}}\n')
    equal(rendered("{{ r'\\'}}' }}"), '\\&#39;}}')
    equal(rendered("{{'}}'}}{{'''}}'''}}"), '}}}}')


def check_the_end_of_a_block_is_whole():
    for end in ('{{end}}', '{{ end }}', '{{\n\tend\n}}'):
        equal(rendered('{{ py }}x = 1\n' + end + '{{ x }}'), '1')
    for text in ('{{ end }', '{{ end', '{{end_}}', '{ { end }}', '{{ end } }', '{{ en', '{{', '{'):
        equal(faulty('<p>{{ py }}\nx = 1\n' + text), (1, '{{ py }} has no {{ end }}'))
    equal(rendered('{{ py }}\nx = {1: {2: 3}}\n{{ end }}{{ x }}'), '{1: {2: 3}}')


def check_blocks_in_each_other_are_bounded():
    equal(rendered('{{ if 1 }}' * 64 + 'x' + '{{ end }}' * 64), 'x')
    equal(faulty('\n' + '{{ if 1 }}' * 65 + 'x' + '{{ end }}' * 65), (2, 'more than 64 blocks in each other'))


def check_an_expression_that_is_nested_too_deep_is_an_error_of_the_page():
    for source in ('(' * 5000 + ')' * 5000, '-' * 100000 + '1', 'not ' * 50000 + '1', '[' * 5000 + ']' * 5000):
        try:
            template('{{ ' + source + ' }}')
        except PyhtmlError as error:
            equal(error.line, 1)


def check_the_end_of_a_tag_is_not_in_braces():
    equal(rendered("{{ {'a': {'b': 1}}['a']['b'] }}{{{2: 3}[2]}}"), '13')


def check_comments():
    equal(rendered("{{ 1 # isn't it }}{{ 2 #\n}}"), '12')
    equal(rendered("{{ py }}\nx = 1 # don't }} \"\n# '\n{{ end }}{{ x }}{{ py }} y = 2 # {{ end }}{{ y }}"), '12')


def check_if():
    source = '{{ if x == 1 }}one{{ elif x }}more{{ else }}none{{ end }}.'
    equal(
        [rendered(source, x=x) for x in (1, 2, 0, [], [0], '')], ['one.', 'more.', 'none.', 'none.', 'more.', 'none.']
    )
    equal(rendered('{{ if 1 }}{{ end }}{{ if(0) }}{{ elif(1)}}{{ else }}{{ end }}{{if not[]}}a{{end}}'), 'a')
    equal(rendered('{{ if (\n 0 or\n 1) }}a{{ end }}'), 'a')


def check_the_head_of_a_block_may_have_several_lines():
    equal(rendered('{{ if s\nin ("a", "b") }}y{{ end }}', s='a'), 'y')
    equal(rendered('{{ for x\nin xs }}{{ x }}{{ end }}', xs=[1, 2]), '12')


def check_for():
    equal(rendered('{{ for i in range(3) }}{{ i }},{{ end }}{{ i }}'), '0,1,2,2')
    equal(rendered('{{ for k, (a, b) in x }}{{ k }}{{ a }}{{ b }};{{ end }}', x=[(1, (2, 3)), (4, (5, 6))]), '123;456;')
    equal(
        rendered('{{ for c in "<b" }}{{ c }}{{ end }}{{ for x in () }}a{{ end }}{{ for x in "ab" }}{{ end }}'), '&lt;b'
    )
    equal(
        rendered(
            '{{ for i in range(9) }}{{ if i == 1 }}{{ py }}continue{{ end }}'
            '{{ elif i > 2 }}{{ py }}\n  break\n{{ end }}{{ end }}{{ i }}{{ end }}'
        ),
        '02',
    )


def check_nested_blocks():
    source = (
        '{{ for i in range(3) }}{{ for j in range(i) }}{{ if j }}{{ i }}{{ j }}{{ else }}-{{ end }}{{ end }};{{ end }}'
    )
    equal(rendered(source), ';-;-21;')


def check_python_block_keeps_its_lines():
    equal(
        rendered('''
    {{ py }}
        x = """a
  b
    c"""

      # less indented comment
        y = [
  1,
        ]
        z = 1 + \\
    2
        if y:
            t = 'yes'
        else:
            t = 'no'
    {{ end }}
    {{ x }}{{ y }}{{ z }}{{ t }}'''),
        '\n    \n    a\n  b\n    c[1]3yes',
    )
    equal(
        rendered('{{ py }} x = 1; y = 2 {{ end }}{{ x }}{{ y }}{{ py }}{{ end }}{{ py }}\n# nothing\n{{ end }}'), '12'
    )
    equal(rendered('{{ py }} x = 1\n    y = 2\n    z = 3\n{{end}}{{ x }}{{ y }}{{ z }}'), '123')
    equal(rendered('{{ py }}\r\n\tif 1:\r\n\t\tx = """\r\n"""\r\n{{ end }}{{ len(x) }}').strip(), '1')
    equal(rendered('{{ if 1 }}{{ py }}\nif 1:\n  x = 5\n{{ end }}{{ x }}{{ end }}'), '5')
    equal(rendered('{{ py }}s = "{{ end }}"{{ end }}{{ s }}'), '{{ end }}')
    equal(rendered("{{ py }}\n  s = 'a\\\n  b'\n  t = 'c'\n{{ end }}{{ s }}{{ t }}"), 'a  bc')


def check_a_comment_that_ends_in_a_backslash_ends_with_its_line():
    equal(rendered('{{ py }}\n  # a path: C:\\\n  x = 1\n{{ end }}{{ x }}'), '1')
    equal(rendered('{{ py }}\n  x = 1 + \\\n2\n{{ end }}{{ x }}'), '3')


def check_functions_see_each_other_the_page_and_the_shared_variables():
    equal(
        rendered(
            """{{ py }}
def even(n):
    return n == 0 or odd(n - 1)
def odd(n):
    return n != 0 and even(n - 1)
class Point:
    def __init__(self, x):
        self.x = x + offset + shared
def late():
    return later
offset = 10
{{ end }}{{ even(4) }}{{ odd(4) }}{{ Point(1).x }}{{ py }}later = Request.Path{{ end }}{{ late() }}""",
            Request('/p'),
            shared=100,
        ),
        'TrueFalse111/p',
    )


def check_what_a_page_assigns_is_its_own():
    variables = {'title': 'Hello', 'items': [1], '__name__': 'pyhtml'}
    page = compile_page(
        b'{{ title }}{{ py }}title = title.upper(){{ end }}{{ title }}{{ for items in items }}{{ items }}{{ end }}',
        'p',
        variables,
    )
    equal([page.render() for _ in range(2)], [b'HelloHELLO1'] * 2)
    equal((variables['title'], variables['items']), ('Hello', [1]))


def check_names_that_a_page_has_by_itself_cannot_be_shared():
    equal(rendered('{{ Request }}{{ print(1, end="") }}', 2, Request=3, print=4), '21')


def check_what_a_page_declares_global_is_shared():
    variables = {'hits': 0, '__name__': 'pyhtml'}
    page = compile_page(b'{{ py }}\n global hits,new\n hits += 1\n new = hits\n{{ end }}{{ hits }}', 'p', variables)
    equal([page.render(), page.render()], [b'1', b'2'])
    equal((variables['hits'], variables['new']), (2, 2))


def check_shared_variables_that_change_are_seen():
    variables = {'x': 1, '__name__': 'pyhtml'}
    page = compile_page(b'{{ x }}{{ y }}', 'p', variables)
    variables.update(x=2, y=3)
    equal(page.render(), b'23')


def check_return_ends_the_page():
    equal(rendered('a{{ if x }}{{ py }}return{{ end }}{{ end }}b', x=1), 'a')


def check_renders_within_renders_share_nothing():
    def inner(path):
        variables['inner'] = None
        return page.render(Request(path + '2')).decode()

    variables = {'inner': inner, '__name__': 'pyhtml'}
    page = compile_page(
        b"""{{ py }}
me = Request.Path
def path():
    return Request.Path + me
{{ end }}{{ for i in range(3) }}{{ if i == 1 and inner }}{{ inner(me) }}{{ end }}{{ path() }}{{ me }};{{ end }}""",
        'p',
        variables,
    )
    equal(page.render(Request('a')), b'aaa;a2a2a2;a2a2a2;a2a2a2;aaa;aaa;')


def check_pages_with_steps_in_turn_share_nothing():
    page = template(
        '{{ py }}\nme = Request.Path\ndef f():\n return Request.Path + me\n{{ end }}'
        '{{ for i in range(500) }}{{ me }}{{ f() }};{{ end }}'
    )
    pages = [page.render(Request(name), 100) for name in 'abc']
    texts = [b''] * 3
    buffer = bytearray(50)
    for _ in range(1000):
        for i in range(3):
            texts[i] += bytes(buffer[: pages[i].readinto(buffer)])
    equal(texts, [b'aaa;' * 500, b'bbb;' * 500, b'ccc;' * 500])


def check_a_long_page_is_the_same_whole_and_in_steps():
    source = '{{ for i in range(n) }}{{ i }}-{{ if i % 3 }}x{{ py }}continue{{ end }}{{ end }}é;{{ end }}end'
    for n in (0, 1, 20, 32, 63, 64, 1000):
        page = template(source, n=n)
        whole = ''.join(['%d-%s' % (i, 'x' if i % 3 else 'é;') for i in range(n)]) + 'end'
        equal(page.render().decode(), whole)
        for limit in (0, 100, 1000, 100000):
            stream = page.render(None, limit)
            if isinstance(stream, Page):
                assert len(whole) > limit
                text = b''
                buffer = bytearray(97)
                size = stream.readinto(buffer)
                while size:
                    text += bytes(buffer[:size])
                    assert size == 97 or not stream.readinto(bytearray(1))
                    size = stream.readinto(buffer)
                stream = text
            equal(stream.decode(), whole)


def check_a_stream_that_is_closed_ends():
    stream = template('{{ for i in range(9999) }}{{ i }}{{ end }}').render(None, 0)
    stream.close()
    size = len(stream._rest)
    equal(stream.readinto(bytearray(9999)), size)
    equal(stream.readinto(bytearray(9999)), 0)


def check_pages_that_are_wrong_name_the_line():
    for line, text, source in (
        (2, '{{ end }} closes nothing', 'a\n{{ end }}'),
        (2, '{{ if }} has no {{ end }}', '\n{{ if 1 }}\n{{ for x in y }}\n{{ end }}\n'),
        (2, '{{ else }} has no {{ end }}', '{{ if 1 }}\n{{ else }}\n'),
        (3, '{{ py }} has no {{ end }}', '\n\n{{ py }}\nx = 1\n'),
        (2, '{{ has no }}', '\n{{ x \n'),
        (2, '{{ has no }}', '\n{{ (x }}\n'),
        (2, '{{ }} is empty', '\n{{  }}'),
        (1, '{{ elif }} belongs to no {{ if }}', '{{ elif 1 }}'),
        (1, '{{ else }} belongs to no {{ if }}', '{{ for x in y }}{{ else }}{{ end }}'),
        (3, '{{ else }} belongs to no {{ if }}', '{{ if 1 }}\n{{ else }}\n{{ else }}{{ end }}'),
        (3, "the string literal that begins with ' does not end", "\n{{\nit's }}\n"),
        (3, 'the string literal that begins with """ does not end', '\n{{ py }}\nx = """a\n{{ end }}\n'),
        (
            4,
            'this line is indented less than the first of its {{ py }} block',
            '{{ py }}\n    if 1:\n        x = 1\n  y = 2\n{{ end }}',
        ),
    ):
        equal(faulty(source), (line, text))
    error = raises(PyhtmlError, compile_page, b'a\nb\xff\n', 'p', {})
    equal((error.line, error.text), (2, 'the page is not UTF-8 text'))


def check_python_that_is_wrong_names_the_line():
    for line, source in (
        (3, '\n\n{{ x y }}'),
        (1, '{{ if }}{{ end }}'),
        (1, '{{ for x y }}{{ end }}'),
        (2, '{{ if 1 }}\n{{ else if x }}{{ end }}'),
        (2, '\n{{ if 1: x }}{{ end }}'),
        (2, '\n{{ x = 1 }}'),
        (4, '{{ py }}\n\nx = 1\ny = = 2\n{{ end }}'),
        (5, '{{ if 1 }}\n{{ """\n""" }}{{ end }}\n\n{{ ) }}'),
    ):
        found, text = faulty(source)
        equal((line, text[:11]), (found, 'SyntaxError'))
    equal(faulty('{{ py }}\nfrom sys import *\n{{ end }}')[1][:11], 'SyntaxError')  # CPython 3.9 has no line for it


def check_errors_of_a_running_page_name_the_line():
    equal(failing('{{ py }}\n  # comment\n\n  x = """\n"""\n{{ end }}\n{{ if 1 }}\n\n{{ 1 // 0 }}{{ end }}'), 9)
    equal(failing('{{ py }}\ndef f():\n  return missing\n{{ end }}\n\n{{ f() }}'), 3)
    equal(failing('\n{{ for x in 5 }}{{ end }}'), 2)
    equal(failing('\n{{ (\n  1,\n  2 // 0)\n}}'), 4)
    equal(failing('\n{{ x.y }}', x=1), 2)
    equal(failing('{{ if 1 }}\n{{ elif x }}\n{{ else }}\n{{ end }}\n{{ if 0 }}\n{{ elif missing() }}\n{{ end }}'), 6)

    def outside():
        raise ValueError('outside')

    equal(failing('\n\n{{ f() }}', f=outside), 3)


def check_the_traceback_has_the_lines_of_the_page():
    page = template('\n\n{{ for i in "a" }}\n{{ i.missing }}{{ end }}')
    try:
        page.render()
        raise AssertionError('nothing raised')
    except AttributeError as error:
        line, text = page.locate(error)
    equal(line, 4)
    assert 'File "www/page.pyhtml", line 4' in text and 'AttributeError' in text, text
    assert '<pyhtml' not in text, text
    equal(page.locate(ValueError('elsewhere'))[0], None)


def check_a_page_has_65535_lines_at_most():
    assert rendered('\n' * 65534 + '{{ 1 }}').endswith('\n1')
    equal(faulty('\n' * 65535)[0], 65535)
