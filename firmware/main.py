"""Frozen at top level: what a board runs after power-on.

The main.py on the flash is the application; the harness starts it.
"""

from firmware import harness

harness.main()
