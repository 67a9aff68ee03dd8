"""The board WIPY on the host: Pycom's WiPy 1.0 (CC3200), built from MicroPython's cc3200 port."""

import hashlib
import os
import re
import shutil
import string
from pathlib import Path

from tools import common, flash_wipy, small
from tools.common import Failure

NAME = 'WIPY'
TITLE = 'WiPy 1.0 (CC3200), built here, flashed over Wi-Fi'
PACKAGES = ('gcc-arm-none-eabi', 'libnewlib-arm-none-eabi')
MARCH = None  # bytecode only: native code would take more of the heap
HIL = {'service': 'serial', 'capabilities': ('wlan',)}

# What the documentation has and this board does without: TLS, threads, the bare sockets' own protocol helpers, other
# sizes.
WITHOUT = (
    'HttpRequest.ContentReader',
    'HttpRequest.GetCookie',
    'HttpRequest.GetCookies',
    'HttpRequest.GetPostedForm',
    'HttpRequest.GetPostedValues',
    'HttpRequest.GetQueryValues',
    'HttpRequest.PauseContent',
    'HttpRequest.ReadContent',
    'HttpRequest.ReceiveContent',
    'HttpRequest.ReceiveForm',
    'HttpRequest.ResumeContent',
    'HttpRequest.SaveContent',
    'HttpRequest._form_values',
    'HttpRequest.connection',
    'HttpResponse.DeleteCookie',
    'HttpResponse.ReturnEventStream',
    'HttpResponse.SetCookie',
    'HttpResponse.hand_over',
    'MicroWebSrv2.EnableSSL',
    'MicroWebSrv2.DisableSSL',
    'MicroWebSrv2.Pool',
    'MicroWebSrv2.StartManaged',
    'MicroWebSrv2.SetLightConfig',
    'MicroWebSrv2.SetLargeConfig',
    'Settings.FallbackRootPath',
    'Settings.FallbackVersion',
    'Settings.MaxConnections',
    'WebSocket.SendQueueLength',
    'WebSocket.SendQueuePolicy',
    'WebSocketRoute',
    'WebSockets.AllowedOrigins',
    'WebSockets.Compression',
    'XAsyncSocket.ExpireTimeSec',
    'XAsyncSocket.GetAsyncSocketsPool',
    'XAsyncSocket.GetSocketObj',
    'XAsyncSocket.SocketID',
    'XAsyncSocketsPool.AddAsyncSocket',
    'XAsyncSocketsPool.AsyncWaitEvents',
    'XAsyncSocketsPool.CallEvery',
    'XAsyncSocketsPool.CallLater',
    'XAsyncSocketsPool.GetAsyncSocketByID',
    'XAsyncSocketsPool.NotifyNextReadyForReading',
    'XAsyncSocketsPool.NotifyNextReadyForWriting',
    'XAsyncSocketsPool.RemoveAsyncSocket',
    'XAsyncSocketsPool.StopWaitEvents',
    'XAsyncSocketsPool.begin',
    'XAsyncSocketsPool.dispose',
    'XAsyncSocketsPool.end',
    'XAsyncTCPClient.AsyncRecvData',
    'XAsyncTCPClient.AsyncRecvLine',
    'XAsyncTCPClient.AsyncSendData',
    'XAsyncTCPClient.AsyncSendSendingBuffer',
    'XAsyncTCPClient.Create',
    'XAsyncTCPClient.SendingBuffer',
    'XAsyncTCPClient.StartSSL',
    'XAsyncTCPClient.StartSSLContext',
    'XAsyncUDPDatagram.Create',
    'XBufferSlot.Size',
    'XBufferSlots.Slots',
)
NOTHING = (
    'FallbackRootPath',
    'tls',
    'workers',
    '_workers',
    '_lock',
    '_calls',
    '_deflate',
    '_early_pool',
    '_timers',
    '_is_managed',
    '_is_working',
    '_max_connections',
    '_queue',
    '_slash_trees',
    'before_head',
    'begun',
    'capacity',
    'errors',
    'list_folder',
    'has_attributes',
    'on_response',
    'on_timer',
    'routes',
    'spawn',
)
# What tables do without: MIME types of what no flash of 192 KB holds, and the phrases of statuses that the server never
# answers by itself; these go out with their number alone (RFC 9112 section 4).
KEYS = (
    *'.avif .bin .csv .gz .log .map .md .mjs .mp3 .mp4 .ogg .otf .pdf .ts .ttf .wasm .wav .webm .webmanifest'.split(),
    *'.woff .woff2 .xhtml .zip'.split(),
    *'202 206 409 410 411 415 416 421 422 428 429 502 504 507'.split(),
)
# What functions are marked by (tools/small.py): content that flows, coroutines, a line for each request in the log,
# floats, more than 8 sockets, parts of files (RFC 9110 section 14), calls from other threads,
# timers, routes of WebSockets, route arguments of a kind, and what is only there for speed.
LACKS = (
    'content',
    'coroutines',
    'debug lines',
    'floats',
    'kinds',
    'many sockets',
    'ranges',
    'speed',
    'threads',
    'timers',
    'WebSocket routes',
)
# What is raised without saying more than its number: the log has the status of a request that is refused, not why.
MUTE = ('HttpError', '_refuse')
# Modules that become one (tools/merging.py): a pair for each, of where, and how the paths begin of what goes there.
MERGED = (
    (
        'MicroWebSrv2/mods/WebSockets.py',
        ('MicroWebSrv2/libs/webSocket', 'MicroWebSrv2/libs/ws', 'MicroWebSrv2/libs/sha1'),
    ),
    (
        'MicroWebSrv2/microWebSrv2.py',
        (
            'MicroWebSrv2/http',
            'MicroWebSrv2/webRoute',
            *['MicroWebSrv2/libs/' + letter for letter in string.ascii_lowercase],  # not XAsyncSockets
        ),
    ),
)

