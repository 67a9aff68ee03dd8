"""What the build itself freezes: build_info, www_image and pyhtml_pages, and the manifest that adds them to the
board's.

The files of `www/` become one ROMFS image (MicroPython's read-only file system) inside a bytes constant: the constant
lies in the flash, the file system hands out pointers into it. Why so: docs/www-in-the-image.md.
"""

import builtins
import gzip
import hashlib
import importlib.util
import io
import re
import struct
import symtable
import threading

from tools import common
from tools.common import ROOT, Failure

MOUNT_POINT = '/frozen'
_TEMPLATES = 'MicroWebSrv2/mods/PyhtmlTemplate.py'
PAGES = 'pyhtml_pages'  # the package that PyhtmlTemplate asks
_LOOKS_AROUND = {'eval', 'exec', 'globals', 'locals', 'compile'}  # builtins that show a page where it was compiled
_CWD = threading.Lock()  # manifestfile.py changes the process's folder while it reads; boards are built side by side

_WWW_IMAGE = '''\
"""The web files of this image: made by tools/frozen.py, do not edit."""

import vfs

SIZE = {size}
ID = '{identity}'
_DATA = {data!r}


def mount():
    """Mounts the frozen web files, read-only; returns the path of their root folder. Further calls only return it."""
    try:
        vfs.mount(vfs.VfsRom(_DATA), '{mount}')
    except OSError as error:
        if error.errno != 1:  # EPERM: it is mounted
            raise
    return '{mount}/www'
'''

_PAGES_INDEX = '''\
"""The .pyhtml pages of this image, compiled: made by tools/frozen.py, do not edit."""

_PATHS = {paths!r}


def load(path):
    """Returns the module of a page, None where there is none. path: str, its physical path."""
    if path in _PATHS:
        return __import__('{package}.page%d' % _PATHS.index(path), None, None, ('page',))
    return None
'''

# Behind the function: the numbers of its lines are those that the line map has.
_PAGE = """\
{function}


CODE = ({literals!r}, {lines!r}, {prints!r}, {needs!r})
OTHERS = {others!r}
"""

_BUILD_INFO = '''\
"""Which image this is: made by tools/frozen.py, do not edit."""

BOARD = '{board}'
VERSION = '{version}'
BUILD = '{build}'
'''


# What an image carries of whom, as a web file: compressed only, as it is large and seldom read.
LICENCES = 'licences.txt'


def prepare(ctx, target):
    """Write build/NAME/frozen/ for a board and return the Path of the manifest to build with. Raise Failure.

    Files whose content is what it was keep their time, so that a build without changes compiles nothing.
    """
    folder = ctx.build / 'frozen'
    with common.disk_errors('writing the frozen modules'):
        own = [ctx.board / 'manifest.py']
        if 'MANIFEST' in ctx.variables:
            own.append(_own_manifest(ctx.variables['MANIFEST']))
        generated = {}
        www = getattr(target, 'WWW', ())
        if www:
            files = www_files([ROOT / path for path in www])
            files[LICENCES + '.gz'] = _gzip((ROOT / 'NOTICE').read_bytes())
            files = dict(sorted(files.items()))
            generated['www_image.py'] = www_module(files)
            if _has_templates(ctx, own):
                generated.update(page_modules(files))
        inputs = [f'{name}\0{text}'.encode() for name, text in sorted(generated.items())]
        build = build_id(ctx, own, inputs)
        generated['build_info.py'] = _BUILD_INFO.format(board=ctx.name, version=project_version(), build=build)
        for stale in folder.rglob('*.py') if folder.is_dir() else ():
            if stale.relative_to(folder).as_posix() not in generated:
                stale.unlink()
        for name, text in generated.items():
            common.write_if_changed(folder / name, text)
        lines = [f'include({str(path)!r})' for path in own]
        lines += [f'module({name!r}, base_path={str(folder)!r})' for name in sorted(generated)]
        manifest = ctx.build / 'manifest.py'
        common.write_if_changed(manifest, '\n'.join(lines) + '\n')
    return manifest


def project_version():
    """Return the version of the project: `__version__` of modules/MicroWebSrv2/__init__.py."""
    path = ROOT / 'modules' / 'MicroWebSrv2' / '__init__.py'
    found = re.search(r"""^__version__ = ["']([^"']+)""", path.read_text() if path.exists() else '', re.MULTILINE)
    return found.group(1) if found else '0'


