"""The module PyhtmlTemplate over HTTP: what it answers, faults, changed files, long pages, pages side by side."""

import http.client
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from support.checks import names_of
from support.client import TIMEOUT

HELLO = b'<p>{{ Request.Method }} {{ Request.QueryParams.get("name", "nobody") }} \xe2\x82\xac</p>\n'
FAULTY = b'<p>\n<script>1</script>\n{{ 1 // int(Request.QueryParams["by"]) }}\n</p>\n'
# Each render yields the processor at every step, so that the renders of all workers take turns.
SIDE_BY_SIDE = b"""{{ py }}
me = Request.QueryParams['id']
def you():
    sleep_ms(1)
    return Request.QueryParams['id']
{{ end }}{{ for i in range(40) }}{{ me }}={{ you() }}={{ Request.QueryParams['id'] }};{{ end }}"""
ROW = 'é' * 500
PAGES = {
    'hello.pyhtml': HELLO,
    'UPPER.PYHTML': b'{{ 1 + 1 }}',
    'home/index.pyhtml': b'home {{ Request.Path }}',
    'both/index.html': b'html',
    'both/index.pyhtml': b'pyhtml',
    'plain.html': b'{{ plain }}',
    'form.pyhtml': b'{{ for k, v in sorted(Request.GetPostedURLEncodedForm().items()) }}{{ k }}:{{ v }};{{ end }}',
    'faulty.pyhtml': FAULTY,
    'broken.pyhtml': b'\n<b>{{ if }}\n{{ end }}',
    'latin.pyhtml': b'\n\xff',
    'counter.pyhtml': b'{{ counter }}',
    'outer.pyhtml': b'[{{ include "parts/head.pyhtml" }}]{{ for i in "ab" }}{{ include "parts/foot.pyhtml" }}{{ end }}',
    'parts/head.pyhtml': b'<h1>{{ Request.Path }} {{ counter }}</h1>{{ py }}i = 7{{ end }}{{ print("<hr>", end="") }}',
    'parts/foot.pyhtml': b'({{ include "inner.pyhtml" }}{{ include "/view.pyhtml" }})',
    'parts/inner.pyhtml': b'inner',
    'round.pyhtml': b'{{ include "round.pyhtml" }}',
    'choice.pyhtml': b'{{ include "" + Request.QueryParams["page"] }}',
    'include_faulty.pyhtml': b'\n\n{{ include "parts/faulty.pyhtml" }}',
    'parts/faulty.pyhtml': b'\n{{ 1 // 0 }}',
    'include_long.pyhtml': b'{{ include "long.pyhtml" }}end',
    'view.pyhtml': b'view {{ Request.Path }}',
    'redirect.pyhtml': b'text{{ py }}Request.Response.ReturnRedirect("/hello.pyhtml"){{ end }}',
    'late.pyhtml': b'{{ py }}Request.Response.ReturnOk("early"){{ end }}\n{{ 1 // 0 }}',
    'xml.pyhtml': b'{{ py }} r = Request.Response; r.ContentType = "text/xml"; r.SetHeader("X-Page", 1) {{ end }}<a/>',
    'side.pyhtml': SIDE_BY_SIDE,
    'long.pyhtml': (b'{{ for i in range(int(Request.QueryParams["rows"])) }}{{ i }}%s\n{{ end }}' % ROW.encode()),
    'long_faulty.pyhtml': f'{{{{ for i in range(9999) }}}}\n{ROW}\n{{{{ 1 // (9000 - i) }}}}{{{{ end }}}}'.encode(),
}

pytestmark = pytest.mark.usefixtures('target')


@pytest.fixture(scope='session')
def folder(tmp_path_factory):
    """The folder of the pages."""
    root = tmp_path_factory.mktemp('pages')
    for name, content in PAGES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(content)
    yield root
    shutil.rmtree(root)


@pytest.fixture
def pages(target, folder):
    """A function (settings) that returns the running server of the pages with these settings."""
    return lambda **settings: target.server('pages', dict(settings, root=target.path(folder)))