# Code, data and heap share the SRAM (application.lds of the port); so much of it must stay for Python.
SRAM = 0x3C000
HEAP_NEEDED = 30 * 1024


def build(ctx):
    """Build build/WIPY/mcuimg.bin; return {'image': its Path}. Raise Failure, also when too little heap is left."""
    tree = ctx.sources()
    tree.need('drivers/cc3100')
    common.need_tool('arm-none-eabi-gcc', 'gcc-arm-none-eabi')
    folder = ctx.port_folder()
    port = tree.micropython / 'ports' / 'cc3200'
    # The port looks for its boards in its own folder `boards`, and signs in its own folder: we lead it to ours, and
    # sign here.
    board = os.path.relpath(ctx.board, port / 'boards')
    flags = [f'BOARD={board}', 'BTARGET=application', 'BTYPE=release', f'BUILD={folder}', *ctx.make_flags()]
    flags.append(f'USER_C_MODULES={ctx.board}')
    flags.append(f'MICROPY_MPYCROSS={short_mpy_cross(ctx)}')
    make = ['make', '-C', port, *flags]
    manifest = ctx.manifest()
    names = folder / 'genhdr' / 'qstrdefs.generated.h'
    ctx.run([*make, f'FROZEN_MANIFEST={manifest}', names], what='building the firmware')
    manifest = make_small(ctx, manifest, small.port_names(names.read_text()))
    ctx.run([*make, f'FROZEN_MANIFEST={manifest}', folder / 'application.bin'], what='building the firmware')
    with common.disk_errors('signing the image'):
        code = (folder / 'application.bin').read_bytes()
        common.write_if_changed(folder / 'mcuimg.bin', signed(code))
    image = ctx.output(folder / 'mcuimg.bin', 'mcuimg.bin')
    free = heap(folder / 'application.axf.map')
    ctx.say(f'{free:,} bytes of heap left')
    if free < HEAP_NEEDED:
        raise Failure(
            f'the image leaves {free:,} bytes of heap, {HEAP_NEEDED:,} are needed: freeze {HEAP_NEEDED - free:,} '
            'bytes less'
        )
    if image.stat().st_size > flash_wipy.OVER_THE_AIR:
        ctx.say(
            f'{image.stat().st_size:,} bytes are more than over-the-air updates take '
            f'({flash_wipy.OVER_THE_AIR:,}): see README.md'
        )
    return {'image': image}


_MPY_CROSS = """\
#!/bin/sh
# mpy-cross, with the bare name of a module for tracebacks: the firmware has that name anyway, its path would cost heap.
left=$#
while [ $left -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    if [ "$word" = -s ]; then
        name=$1
        case $name in
        */*) name=$(basename "${name%/__init__.py}" .py) ;;
        esac
        shift
        set -- "$@" -s "$name"
        left=$((left - 1))
    else
        set -- "$@" "$word"
    fi
done
exec 'PROGRAM' "$@"
"""


