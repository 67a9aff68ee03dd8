"""What the build itself freezes: build_info, www_image, and the manifest that adds them to the board's own.

The files of `www/` become one ROMFS image (MicroPython's read-only file system) inside a bytes constant: the constant
lies in the flash, the file system hands out pointers into it. Why so: docs/www-in-the-image.md.
"""

import gzip
import hashlib
import importlib.util
import io
import re
import threading

from tools import common
from tools.common import ROOT, Failure

MOUNT_POINT = '/frozen'
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

_BUILD_INFO = '''\
"""Which image this is: made by tools/frozen.py, do not edit."""

BOARD = '{board}'
VERSION = '{version}'
BUILD = '{build}'
'''


def prepare(ctx, target):
    """Writes build/NAME/frozen/ for a board and returns the Path of the manifest to build with. Raises Failure.

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
            generated['www_image.py'] = www_module(www_files([ROOT / path for path in www]))
        inputs = [f'{name}\0{text}'.encode() for name, text in sorted(generated.items())]
        build = build_id(ctx, own, inputs)
        generated['build_info.py'] = _BUILD_INFO.format(board=ctx.name, version=project_version(), build=build)
        for stale in folder.glob('*.py') if folder.is_dir() else ():
            if stale.name not in generated:
                stale.unlink()
        for name, text in generated.items():
            common.write_if_changed(folder / name, text)
        lines = [f'include({str(path)!r})' for path in own]
        lines += [f'module({name!r}, base_path={str(folder)!r})' for name in sorted(generated)]
        manifest = ctx.build / 'manifest.py'
        common.write_if_changed(manifest, '\n'.join(lines) + '\n')
    return manifest


def project_version():
    """Returns the version of the project: `__version__` of modules/MicroWebSrv2/__init__.py."""
    path = ROOT / 'modules' / 'MicroWebSrv2' / '__init__.py'
    found = re.search(r'''^__version__ = ["']([^"']+)''', path.read_text() if path.exists() else '', re.MULTILINE)
    return found.group(1) if found else '0'


def manifest_files(ctx, manifests):
    """Returns what manifests freeze, as MicroPython's own manifestfile.py resolves it: a list of its ManifestOutput."""
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
    """Returns 16 hex digits that name an image: a SHA-256 over all that goes into it.

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
    """Returns the web files of folders as a dict: path inside the image to bytes, in sorted order; later folders win.

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
    """Returns a ROMFS image, as bytes, that holds `files` (dict of path to bytes) in a folder `www`."""
    # Here, not above: boards are loaded by set-up, before there is a Python environment with this package.
    from mpremote.romfs import VfsRomWriter

    writer = VfsRomWriter()
    writer.opendir('www')
    _add_folder(writer, files, '')
    writer.closedir()
    return bytes(writer.finalise())


def www_module(files):
    """Returns the source text of the module www_image with `files` (dict of path to bytes)."""
    data = romfs(files)
    identity = hashlib.sha256(data).hexdigest()[:8]
    return _WWW_IMAGE.format(size=len(data), identity=identity, data=data, mount=MOUNT_POINT)


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
    """Compresses so that the same data gives the same bytes: no name, no time."""
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