@pytest.mark.parametrize('check', names_of('checks_pyhtml_module'))
def test_module(device, check):
    device.check('checks_pyhtml_module', check)


def test_a_page_is_answered_as_html(pages):
    response = pages().get('/hello.pyhtml?name=%3Cb%3E')
    assert response.status == 200
    assert response.body == b'<p>GET &lt;b&gt; \xe2\x82\xac</p>\n'
    assert response.header('Content-Type') == 'text/html; charset=UTF-8'
    assert response.header('Cache-Control') == 'no-store'
    assert response.header('Content-Length') == str(len(response.body))


def test_the_type_of_a_page_is_not_the_next_answers(pages):
    server = pages()
    with server.connect() as connection:
        for path, media_type in (
            ('/hello.pyhtml', 'text/html; charset=UTF-8'),
            ('/bytes', 'application/octet-stream'),
            ('/faulty.pyhtml?by=0', 'text/html; charset=UTF-8'),
            ('/bytes', 'application/octet-stream'),
        ):
            assert connection.request('GET', path).header('Content-Type') == media_type


def test_head_has_the_headers_alone(pages):
    response = pages().request('HEAD', '/hello.pyhtml?name=HEAD')
    assert (response.status, response.body) == (200, b'')
    assert response.header('Content-Length') == str(len('<p>HEAD HEAD €</p>\n'.encode()))
    assert response.header('Content-Type') == 'text/html; charset=UTF-8'


def test_a_page_takes_a_posted_form(pages):
    headers = [('Content-Type', 'application/x-www-form-urlencoded')]
    response = pages().request('POST', '/form.pyhtml', headers, b'b=%3C&a=1+2')
    assert (response.status, response.body) == (200, b'a:1 2;b:&lt;;')


def test_other_methods_are_not_the_modules(pages):
    response = pages().request('DELETE', '/hello.pyhtml')
    assert response.status == 405


def test_the_extension_may_be_in_upper_case(pages):
    assert pages().get('/UPPER.PYHTML').body == b'2'


@pytest.mark.parametrize(
    ('path', 'status', 'body'), [('/plain.html', 200, b'{{ plain }}'), ('/missing.pyhtml', 404, None), ('/', 404, None)]
)
def test_other_requests_go_their_way(pages, path, status, body):
    response = pages().get(path)
    assert response.status == status
    assert body is None or response.body == body


def test_a_default_page(pages):
    server = pages(default_page='index.pyhtml')
    assert [server.get(path).body for path in ('/home/', '/both/', '/count')] == [
        b'home /home/',
        b'html',
        b'counted',
    ]
    for method in ('GET', 'HEAD', 'POST'):
        found = server.request(method, '/home?a=1')
        assert (found.status, found.header('Location')) == (308, '/home/?a=1')
    assert pages().get('/home/').status == 404


def test_a_route_answers_with_a_page(pages):
    response = pages().get('/view')
    assert (response.status, response.body) == (200, b'view /view')
    server = pages()
    since = len(server.log())
    assert server.get('/no-view').status == 500
    assert server.output.wait_for('Error', since)
    assert 'missing.pyhtml: ' in server.log()[since:]


def test_pages_see_global_variables_as_they_are(start, target, folder):
    server = start('pages', root=target.path(folder))
    for i in range(3):
        assert server.get('/counter.pyhtml').text == str(i)
        server.get('/count')


def test_a_page_may_answer_by_itself(pages):
    response = pages().get('/redirect.pyhtml')
    assert (response.status, response.header('Location')) == (307, '/hello.pyhtml')
    assert 'second answer' not in pages().log()


def test_a_page_may_set_type_and_headers(pages):
    response = pages().get('/xml.pyhtml')
    assert response.header('Content-Type').startswith('text/xml')
    assert (response.header('X-Page'), response.body.strip()) == ('1', b'<a/>')


