"""The modules Sessions, Login, CSRF and RateLimit: over the wire, on servers of their own."""

import pytest
from support.checks import names_of

MINE = 'name=me&password=caf%C3%A9'
FORM = ('Content-Type', 'application/x-www-form-urlencoded')


@pytest.mark.parametrize('check', names_of('checks_secrets'))
def test_secrets(device, check):
    device.check('checks_secrets', check)


class Browser:
    """Keeps cookies and sends them."""

    def __init__(self, server):
        self.server = server
        self.cookies = {}
        self.set = []

    def request(self, method, path, headers=(), body=None):
        """Send a request; keep the cookies of the answer, and what set them."""
        sent = [*headers]
        if self.cookies:
            sent.append(('Cookie', '; '.join(f'{name}={value}' for name, value in self.cookies.items())))
        answer = self.server.request(method, path, sent, body)
        self.set = answer.all('set-cookie')
        for line in self.set:
            pair, *attributes = line.split('; ')
            name, _, value = pair.partition('=')
            self.cookies.pop(name, None)
            if 'Max-Age=0' not in attributes:
                self.cookies[name] = value
        return answer

    def get(self, path, headers=()):
        """Short for GET."""
        return self.request('GET', path, headers)

    def post(self, path, form='', headers=(('Origin', 'http://test'),)):
        """Send a form, as from a page of the site."""
        return self.request('POST', path, [FORM, *headers], form.encode())


@pytest.fixture(params=['server', 'signed'])
def browser(request, start):
    """A browser of a server of its own, which keeps sessions in the server or in the cookie."""
    return Browser(start('guarded', signed=request.param == 'signed'))


@pytest.fixture
def fresh(start):
    """A browser of a server of its own."""
    return Browser(start('guarded'))


# ---- sessions


def test_a_session_is_the_same_at_each_request_of_a_browser(browser):
    assert [browser.get('/count').json()['count'] for _ in range(3)] == [1, 2, 3]
    other = Browser(browser.server)
    assert other.get('/count').json()['count'] == 1
    assert browser.get('/look').json() == {
        'items': {'count': 3}, 'length': 1, 'names': ['count'], 'in': True, 'keys': ['count'], 'values': [3],
    }  # fmt: skip
    assert [browser.get('/nested').json() for _ in range(2)] == [[0], [0, 1]]
    assert browser.get('/change').json() == [2, 'none', 3, None]
    browser.get('/clear')
    assert browser.get('/look').json()['items'] == {}


def test_the_cookie_of_a_session(browser):
    assert browser.get('/look').json()['items'] == {} and browser.set == []
    browser.get('/count')
    (line,) = browser.set
    assert line.startswith('session=') and line.endswith('; Path=/; HttpOnly; SameSite=Lax')


def test_a_token_that_the_server_has_not_given_is_none(browser):
    browser.cookies['session'] = 'f' * 32
    answer = browser.get('/count').json()
    assert (answer['count'], answer['new']) == (1, True)
    assert browser.cookies['session'] != 'f' * 32
    assert browser.get('/count').json()['new'] is False


def test_sessions_end_when_they_are_idle_and_when_they_are_old(browser):
    browser.get('/count')
    for n in range(2, 7):
        browser.get('/later/95')
        assert browser.get('/count').json()['count'] == n
    browser.get('/later/30')
    assert browser.get('/count').json()['count'] == 1
    browser.get('/later/101')
    assert browser.get('/count').json()['count'] == 1


def test_a_session_that_is_ended_is_over(fresh):
    fresh.get('/count')
    token = fresh.cookies['session']
    assert fresh.get('/end').json() == 0
    assert 'session' not in fresh.cookies
    fresh.cookies['session'] = token
    assert fresh.get('/look').json()['items'] == {}


def test_ending_deletes_the_cookie_and_another_may_begin(browser):
    browser.get('/count')
    assert browser.get('/end').json() == 0
    assert 'session' not in browser.cookies
    assert browser.get('/count').json()['count'] == 1


def test_a_renewed_session_has_another_token(fresh):
    fresh.get('/count')
    token = fresh.cookies['session']
    fresh.get('/renew')
    assert fresh.cookies['session'] != token
    assert fresh.get('/count').json()['count'] == 2
    fresh.cookies['session'] = token
    assert fresh.get('/count').json()['count'] == 1


