"""A log of measurements: one each few seconds, the last ones as a page, all of them to download.

    python examples/sensor_log/app.py [port] [milliseconds between two measurements]

Put your sensor into measure(). The file grows to 256 KB, then the older half of it goes.
"""

import os
import sys
import time

from MicroWebSrv2 import *

_FOLDER = __file__.rpartition('/')[0] or '.'
_LOG = _FOLDER + '/log.csv'
_OLD = _FOLDER + '/log.old.csv'
_MAX_SIZE = 128 * 1024  # of each of the two files
_SHOWN = 60
_HEAD = 'seconds,value\n'
recent: list[tuple[int, int]] = []  # pairs of seconds and value


def measure() -> int:
    """Return a measurement in hundredths: here a saw tooth, there your sensor."""
    return int(time.time()) * 37 % 1000


def size_of(path: str) -> int:
    """Return the size of a file, 0 without one."""
    try:
        return os.stat(path)[6]
    except OSError:
        return 0


def record() -> None:
    """Take a measurement into the log. Power may go at any time: a line that was cut is passed over by readers."""
    entry = (int(time.time()), measure())
    recent.append(entry)
    del recent[:-_SHOWN]
    if size_of(_LOG) > _MAX_SIZE:
        if size_of(_OLD):
            os.remove(_OLD)
        os.rename(_LOG, _OLD)
    with open(_LOG, 'a') as file:
        file.write('%d,%d.%02d\n' % (entry[0], entry[1] // 100, entry[1] % 100))


class Files:
    """Files one after the other, as a stream. paths: list of str; those that are not there are passed over."""

    def __init__(self, paths: list[str]) -> None:
        self._files = [open(path, 'rb') for path in paths if size_of(path)]
        self._head = _HEAD.encode()

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer. Return int, 0 at the end of the last file."""
        if self._head:
            data, self._head = self._head, b''
            buffer[: len(data)] = data
            return len(data)
        while self._files:
            count = self._files[0].readinto(buffer)
            if count:
                return count
            self._files.pop(0).close()
        return 0

    def close(self) -> None:
        """Close the files."""
        while self._files:
            self._files.pop().close()


@WebRoute(GET, '/log.csv')
def download(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    response = request.Response
    response.ContentType = 'text/csv'
    response.SetHeader('Content-Disposition', 'attachment; filename="log.csv"')
    response.ReturnStream(200, Files([_OLD, _LOG]))


@WebRoute(GET, '/recent')
def last_ones(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    request.Response.ReturnOkJSON([[seconds, value] for seconds, value in recent])


@WebRoute(DELETE, '/log.csv')
def clear(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    for path in (_OLD, _LOG):
        if size_of(path):
            os.remove(path)
    recent.clear()
    request.Response.Return(204)


if __name__ == '__main__':
    MicroWebSrv2.LoadModule('CSRF')
    server = MicroWebSrv2()
    server.RootPath = _FOLDER + '/www'
    server.BindAddress = ('0.0.0.0', int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
    pool = XAsyncSocketsPool()
    server.StartInPool(pool)
    record()
    pool.CallEvery(int(sys.argv[2]) if len(sys.argv) > 2 else 5000, record)
    pool.AsyncWaitEvents()
