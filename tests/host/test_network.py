"""The device's network modules: Ethernet, Wi-Fi with its fallback, the CC3200's Wi-Fi; interfaces are stubs."""

import pytest
from support.checks import names_of


@pytest.mark.parametrize('check', names_of('checks_network'))
def test_network(device, check):
    device.check('checks_network', check)
