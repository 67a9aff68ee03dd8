import pytest
from support.checks import names_of

ON_BOARD = True


@pytest.mark.parametrize('check', names_of('checks_connection'))
def test_http_connection(device, check):
    device.check('checks_connection', check)