def test_a_page_that_changes_is_compiled_anew(pages, folder):
    page = folder / 'changing.pyhtml'
    server = pages()
    for i, text in enumerate(['{{ 1 + 1 }}', '{{ broken', '{{ 1 + 2 }} longer', '{{ 1 + 3 }} longer']):
        page.write_text(text)
        os.utime(page, (1_700_000_000 + 5 * i, 1_700_000_000 + 5 * i))
        response = server.get('/changing.pyhtml')
        assert response.text == ['2', None, '3 longer', '4 longer'][i] if i != 1 else response.status == 500
    page.unlink()
    assert server.get('/changing.pyhtml').status == 404


@pytest.mark.needs('symlinks')
def test_a_page_that_becomes_a_link_out_of_the_root_is_not_rendered(pages, folder, tmp_path):
    (tmp_path / 'outside.pyhtml').write_text('outside')
    page = folder / 'linked.pyhtml'
    page.write_text('inside')
    server = pages()
    assert [server.get('/linked.pyhtml').text for _ in range(2)] == ['inside'] * 2
    page.unlink()
    page.symlink_to(tmp_path / 'outside.pyhtml')
    assert server.get('/linked.pyhtml').status == 404
    page.unlink()


@pytest.mark.parametrize(
    ('path', 'place', 'what'),
    [
        ('/faulty.pyhtml?by=0', 'faulty.pyhtml, line 3', 'ZeroDivisionError'),
        ('/faulty.pyhtml', 'faulty.pyhtml, line 3', 'KeyError'),
        ('/broken.pyhtml', 'broken.pyhtml, line 2', 'SyntaxError'),
        ('/latin.pyhtml', 'latin.pyhtml, line 2', 'UTF-8'),
    ],
)
def test_a_fault_is_logged_and_shown_to_nobody(pages, path, place, what):
    server = pages()
    since = len(server.log())
    response = server.get(path)
    assert response.status == 500
    assert b'pyhtml' not in response.body and b'Error: ' not in response.body
    assert (
        server.output.wait_for('MWS2-ERROR> ', since) and place in server.log()[since:] and what in server.log()[since:]
    )
    assert server.get('/faulty.pyhtml?by=1').status == 200


@pytest.mark.parametrize(
    ('path', 'place', 'what', 'line'),
    [
        (
            '/faulty.pyhtml?by=0',
            'faulty.pyhtml, line 3',
            'ZeroDivisionError',
            '{{ 1 // int(Request.QueryParams[&quot;by&quot;]) }}',
        ),
        ('/broken.pyhtml', 'broken.pyhtml, line 2', 'SyntaxError', '&lt;b&gt;{{ if }}'),
        ('/latin.pyhtml', 'latin.pyhtml, line 2', 'UTF-8', 'xff'),
    ],
)
def test_the_debug_page_shows_the_line(pages, path, place, what, line):
    response = pages(debug=True).get(path)
    assert response.status == 500
    assert response.header('Content-Type') == 'text/html; charset=UTF-8'
    assert place in response.text and what in response.text
    marked = response.text.partition('<mark>')[2].partition('</mark>')[0]
    assert line in marked and marked.split()[0] == place.split()[-1]
    assert '<script>' not in response.text


def test_a_page_includes_others(pages):
    response = pages().get('/outer.pyhtml')
    assert response.text == '[<h1>/outer.pyhtml 0</h1><hr>](innerview /outer.pyhtml)(innerview /outer.pyhtml)'
    rows = pages().get('/include_long.pyhtml?rows=100').text
    assert rows == ''.join(f'{row}{ROW}\n' for row in range(100)) + 'end'


ELSEWHERE = (
    '../secret.pyhtml parts/../view.pyhtml parts//inner.pyhtml .hidden.pyhtml //view.pyhtml parts\\..\\view.pyhtml '
    '/../view.pyhtml /missing.pyhtml missing.pyhtml parts/ / plain.html'
)


