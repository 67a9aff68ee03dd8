"""OPTIONS and cross-origin requests (Fetch standard, sections HTTP extensions and CORS protocol)."""

import pytest

ON_BOARD = True

pytestmark = pytest.mark.app('wire')

PREFLIGHT = {
    'Origin': 'https://app.example',
    'Access-Control-Request-Method': 'PUT',
    'Access-Control-Request-Headers': 'x-one, x-two',
}


def methods(response, name='allow'):
    """Returns the methods of a header as a set."""
    return {method.strip() for method in response.header(name).split(',')}


def test_options_is_204_with_allow(server):
    found = server.request('OPTIONS', '/several')
    assert (found.status, found.body) == (204, b'')
    assert methods(found) == {'GET', 'HEAD', 'PUT', 'OPTIONS'}
    assert methods(server.request('OPTIONS', '/text.txt')) == {'GET', 'HEAD', 'OPTIONS'}
    assert methods(server.request('OPTIONS', '/arg/x')) == {'GET', 'HEAD', 'OPTIONS'}


def test_options_of_the_server(server):
    found = server.request('OPTIONS', '*')
    assert found.status == 204 and methods(found) >= {'GET', 'HEAD', 'OPTIONS'}


def test_options_of_nothing(server):
    assert server.request('OPTIONS', '/not-there').status in (204, 404)


def test_an_options_route_of_the_application_wins(server):
    found = server.request('OPTIONS', '/options')
    assert (found.status, found.body, found.header('x-options')) == (200, b'options', 'own')


def test_nothing_is_allowed_unless_asked_for(server):
    for method, path in (('GET', '/hello'), ('OPTIONS', '/hello'), ('GET', '/text.txt')):
        found = server.request(method, path, PREFLIGHT)
        assert not [name for name, _ in found.headers if name.startswith('access-control-')]


@pytest.mark.app('wire', set={'AllowAllOrigins': True})
@pytest.mark.parametrize(
    'method, path, status',
    [('GET', '/hello', 200), ('GET', '/text.txt', 200), ('GET', '/not-there', 404), ('OPTIONS', '/hello', 204)],
)
def test_allow_all_origins_echoes_the_origin(server, method, path, status):
    found = server.request(method, path, {'Origin': 'https://app.example'})
    assert found.status == status
    assert found.header('access-control-allow-origin') == 'https://app.example'
    assert 'origin' in found.header('vary').lower()


@pytest.mark.app('wire', set={'AllowAllOrigins': True})
def test_answers_vary_by_origin_also_for_requests_without(server):
    found = server.get('/hello')
    assert found.header('access-control-allow-origin') in (None, '*')
    assert (
        found.header('access-control-allow-credentials') is None or found.header('access-control-allow-origin') != '*'
    )
    assert 'origin' in found.header('vary').lower()


@pytest.mark.app('wire', set={'AllowAllOrigins': True})
def test_vary_names_both_reasons(server):
    found = server.get('/style.css', {'Origin': 'https://a', 'Accept-Encoding': 'gzip'})
    names = {name.strip().lower() for value in found.all('vary') for name in value.split(',')}
    assert names == {'origin', 'accept-encoding'}


@pytest.mark.app('wire', set={'AllowAllOrigins': True, 'CORSAllowAll': True})
def test_cors_allow_all_grants_what_a_preflight_asks(server):
    found = server.request('OPTIONS', '/hello', PREFLIGHT)
    assert found.status == 204 and found.body == b''
    assert found.header('access-control-allow-origin') == 'https://app.example'
    allowed = methods(found, 'access-control-allow-methods')
    assert 'PUT' in allowed or allowed == {'*'}
    granted = {name.strip().lower() for name in found.header('access-control-allow-headers').split(',')}
    assert granted >= {'x-one', 'x-two'} or granted == {'*'}


@pytest.mark.app('wire', set={'AllowAllOrigins': True, 'CORSAllowAll': True})
def test_credentials_never_stand_beside_a_star(server):
    for headers in ({}, {'Origin': 'https://a'}, PREFLIGHT, {'Origin': 'null'}):
        for method in ('GET', 'OPTIONS'):
            found = server.request(method, '/hello', headers)
            if found.header('access-control-allow-credentials'):
                assert found.header('access-control-allow-origin') not in (None, '*')
                assert (
                    found.header('access-control-allow-methods') != '*'
                    and found.header('access-control-allow-headers') != '*'
                )


def test_the_origin_that_a_handler_allows(server):
    assert server.get('/allow-origin').header('access-control-allow-origin') == 'https://example.net'
    found = server.get('/allow-origin-any', {'Origin': 'https://a'})
    assert (
        found.header('access-control-allow-origin') == '*' and found.header('access-control-allow-credentials') is None
    )
