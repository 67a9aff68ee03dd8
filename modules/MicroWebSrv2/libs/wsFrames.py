"""WebSocket frames (RFC 6455, section 5) from bytes and to bytes: pure, no sockets."""

try:
    from .wsBytesHost import check_utf8, decode_utf8, unmask, unmask_in, unmask_text, utf8_length
except ImportError:  # MicroPython
    from .wsBytes import check_utf8, decode_utf8, unmask, unmask_in, unmask_text, utf8_length

TEXT = 0x81  # first octets of frames: FIN and the opcode (RFC 6455, 5.2)
BINARY = 0x82
CLOSE = 0x88
PING = 0x89
PONG = 0x8A

OPEN = 0  # states of a FrameReader
CLOSING = 1
CLOSED = 2

_AT_ONCE = 16384  # octets that the begin of a frame may make room for: a peer may say much and send nothing


def frame_head(first, size):
    """Makes the head of a frame of the server's: unmasked, with the length in the shortest form (RFC 6455, 5.2).

    first: int, the first octet: TEXT, BINARY, CLOSE, PING or PONG. size: int, octets of the payload, 0 or more.
    Returns bytes.
    """
    if size < 126:
        return (first << 8 | size).to_bytes(2, 'big')
    if size < 0x10000:
        return bytes((first, 126)) + size.to_bytes(2, 'big')
    return bytes((first, 127)) + size.to_bytes(8, 'big')


def frame(first, payload):
    """Makes a frame of the server's. first: as of frame_head(). payload: bytes-like, of any length. Returns bytes."""
    return frame_head(first, len(payload)) + payload


def encode_text(text):
    """Encodes the payload of a text message. text: str. Returns bytes. Raises UnicodeError if it does not encode."""
    payload = text.encode()
    if len(payload) != len(text):
        check_utf8(payload)
    return payload


def text_frame(text):
    """Makes the frame of a text message. text: str. Returns bytes. Raises UnicodeError if it does not encode."""
    payload = text.encode()  # encode_text() written out: on the emulated board the call is 2 % of an echo
    size = len(payload)
    if size != len(text):
        check_utf8(payload)
    return (0x8100 | size).to_bytes(2, 'big') + payload if size < 126 else frame(TEXT, payload)


def is_close_code(code):
    """Tells whether a peer may send a close code (RFC 6455, 7.4, and the IANA registry). code: int. Returns bool."""
    return 3000 <= code <= 4999 or 1000 <= code <= 1014 and code not in (1004, 1005, 1006)


class _Message:
    """A message whose frames have not all arrived yet."""

    def __init__(self, is_text):
        self.is_text = is_text
        self.data = bytearray()  # None: thrown away
        self.size = 0  # how much of the data has arrived
        self.checked = 0  # how much of a text is whole characters
        self.final = False  # the rest is of the frame that arrives now
        self.left = 0
        self.key = None

    def begin(self, first, size, key):
        """Begins a frame of the message. first: int, its first octet. size: int, octets. key: bytes, its mask."""
        self.final = first & 0x80
        self.left = size
        self.key = key
        self._make_room(min(size, _AT_ONCE))

    def _make_room(self, size):
        if self.data:
            self.data.extend(bytes(size))
        elif self.data is not None:
            self.data = bytearray(size)

    def add(self, data, start, stop):
        """Takes a piece of the frame's payload. Raises UnicodeError where a text is no UTF-8, MemoryError."""
        at = self.size
        end = at + stop - start
        room = len(self.data)
        if end > room:
            self._make_room(min(end + self.left, max(end, 2 * room)) - room)
        self.data[at:end] = memoryview(data)[start:stop]
        unmask_in(self.data, at, end, self.key)
        self.size = end
        turn = end - at & 3
        self.key = self.key[turn:] + self.key[:turn]
        if self.is_text:
            self.checked += utf8_length(memoryview(self.data)[self.checked : end])


