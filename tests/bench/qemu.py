"""The emulated board: the table of its self-benchmarks, and the search of the smallest RAM in which a server works."""

import contextlib
import http.client
import select
import time
from pathlib import Path

import client
import measures
import report

from tools import emulator, smallram

WWW = Path(__file__).resolve().parent.parent.parent / 'www'

# The kinds of requests of boards/QEMU/selfbench, by the names that the other tables have for them.
KINDS = {
    'hello': 'hello',
    'closing': 'hello, no keep-alive',
    'json': 'JSON with an argument',
    'file': 'file of 1 KB',
    'websocket': 'WebSocket, 32 bytes',
    'pyhtml': 'page from a template',
}

TABLE_TEXT = (
    'Bit-exact counts of self-benchmarks, client and server in one firmware over loopback: all that the server, '
    "MicroPython, and TCP/IP for both sides do until the answer's end; what the client does in Python is left out. "
    'Both servers are frozen, the collector is off, the average is of 16 requests behind the same 4. '
    'microdot ends each connection, so that its HTTP requests have a new one each, as "no keep-alive" has for ours.'
)
RAM_TEXT = (
    'The smallest RAM_KB, the whole RAM of the board, with which its image does all work three times over. '
    "Ours is the board's own image with harness and demo: index page, style sheet, JSON with an argument, a WebSocket "
    'echo; with templates also /test.pyhtml. microdot is frozen with the same port, network and file system, serves '
    'the same two files, and has a hello route besides; its collector is as MicroPython starts it. '
    'The search runs three times, as the network has its own time.'
)

STEP_KB = 8
SEARCHES = 3
ROUNDS = 3
BOOT_TIMEOUT = 15  # seconds; it takes one or two
REPLY_TIMEOUT = 3
SERVES = b'open http://'
FAILED = (b'MemoryError', b'FAULT', b'>>> ')


class Work:
    """What a board's image is to do. peer: None for ours. works: list of client.Http and client.Echo."""

    def __init__(self, row, column, peer, works):
        self.row = row
        self.column = column
        self.peer = peer
        self.works = works


def works():
    """Returns the list of Work for which the smallest RAM is looked for."""
    files = [client.Http('/' + path, (WWW / path).read_bytes()) for path in ('index.html', 'style.css')]
    ours = [*files, client.Http('/api/hello/you', b'you'), client.Echo(100, '/wstest', 'echo')]
    peer = [*files, client.Http('/hello', b'Hello, world!'), client.Http('/sensor/42', b'42'), client.Echo(100, '/ws')]
    page = client.Http('/test.pyhtml', b'</main>')
    return [
        Work('without templates', report.OURS, None, ours),
        Work('without templates', 'microdot', 'microdot', peer),
        Work('with templates', report.OURS, None, [*ours, page]),
    ]


def fill(table, results):
    """Fills a report.Table from what the self-benchmarks found: dict of server to dict of kind to dict of counts."""
    for kind, name in KINDS.items():
        measured = {server: found[kind] for server, found in results.items() if kind in found}
        for what in ('instructions', 'bytes') if measured else ():
            for server in results:
                counts = measured.get(server)
                table.add(f'{name}: {what}', server, measures.Result([counts[what]]) if counts else None)


def smallest_ram(work):
    """Looks for the smallest RAM in which a Work is done. Returns Result, bytes, or None where none is enough."""

    def passes(kilobytes):
        image = smallram.link(kilobytes, work.peer)
        return image is not None and does(image, work.works)

    found = [measures.smallest_of_steps(passes, *smallram.LIMITS, STEP_KB) for _ in range(SEARCHES)]
    return measures.Result([kilobytes * 1024 for kilobytes in found]) if all(found) else None


def does(image, works):
    """Tells whether the firmware of an ELF file does all works, three times over, with a flash that is new."""
    port = emulator.free_port()
    with emulator.Emulator(image, forwards=[(port, emulator.HTTP_PORT)]) as board:
        try:
            wait_until_it_serves(board.console, BOOT_TIMEOUT)
            for _ in range(ROUNDS):
                for work in works:
                    with contextlib.closing(client.Session(port, REPLY_TIMEOUT)) as session:
                        session.do(work)
        except (OSError, http.client.HTTPException):
            return False
    return True


def wait_until_it_serves(console, timeout):
    """Waits until a board's console, a socket, says that it serves. Raises OSError when it fails or says nothing."""
    end = time.monotonic() + timeout
    output = b''
    while SERVES not in output:
        left = end - time.monotonic()
        if left <= 0 or any(word in output for word in FAILED):
            raise OSError(f'the board does not serve: {output[-200:]}')
        if select.select([console], [], [], left)[0]:
            data = console.recv(4096)
            if not data:
                raise OSError('the emulator has ended')
            output += data
