"""The class MicroWebSrv2 on the target: each method and property of the documentation that needs no connection."""

import pytest
from support.checks import names_of

ON_BOARD = True


@pytest.mark.parametrize('check', names_of('checks_api'))
def test_api(device, check):
    device.check('checks_api', check)
