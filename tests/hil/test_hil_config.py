"""The device's configuration: changes over HTTP survive a reset, a broken file comes up with the defaults."""

import base64
import json

PASSWORD = 'tomato-42'
ADMIN = {'Authorization': 'Basic ' + base64.b64encode(b'admin:' + PASSWORD.encode()).decode()}


def write_config(board, text):
    """Write config.json by the REPL."""
    with board.repl():
        board.run(f"with open('config.json', 'w') as f:\n f.write({text!r})")


def remove_config(board):
    """Leave the board as the next test expects it."""
    with board.repl():
        board.run("import os\ntry:\n os.remove('config.json')\nexcept OSError:\n pass")
    board.reset()


def test_change_survives_reset(board):
    write_config(board, json.dumps({'admin_password': PASSWORD}))
    board.reset()
    try:
        change = json.dumps({'hostname': 'greenhouse'})
        headers = {'Content-Type': 'application/json', **ADMIN}
        status, _, body = board.get('/device/config', 'PUT', headers, change)
        assert (status, json.loads(body)['saved']) == (200, True)
        status, _, _ = board.get('/device/reset', 'POST', ADMIN)
        assert status == 202
        board.wait_reset()
        assert json.loads(board.get('/device/info')[2])['hostname'] == 'greenhouse'
    finally:
        remove_config(board)


def test_change_needs_the_password(board):
    status, _, _ = board.get('/device/config', 'PUT', {'Content-Type': 'application/json'}, '{"hostname": "thief"}')
    assert status in (401, 403)


def test_broken_config(board):
    write_config(board, '{"hostname": "half')
    try:
        board.interrupt()
        board.dut.write('import machine; machine.reset()\r')
        board.dut.expect_exact('config.json: ')
        board.wait_open()
        assert json.loads(board.get('/device/info')[2])['hostname'] == 'microwebsrv2'
    finally:
        remove_config(board)
