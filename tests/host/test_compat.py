"""Programs written for MicroWebSrv2 run unchanged: their habits, and the documentation's own examples."""

import pathlib
import shutil
import sys

import pytest
from support.targets import ROOT

ON_BOARD = True

pytestmark = pytest.mark.app('compat')


def test_several_decorators_on_one_function_and_attributes_on_the_server(start):
    server = start('compat')
    assert server.get('/stacked-one').json() == {'counter': 1, 'method': 'GET'}
    assert server.request('POST', '/stacked-two', body=b'').json() == {'counter': 2, 'method': 'POST'}


@pytest.mark.parametrize(
    'path, text',
    [('/in-class', 'in class'), ('/bound', 'bound method'), ('/closure/1', 'closure 1'), ('/closure/Ab', 'closure Ab')],
)
def test_handlers_of_any_kind(server, path, text):
    assert server.get(path).text == text


def test_arguments_by_keyword(server):
    assert server.get('/keywords?json=1').json() == [1]
    assert server.get('/keywords?okjson=1').json() == [2]
    assert server.get('/keywords').header('content-disposition') == 'attachment; filename="saved.txt"'


def test_callbacks_set_while_the_server_runs(server):
    start = len(server.log())
    assert server.get('/late-callback').text == '&lt;late&gt;'
    assert server.output.wait_for('LOGGED late True', start)


def test_names_that_programs_reach_into(server):
    assert server.get('/internals').text in ('1 text/plain 127.0.0.1', '1 text/plain 0.0.0.0')


def test_content_is_a_memoryview_or_none(server):
    assert server.get('/content').text == 'none'
    assert server.request('POST', '/content', body=b'x').text == 'memoryview'


@pytest.mark.needs('threads')
def test_the_usage_example(start):
    server = start('usage')
    assert server.get('/text.txt').status == 200
    server.interrupt()
    assert server.process.wait(10) == 0
    assert server.output.wait_for_end().rstrip().endswith('ENDED')


SUB_PACKAGE = """
import sys
sys.path[:] = {path!r}
from lib.MicroWebSrv2 import *
from lib.MicroWebSrv2.libs.XAsyncSockets import XAsyncSocketsPool as Pool
server = MicroWebSrv2()
server.BindAddress = ('127.0.0.1', {port})
pool = Pool()
server.StartInPool(pool)
server.Stop()
try:
    MicroWebSrv2.LoadModule('PyhtmlTemplate')
    MicroWebSrv2.LoadModule('WebSockets')
except MicroWebSrv2Exception as error:
    print('FAILED', error)
names = [name for name in sys.modules if name.startswith('MicroWebSrv2')]
print('ABSOLUTE', names)
"""


@pytest.mark.needs('processes')
def test_the_package_may_be_a_part_of_another(device, tmp_path, target):
    from support.targets import free_port

    folder = tmp_path / 'lib'
    folder.mkdir()
    (folder / '__init__.py').write_text('')
    shutil.copytree(
        ROOT / 'modules' / 'MicroWebSrv2', folder / 'MicroWebSrv2', ignore=shutil.ignore_patterns('__pycache__')
    )
    path = [str(tmp_path)] + (
        [entry for entry in sys.path if 'python3' in entry] if target.name == 'cpython' else ['.frozen']
    )
    output = device.run(SUB_PACKAGE.format(path=path, port=free_port()))
    assert output.splitlines()[-1] == 'ABSOLUTE []' and 'FAILED' not in output


def test_no_absolute_import_of_the_package_in_itself():
    for file in pathlib.Path(ROOT / 'modules' / 'MicroWebSrv2').rglob('*.py'):
        if file.name != '__main__.py':
            for line in file.read_text().splitlines():
                assert not line.strip().startswith(('from MicroWebSrv2', 'import MicroWebSrv2')), (file, line)
