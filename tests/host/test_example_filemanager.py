"""The file manager of examples/: lists, takes, gives in parts and deletes files, for curl and for a browser's form."""

import shutil
import subprocess

import pytest
from support.client import request_bytes
from support.targets import ROOT

BODY = bytes(i * 7 & 255 for i in range(5 * 1024 * 1024))


@pytest.fixture
def manager(target, tmp_path, start):
    found = start('filemanager_app', root=target.path(tmp_path), examples=str(ROOT / 'examples' / 'filemanager'))
    found.folder = tmp_path
    return found


def curl(*arguments):
    """Runs curl; returns what it printed."""
    assert shutil.which('curl'), 'the tests need curl'
    done = subprocess.run(['curl', '-sS', '--max-time', '60', *map(str, arguments)], capture_output=True, check=True)
    return done.stdout.decode()


def test_curl_uploads_resumes_a_download_and_deletes(manager, tmp_path_factory):
    here = tmp_path_factory.mktemp('curl')
    (here / 'five.bin').write_bytes(BODY)
    url = f'http://127.0.0.1:{manager.port}/files/'
    status = ('-o', here / 'answer', '-w', '%{http_code}')
    assert curl('-T', here / 'five.bin', *status, url) == '201'
    assert (manager.folder / 'five.bin').read_bytes() == BODY
    (here / 'part.bin').write_bytes(BODY[:1234567])
    assert curl('-C', '-', '-o', here / 'part.bin', '-w', '%{http_code}', url + 'five.bin') == '206'
    assert (here / 'part.bin').read_bytes() == BODY
    assert manager.get('/files').json() == [{'name': 'five.bin', 'size': len(BODY)}]
    assert curl('-X', 'DELETE', *status, url + 'five.bin') == '204'
    assert list(manager.folder.iterdir()) == []
    assert curl('-X', 'DELETE', *status, url + 'five.bin') == '404'


def test_a_browser_s_form_with_several_files(manager, tmp_path_factory):
    here = tmp_path_factory.mktemp('curl')
    for name in ('a.bin', 'b c.txt'):
        (here / name).write_bytes(BODY[: len(name) * 100000])
    form = [part for name in ('a.bin', 'b c.txt') for part in ('-F', f'file=@{here}/{name}')]
    answer = curl(
        *form, '-o', here / 'answer', '-w', '%{http_code} %{redirect_url}', f'http://127.0.0.1:{manager.port}/upload'
    )
    assert answer == f'303 http://127.0.0.1:{manager.port}/'
    assert {path.name: path.stat().st_size for path in manager.folder.iterdir()} == {'a.bin': 500000, 'b c.txt': 700000}
    page = manager.get('/').text
    assert '<a href="/files/b%20c.txt" download>b c.txt</a><td>700000' in page


def test_names_that_are_not_safe_are_refused(manager):
    with manager.connect() as connection:
        for name in ('.hidden', 'a%2fb', '..%2fx', '%00', 'a%5cb'):
            assert connection.request('PUT', '/files/' + name, body=b'x').status == 400, name
            assert connection.request('GET', '/files/' + name).status in (400, 404)
        assert connection.request('PUT', '/files/007', body=b'x').status == 201
        assert connection.request('PUT', '/files/42', body=b'x').status == 201
        assert connection.request('GET', '/files/42').body == b'x'
        connection.send(request_bytes('PUT', '/files/big', {'Content-Length': str((1 << 30) + 1)}))
        assert connection.response('PUT').status == 413
    assert sorted(path.name for path in manager.folder.iterdir()) == ['007', '42']
