"""The firmware as people start it: `-m firmware` in a folder that stands for the flash, on every target.

Shows the flow (configuration, application, server, console), what a fault in each of them does, and the device's pages.
"""

import base64
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys

import pytest
from support.client import TIMEOUT, Connection
from support.device import FirmwareProcess
from support.targets import ROOT, START_TIMEOUT, Output, free_port

APPLICATION = """
from MicroWebSrv2 import *

seen = []

@WebRoute(GET, '/hello')
def hello(microWebSrv2, request):
    request.Response.ReturnOk('hello from the flash')

@WebRoute(GET, '/seen')
def show(microWebSrv2, request):
    request.Response.ReturnOkJSON(seen)

def OnStart(microWebSrv2):
    seen.append((microWebSrv2.IsRunning, microWebSrv2.BindAddress[1]))
"""

FAILING = (
    APPLICATION
    + """
def broken():
    return 1 // 0

broken()
"""
)

BLOCKING = (
    APPLICATION
    + """
from time import sleep

while True:
    sleep(1)
"""
)

# A request for /wait is answered when one for /go has come.
WAITING = """
from MicroWebSrv2 import *

gate = allocate_lock()
gate.acquire()

@WebRoute(GET, '/wait')
def wait(microWebSrv2, request):
    gate.acquire()
    request.Response.ReturnOk('gone')

@WebRoute(GET, '/go')
def go(microWebSrv2, request):
    gate.release()
    request.Response.ReturnOk('go')
"""

# Its handler makes the loop of the server itself fail, once.
SABOTAGE = """
from MicroWebSrv2 import *

@WebRoute(GET, '/sabotage')
def sabotage(microWebSrv2, request):
    pool = request.XAsyncTCPClient.GetAsyncSocketsPool()

    def fail(*_):
        raise RuntimeError('the loop is broken')

    pool.poller.wait = fail
    request.Response.ReturnOk('done')
"""

ADMIN = {'Authorization': 'Basic ' + base64.b64encode(b'admin:open:sesame').decode()}


@pytest.fixture
def start(target, tmp_path):
    """A function that starts the firmware with a flash of its own."""
    started = []

    def start_(**arguments):
        flash = tmp_path / 'flash'
        flash.mkdir(exist_ok=True)
        started.append(FirmwareProcess(target, flash, **arguments))
        return started[-1]

    yield start_
    for firmware in started:
        firmware.close()


def ask(firmware, method, path, headers=(), content=None):
    """Sends a request with JSON content; returns (status, the JSON of the answer)."""
    headers = dict(headers)
    if content is not None:
        headers['Content-Type'] = 'application/json'
        content = json.dumps(content).encode()
    response = firmware.request(method, path, headers, content)
    return response.status, response.json() if response.body[:1] in b'{[' else None


def test_an_empty_flash_serves_the_demo_and_the_console_stays_quiet(start):
    firmware = start()
    page = firmware.get('/')
    assert page.status == 200 and page.header('content-type').startswith('text/html')
    assert firmware.get('/test-redir').status == 307
    lines = firmware.console.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith('MicroWebSrv2 ') and ' on UNIX, ' in lines[0]
    assert lines[1] == f'open http://127.0.0.1:{firmware.port}'


def test_a_checkout_runs_on_cpython_as_it_is(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    command = [sys.executable, '-u', '-m', 'firmware', '--port', str(free_port()), '--bind', '127.0.0.1']
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        output = Output(process.stdout)
        try:
            assert output.wait_for('open http', timeout=START_TIMEOUT), output.text
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT) == 0, output.wait_for_end()


def test_ctrl_c_ends_with_status_0(start):
    firmware = start()
    with Connection((firmware.host, firmware.port)):  # an open connection holds nothing up
        assert firmware.signal(signal.SIGINT)[0] == 0
    assert 'Traceback' not in firmware.console


