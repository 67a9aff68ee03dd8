"""The sources of MicroPython, lwIP and mbedTLS: Debian's signed source packages, or an upstream checkout (MICROPY_DIR=)."""

from dataclasses import dataclass
from pathlib import Path

# Date of MicroPython 1.25.0's Debian package: the SOURCE_DATE_EPOCH of all builds, so that they repeat.
EPOCH = 1746368053


@dataclass(frozen=True)
class Sources:
    """Where the sources lie. `lwip` is None when an upstream checkout has no lib/lwip."""

    micropython: Path
    """The tree of MicroPython, with lib/mbedtls and lib/lwip in place; ports may write into it (WIPY's appsign.sh does)."""
    lwip: Path
    """lwIP's tree, the folder that holds `src`."""
    library: Path
    """micropython-lib, or a folder with only a README.md where it is absent: goes into MPY_LIB_DIR."""
    upstream: bool
    """True for an upstream checkout by MICROPY_DIR, False for Debian's package."""
    version: tuple
    """MicroPython's version: (1, 25, 0)."""
