"""Run before boot.py, also when a tool resets the board into the raw REPL: the file system is there for it."""

import board

board.mount()
