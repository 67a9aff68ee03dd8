"""The applications of examples/: each is started as its docstring says, and used, on each target."""

import json
import re
import shutil
import subprocess
from urllib.parse import urlencode

import pytest
from support.client import Connection
from support.targets import ROOT, Output, free_port

FORM = ('Content-Type', 'application/x-www-form-urlencoded')
pytestmark = pytest.mark.needs('processes')


class Example:
    """A running application, in a copy of its folder, and a browser of it that keeps cookies."""

    def __init__(self, target, folder, arguments):
        self.port = free_port()
        self.folder = folder
        self.cookies = {}
        command = target.command(folder / 'app.py', self.port, *arguments)
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=target.environment(),
        )
        self.output = Output(self.process.stdout)
        assert self.output.wait_for('listening'), self.output.text

    def ask(self, method, path, headers=(), body=None):
        """Send a request as a page of the application does; return the answer."""
        sent = [('Host', f'device:{self.port}'), *headers]
        if 'Origin' not in dict(headers):
            sent.append(('Origin', f'http://device:{self.port}'))
        if self.cookies:
            sent.append(('Cookie', '; '.join(f'{name}={value}' for name, value in self.cookies.items())))
        with Connection(('127.0.0.1', self.port)) as connection:
            answer = connection.request(method, path, sent, body)
        for line in answer.all('set-cookie'):
            name, _, value = line.split(';')[0].partition('=')
            self.cookies[name] = value
        return answer

    def ask_json(self, method, path, value=None):
        """Send a value as JSON."""
        body = None if value is None else json.dumps(value).encode()
        return self.ask(method, path, [('Content-Type', 'application/json'), ('Accept', 'application/json')], body)

    def stop(self):
        """End it."""
        self.process.terminate()
        self.process.wait(20)
        self.output.wait_for_end()


@pytest.fixture
def example(target, tmp_path):
    """A function (name, arguments) that starts an example."""
    started = []

    def start(name, *arguments):
        folder = tmp_path / name
        if not folder.exists():
            shutil.copytree(ROOT / 'examples' / name, folder)
        started.append(Example(target, folder, arguments))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def test_rest(example):
    app = example('rest')
    assert '<title>Notes</title>' in app.ask('GET', '/').text
    answer = app.ask_json('GET', '/api/notes')
    assert (answer.status, answer.json()) == (401, {'error': 'Unauthorized', 'code': 401})
    password = re.search(r'the password (\w+)', app.output.text).group(1)
    assert app.ask_json('POST', '/api/login', {'name': 'me', 'password': 'x'}).status == 401
    assert app.ask_json('POST', '/api/login', {'name': 'me'}).status == 400
    assert app.ask_json('POST', '/api/login', {'name': 'me', 'password': password}).status == 204
    made = app.ask_json('POST', '/api/notes', {'text': 'first'})
    assert (made.status, made.header('location'), made.json()) == (
        201, '/api/notes/1', {'id': 1, 'text': 'first', 'user': 'me'},
    )  # fmt: skip
    assert app.ask_json('PUT', '/api/notes/1', {'text': 'changed'}).json()['text'] == 'changed'
    assert [note['text'] for note in app.ask_json('GET', '/api/notes').json()] == ['changed']
    assert app.ask_json('PUT', '/api/notes/1', {'text': 5}).status == 400
    assert app.ask_json('GET', '/api/notes/x').status == 404
    assert app.ask('DELETE', '/api/notes/1', [('Origin', 'http://evil.example')]).status == 403
    assert app.ask_json('DELETE', '/api/notes/1').status == 204
    assert app.ask_json('DELETE', '/api/notes/1').status == 404
    assert app.ask_json('POST', '/api/logout').status == 204
    assert app.ask_json('GET', '/api/notes').status == 401
    app.stop()
    assert password not in (app.folder / 'users.json').read_text()
    again = example('rest')
    assert again.ask_json('POST', '/api/login', {'name': 'me', 'password': password}).status == 204


def test_sensor_log(example):
    app = example('sensor_log', 50)
    assert '<title>Sensor log</title>' in app.ask('GET', '/').text
    while len(app.ask('GET', '/recent').json()) < 3:
        pass  # a measurement comes each 50 ms
    answer = app.ask('GET', '/log.csv')
    assert answer.header('content-disposition') == 'attachment; filename="log.csv"'
    head, *rows = answer.text.splitlines()
    assert head == 'seconds,value' and len(rows) >= 3
    assert all(re.fullmatch(r'\d+,\d+\.\d\d', row) for row in rows)
    (app.folder / 'log.csv').write_text('1,1.00\n' * 20_000)
    while not (app.folder / 'log.old.csv').exists():
        app.ask('GET', '/recent')
    text = app.ask('GET', '/log.csv').text
    assert text.startswith('seconds,value\n1,1.00\n') and text.count('\n') > 20_000
    assert app.ask('DELETE', '/log.csv').status == 204
    assert len(app.ask('GET', '/log.csv').text.splitlines()) < 100


def test_captive_form(example):
    app = example('captive_form')
    for path in ('/generate_204', '/hotspot-detect.html', '/a/b/c'):
        answer = app.ask('GET', path)
        assert (answer.status, answer.header('location')) == (302, f'http://device:{app.port}/setup')
    assert app.ask('GET', '/').header('location') == '/setup'
    page = app.ask('GET', '/setup').text
    token = re.search(r'name="csrf_token" value="(\w+)"', page).group(1)

    def save(name, seconds):
        body = urlencode({'name': name, 'seconds': seconds, 'csrf_token': token}).encode()
        return app.ask('POST', '/setup', [FORM], body)

    assert save('', 5).status == 400
    assert save('x' * 33, 5).status == 400
    for seconds in ('', 'x', '0', '3601', '-1', '99999'):
        assert save('x', seconds).status == 400
    saved = save('<Größe>', 5)
    assert (saved.status, saved.header('location')) == (303, '/setup?saved')
    page = app.ask('GET', '/setup?saved').text
    assert 'Saved.' in page and 'value="&lt;Größe&gt;"' in page and 'value="5"' in page
    app.stop()
    assert 'value="5"' in example('captive_form').ask('GET', '/setup').text