def test_the_number_of_sessions_is_bounded_and_the_idlest_goes(fresh):
    browsers = [Browser(fresh.server) for _ in range(4)]
    for browser in browsers[:3]:
        browser.get('/count')
    browsers[0].get('/count')
    assert browsers[3].get('/count').json() == {'count': 1, 'new': True, 'kept': 3}
    assert [browser.get('/look').json()['in'] for browser in browsers] == [True, False, True, True]


def test_a_session_begins_before_the_answer(browser):
    assert browser.get('/late').text == 'answered'
    assert browser.server.output.wait_for('LATE A session begins before the answer.')
    assert browser.get('/look').json()['items'] == {}


def test_a_signed_session_that_is_too_large_is_not_kept(start):
    browser = Browser(start('guarded', signed=True))
    assert browser.get('/too-much').text == 'answered'
    assert browser.server.output.wait_for('A signed session has')
    assert browser.cookies == {}


def test_a_signed_session_is_sent_again_only_where_it_has_changed(start):
    browser = Browser(start('guarded', signed=True))
    browser.get('/count')
    value = browser.cookies['session']
    browser.get('/look')
    assert browser.set == []
    browser.get('/later/20')
    browser.get('/look')
    assert len(browser.set) == 1 and browser.cookies['session'] != value
    browser.cookies['session'] = value[:-2] + ('AA' if value[-2:] != 'AA' else 'BB')
    assert browser.get('/look').json()['items'] == {}


# ---- login


def test_signing_in_and_out(browser):
    assert browser.get('/mine').status == 401
    assert browser.post('/sign-in', 'name=me&password=wrong').json() == {'done': False, 'wait': 0}
    assert browser.get('/mine').status == 401
    assert browser.post('/sign-in', MINE).json()['done'] is True
    assert browser.get('/mine').text == 'me'
    assert browser.get('/mine/5').json() == {'n': 5}
    assert Browser(browser.server).get('/mine/5').status == 401
    assert browser.get('/sign-out').json() is None
    assert browser.get('/mine').status == 401


@pytest.mark.parametrize('path', ['/private/x', '/PRIVATE/x', '/private/x/', '/%70rivate/x', '/style.css'])
def test_what_is_protected_needs_a_user(fresh, path):
    wanted = fresh.server.get(path)
    assert wanted.status == 401 and wanted.header('www-authenticate').startswith('Session')
    fresh.post('/sign-in', MINE)
    assert fresh.get(path).status != 401
    assert fresh.server.get('/text.txt').status == 200


def test_browsers_are_sent_to_sign_in(fresh):
    fresh.get('/login-url?url=/private/login')
    answer = fresh.get('/private/x', [('Accept', 'text/html')])
    assert (answer.status, answer.header('location')) == (303, '/private/login')
    assert fresh.get('/private/x', [('Accept', 'application/json')]).status == 401
    assert fresh.get('/private/login').text == 'private'


def test_signing_in_renews_the_session(fresh):
    fresh.get('/count')
    token = fresh.cookies['session']
    fresh.post('/sign-in', MINE)
    assert fresh.cookies['session'] != token
    assert fresh.get('/count').json()['count'] == 2


def test_another_password_signs_out(browser):
    browser.post('/sign-in', 'name=you&password=secret')
    assert browser.get('/mine').text == 'you'
    browser.get('/new-password')
    assert browser.get('/mine').status == 401


def test_who_fails_has_to_wait_but_never_for_good(fresh):
    waits = [fresh.post('/sign-in', 'name=me&password=x').json()['wait'] for _ in range(3)]
    assert waits == [0, 0, 1]
    assert fresh.post('/sign-in', MINE).json() == {'done': False, 'wait': 1}
    assert fresh.post('/sign-in', 'name=you&password=secret').json()['done'] is True
    fresh.get('/forget-peers')
    for _ in range(9):
        fresh.get('/later/60')
        wait = fresh.post('/sign-in', 'name=me&password=x').json()['wait']
    assert 55 <= wait <= 60
    fresh.get('/later/60')
    assert fresh.post('/sign-in', MINE).json() == {'done': True, 'wait': 0}


def test_unknown_names_wait_together(fresh):
    for n in range(3):
        fresh.post('/sign-in', f'name=nobody{n}&password=x')
    assert fresh.post('/sign-in', 'name=other&password=x').json()['wait'] == 1
    assert fresh.post('/sign-in', MINE).json()['done'] is True


