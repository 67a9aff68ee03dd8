"""Shows what is in the UNIX image: the variant's features, frozen modules and web files, and how bytes are counted."""

import gzip
import re
import subprocess
import sys

import pytest

from tools import boards, frozen, lint, size
from tools.common import ROOT, Failure

FIRMWARE = ROOT / 'build' / 'UNIX' / 'firmware'


def on_firmware(code, folder):
    """Runs Python code on the UNIX firmware in a folder; returns what it printed."""
    result = subprocess.run([FIRMWARE, '-c', code], cwd=folder, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_features_of_the_variant(tmp_path):
    code = """
import _thread, asyncio, binascii, deflate, hashlib, json, machine, os, random, re, select, socket, ssl, tls, vfs
print(select.poll, vfs.VfsRom, vfs.VfsFat, vfs.VfsLfs2, ssl.SSLContext)
print(binascii.hexlify(hashlib.sha1(b'abc').digest()))
"""
    assert on_firmware(code, tmp_path).endswith("b'a9993e364706816aba3e25717850c26c9cd0d89d'\n")
    assert 'no' in on_firmware("try:\n import btree\nexcept ImportError:\n print('no')", tmp_path)


def test_threads_share_objects_safely(tmp_path):
    """Without the global lock, growing one dict from four threads loses entries or crashes."""
    code = """
import _thread, time
shared, done = {}, []
def work(n):
    for i in range(1000):
        shared[(n, i)] = [i]
    done.append(n)
for n in range(4):
    _thread.start_new_thread(work, (n,))
begun = time.ticks_ms()
while len(done) < 4 and time.ticks_diff(time.ticks_ms(), begun) < 20000:
    time.sleep_ms(1)
print(len(shared), all(shared[(n, i)] == [i] for n in range(4) for i in range(1000)))
"""
    assert on_firmware(code, tmp_path) == '4000 True\n'


def test_all_modules_are_frozen():
    """A module that a manifest forgets is found here, not on a board."""
    context = boards.Context('UNIX')
    files = {file.target_path for file in frozen.manifest_files(context, [context.board / 'manifest.py'])}
    here = {path for path in (ROOT / 'modules').rglob('*.py') if not lint.is_host_only(path)}
    missing = {path.relative_to(ROOT / 'modules').as_posix() for path in here} - files
    assert missing == {'MicroWebSrv2/libs/sha1.py'}
    assert {'firmware/harness.py', 'board.py', 'ssl.py', 'asyncio/core.py'} <= files


def test_web_files_are_in_the_image(tmp_path):
    code = """
import os, www_image
def walk(folder):
    for name, kind, *_ in os.ilistdir(folder):
        path = folder + '/' + name
        if kind == 0x4000:
            walk(path)
        else:
            with open(path, 'rb') as file:
                print(path, file.read().hex())
walk(www_image.mount())
assert www_image.mount() == '/frozen/www'
"""
    found = dict(line.split(' ') for line in on_firmware(code, tmp_path).replace('/frozen/www/', '').splitlines())
    wanted = frozen.www_files([ROOT / 'www'])
    del found['licences.txt.gz']  # test_notice.py
    assert {name: bytes.fromhex(data) for name, data in found.items()} == wanted


def test_pages_come_compiled(tmp_path):
    """And one whose names the build could not know is compiled on the device."""
    code = """
import os, sys, www_image
from MicroWebSrv2 import MicroWebSrv2
class Request:
    IsSSL = False
    IsKeepAlive = True
    UserAddress = ('here', 1)
path = www_image.mount() + '/test.pyhtml'
pyhtml = MicroWebSrv2.LoadModule('PyhtmlTemplate')
def render():
    page = pyhtml._template(path, os.stat(path)).render(Request)
    return page, 'MicroWebSrv2.libs.pyhtmlCompiler' in sys.modules
pyhtml.SetGlobalVar('TestPoints', [('point', '/path')])
page, compiled_here = render()
assert not compiled_here and page.count(b'class="prime"') == 9 and b'<a href="/path">point</a>' in page, page
pyhtml.SetGlobalVar('limit', 7)
assert render() == (page, True)
"""
    assert on_firmware(code, tmp_path) == ''


def test_a_page_that_is_wrong_ends_the_build():
    for source, text in (
        (b'a\n{{ 1 + }}', 'line 2: '),
        (b'\n\n{{ end }}', 'line 3: {{ end }} closes nothing'),
        (b'\n\xff', 'line 2: the page is not UTF-8 text'),
    ):
        with pytest.raises(Failure, match=f'^page.pyhtml, ({text})'):
            frozen.page_module('page.pyhtml', source)


@pytest.mark.parametrize('source', ['{{ py }} global x {{ end }}', '{{ eval("x") }}'])
def test_a_page_that_needs_the_variables_themselves_is_left_to_the_device(source):
    assert frozen.page_module('page.pyhtml', source.encode()) is None


def test_reading_a_web_file_copies_nothing(tmp_path):
    code = """
import gc, os, www_image
root = www_image.mount()
path = max((root + '/' + name for name in os.listdir(root)), key=lambda path: os.stat(path)[6])
size = os.stat(path)[6]
gc.collect()
gc.disable()
before = gc.mem_alloc()
file = open(path, 'rb')
view = memoryview(file)
used = gc.mem_alloc() - before
print(size == len(view), size > 1024, used < 512)
"""
    assert on_firmware(code, tmp_path) == 'True True True\n'


def test_gzip_twins(tmp_path):
    """A twin where it is smaller; none for what is packed, tiny, hidden, a template, or has one already."""
    files = {
        'page.html': b'<p>word</p>' * 50,
        'noise.bin': bytes((i * 7919 + i * i * 104729) >> 3 & 255 for i in range(300)),
        'tiny.txt': b'x',
        'page.pyhtml': b'<p>word</p>' * 50,
        'mine.css': b'a{}' * 50,
        'mine.css.gz': b'my own',
        '.hidden': b'x' * 500,
        'sub/deep/script.js': b'let x;' * 50,
    }
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    packed = frozen.www_files([tmp_path])
    assert sorted(set(packed) - set(files)) == ['page.html.gz', 'sub/deep/script.js.gz']
    assert set(files) - set(packed) == {'.hidden'}
    assert gzip.decompress(packed['page.html.gz']) == files['page.html']
    assert packed['mine.css.gz'] == b'my own'
    assert packed['page.html.gz'][4:8] == bytes(4)  # no time in it


def test_missing_folder_of_web_files_is_named(tmp_path):
    with pytest.raises(Failure, match='nowhere is not there'):
        frozen.www_files([tmp_path / 'nowhere'])


def test_own_manifest_is_named_when_missing(tmp_path):
    context = boards.Context('UNIX', {'MANIFEST': str(tmp_path / 'gone.py')})
    context.build = tmp_path
    with pytest.raises(Failure, match=r'MANIFEST=.*gone\.py is not there'):
        context.manifest()


def test_error_in_own_manifest_is_shown(tmp_path):
    manifest = tmp_path / 'manifest.py'
    manifest.write_text("module('absent.py')\n")
    context = boards.Context('UNIX', {'MANIFEST': str(manifest)})
    context.build = tmp_path
    with pytest.raises(Failure, match=r'Cannot stat .*absent\.py'):
        context.manifest()


def test_frozen_bytes_are_divided_exactly():
    source = """
// frozen module a_b
static const byte fun_data_a_b_f[10] = {
static const mp_obj_str_t const_obj_a_b_0 = {{&mp_type_bytes}, 1, 7, (const byte*)"\\x61"};
static const mp_rom_obj_t *const children_a_b[] = {
// frozen module a
static const byte fun_data_a_b_c[4] = {
const qstr_hash_t mp_qstr_frozen_const_hashes[] = {
MICROPY_FROZEN_LIST_ITEM("a/b", "a/b.py")
MICROPY_FROZEN_LIST_ITEM("a", "a.py")
"""
    sizes = {
        'fun_data_a_b_f': 10,
        'const_obj_a_b_0': 16,
        'children_a_b': 8,
        'fun_data_a_b_c': 4,
        'mp_qstr_frozen_const_hashes': 50,
    }
    expected = [('a/b.py', 10 + 16 + 8 + 8), ('a.py', 4), (size.SHARED, 100 - 46)]
    assert list(size.divide(source, sizes, 100).items()) == expected


def test_frozen_bytes_of_the_image_add_up():
    """What is put down to modules and what is shared is all there is, and the shared rest is names and tables only."""
    context = boards.Context('UNIX')
    counted = size.frozen_bytes(context, '')
    folder = context.port_folder()
    symbols = size.symbol_sizes(folder / 'frozen_content.o', '')
    tables = sum(used for name, used in symbols.items() if name.startswith(('mp_', 'rom_modules', 'rom_classes')))
    text = (folder / 'frozen_content.c').read_text()
    unique, count = re.search(r'^qstr content: (\d+) unique, (\d+) bytes', text, re.MULTILINE).groups()
    names = int(count) - 3 * int(unique)  # hashes and lengths are tables
    assert sum(counted.values()) == size.section_bytes(folder / 'frozen_content.o', '')
    # The compiler keeps a text once that is both a name and a constant.
    assert 0.95 < counted[size.SHARED] / (tables + names) <= 1


def test_importing_the_server_takes_little_heap(tmp_path):
    """Functions, classes and names of frozen modules lie in the program: on the heap they took 32 KB more."""
    code = """
import gc
gc.collect()
before = gc.mem_alloc()
import MicroWebSrv2
gc.collect()
print(gc.mem_alloc() - before)
"""
    assert int(on_firmware(code, tmp_path)) < 13000


def test_frozen_functions_are_those_of_their_module(tmp_path):
    """Whoever makes them: with default values, as generators and closures, and when their module is imported anew."""
    code = """
import sys
from MicroWebSrv2.libs import urlUtils, pyhtmlCompiler
from MicroWebSrv2.libs.urlUtils import UrlUtils
assert UrlUtils.Quote('a b/c') == 'a%20b/c' and UrlUtils.Quote('a b/c', '') == 'a%20b%2Fc'
assert pyhtmlCompiler.compile_page(b'{{ for i in (1, 2) }}{{ i }}{{ end }}', 'page', {}).render() == b'12'
assert urlUtils.decode_text.__name__ == 'decode_text'
old = sys.modules.pop('MicroWebSrv2.libs.urlUtils')
import MicroWebSrv2.libs.urlUtils as new
assert new is not old and new.decode_text(b'\\xc3\\xa9') == '\\xe9'
"""
    assert on_firmware(code, tmp_path) == ''


def test_frozen_functions_keep_the_globals_of_a_module_that_is_let_go(tmp_path):
    code = """
import gc, sys
import MicroWebSrv2.libs
from MicroWebSrv2.libs.pyhtmlCompiler import compile_page
del sys.modules['MicroWebSrv2.libs.pyhtmlCompiler'], MicroWebSrv2.libs.pyhtmlCompiler
gc.collect()
rubbish = [bytes(100) for _ in range(2000)]
print(compile_page(b'{{ x }}', 'page', {'x': 7}).render())
"""
    assert on_firmware(code, tmp_path) == "b'7'\n"


def test_frozen_classes_are_as_if_made_on_the_device(tmp_path):
    """The same modules compiled on the device, and frozen, have classes of the same names, kinds and values."""
    code = """
from MicroWebSrv2 import XAsyncTCPClient, HttpRequest, HttpResponse, UrlUtils, XClosedReason
from MicroWebSrv2.mods.WebSockets import WebSocket
def kind(value):
    return value if isinstance(value, (int, str, tuple, type(None))) else type(value).__name__
for one in (XAsyncTCPClient, HttpRequest, HttpResponse, UrlUtils, XClosedReason, WebSocket):
    print(one.__name__, one.__bases__[0].__name__ if hasattr(one, '__bases__') else '')
    for name in sorted(one.__dict__):
        if name not in ('__module__', '__slots__'):  # MicroPython has no use for slots: tools/folding.py
            print(name, kind(one.__dict__[name]))
"""
    frozen_classes = on_firmware(code, tmp_path)
    from_sources = f'import sys; sys.path[:] = [{str(ROOT / "modules")!r}]\n'
    sources = on_firmware(from_sources + code, tmp_path)
    assert 'AsyncRecvLine function' in frozen_classes and 'Path property' in frozen_classes
    assert re.sub('0x\\w+', '', frozen_classes) == re.sub('0x\\w+', '', sources)


def test_names_in_flash_are_those_of_the_sources(tmp_path):
    """The same modules compiled on the device, and frozen, have the same names by attribute and by `import *`."""
    code = """
import sys
import MicroWebSrv2
from MicroWebSrv2.libs import xasPoller, urlUtils
def names(module):  # private numbers are folded into the code that uses them
    found = [name for name in dir(module) if name not in ('__path__', '__file__')]
    return sorted(name for name in found if name[0] != '_' or not isinstance(getattr(module, name), int))
print(names(MicroWebSrv2), names(xasPoller), names(urlUtils))
from MicroWebSrv2 import *
print(sorted(name for name in dir() if name[0] != '_'), XClosedReason, sleep, xasPoller.__name__)
print(hasattr(xasPoller, 'isinstance'))
print(xasPoller.__file__.split('modules/')[-1], xasPoller)
"""
    frozen_names = on_firmware(code, tmp_path)
    sources = on_firmware(f'import sys; sys.path[:] = [{str(ROOT / "modules")!r}]\n' + code, tmp_path)
    assert "'XClosedReason'" in frozen_names and "'is_interrupt'" in frozen_names
    addresses = re.compile(f'0x\\w+|{re.escape(str(ROOT / "modules"))}/')
    assert addresses.sub('', frozen_names) == addresses.sub('', sources)


def test_no_module_stores_another_value_than_was_foreseen(tmp_path):
    """It would have all its names on the heap: also `__file__`, which is nobody's but a constant."""
    code = """
import sys, MicroWebSrv2, firmware.harness, firmware.servers, firmware.config, firmware.device, firmware.demo
from MicroWebSrv2.mods import WebSockets, PyhtmlTemplate
from MicroWebSrv2.libs import xasTimers, xasTLS, xasUDP, xasTCPClient, xasWorkers, pyhtmlCompiler
own = [name for name in sys.modules if name.startswith(('MicroWebSrv2', 'firmware'))]
print(len(own) > 35, [name for name in own if '__file__' in sys.modules[name].__dict__])
"""
    assert on_firmware(code, tmp_path) == 'True []\n'


def test_a_name_in_flash_that_is_changed_is_changed_for_its_module(tmp_path):
    """As an application or a test may do; other names stay, and another module keeps what it imported."""
    code = """
from MicroWebSrv2.libs import httpCommon, urlUtils, validators
class Pool:
    now = 0
def start():
    try:
        return httpCommon.CommonHeads(Pool).start(200, None, None)
    except Exception as error:
        return type(error).__name__
assert b'new' not in start()
old = httpCommon.http_date
httpCommon.http_date = lambda seconds: b'new'
assert start().endswith(b'\\r\\nDate: new') and validators.http_date is old
del httpCommon.http_date
assert start() == 'NameError' and httpCommon.reason_phrase(404) == 'Not Found'
import builtins
assert urlUtils.decode_text(b'\\xff') == '\\xff'
builtins.chr = lambda code: 'new'
assert urlUtils.decode_text(b'\\xff') == 'new'
from MicroWebSrv2.libs import pyhtmlCompiler
assert pyhtmlCompiler.compile_page(b'{{ chr(1) }}', 'page', {}).render() == b'new'
"""
    assert on_firmware(code, tmp_path) == ''


def test_frozen_content_of_another_form_is_left_as_it_is(tmp_path):
    """And can be linked all the same: the linker has been told that there are wrappers."""
    micropython = tmp_path / 'micropython'
    for name, text in (
        ('tools/makemanifest.py', "import sys; open(sys.argv[2], 'w').write('const char mp_frozen_names[] = {0};')"),
        ('py/makeqstrdata.py', ''),
    ):
        (micropython / name).parent.mkdir(parents=True)
        (micropython / name).write_text(text)
    made = tmp_path / 'frozen_content.c'
    command = [sys.executable, ROOT / 'tools' / 'rom_objects.py', micropython / 'tools' / 'makemanifest.py', '-o', made]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0 and 'not as MicroPython 1.25 writes it' in result.stdout, result
    text = made.read_text()
    assert text.startswith('const char mp_frozen_names[] = {0};') and 'rom_classes' not in text
    assert 'mp_obj_t __wrap_mp_load_build_class(void) {' in text
