"""A moving picture: frames of a camera, each in the place of the one before (multipart/x-mixed-replace).

    python examples/mjpeg/mjpeg.py                on a computer: http://localhost:8080
    mpremote run examples/mjpeg/mjpeg.py          on a board

The generator gives a frame when one is due, and None in between: the server asks again, and serves others meanwhile.
A browser that is slow gets fewer frames. On boards with the module `camera` the frames are the camera's.
"""

from MicroWebSrv2 import GET, HttpRequest, MicroWebSrv2, WebRoute

try:
    from camera import capture  # type: ignore[import-not-found] # JPEG

    KIND = b'image/jpeg'
except ImportError:
    capture = None
    KIND = b'image/bmp'

try:
    from time import ticks_diff, ticks_ms  # type: ignore[attr-defined] # of MicroPython
except ImportError:
    from time import monotonic

    def ticks_ms() -> int:
        """Return int, milliseconds."""
        return int(monotonic() * 1000)

    def ticks_diff(end: int, start: int) -> int:
        """Return int, the milliseconds between two times."""
        return end - start


TYPE_CHECKING = False  # for mypy it is True; MicroPython has no module of types
if TYPE_CHECKING:
    from collections.abc import Iterator

FRAME_MS = 100
SIZE = 64  # of the picture where there is no camera, a multiple of 32

server = MicroWebSrv2()
server.BindAddress = ('0.0.0.0', 8080)


def drawing(number: int) -> bytes:
    """Return a picture of a bar that moves, bytes: a bitmap of one bit for each of its points."""
    row = SIZE // 8
    picture = bytearray(62 + SIZE * row)
    picture[:62] = (
        b'BM'
        + len(picture).to_bytes(4, 'little')
        + bytes(4)
        + (62).to_bytes(4, 'little')
        + (40).to_bytes(4, 'little')
        + SIZE.to_bytes(4, 'little') * 2
        + b'\1\0\1\0'
        + bytes(24)
        + b'\xff\xff\xff\0'
        + b'\xcc\x66\0\0'
    )
    for y in range(SIZE):
        picture[62 + y * row + (number + y // 8) % row] = 0xFF
    return bytes(picture)


def frames() -> 'Iterator[bytes | None]':
    """Give the frames, each when it is due."""
    number = 0
    last = ticks_ms()
    while True:
        frame = capture() if capture else drawing(number)
        yield b'--frame\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s\r\n' % (KIND, len(frame), frame)
        number += 1
        while ticks_diff(ticks_ms(), last) < FRAME_MS:
            yield None
        last = ticks_ms()


@WebRoute(GET, '/')
def page(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    """Answer with the page."""
    request.Response.ReturnOk('<!DOCTYPE html><title>Camera</title><img src="/stream" alt="what the camera sees">')


@WebRoute(GET, '/stream')
def stream(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    """Answer with frames, as long as the browser takes them."""
    request.Response.ContentType = 'multipart/x-mixed-replace; boundary=frame'
    request.Response.ReturnStream(200, frames())


def main() -> None:
    """Serve."""
    server.StartManaged(0)


if __name__ == '__main__':
    main()
