"""The WebSockets module without a network, on every target: handshake, messages, closing, timeouts, limits, workers."""

import pytest
from support.checks import names_of


@pytest.mark.parametrize('check', names_of('checks_websocket'))
def test_ws_module(device, check):
    device.check('checks_websocket', check)
