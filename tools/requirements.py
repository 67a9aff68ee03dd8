"""`make requirements`: resolves requirements/*.in into requirements/*.txt, all packages in exact versions with hashes.

The hashes are those of all files of a version, so that the same files serve each processor and Python.
"""

import sys
import tempfile
from pathlib import Path

from tools import common, setup
from tools.common import BUILD, ROOT

FOLDER = ROOT / 'requirements'
LOG = BUILD / 'requirements.log'
_HEAD = '# Made of {source} by `make requirements`: change that file, not this one.\n'


@common.tool
def main(variables):
    """Write requirements/NAME.txt of each requirements/NAME.in. A package has one version in all of them."""
    sources = sorted(FOLDER.glob('*.in'))
    with tempfile.TemporaryDirectory() as folder:
        together = Path(folder) / 'together.txt'
        resolve(sources, together)
        for source in sources:
            resolved = Path(folder) / source.name
            resolve([source], resolved, '--generate-hashes', '--constraint', together)
            text = _HEAD.format(source=source.name) + resolved.read_text()
            if common.write_if_changed(source.with_suffix('.txt'), text):
                common.say(f'{source.stem}.txt is new')


def resolve(sources, output, *options):
    """Resolve files of requirements, for all Pythons that set-up takes, into the file `output`. Raise Failure."""
    oldest = '.'.join(map(str, setup.OLDEST_PYTHON))
    command = [Path(sys.executable).with_name('uv'), 'pip', 'compile', '--universal', '--python-version', oldest]
    command += ['--no-header', '--no-annotate', '--no-config', *options, '--output-file', output, *sources]
    common.run(command, f'resolving {", ".join(path.name for path in sources)}', LOG, cwd=FOLDER)


if __name__ == '__main__':
    sys.exit(main())