def test_log_level_debug_shows_each_request(start):
    firmware = start(options=('--log', 'debug'))
    firmware.get('/one-of-these')
    firmware.wait_for('/one-of-these')


def test_an_application_on_the_flash_is_served_instead_of_the_demo(start):
    firmware = start(files={'main.py': APPLICATION})
    assert firmware.get('/hello').text == 'hello from the flash'
    assert firmware.get('/test-post').status == 404
    assert firmware.get('/seen').json() == [[False, firmware.port]]
    assert firmware.get('/device/info').json()['application'] == 'main'


def test_an_application_may_be_a_package_of_another_name(start):
    firmware = start(
        files={'garden/__init__.py': '', 'garden/web.py': APPLICATION}, config={'application': 'garden.web'}
    )
    assert firmware.get('/hello').text == 'hello from the flash'
    assert firmware.get('/device/info').json()['application'] == 'garden.web'


def test_an_application_that_is_not_there_is_named(start):
    firmware = start(config={'application': 'graden'})
    assert firmware.get('/device/info').json()['application'] == 'failed'
    assert 'application graden: ' in firmware.console and "'graden'" in firmware.console


def test_without_application_and_demo_the_pages_are_served(start):
    firmware = start(config={'demo': False})
    assert firmware.get('/device/info').json()['application'] == 'none'
    assert firmware.get('/').status == 200
    assert firmware.get('/test-post').status == 404


@pytest.mark.parametrize('threads', [1, 0])
def test_a_fault_in_the_application_is_shown_and_the_rest_is_served(start, threads):
    firmware = start(files={'main.py': FAILING}, config={'threads': threads})
    assert firmware.get('/hello').text == 'hello from the flash'
    assert firmware.get('/').status == 200
    assert firmware.get('/device/info').json()['application'] == 'failed'
    assert 'application main: it failed' in firmware.console
    assert 'ZeroDivisionError' in firmware.console
    assert f'line {FAILING[: FAILING.index("return 1 //")].count(chr(10)) + 1}, in broken' in firmware.console


def test_a_fault_in_on_start_is_shown_and_the_rest_is_served(start):
    firmware = start(files={'main.py': APPLICATION + '    raise KeyError("pump")\n'})
    assert firmware.get('/hello').text == 'hello from the flash'
    assert 'its OnStart failed' in firmware.console and 'pump' in firmware.console


def test_a_page_that_fails_tells_strangers_nothing(start):
    firmware = start(files={'www/page.pyhtml': '<p>{{ hidden_name }}'})
    response = firmware.get('/page.pyhtml')
    assert response.status == 500
    assert 'hidden_name' not in response.text and 'Traceback' not in response.text
    assert 'hidden_name' in firmware.console


def test_a_syntax_error_in_the_application_is_shown(start):
    firmware = start(files={'main.py': 'def f(:\n'})
    assert firmware.get('/device/info').json()['application'] == 'failed'
    assert 'SyntaxError' in firmware.console


def test_an_application_that_ends_the_program_does_not_end_the_server(start):
    firmware = start(files={'main.py': APPLICATION + 'import sys\nsys.exit()\n'})
    assert firmware.get('/hello').text == 'hello from the flash'


@pytest.mark.needs('threads')
def test_an_application_that_never_returns_from_its_import_is_served(start):
    firmware = start(files={'main.py': BLOCKING})
    assert firmware.get('/hello').text == 'hello from the flash'
    assert 'it runs in its import' in firmware.console
    assert firmware.signal(signal.SIGINT)[0] == 0


@pytest.mark.needs('threads')
def test_more_threads_run_handlers_side_by_side(start):
    firmware = start(files={'main.py': WAITING}, config={'threads': 3})
    with Connection((firmware.host, firmware.port)) as waiting:
        waiting.send('GET /wait HTTP/1.1\r\nHost: test\r\n\r\n')
        assert firmware.get('/go').text == 'go'
        assert waiting.response().text == 'gone'