def manifest_files(ctx, manifests):
    """Return what manifests freeze, as MicroPython's own manifestfile.py resolves it: a list of its ManifestOutput."""
    tree = ctx.sources()
    path = tree.micropython / 'tools' / 'manifestfile.py'
    spec = importlib.util.spec_from_file_location('manifestfile', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    places = {
        'MPY_DIR': str(tree.micropython),
        'MPY_LIB_DIR': str(tree.library),
        'PORT_DIR': str(tree.micropython / 'ports'),
        'BOARD_DIR': str(ctx.board),
    }
    resolved = module.ManifestFile(module.MODE_FREEZE, places)
    for manifest in manifests:
        try:
            with _CWD:
                resolved.execute(str(manifest))
        except module.ManifestFileError as error:
            raise Failure(f'{manifest}: {error}') from error
    return resolved.files()


def build_id(ctx, manifests, inputs):
    """Return 16 hex digits that name an image: a SHA-256 over all that goes into it.

    These are the files that the manifests freeze, the generated modules (`inputs`, bytes), the board's own files, the
    variables that change a build, the identity of the sources and the project's version.
    """
    digest = hashlib.sha256()

    def add(data):
        digest.update(len(data).to_bytes(8, 'big') + data)

    for file in manifest_files(ctx, manifests):
        add(f'{file.target_path} {file.kind} {file.opt}'.encode())
        add(_content(file.full_path))
    for data in inputs:
        add(data)
    for path in sorted(ctx.board.rglob('*')):
        if path.is_file() and path.suffix not in ('.md', '.pyc'):
            add(str(path.relative_to(ctx.board)).encode())
            add(path.read_bytes())
    for setting in ctx.settings():
        add(setting.encode())
    add(ctx.sources().identity.encode())
    add(project_version().encode())
    return digest.hexdigest()[:16]


def www_files(folders):
    """Return the web files of folders as a dict: path inside the image to bytes, in sorted order; later folders win.

    Each file that gzip makes smaller gets a twin `NAME.gz`; hidden files are left out.
    """
    files = {}
    for folder in folders:
        if not folder.is_dir():
            raise Failure(f'the folder of web files {folder} is not there')
        for path in folder.rglob('*'):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and not any(part.startswith('.') for part in name.split('/')):
                files[name] = path.read_bytes()
    for name, data in list(files.items()):
        twin = _gzip(data)
        if not name.endswith(('.gz', '.pyhtml')) and name + '.gz' not in files and len(twin) < len(data):
            files[name + '.gz'] = twin
    return dict(sorted(files.items()))


def romfs(files):
    """Return a ROMFS image, as bytes, that holds `files` (dict of path to bytes) in a folder `www`."""
    # Here, not above: boards are loaded by set-up, before there is a Python environment with this package.
    from mpremote.romfs import VfsRomWriter

    writer = VfsRomWriter()
    writer.opendir('www')
    _add_folder(writer, files, '')
    writer.closedir()
    return bytes(writer.finalise())


def www_module(files):
    """Return the source text of the module www_image with `files` (dict of path to bytes)."""
    data = romfs(files)
    identity = hashlib.sha256(data).hexdigest()[:8]
    return _WWW_IMAGE.format(size=len(data), identity=identity, data=data, mount=MOUNT_POINT)


def page_modules(files):
    """Compile the .pyhtml pages among web files (dict of path to bytes) to the package that PyhtmlTemplate asks.

    Return dict of path to source text, empty without pages. A page that declares a variable global, or that looks at
    where it was compiled (as eval does), is left to the device. Raise Failure for a page that is wrong.
    """
    modules = {}
    paths = []
    for name, source in files.items():
        text = page_module(name, source) if name.lower().endswith('.pyhtml') else None
        if text:
            modules[f'{PAGES}/page{len(paths)}.py'] = text
            paths.append(f'{MOUNT_POINT}/www/{name}')
    if paths:
        modules[f'{PAGES}/__init__.py'] = _PAGES_INDEX.format(paths=tuple(paths), package=PAGES)
    return modules


def page_module(name, source):
    """Return the source text of a page's module, None where it must be compiled on the device.

    name: str, for messages. source: bytes, the page. Raise Failure if the page is wrong.
    """
    compiler = common.server_module('libs.pyhtmlCompiler')  # the device's own
    try:
        program = compiler.Program(source)
        body = '\n'.join(program.texts)
        prints = 'print' in body
        used, assigned = _names(compiler.function_text(body, prints, []))
    except compiler.PyhtmlError as error:
        raise Failure(f'{name}, {error}') from error
    except SyntaxError as error:
        line = program.lines[min(error.lineno, len(program.lines)) - 1]
        raise Failure(f'{name}, line {line}: {error.msg}') from error
    builtin = set(dir(builtins)) - {'__name__'}
    if program.shared or used & _LOOKS_AROUND:
        return None
    needs = sorted(used - builtin)
    return _PAGE.format(
        function=compiler.function_text(body, prints, needs),
        literals=tuple(program.literals),
        lines=struct.pack(f'<{len(program.lines)}H', *program.lines),
        prints=prints,
        needs=tuple(needs),
        others=tuple(sorted(used & builtin | assigned)),
    )


def _names(text):
    """Return which names a page's function takes from outside of it, and which it assigns: two sets."""
    used = set()
    assigned = set()
    tables = symtable.symtable(text, 'page', 'exec').get_children()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_global():
                used.add(symbol.get_name())
            elif symbol.is_local() and not symbol.is_parameter():
                assigned.add(symbol.get_name())
    return used, assigned


def _has_templates(ctx, manifests):
    return any(file.target_path == _TEMPLATES for file in manifest_files(ctx, manifests))


def _add_folder(writer, files, prefix):
    done = set()
    for name in sorted(files):
        if not name.startswith(prefix):
            continue
        head, slash, _ = name[len(prefix) :].partition('/')
        if head in done:
            continue
        done.add(head)
        if slash:
            writer.opendir(head)
            _add_folder(writer, files, f'{prefix}{head}/')
            writer.closedir()
        else:
            writer.mkfile(head, files[name])


def _gzip(data):
    """Compress so that the same data gives the same bytes: no name, no time."""
    stream = io.BytesIO()
    with gzip.GzipFile(filename='', mode='wb', compresslevel=9, fileobj=stream, mtime=0) as packed:
        packed.write(data)
    return stream.getvalue()


def _content(path):
    with open(path, 'rb') as stream:
        return stream.read()


def _own_manifest(name):
    path = (ROOT / name).resolve()
    if not path.is_file():
        raise Failure(f'MANIFEST={name} is not there: give the path of a manifest.py')
    return path
