"""The socket layer by itself on each target (documentation, section About XAsyncSockets layer)."""

import pytest
from support.checks import names_of

ON_BOARD = True


@pytest.mark.parametrize('check', names_of('checks_xas'))
def test_sockets(device, check):
    device.check('checks_xas', check)