def test_files_on_the_flash_win_over_those_of_the_image(start):
    firmware = start(files={'www/index.html': 'mine', 'www/own.txt': 'own'})
    assert firmware.get('/').text == 'mine'
    assert firmware.get('/own.txt').text == 'own'
    assert firmware.get('/style.css').body == (ROOT / 'www' / 'style.css').read_bytes()


def test_settings_reach_the_server(start):
    firmware = start(
        config={
            'server': {
                'root': 'pages',
                'not_found_url': '/a.txt',
                'max_request_content_length': 10,
                'allow_all_origins': True,
            }
        },
        files={'pages/a.txt': 'a'},
    )
    assert firmware.get('/a.txt', {'Origin': 'http://else'}).header('access-control-allow-origin') == 'http://else'
    assert firmware.get('/nothing').header('location') == '/a.txt'
    assert (
        firmware.request('POST', '/test-post', {'Content-Type': 'application/x-www-form-urlencoded'}, b'x' * 11).status
        == 413
    )


def test_what_is_wrong_in_the_configuration_is_said_and_the_device_comes_up(start):
    firmware = start(config={'server': {'prot': 1, 'root': 7}, 'demo': 'yes'}, files={'www/a.txt': 'a'})
    assert firmware.get('/a.txt').text == 'a'
    lines = [line for line in firmware.console.splitlines() if line.startswith('config.json: ')]
    assert sorted(lines) == [
        'config.json: demo: "yes" is wrong, must be true or false; true is used',
        'config.json: server.prot: no such key; did you mean server.port?',
        'config.json: server.root: 7 is wrong, must be a text of 1..128 characters; "www" is used',
    ]


def test_a_broken_configuration_is_said_and_the_device_comes_up(start):
    firmware = start(config=b'{"demo": false,\n"server": {"root"')
    assert firmware.get('/').status == 200
    assert 'config.json: line 2 is not JSON; the defaults are used' in firmware.console


def test_a_taken_port_is_said_in_one_line(start):
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        port = other.getsockname()[1]
        firmware = start(options=('--port', str(port), '--bind', '127.0.0.1'), wait=None)
        assert firmware.ended() == 1
    assert f'the server cannot start: Cannot listen on 127.0.0.1:{port}' in firmware.console
    assert 'Traceback' not in firmware.console


@pytest.mark.parametrize(
    'options, text',
    [
        (('--prot', '1'), '--prot: no such option; there are --port N'),
        (('--port', '0'), 'server.port: 0 is wrong, must be an integer of 1..65535'),
        (('--log', 'loud'), 'log_level: "loud" is wrong, must be off|error'),
        (('--bind',), '--bind: its value is missing'),
    ],
)
def test_a_wrong_option_ends_with_status_2_and_one_line(start, options, text):
    firmware = start(options=options, wait=None)
    assert firmware.ended() == 2
    assert text in firmware.console and firmware.console.count('\n') == 1


def test_a_failure_of_the_servers_loop_is_shown_and_it_starts_again(start):
    firmware = start(files={'main.py': SABOTAGE})
    assert firmware.get('/sabotage').text == 'done'
    firmware.wait_for('the server has failed')
    firmware.wait_for('it starts again in 1 s')
    firmware.wait_for('open http', since=firmware.console.index('it starts again'))
    assert firmware.get('/device/info').status == 200
    assert 'RuntimeError: the loop is broken' in firmware.console


def test_a_flood_that_takes_all_memory_does_not_stop_the_server(start):
    firmware = start()
    flood = b'POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 524288\r\n\r\na'
    with contextlib.ExitStack() as connections:
        for _ in range(55):
            connections.enter_context(socket.create_connection((firmware.host, firmware.port), 10)).sendall(flood)
        assert firmware.get('/device/info').status == 200
    assert firmware.get('/').status == 200
    assert 'the server has failed' not in firmware.console


