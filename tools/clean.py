"""`make clean`: removes what was built, but not the sources, mpy-cross, and the flash of UNIX and QEMU."""

import shutil
import sys

from tools import boards, common
from tools.common import BUILD

KEPT_IN_BUILD = ('sources', 'mpy-cross')
KEPT_IN_BOARD = ('flash', 'flash.img')


@common.tool
def main(variables):
    """Remove all in build/ but KEPT_IN_BUILD, and in it what boards built but KEPT_IN_BOARD."""
    with common.disk_errors('cleaning'):
        for path in sorted(BUILD.glob('*')):
            if path.name in boards.names():
                _remove_all_but(path, KEPT_IN_BOARD)
            elif path.name not in KEPT_IN_BUILD:
                _remove(path)


def _remove_all_but(folder, kept):
    for path in folder.iterdir():
        if path.name not in kept:
            _remove(path)
    if not any(folder.iterdir()):
        folder.rmdir()


def _remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


if __name__ == '__main__':
    sys.exit(main())