def short_mpy_cross(ctx):
    """Return the Path of a program that compiles as mpy-cross does, with short names of sources. Raise Failure."""
    path = ctx.build / 'mpy-cross'
    with common.disk_errors('writing the compiler'):
        common.write_if_changed(path, _MPY_CROSS.replace('PROGRAM', str(ctx.mpy_cross())))
        path.chmod(0o755)
    return path


def make_small(ctx, manifest, known):
    """Make the modules of a manifest (a Path) small; return the Path of the manifest of what came out. Raise
    Failure.

    `known` are the names that the firmware has.
    """
    # Here, not above: it needs packages of the project's own Python environment, and set-up loads boards without them.
    from tools import frozen

    entries = frozen.manifest_files(ctx, [manifest])
    sources = {entry.target_path: Path(entry.full_path).read_text() for entry in entries}
    place = ctx.build / 'small'
    lines = []
    with common.disk_errors('writing the small modules'):
        shutil.rmtree(place, ignore_errors=True)  # a module may have gone
        for path, text in small.shrink(sources, known, WITHOUT, NOTHING, KEYS, LACKS, MERGED, MUTE).items():
            common.write_if_changed(place / path, text)
            lines.append(f'module({path!r}, base_path={str(place)!r}, opt=3)\n')
        made = ctx.build / 'manifest-small.py'
        common.write_if_changed(made, ''.join(lines))
    return made


def signed(code):
    """Return the image that the bootloader takes: the code and its MD5 in hexadecimal digits."""
    return code + hashlib.md5(code).hexdigest().encode()


def heap(link_map):
    """Return the bytes of heap that the linker's map (a Path) says are left for Python."""
    text = link_map.read_text()

    def address(symbol):
        found = re.search(rf'0x([0-9a-f]+)\s+{symbol} = \.', text)
        if found is None:
            raise Failure(f'{link_map} has no symbol {symbol}: it is no map of this port')
        return int(found.group(1), 16)

    return address('_eheap') - address('_heap')


def size(ctx):
    """Return the rows of `make size`: what, bytes used, limit in bytes."""
    folder = ctx.port_folder()
    free = heap(folder / 'application.axf.map')
    image = (folder / 'mcuimg.bin').stat().st_size
    return [
        (f'SRAM, with {HEAP_NEEDED:,} bytes of heap kept', SRAM - free, SRAM - HEAP_NEEDED),
        (f'image (over the air {flash_wipy.OVER_THE_AIR:,} at most)', image, None),
    ]


def flash(ctx, device):
    """Write the image over Wi-Fi, or with cc3200tool over the serial port. `device` is as in README.md, Flash."""
    flash_wipy.flash(ctx, device)


def deploy(ctx, device):
    """Put an application on the board over Wi-Fi: the files of FLASH=, by default of the folder `flash` beside this
    file.

    Sources become .mpy: the board has no compiler. What is there already is not sent. Raise Failure.
    """
    folder = (ctx.root / ctx.variables['FLASH']).resolve() if 'FLASH' in ctx.variables else ctx.board / 'flash'
    board = flash_wipy.parse_device(device)
    flash_wipy.upload(board, files_of(ctx, folder), ctx.say)
    flash_wipy.restart(board, ctx.say)


def files_of(ctx, folder):
    """Return what a folder puts on the flash: a dict of path on the board to bytes. Raise Failure."""
    if not folder.is_dir():
        raise Failure(f'FLASH={folder} is no folder')
    files = {}
    for path in sorted(path for path in folder.rglob('*') if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if any(part.startswith(('.', '__')) for part in name.split('/')):
            continue
        if path.suffix == '.py':
            made = ctx.build / 'deploy' / (name[:-3].replace('/', '.') + '.mpy')
            made.parent.mkdir(parents=True, exist_ok=True)
            ctx.run([ctx.mpy_cross(), '-O3', '-s', name, '-o', made, path], what=f'compiling {name}')
            files[f'/flash/{name[:-3]}.mpy'] = made.read_bytes()
        else:
            files[f'/flash/{name}'] = path.read_bytes()
    return files


def connect(device):
    """Return the board's files, for `make provision`."""
    return flash_wipy.Files(device)