@pytest.mark.parametrize(
    'root, says', [('.', '. holds config.json: give'), ('pages', 'there is no folder pages; the frozen')]
)
def test_a_doubtful_folder_of_web_files_is_said_at_start(start, root, says):
    firmware = start(config={'server': {'root': root}})
    assert f'server.root: {says}' in firmware.console
    assert firmware.get('/').status == 200


def test_a_folder_of_web_files_that_holds_the_key_is_said_at_start(start):
    firmware = start(
        config={'server': {'root': 'all'}, 'tls': {'cert': 'all/c.pem', 'key': 'all/k.pem', 'port': free_port()}},
        files={'all/k.pem': '', 'all/c.pem': ''},
    )
    assert 'server.root: all holds k.pem: give' in firmware.console


def test_the_repl_is_there_while_the_server_runs(start):
    firmware = start(options=('--repl',), interpreter_options=('-i',))

    def type_in(text):
        firmware.process.stdin.write(text.encode())
        firmware.process.stdin.flush()

    type_in('print(6 * 7, "from the REPL")\n')
    firmware.wait_for('42 from the REPL')
    assert firmware.get('/device/info').status == 200
    type_in('import firmware; firmware.stop(); print("stopped" + "!")\n')
    firmware.wait_for('stopped!')
    with pytest.raises(ConnectionRefusedError):
        firmware.get('/device/info')
    type_in('firmware.start(); print("back" + "!")\n')
    firmware.wait_for('back!')
    firmware.wait_for('open http', since=firmware.console.index('stopped!'))
    assert firmware.get('/device/info').status == 200


@pytest.mark.needs('tls')
def test_https_is_served_beside_http(start, tmp_path):
    subprocess.run(
        [
            'openssl',
            'req',
            '-x509',
            '-newkey',
            'ec',
            '-pkeyopt',
            'ec_paramgen_curve:prime256v1',
            '-nodes',
            '-days',
            '2',
            '-subj',
            '/CN=localhost',
            '-keyout',
            tmp_path / 'key.pem',
            '-out',
            tmp_path / 'cert.pem',
        ],
        check=True,
        capture_output=True,
    )
    port = free_port()
    firmware = start(
        config={'tls': {'cert': '../cert.pem', 'key': '../key.pem', 'port': port}}, files={'main.py': APPLICATION}
    )
    context = ssl.create_default_context(cafile=tmp_path / 'cert.pem')
    with Connection((firmware.host, port), tls=context) as connection:
        assert connection.request('GET', '/hello').text == 'hello from the flash'
    assert sorted(firmware.get('/seen').json()) == sorted([[False, firmware.port], [False, port]])
    assert firmware.get('/device/info').json()['addresses'] == [
        f'http://127.0.0.1:{firmware.port}',
        f'https://127.0.0.1:{port}',
    ]


@pytest.mark.needs('tls')
def test_a_missing_certificate_leaves_http(start):
    firmware = start(config={'tls': {'cert': 'none.pem', 'key': 'none.key'}})
    assert firmware.get('/device/info').status == 200
    assert 'https is off: ' in firmware.console and 'none.pem' in firmware.console


def test_device_info_is_for_everyone_and_tells_no_secret(start):
    firmware = start(
        config={'admin_password': 'open:sesame', 'hostname': 'greenhouse', 'network': {'password': 'wlan-password'}}
    )
    response = firmware.get('/device/info')
    info = response.json()
    assert info['hostname'] == 'greenhouse' and info['board'] == 'UNIX' and info['application'] == 'demo'
    assert info['addresses'] == [f'http://127.0.0.1:{firmware.port}']
    assert 'sesame' not in response.text and 'wlan-password' not in response.text


