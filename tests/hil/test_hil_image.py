"""The image on the board is the built one, and all modules that serve come from it, none from the flash."""

import json
import runpy


def built(build_folder):
    """Return the module build_info that was frozen into the image, as a dict."""
    return runpy.run_path(str(build_folder / 'frozen' / 'build_info.py'))


def test_build_id(board, build_folder):
    info = json.loads(board.get('/device/info')[2])
    expected = built(build_folder)
    assert (info['version'], info['build']) == (expected['VERSION'], expected['BUILD'])
    with board.repl():
        printed = board.run('import build_info\nprint(build_info.VERSION, build_info.BUILD)')
    assert printed.split() == [expected['VERSION'], expected['BUILD']]


FROM_FLASH = """
import os, sys
def there(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False
print([name for name in sys.modules if there(getattr(sys.modules[name], '__file__', '?'))])
"""


def test_server_is_frozen(board):
    with board.repl():
        assert board.run(FROM_FLASH) == '[]\n'
