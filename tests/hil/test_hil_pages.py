"""The demo on the board: every page, files byte by byte, rendered pages, the API, WebSocket echo and chat."""

import json
from pathlib import Path

import pytest
from hil_board import sha256
from websockets.sync.client import connect

WWW = Path(__file__).resolve().parents[2] / 'www'
FILES = sorted(path.name for path in WWW.iterdir() if path.suffix not in ('.pyhtml', '.gz') and path.name != '404.html')


def test_files(board):
    for name in FILES:
        status, headers, body = board.get('/' + name)
        assert (name, status, sha256(body)) == (name, 200, sha256((WWW / name).read_bytes()))
        status, _, body = board.get('/' + name, headers={'If-None-Match': headers['ETag']})
        assert (name, status, body) == (name, 304, b'')


def test_index_is_the_root(board):
    assert board.get('/')[2] == (WWW / 'index.html').read_bytes()


def test_not_found(board):
    assert board.get('/no-such-page')[0] in (302, 307, 404)


@pytest.mark.parametrize('name', sorted(path.name for path in WWW.glob('*.pyhtml')))
def test_rendered_page(board, name):
    status, _, body = board.get('/' + name)
    assert status == 200
    assert b'</html>' in body or b'</main>' in body
    assert b'{{' not in body


def test_api(board):
    status, _, body = board.get('/api/hello/board')
    assert status == 200
    assert 'board' in str(json.loads(body))


def web_socket(board, path):
    """Open a WebSocket of the demo."""
    host, port = board.address
    return connect(f'ws://{host}:{port}{path}', subprotocols=['echo', 'chat'], proxy=None)


def test_echo(board):
    with web_socket(board, '/wstest') as echo:
        for message in ('hello', 'ä€😀' * 20, b'\x00\xff' * 50):
            echo.send(message)
            assert echo.recv(timeout=10) == message


def test_chat(board):
    def event(socket, key):
        message = json.loads(socket.recv(timeout=10))
        return message[key]

    with web_socket(board, '/wschat') as first:
        first.send(json.dumps({'name': 'Ann'}))
        assert event(first, 'you') == 'Ann'
        assert event(first, 'here') == ['Ann']
        with web_socket(board, '/wschat') as second:
            second.send(json.dumps({'name': 'Ben'}))
            assert event(second, 'you') == 'Ben'
            assert event(second, 'here') == ['Ann', 'Ben']
            assert event(first, 'joined') == 'Ben'
            second.send(json.dumps({'text': 'hello'}))
            assert event(first, 'text') == 'hello'
        assert event(first, 'left') == 'Ben'
