"""`make build`: builds the image of a board."""

import sys

from tools import boards, common
from tools.common import Failure


def build(name, variables):
    """Build a board's image; return what its target.py says it made, `{'image': Path, …}`. Raise Failure.

    One build of a board at a time: another one waits.
    """
    target = boards.load(name)
    context = boards.Context(name, variables)
    with common.disk_errors(f'building {name}'), common.lock(context.build / '.lock'):
        context.log.unlink(missing_ok=True)
        context.prepare()
        made = boards.can(target, 'build')(context)
    if not made['image'].is_file():
        raise Failure(f'the build of {name} did not make {made["image"]}')
    return made


@common.tool
def main(variables):
    """Build the board BOARD and print where its image is."""
    name = variables.get('BOARD', 'UNIX')
    for what, path in build(name, variables).items():
        common.say(f'{name}: {what}: {path} ({path.stat().st_size:,} bytes)')


if __name__ == '__main__':
    sys.exit(main())