def test_who_has_signed_in_before_does_not_wait_for_others(fresh):
    for _ in range(3):
        fresh.post('/sign-in', 'name=me&password=x')
    fresh.post('/sign-in', 'name=you&password=secret')
    assert fresh.post('/sign-in', MINE).json()['done'] is True


# ---- CSRF


def changes(browser, *headers, path='/change'):
    """Whether a POST with these header fields is taken."""
    status = browser.post(path, 'a=b', headers).status
    assert status in (200, 403)
    return status == 200


OWN = ('Host', 'a.example:81')


@pytest.mark.app('guarded')
@pytest.mark.parametrize(
    'headers, taken',
    [
        ([('Origin', 'http://a.example:81')], True),
        ([('Origin', 'HTTP://A.Example:81')], True),
        ([('Origin', 'http://a.example')], False),
        ([('Origin', 'http://b.example:81')], False),
        ([('Origin', 'http://a.example:81.evil.example')], False),
        ([('Origin', 'null')], False),
        ([('Origin', 'null'), ('Sec-Fetch-Site', 'same-origin')], False),
        ([('Origin', 'nonsense')], False),
        ([('Origin', 'https://friend.example'), ('Sec-Fetch-Site', 'cross-site')], True),
        ([('Origin', 'http://friend.example')], False),
        ([('Sec-Fetch-Site', 'same-origin')], True),
        ([('Sec-Fetch-Site', 'none')], True),
        ([('Sec-Fetch-Site', 'same-site')], False),
        ([('Sec-Fetch-Site', 'cross-site')], False),
        ([('Referer', 'http://a.example:81/page?x')], True),
        ([('Referer', 'http://b.example/http://a.example:81/')], False),
        ([], True),
        ([('Cookie', 'session=x')], False),
        ([('Authorization', 'Basic x')], False),
    ],
)
def test_where_a_request_comes_from(server, headers, taken):
    assert changes(Browser(server), OWN, *headers) is taken
    assert server.request('PUT', '/change', [OWN, *headers], b'').status == (200 if taken else 403)
    assert server.get('/form', [OWN, *headers]).status == 200


@pytest.mark.app('guarded')
def test_the_port_of_the_scheme_is_no_difference(server):
    browser = Browser(server)
    assert changes(browser, ('Host', 'a.example'), ('Origin', 'http://a.example:80'))
    assert changes(browser, ('Host', 'a.example'), ('Origin', 'https://a.example'))  # by a proxy that ends TLS


@pytest.mark.app('guarded')
def test_a_token_where_the_browser_says_nothing(server):
    browser = Browser(server)
    field = browser.get('/form').text
    token = field.split('value="')[1][:-2]
    (line,) = browser.set
    assert line == f'csrf={token}; Path=/; HttpOnly; SameSite=Strict'
    assert browser.get('/form').text == field and browser.set == []
    assert not changes(browser)
    assert not changes(browser, ('X-CSRF-Token', token[:-1]))
    assert changes(browser, ('X-CSRF-Token', token))
    assert browser.post('/change', 'csrf_token=' + token, ()).status == 200
    assert browser.post('/change', 'csrf_token=' + token[::-1], ()).status == 403
    browser.cookies['csrf'] = ''
    assert browser.post('/change', 'csrf_token=', ()).status == 403


def test_a_token_may_be_needed_always(fresh):
    fresh.get('/strict/1')
    assert not changes(fresh, OWN, ('Origin', 'http://a.example:81'))
    token = fresh.get('/form').text.split('value="')[1][:-2]
    assert changes(fresh, OWN, ('Origin', 'http://a.example:81'), ('X-CSRF-Token', token))
    assert not changes(fresh, OWN, ('Origin', 'http://b.example'), ('X-CSRF-Token', token))


# ---- limits


def test_who_asks_too_often_has_to_wait(fresh):
    assert [fresh.get('/limited').status for _ in range(4)] == [200, 200, 200, 429]
    answer = fresh.get('/Limited/')
    assert answer.status == 429 and 1 <= int(answer.header('retry-after')) <= 10
    assert fresh.post('/limited').status == 200
    assert [fresh.get('/twice').status for _ in range(3)] == [200, 200, 429]
    fresh.get('/later/10')
    assert [fresh.get('/limited').status for _ in range(2)] == [200, 429]
    fresh.get('/later/1000')
    assert [fresh.get('/limited').status for _ in range(4)] == [200, 200, 200, 429]
