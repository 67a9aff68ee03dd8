"""Frozen at top level, so that none on the flash is run: everything begins in main.py."""
