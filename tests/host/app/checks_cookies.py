"""Cookies on the target: what is sent and what is read (RFC 6265)."""

import time

from checking import equal, raises
from MicroWebSrv2.libs.cookies import cookie, parse_cookies, replace_cookie


def line(name='n', value='v', **others):
    """Returns what sets a cookie; arguments as of SetCookie() with names of their own."""
    given = {'max_age': None, 'path': '/', 'domain': None, 'secure': False, 'http_only': False, 'same_site': None}
    given.update(expires=None)
    given.update(others)
    return cookie(name, value, *[given[key] for key in _ORDER])


_ORDER = ('max_age', 'path', 'domain', 'secure', 'http_only', 'same_site', 'expires')


def check_all_attributes():
    equal(line(), 'n=v; Path=/')
    equal(line(path=None), 'n=v')
    made = line(max_age=5, domain='Example.org', secure=True, http_only=True, same_site='None', path='/a b')
    equal(made, 'n=v; Path=/a b; Domain=Example.org; Max-Age=5; Secure; HttpOnly; SameSite=None')
    equal(line(value=''), 'n=; Path=/')
    assert line(expires=int(time.time())).endswith(' GMT')
    equal(line(expires=0), 'n=v; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT')


def check_what_a_cookie_cannot_be():
    for name in ('', None, 'a b', 'a=b', 'a;b', 'a\r\n', 'a"', 'caf\xe9'):
        raises(ValueError, line, name=name)
    for value in (None, 5, 'a b', 'a;b', 'a,b', 'a"b', 'a\\b', 'a\r\nX: y', '\x00', '\x7f', '\xe9'):
        raises(ValueError, line, value=value)
    for path in ('', 'a', '/a;b', '/a\r\n', 5, '/\xe9'):
        raises(ValueError, line, path=path)
    for domain in ('', 'a b', 'a;b', 'a\r\nb', 5, 'a/b'):
        raises(ValueError, line, domain=domain)
    for wrong in ({'max_age': '5'}, {'max_age': True}, {'expires': '5'}, {'same_site': 'lax'}, {'secure': 1}):
        raises(ValueError, line, **wrong)
    raises(ValueError, line, http_only=None)


def check_what_browsers_drop():
    raises(ValueError, line, same_site='None')
    raises(ValueError, line, name='__Secure-n')
    raises(ValueError, line, name='__Host-n', secure=True, domain='a.b')
    raises(ValueError, line, name='__Host-n', secure=True, path='/a')
    equal(line(name='__Host-n', secure=True), '__Host-n=v; Path=/; Secure')


def check_a_cookie_takes_the_place_of_one_with_its_scope():
    headers = {'set-cookie': 'n=1; Path=/; HttpOnly'}
    replace_cookie(headers, 'n=2; Path=/; Max-Age=5')
    replace_cookie(headers, 'n=3; Path=/a')
    replace_cookie(headers, 'nn=4; Path=/')
    replace_cookie(headers, 'n=5; Path=/; Domain=x')
    equal(headers, {'set-cookie': ['n=2; Path=/; Max-Age=5', 'n=3; Path=/a', 'nn=4; Path=/', 'n=5; Path=/; Domain=x']})


def check_reading():
    equal(parse_cookies(b''), {})
    equal(parse_cookies(b' a = 1 ;b=2;;c ; d="q" ; e="; a=9; f=caf\xc3\xa9'), {
        'a': '1', 'b': '2', 'd': 'q', 'e': '"', 'f': 'caf\xe9',
    })  # fmt: skip


def check_the_number_of_cookies_is_bounded():
    from MicroWebSrv2.libs.urlUtils import MAX_FIELDS

    equal(len(parse_cookies(b'; '.join([b'c%d=1' % i for i in range(MAX_FIELDS + 9)]))), MAX_FIELDS)
