"""The emulated board's firmware, linked for one size of RAM after the other: what the search of the smallest one needs.

The port is compiled once for all sizes for which its Makefile has the same settings; a size is then two symbols of the
linker's, and takes a second.
"""

import hashlib
import subprocess

from tools import boards, common, selfbench
from tools.common import BUILD, Failure

LIMITS = (32, 256)  # KB between which to look; `make` itself takes no less than the board's own image needs to start
TOO_SMALL = 'RAM_KB is too small'  # boards/QEMU/port/mps2.ld


class Context(boards.Context):
    """The build of one size of RAM."""

    def __init__(self, kilobytes, peer=None):
        """`kilobytes`: the RAM, int. `peer`: as of tools.selfbench.Context, None for the image of the board itself."""
        super().__init__(selfbench.NAME, {'RAM_KB': str(kilobytes)})
        self.build = BUILD / (f'QEMU-ram-{peer}' if peer else 'QEMU-ram')
        self.log = self.build / 'build.log'
        if peer:
            self.board = selfbench.FOLDER / peer

    def settings(self):
        """Return no settings: the build id is of the image for all sizes, or each size would compile it anew."""
        return []

    def port_folder(self):
        """Return the Path for the port's BUILD: one for each set of settings that the compiler gets for the size."""
        return self.build / f'port-{hashlib.sha256(self._compiler_flags().encode()).hexdigest()[:8]}'

    def _compiler_flags(self):
        command = ['make', '-s', '-C', common.ROOT / 'boards' / selfbench.NAME / 'port', 'flags']
        command += ['--eval=flags: ; @echo $(CFLAGS)', f'TREE={self.sources().micropython}', 'BUILD=build']
        command.append(f'RAM_KB={self.variables["RAM_KB"]}')
        result = subprocess.run(
            [str(word) for word in command], env=common.clean_environment(), capture_output=True, text=True
        )
        if result.returncode:
            raise Failure(f"the port's Makefile: {common.first_error(result.stderr)}")
        return result.stdout

    def _configuration(self):
        """Return what the board's own build compares, as the port is the same for a peer."""
        return boards.Context(selfbench.NAME)._configuration()


def link(kilobytes, peer=None):
    """Link the firmware of the board, or of a peer, for so many KB of RAM.

    Return the Path of its ELF file, which the next call replaces; None where the static data leave no heap. Raise
    Failure.
    """
    context = Context(kilobytes, peer)
    board = boards.load(selfbench.NAME)
    board.RAM_KB = LIMITS
    with common.lock(context.build / '.lock'):
        context.log.unlink(missing_ok=True)
        context.prepare()
        folder = context.port_folder()
        image = folder / 'firmware.elf'
        image.unlink(missing_ok=True)  # make does not see that RAM_KB is another one
        try:
            board.compile_port(context, folder)
        except Failure as failure:
            if TOO_SMALL in str(failure):
                return None
            raise
        return image
