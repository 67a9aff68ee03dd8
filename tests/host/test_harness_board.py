"""The harness on a board that is not there: watchdog, reset, addresses, supervision, firmware without threads."""

import pytest
from support.checks import names_of


@pytest.mark.parametrize('check', names_of('checks_harness'))
def test_harness_on_a_board(device, check):
    device.check('checks_harness', check)
