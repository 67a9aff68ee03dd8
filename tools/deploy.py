"""`make deploy`: installs server, harness and web files on a board with stock MicroPython, only what changed.

The board itself says which files it has, by their SHA-256: a run that was cut is repaired by the next one, and a
second run copies nothing. Modules are compiled to bytecode (.mpy), whose version 6 all of MicroPython 1.22 … 1.29
load."""

import hashlib
import sys
from pathlib import Path

from tools import boards, common, frozen, repl
from tools.common import ROOT, Failure

# Where modules go: on the board's search path, after what its image has frozen.
# All code lies in RAM on a board that runs stock MicroPython. What is optional is left out there, and line numbers.
LEFT_OUT = frozenset(
    (
        *('atomicFile', 'boundedTable', 'contentAsyncio', 'contentStates', 'cookies', 'CSRF', 'errorPages'),
        *('eventStream', 'httpContent', 'httpFeed', 'httpFeedAsync', 'httpForm', 'Login', 'multipart', 'RateLimit'),
        *('routeKinds', 'secrets', 'serverHooks', 'Sessions', 'sessionStores', 'throttle', 'uptime', 'wsQueue'),
    )
)
OPTIMISATION = 3  # mpy-cross -O
LIB = 'lib'
PACKAGES = ('MicroWebSrv2', 'firmware')

# The application's module is called app here: main.py starts the harness.
MAIN = b"""\
# Made by `make deploy` of MicroWebSrv2: starts the server. The application is app.py.
import board

board.DEFAULTS = dict(getattr(board, 'DEFAULTS', {}), application='app')

from firmware import harness

harness.main()
"""
MAIN_MARK = b'# Made by `make deploy` of MicroWebSrv2'


@common.tool
def main(variables):
    """Install the software on the board at DEVICE and shows its address."""
    name = variables.get('BOARD', 'STOCK')
    target = boards.load(name if name in boards.names() else 'STOCK')
    context = boards.Context(target.NAME, variables)
    deploy = getattr(target, 'deploy', None)
    if deploy:
        deploy(context, variables.get('DEVICE'))
        return
    with repl.Board(repl.choose_port(variables.get('DEVICE'))) as board:
        system = board.system()
        context.say(f'MicroPython {".".join(map(str, system.version))} on {system.platform}')
        root = board.root()
        if board.has_image():
            context.say('its image holds the modules (make flash brings new ones): only the web files are installed')
            files = web_files(target, root)
        else:
            files = software(context, target, root)
        copied, removed = install(board, files, root, context.say)
        context.say(f'{copied} files copied, {len(files) - copied} were there, {removed} removed')
        address = board.restart()
    if address is None:
        raise Failure('the software is on the board, but it printed no address within 60 s: see its console (mpremote)')
    context.say(f'open {address}')


def software(ctx, target, root):
    """Return what belongs on a board: a dict of path to bytes, sorted. `root` is the folder of its flash, '' or
    '/flash'. Raise Failure.
    """
    files = {}
    cross = ctx.mpy_cross()
    folder = ctx.build / 'deploy'
    for entry in frozen.manifest_files(ctx, [ctx.board / 'manifest.py']):
        if Path(entry.target_path).stem in LEFT_OUT:
            continue
        if _is_for_stock(ctx, entry):
            data = compiled(ctx, cross, folder, entry.full_path, entry.target_path, entry.opt)
            files[f'{root}/{LIB}/{entry.target_path[:-3]}.mpy'] = data
    files.update(web_files(target, root))
    files[f'{root}/main.py'] = MAIN
    digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:16]
    info = folder / 'build_info.py'
    text = f"BOARD = '{ctx.name}'\nVERSION = '{frozen.project_version()}'\nBUILD = '{digest}'\n"
    with common.disk_errors('writing build_info.py'):
        common.write_if_changed(info, text)
    files[f'{root}/{LIB}/build_info.mpy'] = compiled(ctx, cross, folder, info, 'build_info.py', None)
    return dict(sorted(files.items()))


def web_files(target, root):
    """Return the web files of a board: a dict of path to bytes."""
    folders = [ROOT / path for path in getattr(target, 'WWW', ())]
    return {f'{root}/www/{name}': data for name, data in frozen.www_files(folders).items()}


def _is_for_stock(ctx, entry):
    """Tell whether a module of the manifest is ours, and bytecode: MicroPython's own are in every stock firmware, and
    machine code is right for one version of it only.
    """
    ours = [ROOT / 'modules', ROOT / 'firmware', ctx.board / 'board.py']
    path = Path(entry.full_path).resolve()
    if entry.target_path in ('boot.py', 'main.py') or not any(path.is_relative_to(folder) for folder in ours):
        return False
    return b'@micropython.' not in path.read_bytes()


def compiled(ctx, cross, folder, source, target_path, opt):
    """Return the bytecode of a module, bytes. Raise Failure with the compiler's message."""
    made = folder / target_path.replace('/', '.').replace('.py', '.mpy')
    with common.disk_errors('compiling'):
        made.parent.mkdir(parents=True, exist_ok=True)
    command = [cross, '-s', target_path, '-o', made, f'-O{opt or OPTIMISATION}', source]
    ctx.run(command, what=f'compiling {target_path}')
    return made.read_bytes()


def install(board, files, root, say):
    """Make the board's files what `files` says, a dict of path to bytes; return how many were copied and removed.

    Raise Failure when the connection is lost, or when main.py is somebody else's.
    """
    there = board.hashes(files)
    wrong = [path for path, data in files.items() if there[path] != hashlib.sha256(data).hexdigest()]
    main_py = f'{root}/main.py'
    if main_py in wrong and there[main_py] is not None and MAIN_MARK not in board.read(main_py):
        raise Failure(
            f'the board has a {main_py} of its own, which `make deploy` does not overwrite: rename it, as app.py '
            'if it is the application'
        )
    # main.py comes last: a board that was cut starts nothing that is half there.
    for path in sorted(wrong, key=lambda path: (path == main_py, path)):
        say(f'copying {path} ({len(files[path]):,} bytes)')
        board.make_folder(path.rpartition('/')[0] or '/')
        board.write(path, files[path])
    ours = board.files([f'{root}/{LIB}/{package}' for package in PACKAGES])
    old = [path for path in ours if path not in files]
    for path in old:
        say(f'removing {path}')
        board.remove(path)
    return len(wrong), len(old)


if __name__ == '__main__':
    sys.exit(main())
