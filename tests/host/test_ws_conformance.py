"""The WebSocket echo application against kosoku, the fuzzing client with the cases of the Autobahn test suite."""

import asyncio

import kosoku
import pytest

CASES = {'1': 16, '2': 11, '3': 7, '4': 10, '5': 20, '6': 145, '7': 37, '10': 1}
UNSPECIFIED = ('7.1.6', '7.13.1', '7.13.2')  # these tell what a server does where RFC 6455 leaves it open


def run(server, cases):
    """Runs the cases of some patterns; returns their results."""
    try:
        return asyncio.run(kosoku.run_fuzzingclient(f'ws://{server.host}:{server.port}/echo', cases, [], concurrency=8))
    except kosoku.FailureError as failure:
        return failure.results


def faults(results):
    """Returns what is neither OK nor NON-STRICT."""
    return {
        result.case_id: (result.behavior.value, result.behavior_close.value, result.result)
        for result in results
        if result.behavior.value not in ('OK', 'NON-STRICT') and result.case_id not in UNSPECIFIED or not result.passed
    }


@pytest.mark.app('wsapp')
@pytest.mark.parametrize('group', CASES)
def test_conformance(server, group):
    results = run(server, [f'{group}.*'])
    assert len(results) == CASES[group]
    assert faults(results) == {}


@pytest.mark.needs('cpython')
@pytest.mark.app('wsapp', compression=True, limit=None)
@pytest.mark.parametrize('group, parts', [('12', 5), ('13', 7)])
def test_conformance_of_compressed_messages(server, pytestconfig, group, parts):
    """1,000 messages each of 16, 64, 1024 and 32768 bytes, and of 8192 in fragments of 256; --all-cases: 6 minutes."""
    sizes = range(1, 19) if pytestconfig.getoption('all_cases') else (1, 2, 4, 8, 11)
    names = [f'{group}.{part}.{size}' for part in range(1, parts + 1) for size in sizes]
    results = run(server, names)
    assert len(results) == len(names)
    assert faults(results) == {}


@pytest.mark.needs('cpython')
@pytest.mark.app('wsapp', limit=None)
def test_conformance_of_big_messages(server):
    results = run(server, ['9.*'])
    assert len(results) == 54
    assert faults(results) == {}
