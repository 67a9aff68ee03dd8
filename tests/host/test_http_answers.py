"""What an answer sets is its own: sent with it, gone with it; and each request ends in an answer."""

import pytest
from support.client import request_bytes

pytestmark = pytest.mark.app('answers', set={'RequestsTimeoutSec': 3})
ON_BOARD = True


@pytest.mark.parametrize('how', ['field', 'type', 'charset', 'properties'])
def test_what_one_answer_sets_the_next_does_not_have(server, how):
    with server.connect() as connection:
        before = connection.request('GET', '/plain')
        own = connection.request('GET', f'/set/{how}')
        after = connection.request('GET', '/plain')
    assert own.headers != before.headers
    names = [name for name, _ in after.headers]
    assert names == [name for name, _ in before.headers]
    assert after.header('content-type') == 'text/html; charset=UTF-8'


def test_what_a_program_writes_into_the_fields_itself_is_sent(server):
    found = server.get('/set/field')
    assert (found.header('x-secret'), found.header('set-cookie')) == ('of one answer', 'session=alice')
    assert server.get('/set/type').header('content-type') == 'text/plain; charset=UTF-8'
    assert server.get('/set/charset').header('content-type') == 'text/html; charset=ISO-8859-1'


def test_on_sent_is_called_for_its_own_answer_only(server):
    start = len(server.log())
    with server.connect() as connection:
        connection.request('GET', '/set/properties')
        connection.request('GET', '/plain')
        connection.request('GET', '/plain')
    assert server.output.wait_for('SENT properties\n', start)
    assert server.log()[start:].count('SENT') == 1


def test_a_page_leaves_no_type_to_the_next_answer(server):
    with server.connect() as connection:
        assert connection.request('GET', '/abuse.pyhtml').header('content-type').startswith('text/html')
        assert connection.request('GET', '/octets').header('content-type') == 'application/octet-stream'


def test_attributes_of_the_application_go_with_the_request(server, target):
    """MicroPython cannot tell them from others: there they stay until they are set again."""
    if 'cpython' not in target.abilities:
        pytest.skip('MicroPython keeps attributes')
    with server.connect() as connection:
        assert connection.request('GET', '/own-attributes', {'X-User': 'alice'}).json() == [[None, None], ['alice'] * 2]
        assert connection.request('GET', '/own-attributes', {'X-User': 'bob'}).json() == [[None, None], ['bob'] * 2]


def test_a_line_break_in_a_field_that_was_written_by_the_program_is_500(server):
    found = server.get('/header-lines')
    assert found.status == 500
    assert found.all('set-cookie') == []


@pytest.mark.parametrize('name', ['Content-Length', 'Transfer-Encoding'])
def test_an_applications_own_framing_desynchronises_nothing(server, name):
    with server.connect() as connection:
        assert connection.request('GET', f'/framing/{name}').status == 500
        assert connection.request('GET', '/plain').text == '<h1>plain'


def test_transfer_encoding_is_refused_when_it_is_set(server):
    assert len(server.get('/framing-by-method').json()) == 2


def test_a_handlers_own_close_closes(server):
    with server.connect() as connection:
        connection.send(request_bytes('GET', '/close') + request_bytes('GET', '/plain'))
        found = connection.response()
        assert (found.text, found.header('connection')) == ('last', 'close')
        assert connection.is_closed()


@pytest.mark.parametrize('code', [100, 101, 102, 103, 199])
def test_what_is_no_final_status_raises(server, code):
    assert 'final' in server.get(f'/interim/{code}').text


@pytest.mark.parametrize('what', ['SystemExit', 'GeneratorExit', 'Cancelled'])
def test_whatever_a_handler_raises_is_500_and_the_connection_goes_on(server, what):
    start = len(server.log())
    with server.connect() as connection:
        assert connection.request('GET', f'/raises/{what}').status == 500
        assert connection.request('GET', '/plain').status == 200
    assert server.output.wait_for(f'GET /raises/{what}: ', start)


@pytest.mark.needs('threads')
@pytest.mark.app('answers', threads=3)
@pytest.mark.parametrize('what', ['SystemExit', 'GeneratorExit', 'Cancelled'])
def test_whatever_a_handler_raises_in_a_worker_is_500(server, what):
    for _ in range(3):
        assert server.get(f'/raises/{what}').status == 500
    assert server.get('/plain').status == 200


def test_a_handler_that_returns_a_value_is_taken(server):
    with server.connect() as connection:
        assert connection.request('GET', '/returns').text == 'answered'
        assert connection.is_open()


# --- requests that need no more than their head, or are not what they seem ---


@pytest.mark.parametrize('type_', ['application/json', 'text/plain', 'application/x-www-form-urlencoded'])
def test_a_post_without_a_length_has_no_content(server, type_):
    assert server.request('POST', '/posted', {'Content-Type': type_}).json() == [0, 0]


def test_upgrade_is_not_heard_in_http_1_0(server):
    head = b'GET /upgrade HTTP/%s\r\nHost: x\r\nConnection: upgrade, keep-alive\r\nUpgrade: websocket\r\n\r\n'
    with server.connect() as connection:
        connection.send(head % b'1.0')
        assert connection.response().json() is False
        connection.send(head % b'1.1')
        assert connection.response().json() is True


def test_a_body_that_nobody_takes_is_refused_before_it_comes(server):
    with server.connect() as connection:
        connection.send(request_bytes('POST', '/plain', {'Content-Length': '100000', 'Expect': '100-continue'}))
        found = connection.response('POST')
        assert (found.status, found.informational) == (405, [])


def test_a_body_by_single_bytes_has_a_total_time(server):
    """One byte a second is not progress, though each comes within the timeout of 3 s."""
    with server.connect(timeout=1) as connection:
        connection.send(request_bytes('POST', '/posted', {'Content-Length': '1000'}))
        for _ in range(12):
            connection.send(b'x')
            try:
                found = connection.response('POST')
                break
            except TimeoutError:
                pass
        assert found.status == 408


def test_too_many_fields_are_refused(server):
    many = '&'.join(f'{i:x}' for i in range(1100))
    form = {'Content-Type': 'application/x-www-form-urlencoded'}
    assert server.request('POST', '/posted', form, body=many.encode()).status == 413
    assert server.get('/fields?' + many[:3000]).status in (200, 414)
    few = '&'.join(f'{i}' for i in range(200))
    assert server.request('POST', '/posted', form, body=few.encode()).json()[1] == 200
    assert server.get('/fields?' + few).json() == 200
