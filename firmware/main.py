"""Frozen at top level: what a board runs after power-on. The application's own main.py on the flash is started by the harness."""

from firmware import harness

harness.main()
