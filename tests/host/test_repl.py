"""Shows how tools/repl.py comes to a board that is starting, and what it says when the board's file system refuses."""

import errno
import os
import pty
import threading
import tty

import pytest

from tools import repl
from tools.common import Failure

RAW = b'raw REPL; CTRL-B to exit\r\n>'


class StartingBoard(threading.Thread):
    """A board on a pseudo-terminal, with nobody at its console for the first so many times that ^A is typed."""

    def __init__(self, deaf):
        super().__init__(daemon=True)
        self._deaf = deaf
        self._console, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)

    def run(self):
        while True:
            for key in os.read(self._console, 100):
                self._answer(key)

    def _answer(self, key):
        if key == 1:
            self._deaf -= 1
            if self._deaf < 0:
                os.write(self._console, RAW)
        elif key == 4:
            os.write(self._console, b'OK\r\nMPY: soft reboot\r\n' + RAW)


def test_a_board_that_is_starting_is_called_again(monkeypatch, capfd):
    monkeypatch.setattr(repl, '_PATIENCE', (1, 1, 10))
    board = StartingBoard(2)
    board.start()
    with repl.Board(board.path):
        assert board._deaf == -1
    assert capfd.readouterr().out == ''


def test_a_board_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(repl, '_PATIENCE', (1,))
    board = StartingBoard(1)
    board.start()
    with pytest.raises(Failure, match='could not enter raw repl'):
        repl.Board(board.path)


def test_what_the_file_system_refuses_is_no_lost_connection(monkeypatch):
    board = StartingBoard(0)
    board.start()
    with repl.Board(board.path) as connected:

        def refuse(*_):
            raise OSError(errno.ENOSPC, '/flash/a.new')

        monkeypatch.setattr(connected._transport, 'fs_writefile', refuse)
        with pytest.raises(Failure, match='says: No space left on device: /flash/a.new'):
            connected.write('/flash/a', b'data')
