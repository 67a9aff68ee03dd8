"""The WebSocket frame codec: masks, UTF-8, headers of all lengths, what is refused; that no cut matters."""

import json

from checking import equal, raises
from MicroWebSrv2.libs import wsBytes
from MicroWebSrv2.libs.wsFrames import (
    BINARY,
    CLOSE,
    PING,
    TEXT,
    FrameReader,
    decode_utf8,
    frame,
    is_close_code,
    text_frame,
    unmask,
    unmask_in,
    utf8_length,
)

MASK = b'\x37\xfa\x21\x3d'
LONG = 'Köln 한국 \U0001f600 \u0000 abc' * 40


class Reader(FrameReader):
    """Collects what comes out."""

    def __init__(self, limit=None):
        super().__init__()
        self.limit = limit
        self.events = []

    def on_text(self, text):
        self.events.append(text)

    def on_binary(self, data):
        self.events.append(bytes(data))

    def on_control(self, first, payload):
        self.events.append((first, bytes(payload)))

    def on_violation(self, code, first):
        self.events.append((code, first))


def masked(first, payload, mask=MASK):
    """Returns a frame as clients send it, made octet by octet."""
    size = len(payload)
    if size < 126:
        head = bytes((first, 128 | size))
    elif size < 65536:
        head = bytes((first, 254)) + size.to_bytes(2, 'big')
    else:
        head = bytes((first, 255)) + size.to_bytes(8, 'big')
    return head + mask + bytes([payload[i] ^ mask[i % 4] for i in range(size)])


def fresh(data):
    """Returns a copy that nobody else uses, as what is received: it may be changed."""
    return bytes(bytearray(data))


def outcome(pieces, limit=None):
    """Returns the events that the pieces lead to, and whether anything is held behind them."""
    reader = Reader(limit)
    for piece in pieces:
        reader.feed(fresh(piece))
    return reader.events, reader.rest is not None or reader.message is not None


def gives(data, *events, limit=None):
    """Asserts the events for data in one piece, octet by octet, and cut in two behind its second octet."""
    for pieces in ([data], [data[i : i + 1] for i in range(len(data))], [data[:2], data[2:]]):
        equal(outcome(pieces, limit)[0], list(events))


def check_whole_messages():
    gives(masked(TEXT, b'Hello'), 'Hello')
    gives(masked(TEXT, b''), '')
    gives(masked(BINARY, b''), b'')
    gives(masked(BINARY, bytes(range(256))), bytes(range(256)))
    gives(masked(TEXT, LONG.encode()), LONG)
    gives(masked(TEXT, b'a') + masked(BINARY, b'b') + masked(TEXT, b'c'), 'a', b'b', 'c')


