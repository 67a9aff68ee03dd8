"""Instructions and bytes per request on the emulated board: the same in each run, and not more than recorded.

The record is tests/bench/qemu-record.json; who makes a request dearer by more than 2 % changes it in the same commit.
`make BOARD=QEMU bench` prints the numbers, `make BOARD=QEMU profile` where they come from.
"""

import pytest

from tools import selfbench

pytestmark = pytest.mark.capable('power')


@pytest.fixture(scope='module')
def image():
    """The self-benchmark's image, built: a Path."""
    return selfbench.build()


def test_repeats_exactly(image):
    assert selfbench.run(image) == selfbench.run(image)


def test_not_more_than_recorded(image):
    recorded = selfbench.record()
    if not recorded:
        pytest.skip(f'no numbers are recorded for {selfbench.compiler()}')
    assert selfbench.grown(selfbench.run(image), recorded) == []


def test_growth_is_found():
    recorded = {'hello': {'instructions': 1000, 'bytes': 100}}
    assert selfbench.grown({'hello': {'instructions': 1020, 'bytes': 102}}, recorded) == []
    assert len(selfbench.grown({'hello': {'instructions': 1021, 'bytes': 100}}, recorded)) == 1
    assert len(selfbench.grown({'hello': {'instructions': 1000, 'bytes': 103}}, recorded)) == 1
    assert len(selfbench.grown({}, recorded)) == 1
