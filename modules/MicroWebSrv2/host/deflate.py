"""Compressed WebSocket messages (RFC 7692, permessage-deflate) on CPython.

No context is taken over from message to message, in neither direction: a quiet connection holds no memory for it.
"""

import zlib

from ..libs.webSocket import WebSocket, octets_of
from ..libs.wsFrames import BINARY, OPEN, TEXT, decode_utf8, encode_text, frame_head

_NAME = 'permessage-deflate'
_COMPRESSED = 0x40  # RSV1 in a frame's first byte
_TAIL = b'\0\0\xff\xff'  # of each message, left out on the wire (RFC 7692 section 7.2.1)
_LEAST = 16  # bytes of a message that is worth compressing
_LEVEL = 6
_MEMORY = 5  # of zlib's 1 to 9: 32 KB while a message is compressed
_FRAME_OPCODE = 0x0F
_RESERVED = 0x70


def negotiate(microWebSrv2, request):
    """Accept the first offer of compression in a request that can be met (RFC 7692 section 7.1), in its response.

    microWebSrv2: MicroWebSrv2. request: HttpRequest. Return CompressingWebSocket, None where there is no such offer.
    """
    for offer in request.GetHeader('Sec-WebSocket-Extensions').split(','):
        bits = window_bits(offer)
        if bits:
            answer = _NAME + '; server_no_context_takeover; client_no_context_takeover'
            if bits < zlib.MAX_WBITS:
                answer += '; server_max_window_bits=%d' % bits
            request.Response.SetHeader('Sec-WebSocket-Extensions', answer)
            return CompressingWebSocket(microWebSrv2, request, bits)
    return None


def window_bits(offer):
    """Return int, 9 to 15: the largest window that an offer allows the server; None where it cannot be accepted.

    offer: str, an extension with its parameters.
    """
    name, *parameters = [part.strip() for part in offer.split(';')]
    if name != _NAME:
        return None
    bits = zlib.MAX_WBITS
    known = set()
    for parameter in parameters:
        key, equals, value = [part.strip() for part in parameter.partition('=')]
        value = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
        if key in known or not _is_legal(key, bool(equals), value):
            return None
        known.add(key)
        if key == 'server_max_window_bits':
            bits = int(value)
    return bits if bits > 8 else None  # zlib has no raw window of 8


def _is_legal(key, has_value, value):
    """Return bool: whether a parameter is one of RFC 7692 section 7.1, with a value that it may have."""
    if key in ('server_no_context_takeover', 'client_no_context_takeover'):
        return not has_value
    if key == 'client_max_window_bits' and not has_value:
        return True
    return key in ('server_max_window_bits', 'client_max_window_bits') and value in map(str, range(8, 16))


class CompressingWebSocket(WebSocket):
    """A WebSocket whose messages are compressed, but the shortest, and those of Broadcast().

    bits: int, 9 to 15, the window of what is sent. The rest as of WebSocket.
    MaxRecvMessageLength holds for a message as it came, and as it is when it is inflated.
    """

    _kind = None  # TEXT or BINARY: the message that is under way is compressed, and is one of these

    def __init__(self, microWebSrv2, request, bits):
        WebSocket.__init__(self, microWebSrv2, request)
        self._bits = bits

    def SendTextMessage(self, msg):
        """Send a text message, as WebSocket.SendTextMessage()."""
        if not isinstance(msg, str) or len(msg) < _LEAST:
            return WebSocket.SendTextMessage(self, msg)
        return self._send_compressed(TEXT, encode_text(msg))

    def SendBinaryMessage(self, msg):
        """Send a binary message, as WebSocket.SendBinaryMessage()."""
        octets = octets_of(msg)
        if len(octets) < _LEAST:
            return WebSocket.SendBinaryMessage(self, octets)
        return self._send_compressed(BINARY, octets)

    def _send_compressed(self, first, payload):
        if self.IsClosed:
            return False
        deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -self._bits, _MEMORY)
        short = deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH)
        if short.endswith(_TAIL):
            short = short[: -len(_TAIL)]
        return self.post(frame_head(first | _COMPRESSED, len(short)), short)

    def feed(self, data):
        """Take what was received. data: bytes."""
        self.has_heard = True
        if self.rest:
            self.rest = bytearray(self.rest)
        self.take_frames(bytearray(data))

    def take_frame(self, data, at):
        """Take the frame that begins in data, a bytearray, at `at`. Return int, where the next one begins.

        A compressed message is taken as a binary one that on_binary() inflates.
        """
        first = data[at]
        if first & _RESERVED == _COMPRESSED and first & _FRAME_OPCODE in (1, 2) and self.message is None:
            self._kind = TEXT if first & _FRAME_OPCODE == 1 else BINARY
            data[at] = first & ~(_COMPRESSED | _FRAME_OPCODE) | 2
        return WebSocket.take_frame(self, data, at)

    def on_binary(self, data):
        """Take a whole message that came as a binary one, or compressed. data: bytes-like."""
        kind, self._kind = self._kind, None
        if kind is None:
            WebSocket.on_binary(self, data)
            return
        try:
            message = self._inflate(data)
            if message is not None:
                if kind == TEXT:
                    self.on_text(decode_utf8(message))
                else:
                    WebSocket.on_binary(self, message)
        except (zlib.error, UnicodeError):
            self.fail(1007)
        except MemoryError:
            self.fail(1009)

    def _inflate(self, data):
        """Return the message, bytes; None where it is too large. Raise zlib.error where the data are none."""
        limit = self.limit
        data += _TAIL
        pieces = []
        size = 0
        while data:  # once, but where a block says that it is the last one (RFC 7692 section 7.2.3.4)
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            pieces.append(inflater.decompress(data, 0 if limit is None else limit - size + 1))
            size += len(pieces[-1])
            if limit is not None and size > limit:
                if self.state == OPEN:
                    self.fail(1009)
                return None
            data = inflater.unused_data
        return b''.join(pieces)
