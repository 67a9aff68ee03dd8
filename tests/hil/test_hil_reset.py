"""Resets and the REPL: hard, soft, by the watchdog; Ctrl-C to the REPL and back."""

import json

import pytest

HANGING = """
from MicroWebSrv2 import GET, WebRoute
@WebRoute(GET, '/hang')
def hang(server, request):
    while True:
        pass
"""
WATCHDOG_SECONDS = 4


@pytest.mark.capable('reset')
def test_hard_reset(board):
    board.interrupt()
    board.dut.write('import machine; machine.reset()\r')
    board.wait_reset('hard reset')
    assert board.get('/')[0] == 200


def test_soft_reset(board):
    board.interrupt()
    board.dut.write('\x04')
    board.wait_reset('soft reset')
    assert board.get('/')[0] == 200


def test_repl_and_back(board):
    with board.repl():
        assert board.run('print(6 * 7)') == '42\n'
        with pytest.raises(OSError):
            board.get('/')
    assert board.get('/')[0] == 200


@pytest.mark.capable('watchdog', 'reset')
def test_watchdog(board):
    with board.repl():
        config = json.dumps({'watchdog': WATCHDOG_SECONDS})
        board.run(f"with open('config.json', 'w') as f:\n f.write({config!r})")
        board.run(f"with open('main.py', 'w') as f:\n f.write({HANGING!r})")
    board.reset()
    try:
        connection = board.connection()
        connection.request('GET', '/hang')
        board.wait_reset('watchdog')
        connection.close()
        assert board.get('/device/info')[0] == 200
    finally:
        with board.repl():
            board.run("import os\nos.remove('config.json')\nos.remove('main.py')")
        board.reset()
