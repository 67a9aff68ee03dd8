"""The board UNIX on the device: a program on a computer, whose flash is the folder that it is started in."""

import os

NAME = 'UNIX'
CAPABILITIES = ('threads', 'tls', 'reset')

# Threads of this port are real ones, and their stack holds C frames of a 64-bit machine.
STACK_SIZE = 0


def mount():
    """Return the root of the flash: the current folder; nothing is to be mounted."""
    return '.'


def network(config):
    """Return the address to open: the computer has its network."""
    return '127.0.0.1'


def reset():
    """Restart the firmware: the program ends by a signal that tools/run.py takes for a reset. Does not return."""
    os.system('kill -USR1 $PPID')  # the shell's parent is this program
