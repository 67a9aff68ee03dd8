"""Web routes: the module's functions on the target, and route handlers called over the wire."""

import pytest
from support.checks import names_of
from support.client import request_bytes

ON_BOARD = True


@pytest.mark.parametrize('check', names_of('checks_routes'))
def test_routes(device, check):
    device.check('checks_routes', check)


pytestmark = pytest.mark.app('wire')


@pytest.mark.parametrize(
    'path, args',
    [
        ('/args/1/two/end', {'a': 1, 'b': 'two'}),
        ('/ARGS/One/Two/END/', {'a': 'One', 'b': 'Two'}),
        ('/args/a%20b/c+d/end', {'a': 'a b', 'b': 'c+d'}),
        ('/arg/%E2%82%AC', {'a': '€'}),
        ('/arg/a.b%3Fc', {'a': 'a.b?c'}),
        ('/arg/x?a=b', {'a': 'x'}),
        ('/dot.ted/x', {'a': 'x'}),
    ],
)
def test_arguments_over_the_wire(server, path, args):
    assert server.get(path).json()['args'] == args


@pytest.mark.parametrize('path', ['/args/1/end', '/args/1/2/3/end', '/dotXted/x', '/hello/x', '/hell', '/arg/'])
def test_paths_that_no_route_has(server, path):
    assert server.get(path).status == 404


@pytest.mark.parametrize('path', ['/hello', '/HELLO', '/hello/', '/Hello/?x=y', '/%68ello'])
def test_paths_that_are_one_route(server, path):
    assert server.get(path).body == b'hello'


def test_several_routes_of_one_function(server):
    assert (server.get('/several').body, server.request('PUT', '/several', body=b'').body) == (b'GET', b'PUT')


def test_a_route_wins_over_a_file_of_its_name(start):
    server = start('late_routes')
    assert server.get('/text.txt').text.startswith('The quick')
    assert server.get('/add').status == 200
    assert server.get('/text.txt').text == 'the route'


def test_routes_added_to_a_running_server_are_served(start):
    server = start('late_routes')
    with server.connect() as connection:
        assert connection.request('GET', '/late').status == 404
        assert connection.request('GET', '/add').status == 200
        assert connection.request('GET', '/late').text == 'late'
        connection.send(request_bytes('HEAD', '/late'))
        assert connection.response('HEAD').status == 200
