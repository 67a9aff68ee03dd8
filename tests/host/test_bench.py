"""Shows that the benchmark's client does its work with the server, notices wrong answers, and makes its tables."""

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
    for name in ('client', 'measures', 'servers'):
        sys.modules.pop(name)


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
