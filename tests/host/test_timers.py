"""Timers: CallLater() and CallEvery() of a pool, on every target."""

import pytest
from support.checks import names_of

ON_BOARD = True


@pytest.mark.parametrize('check', names_of('checks_timers'))
def test_timers(device, check):
    device.check('checks_timers', check)
