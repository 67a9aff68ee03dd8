"""Starting and stopping: StartManaged(0), (1), (n), StartInPool, Stop from anywhere, Ctrl-C, restarts, errors."""

import socket

import pytest
from support.targets import free_port

ON_BOARD = True


def assert_port_is_free(server):
    """Asserts that nobody answers on the port and that it can be listened on at once (with SO_REUSEADDR)."""
    if not server.target.refuses_early:
        return
    with socket.socket() as probe:
        with pytest.raises(ConnectionRefusedError):
            probe.connect(server.address)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(server.address)
        probe.listen()


SCENARIOS = [
    pytest.param(scenario, marks=[] if scenario == 'in_calling_thread' else pytest.mark.needs('threads'))
    for scenario in (
        'in_calling_thread',
        'in_one_thread',
        'default',
        'in_threads',
        'again_and_again',
        'pool_stopped_by_hand',
    )
]


@pytest.mark.parametrize('scenario', SCENARIOS)
def test_it_serves_and_a_handler_may_stop_it(start, scenario):
    server = start('lifecycle', scenario=scenario)
    with server.connect() as idle, server.connect() as used:
        assert used.request('GET', '/running').json() is True
        assert used.request('GET', '/text.txt').status == 200
        assert server.get('/stop').text == 'stopping'
        assert idle.is_closed() and used.is_closed()
    assert server.output.wait_for('ENDED')
    assert server.process.wait(10) == 0
    assert_port_is_free(server)


@pytest.mark.parametrize('scenario', SCENARIOS)
def test_ctrl_c_stops_it_at_once(start, scenario):
    server = start('lifecycle', scenario=scenario)
    with server.connect() as connection:
        assert connection.is_open()
        server.interrupt()
        server.process.wait(3)
    assert_port_is_free(server)


@pytest.mark.app('lifecycle', scenario='in_calling_thread')
def test_what_cannot_be_changed_while_it_runs_says_so(server):
    refused = server.get('/change').json()
    assert [name for name, _ in refused] == [
        'ConnQueueCapacity',
        'BufferSlotsCount',
        'BufferSlotSize',
        'KeepAllocBufferSlots',
        'BindAddress',
        'SetEmbeddedConfig',
        'SetLightConfig',
        'SetNormalConfig',
        'SetLargeConfig',
        'StartManaged',
    ]
    assert all('running' in text for _, text in refused)


@pytest.mark.needs('threads')
def test_two_servers_in_one_pool(start):
    from support.client import Connection

    other_port = free_port()
    server = start('lifecycle', scenario='two_in_one_pool', other_port=other_port)
    assert server.get('/who').text == 'first'
    with Connection((server.host, other_port)) as other:
        assert other.request('GET', '/who').text == 'second'
        assert server.get('/stop').status == 200
        assert other.request('GET', '/who').text == 'second'
        other.send(b'GET /stop HTTP/1.1\r\nHost: a\r\n\r\n')
        assert other.response().text == 'stopping'
    assert server.output.wait_for('ENDED')


@pytest.mark.needs('threads')
@pytest.mark.parametrize(
    'scenario, texts',
    [
        ('port_taken', ('ERROR', 'STARTED True')),
        ('bad_address', ('ERROR', '203.0.113.7', 'RUNNING False')),
    ],
)
def test_errors_of_starting_say_why(target, site, scenario, texts):
    port, process, output = target.spawn('lifecycle', {'scenario': scenario, 'root': target.path(site)})
    text = output.wait_for_end(20)
    assert process.wait(5) == 0, text
    assert 'NO ERROR' not in text
    for part in texts:
        assert part in text
    error = text[text.index('ERROR') :].splitlines()[0]
    assert str(port) in error


def test_nothing_is_printed_for_requests_that_are_answered(start):
    server = start('wire')
    start_ = len(server.log())
    for path in ('/hello', '/text.txt', '/helper/ReturnBadRequest', '/json-object', '/stream'):
        server.get(path)
    with server.connect() as connection:
        connection.abort()
    assert server.get('/hello').status == 200
    assert server.log()[start_:] == ''


def test_what_is_refused_or_not_found_is_said_with_the_reason(start):
    server = start('wire')
    server.get('/not-there')
    with server.connect() as connection:
        connection.send('garbage\r\n\r\n')
        connection.read_until_close()
    assert server.output.wait_for('MWS2-INFO> Not found: GET /not-there\n')
    assert server.output.wait_for('MWS2-INFO> Refused 127.0.0.1: 400, Bad ')


def test_a_log_line_holds_no_control_character_of_a_request(start):
    server = start('wire')
    server.get('/a%0d%0aMWS2-ERROR>%20forged%1b%5b2J%c2%9b')
    assert server.output.wait_for('Not found: GET /a\\x0d\n    MWS2-ERROR> forged\\x1b[2J\\x9b\n')
