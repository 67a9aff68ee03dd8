"""The command `microwebsrv2 [folder or program]`, or `python -m MicroWebSrv2 …`: serves it (CPython)."""

import argparse
import os
import sys

from . import MicroWebSrv2, MicroWebSrv2Exception, __version__
from .host import program
from .host.listing import list_folder
from .libs.XAsyncSockets import XAsyncTCPServerException

_PRESETS = ('embedded', 'light', 'normal', 'large')
_LEVELS = ('debug', 'info', 'warning', 'error')


def _port(text):
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError('%r is no port: give a number from 1 to 65535' % text)
    return int(text)


def _folder(text):
    if not os.path.isdir(text) and not _is_program(text):
        raise argparse.ArgumentTypeError('%r is no folder and no program (.py)' % text)
    return text


def _is_program(text):
    return text.endswith('.py') and os.path.isfile(text)


def _arguments(argv):
    parser = argparse.ArgumentParser(prog='microwebsrv2', description='Serves a folder, or a program, over HTTP.')
    parser.add_argument(
        'folder', nargs='?', default='.', type=_folder, help='the folder, or app.py; default: the current one'
    )
    parser.add_argument('--bind', default='127.0.0.1', help='address to listen on; 0.0.0.0: all (default: %(default)s)')
    parser.add_argument('--port', default=8080, type=_port, help='port to listen on (default: %(default)s)')
    parser.add_argument('--preset', default='normal', choices=_PRESETS, help='sizes and limits (default: %(default)s)')
    parser.add_argument(
        '--log', default='info', choices=_LEVELS, help='least level to show; debug: each request (default: %(default)s)'
    )
    parser.add_argument('--listing', action='store_true', help='list what is in folders that have no page')
    parser.add_argument('--cert', help='certificate (PEM or DER), with its chain and key or without: serve https')
    parser.add_argument('--key', help='private key of the certificate, where it is in another file')
    parser.add_argument('--pyhtml', action='store_true', help='render .pyhtml pages: runs the Python code in them')
    parser.add_argument('--reload', action='store_true', help='start the program anew when a file beside it changes')
    parser.add_argument('--version', action='version', version='MicroWebSrv2 ' + __version__)
    arguments = parser.parse_args(argv)
    if arguments.key and not arguments.cert:
        parser.error('--key needs --cert')
    if arguments.reload and not _is_program(arguments.folder):
        parser.error('--reload needs a program')
    return arguments


def _root(folder):
    return os.path.join(os.path.dirname(folder), 'www') if _is_program(folder) else folder


def _configured(arguments):
    server = MicroWebSrv2()
    getattr(server, 'Set%sConfig' % arguments.preset.capitalize())()
    server.RootPath = os.path.abspath(_root(arguments.folder))
    server.BindAddress = (arguments.bind, arguments.port)
    server.LogLevel = _LEVELS.index(arguments.log)
    if arguments.cert:
        server.EnableSSL(arguments.cert, arguments.key or arguments.cert)
    if arguments.listing:
        server.list_folder = list_folder
    if arguments.pyhtml:
        MicroWebSrv2.LoadModule('PyhtmlTemplate')
    return server


def main(argv=None):
    """Serve a folder or a program until Ctrl-C.

    argv: list of str, or None for the process's. Return int, the exit status.
    """
    argv = sys.argv[1:] if argv is None else argv
    arguments = _arguments(argv)
    try:
        if arguments.reload:
            program.reload([argument for argument in argv if argument != '--reload'], arguments.folder)
        on_start, servers = program.run(arguments.folder) if _is_program(arguments.folder) else (None, [])
        if servers:
            program.wait_for(servers)
            return 0
        server = _configured(arguments)
        if on_start:
            on_start(server)
        server.StartManaged(0)
    except KeyboardInterrupt:
        pass
    except (XAsyncTCPServerException, MicroWebSrv2Exception) as ex:
        print('microwebsrv2: %s' % ex, file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
