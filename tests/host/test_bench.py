"""Shows that the benchmark's client does its work with the server, notices wrong answers, and makes its tables."""

import socket
import sys

import pytest

from tools.common import ROOT

BENCH = ROOT / 'tests' / 'bench'


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """The benchmark's modules."""
    monkeypatch.setattr(sys, 'path', [str(BENCH), *sys.path])  # syspath_prepend trips over kosoku's pkg_resources
    import client
    import measures
    import servers

    monkeypatch.setattr(servers, 'BUILD', tmp_path)
    yield client, measures, servers
    for name in ('client', 'measures', 'servers', 'qemu', 'report'):
        sys.modules.pop(name, None)


@pytest.fixture
def running(bench):
    """Our server, as the benchmark runs it on CPython."""
    client, _, servers = bench
    server = servers.Server(
        'MicroWebSrv2',
        'CPython',
        'of the tree',
        list(client.WORK),
        [sys.executable, BENCH / 'apps' / 'ours.py', 'PORT', servers.prepare()],
        {'PYTHONPATH': str(ROOT / 'modules')},
    )
    with server.running() as running:
        yield running


def test_all_work_is_done(bench, running):
    client = bench[0]
    for work in client.WORK.values():
        with client.Session(running.port) as session:
            session.do(work, 3)
    assert running.cpu_seconds() > 0
    assert running.resident_bytes() > 1 << 20


def test_a_wrong_answer_is_noticed(bench, running):
    client = bench[0]
    with client.Session(running.port) as session, pytest.raises(OSError, match='Hello'):
        session.do(client.Http('/hello', b'Good bye'))
    with client.Session(running.port) as session, pytest.raises(OSError, match='404'):
        session.do(client.Http('/nothing', b''))


def test_a_server_that_ends_is_noticed(bench):
    client, _, servers = bench
    server = servers.Server('none', 'CPython', '', [], [sys.executable, '-c', 'raise SystemExit(3)'])
    with pytest.raises(OSError, match='status 3'), server.running():
        pass


def test_medians_and_spreads(bench):
    result = bench[1].Result([110.0, 100.0, 70.0])
    assert result.median == 100.0
    assert result.spread == pytest.approx(0.3)


@pytest.mark.parametrize('least', [1, 7, 16, 17, 40])
def test_the_smallest_number_is_found(bench, least):
    assert bench[1].smallest(lambda number: number >= least, 0, 40) == least


def test_the_smallest_number_is_as_exact_as_asked(bench):
    found = bench[1].smallest(lambda number: number >= 21, 0, 40, 4)
    assert 21 <= found < 25


def test_no_number_is_enough(bench):
    assert bench[1].smallest(lambda number: False, 0, 40) is None
    assert bench[1].smallest_of_steps(lambda number: False, 0, 40, 8) is None


@pytest.mark.parametrize('least', [9, 13, 16])
def test_the_smallest_number_is_found_below_larger_ones_that_fail(bench, least):
    assert bench[1].smallest_of_steps(lambda number: least <= number < 20 or number >= 33, 0, 40, 8) == least


def test_the_table_of_the_emulated_board(bench):
    import qemu
    import report

    table = report.Table('', '', '')
    ours = {'hello': {'instructions': 1000, 'bytes': 8}, 'pyhtml': {'instructions': 4000, 'bytes': 16}}
    qemu.fill(table, {'MicroWebSrv2': ours, 'microdot': {'hello': {'instructions': 2500, 'bytes': 80}}})
    lines = [[cell.strip() for cell in line.split('|')[1:-1]] for line in table.render('github').splitlines()]
    assert lines[0] == ['', 'MicroWebSrv2', 'microdot']
    assert lines[2:] == [
        ['hello: instructions', '1,000', '2,500 (2.50×)'],
        ['hello: bytes', '8', '80 (10.00×)'],
        ['page from a template: instructions', '4,000', '–'],
        ['page from a template: bytes', '16', '–'],
    ]


@pytest.mark.parametrize(
    ('output', 'failure'),
    [
        (b'MicroWebSrv2\r\nopen http://10.0.2.15\r\n', None),
        (b'MemoryError: memory allocation failed', 'allocation failed'),
        (b'no address yet', 'no address yet'),
        (None, 'has ended'),
    ],
)
def test_a_board_serves_or_does_not(bench, output, failure):
    import qemu

    console, board = socket.socketpair()
    with console, board:
        if output:
            board.sendall(output)
        else:
            board.close()
        if failure is None:
            qemu.wait_until_it_serves(console, 10)
        else:
            with pytest.raises(OSError, match=failure):
                qemu.wait_until_it_serves(console, 0.1)