class FrameReader:
    """Makes messages of what a client sends, in any segmentation. Holds no buffer while no message is under way.

    A subclass defines what is called: `on_text(str)` and `on_binary(bytes or bytearray)` with whole messages,
    `on_control(first, bytes)` with the first octet and payload of a CLOSE, PING or PONG, `on_violation(code, first)`
    with the close code of RFC 6455, 7.4.1, for what the client did, and whether the state was OPEN before.
    One that knows extensions overrides take_frame() too.
    """

    def __init__(self):
        self.state = OPEN  # CLOSING: data frames are skipped. CLOSED: all is.
        self.limit = None  # octets of the longest message
        self.is_busy = False  # nothing is taken while set; the owner clears it, and feeds b'' then
        self.has_heard = False  # set whenever something arrives; whoever watches the peer clears it
        self.rest = None  # bytes of a header or a control frame that is not complete
        self.message = None

    # Most of what is received is one short text message: feed() and what it calls for that do no more than they must,
    # in few local variables, as MicroPython has small frames on the C stack and larger ones on the heap.

    def feed(self, data):
        """Takes what was received. data: bytes that nobody else uses."""
        if not self.has_heard:
            self.has_heard = True
        size = len(data)
        if 5 < size < 132 and data[0] == TEXT and data[1] - size == 122 and self._takes(size - 6):
            try:
                text = unmask_text(data, 6, size)
            except UnicodeError:
                self.fail(1007)
            else:
                self.on_text(text)
        else:
            self.take_frames(data)

    def _takes(self, size):
        """Tells whether a message of so many octets may arrive in one frame now."""
        if self.state or self.message or self.rest:
            return False
        return self.limit is None or size <= self.limit

    def take_frames(self, data):
        """Take what was received, after what is kept. data: bytes-like that nobody else uses."""
        if self.rest:
            data = self.rest + data
            self.rest = None
        at = 0
        if self.message and self.message.left:
            at = self._take(data, 0)
        while at < len(data) and self.state < CLOSED:
            if self.is_busy:
                self.rest = data[at:]
                return
            at = self.take_frame(data, at)

    def take_frame(self, data, at):
        """Take the frame that begins in data at `at`. Return int, where the next one begins."""
        start = at + 6
        if start > len(data):
            return self._keep(data, at)
        first = data[at]
        size = data[at + 1] - 128  # negative: not masked
        if size > 125:
            if first >= CLOSE:  # the longer forms are none of control frames'
                self.fail(1002)
                return len(data)
            start += 2 if size == 126 else 8
            if start > len(data):
                return self._keep(data, at)
            size = int.from_bytes(data[at + 2 : start - 4], 'big')
        if not self._is_legal(first, size):
            return len(data)
        stop = start + size
        if first < CLOSE:
            if stop > len(data) or first < TEXT or not self._takes(size):  # only a part of a message
                return self._begin(first, size, data, start)
            self._deliver(first == TEXT, unmask(data, start, stop))
        elif stop > len(data):
            return self._keep(data, at)
        else:
            self.on_control(first, unmask(data, start, stop))
        return stop

    def _keep(self, data, at):
        """Keeps what is no whole frame; a header that is wrong already is not waited for."""
        if len(data) - at < 2 or self._is_legal(data[at], data[at + 1] - 128):
            self.rest = data[at:]
        return len(data)

    def _is_legal(self, first, size):
        """Checks a header by itself (RFC 6455, 5.2 and 5.5). size: int, negative without a mask. Returns bool."""
        opcode = first & 0x0F
        if first & 0x70 or size >> 63 or opcode > 10 or 2 < opcode < 8:
            legal = False
        else:
            legal = opcode < 8 or first >= CLOSE and size < 126  # 126 and 127 tell of a longer length's form
        if not legal:
            self.fail(1002)
        return legal

    def _begin(self, first, size, data, start):
        """Takes a data frame that does not arrive as one whole message."""
        message = self.message
        if self.state == OPEN:
            if (message is None) == (first & 0x0F == 0):  # a continuation of nothing, or no continuation
                self.fail(1002)
                return len(data)
            length = len(message.data) if message else 0
            if self.limit is not None and length + size > self.limit:
                self.fail(1009)
        if message is None:
            message = self.message = _Message(first & 0x0F == 1)
        if self.state != OPEN:
            message.data = None
        try:
            message.begin(first, size, data[start - 4 : start])
        except MemoryError:
            self._lack_memory(message)
        return self._take(data, start)

    def _take(self, data, start):
        """Takes what is there of the payload of the message under way. Returns int, where the next frame begins."""
        message = self.message
        stop = min(start + message.left, len(data))
        message.left -= stop - start
        if self.state != OPEN:
            message.data = None
        elif stop > start:
            self._append(message, data, start, stop)
        if message.final and not message.left:
            self.message = None
            if self.state == OPEN:
                self._deliver_message(message)
        return stop

    def _append(self, message, data, start, stop):
        try:
            message.add(data, start, stop)
        except UnicodeError:
            self.fail(1007)
        except MemoryError:
            self._lack_memory(message)

    def _lack_memory(self, message):
        message.data = None
        self.fail(1009)

    def _deliver_message(self, message):
        data = message.data
        message.data = None  # it takes memory that the callback may need
        if not message.is_text:
            self.on_binary(data)
        elif message.checked < message.size:
            self.fail(1007)
        else:
            try:
                data = str(data, 'utf-8')
            except MemoryError:
                self.fail(1009)
            else:
                self.on_text(data)

    def _deliver(self, is_text, data):
        if is_text:
            try:
                data = decode_utf8(data)
            except UnicodeError:
                self.fail(1007)
            else:
                self.on_text(data)
        else:
            self.on_binary(data)

    def fail(self, code):
        """End for what the client did. code: int, the close code (RFC 6455, 7.4.1)."""
        first = self.state == OPEN
        self.state = CLOSED if code == 1002 else CLOSING
        self.on_violation(code, first)