@pytest.mark.parametrize('name', [*ELSEWHERE.split(), '', '\0.pyhtml'])
def test_a_page_includes_nothing_from_elsewhere(pages, name):
    server = pages()
    assert server.get('/choice.pyhtml?page=parts/inner.pyhtml').text == 'inner'
    since = len(server.log())
    assert server.get(f'/choice.pyhtml?page={quote(name)}').status == 500
    assert server.output.wait_for('choice.pyhtml, line 1', since)


def test_pages_that_include_each_other_end(pages):
    server = pages()
    since = len(server.log())
    assert server.get('/round.pyhtml').status == 500
    assert server.output.wait_for('more than 8 pages in each other', since)


def test_a_fault_of_an_included_page_says_where_it_is(pages):
    server = pages()
    since = len(server.log())
    assert server.get('/include_faulty.pyhtml').status == 500
    assert server.output.wait_for('ZeroDivisionError', since)
    line = next(line for line in server.log()[since:].split('\n') if 'MWS2-ERROR' in line)
    assert 'include_faulty.pyhtml, line 3' in line and 'parts/faulty.pyhtml, line 2: ZeroDivisionError' in line


def test_an_included_page_that_changes_is_compiled_anew(pages, folder):
    server = pages()
    path = folder / 'parts' / 'inner.pyhtml'
    try:
        path.write_bytes(b'changed inner')
        assert server.get('/choice.pyhtml?page=parts/inner.pyhtml').text == 'changed inner'
    finally:
        path.write_bytes(b'inner')


def test_a_fault_behind_the_pages_own_answer_is_logged(pages):
    server = pages(debug=True)
    assert server.get('/late.pyhtml').body == b'early'
    assert server.output.wait_for('late.pyhtml, line 2: ZeroDivisionError')


def test_parallel_pages_never_see_each_others_request(pages):
    server = pages(threads=4)

    def visit(name):
        with server.connect() as connection:
            return [connection.request('GET', f'/side.pyhtml?id={name}').text for _ in range(3)]

    names = [f'visitor{i}' for i in range(20)]
    with ThreadPoolExecutor(20) as visitors:
        for name, texts in zip(names, visitors.map(visit, names)):
            assert texts == [f'{name}={name}={name};' * 40] * 3


def fetch(server, path):
    """Gets a page with a client that is made for long bodies; returns its response, its body in `text`."""
    connection = http.client.HTTPConnection(*server.address, timeout=TIMEOUT)
    connection.request('GET', path)
    response = connection.getresponse()
    response.text = response.read().decode()
    connection.close()
    return response


@pytest.mark.parametrize(('rows', 'coding'), [(1, None), (2000, 'chunked')])
def test_a_page_of_any_length_arrives(pages, rows, coding):
    response = fetch(pages(), f'/long.pyhtml?rows={rows}')
    assert response.text == ''.join(f'{i}{ROW}\n' for i in range(rows))
    assert response.getheader('Content-Type') == 'text/html; charset=UTF-8'
    assert response.getheader('Transfer-Encoding') == coding


@pytest.mark.needs('micropython')
def test_a_page_longer_than_the_memory_arrives(pages):
    server = pages()
    fetch(server, '/long.pyhtml?rows=1')
    before = server.get('/memory').json()
    response = fetch(server, '/long.pyhtml?rows=12000')  # 12 MB; the heap has 8
    assert response.status == 200 and response.text.count('\n') == 12000
    assert server.get('/memory').json() < before + 20000


def test_a_long_page_that_fails_on_its_way_ends_the_connection(pages):
    server = pages()
    since = len(server.log())
    with server.connect() as connection:
        connection.send('GET /long_faulty.pyhtml HTTP/1.1\r\nHost: h\r\n\r\n')
        data = connection.read_until_close()
    assert data.startswith(b'HTTP/1.1 200 ') and not data.endswith(b'\r\n0\r\n\r\n')
    assert server.output.wait_for('long_faulty.pyhtml, line 3: ZeroDivisionError', since)
    assert server.get('/hello.pyhtml').status == 200
