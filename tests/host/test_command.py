"""The command `microwebsrv2` as a person types it: a folder is served, wrong arguments are told, a busy port too."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from support import certificates as certificates_

MODULES = Path(__file__).parents[2] / 'modules'
ENVIRONMENT = dict(os.environ, PYTHONPATH=str(MODULES), PYTHONUNBUFFERED='1')


def command(*arguments):
    return [sys.executable, '-m', 'MicroWebSrv2', *map(str, arguments)]


def run(*arguments):
    return subprocess.run(command(*arguments), env=ENVIRONMENT, capture_output=True, text=True, timeout=20)


@pytest.fixture
def port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def serve(folder, port, *arguments):
    """Starts the command and waits until it says that it listens."""
    process = subprocess.Popen(
        command(folder, '--port', port, *arguments), env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    assert re.search(r'listening on http://127\.0\.0\.1:%d' % port, line), line
    return process


def stop(process):
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=20)[0]
    return process.returncode, output


def test_a_folder_is_served_until_ctrl_c(tmp_path, port):
    (tmp_path / 'hello.txt').write_bytes(b'hello\n')
    process = serve(tmp_path, port, '--preset', 'embedded')
    with urllib.request.urlopen('http://127.0.0.1:%d/hello.txt' % port, timeout=20) as response:
        assert response.read() == b'hello\n'
    status, output = stop(process)
    assert status == 0
    assert '/hello.txt' not in output


def test_log_debug_shows_requests(tmp_path, port):
    (tmp_path / 'hello.txt').write_bytes(b'hello\n')
    process = serve(tmp_path, port, '--log', 'debug')
    urllib.request.urlopen('http://127.0.0.1:%d/hello.txt' % port, timeout=20).read()
    assert 'GET /hello.txt' in process.stdout.readline()
    stop(process)


def test_a_busy_port_is_named(tmp_path):
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        sock.listen()
        port = sock.getsockname()[1]
        found = run(tmp_path, '--port', port)
    assert found.returncode == 2
    assert 'Cannot listen on 127.0.0.1:%d' % port in found.stderr
    assert 'Traceback' not in found.stderr


@pytest.mark.parametrize(
    ('arguments', 'told'),
    [
        (('no-such-folder',), 'is no folder'),
        (('--port', '70000'), 'from 1 to 65535'),
        (('--preset', 'huge'), 'embedded'),
        (('--log', 'loud'), 'warning'),
        (('--key', 'a.pem'), '--cert'),
    ],
)
def test_wrong_arguments_say_what_is_right(arguments, told):
    found = run(*arguments)
    assert found.returncode == 2
    assert told in found.stderr
    assert 'Traceback' not in found.stderr


def test_a_certificate_that_is_none_is_named(tmp_path):
    (tmp_path / 'a.pem').write_text('nothing')
    found = run(tmp_path, '--cert', tmp_path / 'a.pem', '--key', tmp_path / 'a.pem')
    assert found.returncode == 2
    assert 'a.pem' in found.stderr


# --- the listing of folders ---


@pytest.fixture
def listed(tmp_path, port):
    """A function (path) that gets a page of a command that lists its folder; returns (status, URL, text)."""
    site = tmp_path / 'site'
    for name in ('a&<b>"\'.txt', 'é %41.txt', 'sub/in.txt', 'sub/deep/x.txt', 'page/index.html', 'bad.unknown'):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(b'content')
    for name in ('.hidden.txt', 'config.json', 'program.py', 'secret.key', '.well-known', '.git'):
        (site / name).write_bytes(b'SECRET') if '.' in name[1:] else (site / name).mkdir()
    (tmp_path / 'out.txt').write_bytes(b'SECRET')
    (site / 'out.txt').symlink_to('../out.txt')
    (site / 'outside').symlink_to('..')
    (site / 'inside.txt').symlink_to('sub/in.txt')
    os.mkfifo(site / 'pipe.txt')
    (Path(os.fsdecode(bytes(site) + b'/\xff.txt'))).write_bytes(b'no UTF-8')
    process = serve(site, port, '--listing')

    def get(path):
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{port}{path}', timeout=20) as response:
                return response.status, response.url.partition(str(port))[2], response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, path, error.read().decode()

    yield get
    stop(process)


def test_a_folder_without_a_page_is_listed(listed):
    status, _, text = listed('/')
    links = re.findall('<a href="(.*?)">(.*?)</a>', text)
    assert status == 200 and links == [
        ('page/', 'page/'),
        ('sub/', 'sub/'),
        ('a%26%3Cb%3E%22%27.txt', 'a&amp;&lt;b&gt;&quot;&#39;.txt'),
        ('inside.txt', 'inside.txt'),
        ('%C3%A9%20%2541.txt', 'é %41.txt'),
    ]
    for link, _ in links[2:]:
        assert listed('/' + link)[::2] == (200, 'content')


def test_folders_in_folders_are_listed_with_their_slash(listed):
    status, url, text = listed('/sub')
    assert (status, url) == (200, '/sub/')
    assert re.findall('<a href="(.*?)">', text) == ['../', 'deep/', 'in.txt']
    assert '<td>7<td>' in text


@pytest.mark.parametrize(
    'path', ['/outside/', '/.git/', '/missing/', '/../', '//', '/sub/in.txt/', '/sub//', '/pipe.txt']
)
def test_what_is_no_folder_of_the_site_is_not_listed(listed, path):
    status, _, text = listed(path)
    assert status in (400, 404) and 'SECRET' not in text and 'out.txt' not in text


def test_pages_win_over_the_listing(listed):
    assert listed('/page/')[2] == 'content'


def test_nothing_is_listed_without_the_option(tmp_path, port):
    process = serve(tmp_path, port)
    with pytest.raises(urllib.error.HTTPError, match='404'):
        urllib.request.urlopen(f'http://127.0.0.1:{port}/', timeout=20)
    stop(process)


def test_one_file_may_hold_certificate_and_key(tmp_path, port):
    certificates = certificates_.make(tmp_path)
    process = subprocess.Popen(
        command(tmp_path, '--port', port, '--cert', certificates / 'both.pem'),
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert 'listening on https://' in process.stdout.readline()
    stop(process)


PROGRAM = """
from MicroWebSrv2 import *