def check_lengths_of_all_forms():
    for size in (1, 2, 3, 4, 5, 124, 125, 126, 127, 255, 256, 257, 1000, 65535, 65536, 70001):
        data = bytes([i * 7 & 255 for i in range(size)])
        equal(outcome([masked(BINARY, data)]), ([data], False))
        cut = masked(BINARY, data, b'\x80\xff\x00\x01')
        equal(outcome([cut[: size // 2 + 1], cut[size // 2 + 1 :]]), ([data], False))


def check_a_long_header_is_no_short_one_whatever_has_arrived_of_it():
    data = bytes(range(32, 127)) + bytes(range(32, 127))
    whole = masked(TEXT, data)
    for end in range(2, len(whole)):
        equal(outcome([whole[:end], whole[end:]]), ([data.decode()], False))


def check_frames_sent():
    equal(frame(TEXT, b'Hello'), b'\x81\x05Hello')
    equal(frame(BINARY, b''), b'\x82\x00')
    equal(frame(PING, bytearray(b'x')), b'\x89\x01x')
    for size, head in (
        (125, b'\x82\x7d'),
        (126, b'\x82\x7e\x00\x7e'),
        (65535, b'\x82\x7e\xff\xff'),
        (65536, b'\x82\x7f\0\0\0\0\0\1\0\0'),
    ):
        equal(frame(BINARY, bytes(size)), head + bytes(size))
        equal(frame(BINARY, memoryview(bytes(size)))[: len(head)], head)


def check_mask_of_any_part():
    data = bytes([i * 11 & 255 for i in range(1100)])
    for take in (unmask, wsBytes.unmask_portably):
        for start in (4, 6, 7, 8, 9, 14):
            for size in (0, 1, 2, 3, 4, 5, 7, 8, 31, 32, 33, 255, 256, 257, 258, 259, 511, 512, 513, 1023, 1024, 1027):
                for key in (MASK, b'\0\0\0\0', b'\0\0\0\x80', b'\xff\xff\xff\xff'):
                    expected = bytes([data[start + i] ^ key[i & 3] for i in range(size)])
                    masked_data = data[: start - 4] + key + data[start:]
                    plain = take(masked_data, start, start + size)
                    equal((len(plain), bytes(plain)), (size, expected))
                    equal(masked_data[:start], data[: start - 4] + key)
                    equal(masked_data[start + size :], data[start + size :])


def check_mask_where_it_lies():
    plain = bytes([i * 7 & 255 for i in range(600)])
    for take in (unmask_in, wsBytes.unmask_in_portably):
        for start, stop in ((0, 0), (0, 1), (3, 8), (1, 257), (0, 256), (0, 257), (5, 600), (44, 555)):
            buffer = bytearray(plain)
            take(buffer, start, stop, MASK)
            expected = bytes([plain[i] ^ MASK[i - start & 3] for i in range(start, stop)])
            equal(bytes(buffer), plain[:start] + expected + plain[stop:])


def check_fragments():
    gives(masked(0x01, b'Hel') + masked(0x80, b'lo'), 'Hello')
    gives(masked(0x02, b'') + masked(0x00, b'') + masked(0x00, b'x') + masked(0x80, b''), b'x')
    gives(masked(0x01, b'') + masked(0x80, b''), '')
    gives(
        masked(0x01, b'a') + masked(PING, b'p') + masked(0x00, b'b') + masked(0x8A, b'') + masked(0x80, b'c'),
        (0x89, b'p'),
        (0x8A, b''),
        'abc',
    )
    gives(masked(0x01, b'\xe2\x82') + masked(0x80, b'\xac'), '\u20ac')
    gives(masked(0x80, b'a'), (1002, True))
    gives(masked(0x00, b'a'), (1002, True))
    gives(masked(0x01, b'a') + masked(TEXT, b'b'), (1002, True))
    gives(masked(0x02, b'a') + masked(0x01, b'b'), (1002, True))


def check_control_frames():
    gives(masked(PING, b'abc'), (0x89, b'abc'))
    gives(masked(0x8A, b''), (0x8A, b''))
    gives(masked(PING, bytes(125)), (0x89, bytes(125)))
    gives(masked(CLOSE, b'\x03\xe8bye'), (0x88, b'\x03\xe8bye'))
    gives(masked(PING, bytes(126)), (1002, True))
    gives(masked(0x09, b'not final'), (1002, True))
    gives(masked(0x08, b''), (1002, True))


def check_a_control_frame_in_a_longer_form():
    """However it is cut: the length fits into 7 bits, and must (RFC 6455, 5.5)."""
    for first in (CLOSE, PING, 0x8A):
        for form in (b'\xfe\x00\x03', b'\xff' + bytes(7) + b'\x03'):
            data = bytes([first]) + form + MASK + b'abc'
            gives(data, (1002, True))
            for cut in range(2, len(data)):
                equal(outcome([data[:cut], data[cut:]])[0], [(1002, True)])


def check_violations():
    for first in (
        0x83,
        0x84,
        0x85,
        0x86,
        0x87,
        0x8B,
        0x8C,
        0x8D,
        0x8E,
        0x8F,
        0x03,
        0x0B,
        0xC1,
        0xA1,
        0x91,
        0xF1,
        0xC9,
        0xC0,
    ):
        gives(masked(first, b'abc'), (1002, True))
    gives(b'\x81\x05Hello', (1002, True))
    gives(b'\x81\x00', (1002, True))
    gives(b'\x82\x7e\x00\x80' + bytes(128), (1002, True))
    gives(masked(TEXT, b'a') + masked(0x83, b'') + masked(TEXT, b'b'), 'a', (1002, True))
    gives(b'\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff' + MASK + b'abc', (1002, True))


def check_a_wrong_header_is_not_waited_for():
    for head in (b'\x81\x05', b'\x83\x80', b'\xc1\x80', b'\x89\xfe', b'\x09\x80'):
        equal(outcome([head[:1], head[1:]])[0], [(1002, True)])


def check_limit():
    gives(masked(TEXT, b'12345'), '12345', limit=5)
    gives(masked(TEXT, b'123456'), (1009, True), limit=5)
    gives(masked(BINARY, bytes(300)), (1009, True), limit=299)
    gives(masked(0x01, b'123') + masked(0x80, b'45'), '12345', limit=5)
    gives(masked(0x01, b'123') + masked(0x80, b'456'), (1009, True), limit=5)
    gives(masked(TEXT, b''), '', limit=0)
    equal(outcome([b'\x82\xff\0\0\0\xff\0\0\0\0' + MASK], 1000)[0], [(1009, True)])


def check_behind_a_violation_of_content_only_control_frames_count():
    close = masked(CLOSE, b'\x03\xf1')
    gives(
        masked(TEXT, b'123456') + masked(TEXT, b'a') + masked(0x01, b'b') + close,
        (1009, True),
        (0x88, b'\x03\xf1'),
        limit=5,
    )
    gives(masked(0x01, b'\xff') + masked(0x00, b'b') + masked(0x80, b'c') + close, (1007, True), (0x88, b'\x03\xf1'))
    gives(masked(TEXT, b'\xff') + masked(0x83, b'') + close, (1007, True), (1002, False))


def check_a_message_at_rest_holds_nothing():
    for data in (masked(TEXT, LONG.encode()), masked(0x01, b'a') + masked(PING, b'') + masked(0x80, b'b')):
        for pieces in ([data], [data[i : i + 1] for i in range(len(data))]):
            equal(outcome(pieces)[1], False)
    equal(outcome([masked(TEXT, b'123456') + masked(0x01, b'x') + masked(0x80, b'')], 5)[1], False)


def follows(octets):
    """Judges by the table of RFC 3629, section 4: returns 'whole', 'begun' or 'bad'."""
    needed, low, high = 0, 0x80, 0xBF
    for octet in octets:
        if needed:
            if not low <= octet <= high:
                return 'bad'
            needed, low, high = needed - 1, 0x80, 0xBF
        elif octet >= 0x80:
            if not 0xC2 <= octet <= 0xF4:
                return 'bad'
            needed = 1 if octet < 0xE0 else 2 if octet < 0xF0 else 3
            low = {0xE0: 0xA0, 0xF0: 0x90}.get(octet, 0x80)
            high = {0xED: 0x9F, 0xF4: 0x8F}.get(octet, 0xBF)
    return 'begun' if needed else 'whole'


def judged(data):
    """Returns what utf8_length makes of data, in the words of follows()."""
    try:
        length = utf8_length(data)
    except UnicodeError:
        return 'bad'
    return 'whole' if length == len(data) else 'begun'


def decodes(data):
    """Tells whether decode_utf8 takes data."""
    try:
        decode_utf8(data)
        return True
    except UnicodeError:
        return False


EDGES = (0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xE0, 0xED, 0xF4, 0xF8, 0xFF)


def check_utf8_of_two_octets():
    for first in range(256):
        for second in EDGES:
            data = bytes((first, second))
            expected = follows(data)
            assert judged(data) == expected and judged(b'\xc3\xa4b' + data) == expected, data
            assert decodes(data) == (expected == 'whole') and decodes(bytearray(data + b'x')) == (
                follows(data + b'x') == 'whole'
            ), data
        assert judged(bytes((first,))) == follows(bytes((first,))), first


def check_utf8_of_more_octets():
    for first in (0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7):
        for second in EDGES:
            for third in (0x41, 0x80, 0xBF, 0xC2, 0xED):
                for data in (
                    bytes((first, second, third)),
                    bytes((first, second, third, 0x80)),
                    bytes((first, second, third, 0xFF)),
                ):
                    expected = follows(data)
                    assert judged(data) == expected, data
                    assert decodes(data) == (expected == 'whole'), data


def check_text_fails_at_the_first_bad_octet():
    for good, bad in (
        (b'', b'\xff'),
        (b'\xce\xba\xe1\xbd\xb9\xf4', b'\x90'),
        (b'abc\xed', b'\xa0'),
        (b'\xe0', b'\x9f'),
        (b'x' * 300, b'\xc0'),
    ):
        data = masked(TEXT, good + bad + b'behind')
        reader = Reader()
        reader.feed(fresh(data[: -len(bad) - 6]))
        equal(reader.events, [])
        reader.feed(fresh(data[-len(bad) - 6 : -6]))
        equal(reader.events, [(1007, True)])


def check_short_texts_are_checked_strictly():
    for data in (b'\xed\xa0\x80', b'\xc0\x80', b'\xe0\x80\x80', b'\xf4\x90\x80\x80', b'ab\xf5\x80\x80\x80'):
        gives(masked(TEXT, data), (1007, True))
        gives(masked(0x01, b'x') + masked(0x80, data), (1007, True))


def check_text_ends_with_a_whole_character():
    gives(masked(TEXT, b'\xe2\x82'), (1007, True))
    gives(masked(0x01, b'\xe2') + masked(0x80, b''), (1007, True))


def check_text_encodes():
    equal(text_frame('a\xe4\u20ac\U0001f600'), b'\x81\x0aa\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80')
    equal(text_frame('x' * 126), b'\x81\x7e\x00\x7e' + b'x' * 126)
    half_a_pair = json.loads('"\\ud800"')
    raises(ValueError, text_frame, half_a_pair)


def check_close_codes():
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
        assert is_close_code(code), code
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        assert not is_close_code(code), code
