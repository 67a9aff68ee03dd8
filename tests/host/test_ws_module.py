"""The WebSockets module without a network, on every target: handshake, messages, closing, limits, workers, policies."""

import pytest
from support.checks import names_of

CHECKS = [(module, check) for module in ('checks_websocket', 'checks_ws_policies') for check in names_of(module)]


@pytest.mark.parametrize('module, check', CHECKS)
def test_ws_module(device, module, check):
    device.check(module, check)