@WebRoute(GET, '/text')
def text(mws2, request):
    request.Response.ReturnOk('TEXT ' + mws2.mark)

def OnStart(mws2):
    mws2.mark = 'started'

if __name__ == '__main__':
    raise SystemExit('the command starts the server')
"""


def get(port, path):
    with urllib.request.urlopen(f'http://127.0.0.1:{port}{path}', timeout=20) as answer:
        return answer.read().decode()


def test_a_program_is_served_with_the_folder_www_beside_it(tmp_path, port):
    (tmp_path / 'app.py').write_text(PROGRAM)
    (tmp_path / 'www').mkdir()
    (tmp_path / 'www' / 'page.html').write_text('page')
    process = serve(tmp_path / 'app.py', port)
    try:
        assert (get(port, '/text'), get(port, '/page.html')) == ('TEXT started', 'page')
    finally:
        assert stop(process)[0] == 0


def test_a_program_that_starts_its_server_itself(tmp_path, port):
    text = PROGRAM.split('def OnStart')[0].replace("'TEXT ' + mws2.mark", "'own'")
    lines = f"server = MicroWebSrv2()\nserver.BindAddress = ('127.0.0.1', {port})\nserver.StartManaged()\n"
    (tmp_path / 'app.py').write_text(text + lines)
    process = serve(tmp_path / 'app.py', port)
    try:
        assert get(port, '/text') == 'own'
    finally:
        stop(process)


def next_line(process, text):
    """Waits for a line with a text."""
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f'{text} did not come')


def test_a_program_is_started_anew_when_it_changes(tmp_path, port):
    (tmp_path / 'app.py').write_text(PROGRAM)
    process = serve(tmp_path / 'app.py', port, '--reload')
    try:
        assert get(port, '/text') == 'TEXT started'
        (tmp_path / 'app.py').write_text(PROGRAM.replace("'TEXT '", "'OTHER '") + 'raise ValueError(1)\n')
        next_line(process, 'starting anew')
        (tmp_path / 'app.py').write_text(PROGRAM.replace("'TEXT '", "'OTHER '"))
        next_line(process, 'starting anew')
        next_line(process, 'listening')
        assert get(port, '/text') == 'OTHER started'
    finally:
        stop(process)
    with pytest.raises(OSError):
        get(port, '/text')


def test_only_programs_are_started_anew(tmp_path):
    done = run(tmp_path, '--reload')
    assert done.returncode == 2 and '--reload needs a program' in done.stderr
