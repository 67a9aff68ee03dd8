"""The harness: what runs on the device around the server; see README.md beside this file.

From the REPL: `import firmware`, then firmware.stop() and firmware.start().
"""

import gc


def collect_early():
    """Has memory collected each time that a quarter of what is free now has been allocated, not only when all is.

    What stays then lies close together: on a full heap it lands in any gap, and nothing large fits between.
    """
    gc.collect()
    if hasattr(gc, 'mem_free'):
        gc.threshold(max(1024, gc.mem_free() // 4))


collect_early()


def start():
    """Start serving, or go on after Ctrl-C or stop(). Without threads it serves until Ctrl-C."""
    from firmware import harness

    harness.start()


def stop():
    """Stop serving; the ports are free when it returns."""
    from firmware import harness

    harness.stop()