def test_device_config_asks_for_the_password_and_shows_no_secret(start):
    firmware = start(config={'admin_password': 'open:sesame', 'network': {'password': 'wlan-password'}, 'threads': 1})
    refused = firmware.get('/device/config')
    assert refused.status == 401 and refused.header('www-authenticate').startswith('Basic')
    response = firmware.get('/device/config', ADMIN)
    assert response.json()['server']['root'] == 'www'
    assert 'sesame' not in response.text and 'wlan-password' not in response.text
    assert 'admin_password' not in response.json() and 'password' not in response.json()['network']


def test_changes_of_the_configuration_are_saved_and_in_force_after_a_restart(start):
    firmware = start(config={'admin_password': 'open:sesame', 'mine': 1}, files={'pages/index.html': 'pages'})
    status, answer = ask(firmware, 'PUT', '/device/config', ADMIN, {'server': {'root': 'pages'}, 'hostname': 'barn'})
    assert (status, answer['saved']) == (200, True)
    assert json.loads((firmware.flash / 'config.json').read_text()) == {
        'admin_password': 'open:sesame',
        'mine': 1,
        'server': {'root': 'pages'},
        'hostname': 'barn',
    }
    assert firmware.get('/device/info').json()['hostname'] == 'microwebsrv2'
    firmware.signal(signal.SIGINT)
    again = start()
    assert again.get('/').text == 'pages'
    assert again.get('/device/info').json()['hostname'] == 'barn'


def test_wrong_changes_are_named_and_not_saved(start):
    firmware = start(config={'admin_password': 'open:sesame'})
    before = (firmware.flash / 'config.json').read_bytes()
    assert ask(firmware, 'PUT', '/device/config', ADMIN, {'server': {'prot': 1}, 'demo': False}) == (
        422,
        {'faults': ['server.prot: no such key; did you mean server.port?']},
    )
    assert ask(firmware, 'PUT', '/device/config', ADMIN, [1])[0] == 400
    plain = firmware.request('PUT', '/device/config', dict(ADMIN, **{'Content-Type': 'text/plain'}), b'{"demo": false}')
    assert plain.status == 415 and 'Content-Type: application/json' in plain.text
    assert (firmware.flash / 'config.json').read_bytes() == before


@pytest.mark.parametrize('method, path', [('PUT', '/device/config'), ('POST', '/device/reset')])
def test_nothing_is_changed_without_the_password(start, method, path):
    firmware = start(config={'admin_password': 'open:sesame'})
    before = (firmware.flash / 'config.json').read_bytes()
    wrong = {'Authorization': 'Basic ' + base64.b64encode(b'admin:open').decode()}
    assert ask(firmware, method, path, (), {'demo': False})[0] == 401
    assert ask(firmware, method, path, wrong, {'demo': False})[0] == 401
    assert ask(firmware, method, path, dict(ADMIN, Origin='http://evil.example'), {'demo': False})[0] == 403
    assert (firmware.flash / 'config.json').read_bytes() == before
    assert firmware.process.poll() is None


@pytest.mark.parametrize('method, path', [('PUT', '/device/config'), ('POST', '/device/reset')])
def test_nothing_is_changed_where_no_password_is_set(start, method, path):
    firmware = start()
    empty = {'Authorization': 'Basic ' + base64.b64encode(b'admin:').decode()}
    assert ask(firmware, method, path, empty, {'demo': False}) == (
        403,
        {'faults': ['set admin_password in config.json first']},
    )
    assert not (firmware.flash / 'config.json').exists()
    assert firmware.get('/device/config').json()['demo'] is True


def test_reset_restarts_the_device_after_the_answer(start):
    firmware = start(config={'admin_password': 'open:sesame'})
    assert (
        ask(
            firmware,
            'POST',
            '/device/reset',
            dict(ADMIN, Origin=f'http://test:{firmware.port}', Host=f'test:{firmware.port}'),
        )[0]
        == 202
    )
    assert firmware.ended() == -signal.SIGUSR1  # what tools/run.py takes for a reset
