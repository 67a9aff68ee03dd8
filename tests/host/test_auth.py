"""Authentication: Basic (RFC 7617) and Bearer (RFC 6750)."""

import base64

import pytest

ON_BOARD = True

pytestmark = pytest.mark.app('wire')


def basic(text, scheme='Basic'):
    """Returns the header of Basic credentials."""
    return {'Authorization': f'{scheme} ' + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize('scheme', ['Basic', 'basic', 'BASIC', 'Basic '])
def test_right_credentials(server, scheme):
    assert server.get('/basic', basic('user:pass:word', scheme)).body == b'in'


@pytest.mark.parametrize(
    'headers',
    [
        {},
        {'Authorization': ''},
        {'Authorization': 'Basic'},
        {'Authorization': 'Basic '},
        {'Authorization': 'Basic !!!'},
        {'Authorization': 'Basic dXNlcg'},
        {'Authorization': base64.b64encode(b'user:pass:word').decode()},
        basic('user:pass:word', 'Bearer'),
        basic('user:pass:word', 'Basicx'),
        basic('user:pass'),
        basic('user'),
        basic(':pass:word'),
        basic('user:'),
        basic('User:pass:word'),
        basic('user:Pass:word'),
        basic('user:pass:word '),
        basic('user:pass:word2'),
        basic('user:pass:wor'),
        basic('user:pass:word\0'),
        basic('user::pass:word'),
        basic(''),
        basic(':'),
        {'Authorization': 'Basic ' + base64.b64encode(b'\xff\xfe').decode()},
        {'Authorization': 'Basic ' + 'A' * 2000},
    ],
)
def test_wrong_credentials(server, headers):
    found = server.get('/basic', headers)
    assert found.status == 401
    scheme, _, parameters = found.header('www-authenticate').partition(' ')
    assert scheme == 'Basic' and 'realm="' in parameters and 'charset="UTF-8"' in parameters


def test_credentials_beyond_ascii(server):
    assert server.get('/basic-unicode', basic('jürgen:päss€')).json() is True
    assert server.get('/basic-unicode', basic('jürgen:päss')).json() is False


def test_empty_credentials(server):
    assert server.get('/basic-empty', basic(':')).json() == [True, False]
    assert server.get('/basic-empty', basic('user:')).json() == [False, True]
    assert server.get('/basic-empty').json() == [False, False]


@pytest.mark.parametrize(
    'value, status',
    [
        ('Bearer token-123', 200),
        ('bearer token-123', 200),
        ('Bearer token-12', 401),
        ('Bearer token-1234', 401),
        ('Bearer TOKEN-123', 401),
        ('Bearer', 401),
        ('Bearer ', 401),
        ('token-123', 401),
        ('Basic token-123', 401),
        ('', 401),
        ('Bearer token-123,', 401),
    ],
)
def test_bearer(server, value, status):
    found = server.get('/bearer', {'Authorization': value})
    assert found.status == status
    if status == 401:
        assert found.header('www-authenticate').split(' ')[0] == 'Bearer'


def test_wrong_arguments(server):
    assert all(server.get('/auth-errors').json())


def test_the_time_of_a_comparison_does_not_tell_where_it_differs():
    """Counts the steps of the comparison instead of measuring the time: as many for any difference."""
    import sys

    from MicroWebSrv2 import httpRequest

    def steps(given):
        count = [0]

        def trace(frame, event, arg):
            count[0] += 1
            return trace

        sys.settrace(trace)
        httpRequest.is_same(given, b'user:password')
        sys.settrace(None)
        return count[0]

    assert (
        len({steps(given) for given in (b'user:password', b'Xser:password', b'user:passworX', b'XXXXXXXXXXXXX')}) == 1
    )
