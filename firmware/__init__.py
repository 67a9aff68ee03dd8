"""The harness: what runs on the device around the server; see README.md beside this file.

From the REPL: `import firmware`, then firmware.stop() and firmware.start().
"""

import gc

if hasattr(gc, 'threshold'):
    gc.threshold(4096)  # while modules are imported, to keep them close together; the harness sets it for what is free


def start():
    """Start serving, or go on after Ctrl-C or stop(). Without threads it serves until Ctrl-C."""
    from firmware import harness

    harness.start()


def stop():
    """Stop serving; the ports are free when it returns."""
    from firmware import harness

    harness.stop()
