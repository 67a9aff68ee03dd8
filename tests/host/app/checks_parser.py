"""The request parser on the target: what it accepts, what it refuses; the cuts between pieces do not matter."""

import gc

from MicroWebSrv2.libs import httpHead
from MicroWebSrv2.libs.httpHead import HttpError, forget_heads
from MicroWebSrv2.libs.httpParser import BODY, END, HEAD, NEED_DATA, RequestParser

MAX_HEAD = 2000


def head(*lines):
    """Returns a request head with a Host."""
    return b'\r\n'.join((lines[0], b'Host: h') + lines[1:]) + b'\r\n\r\n'


def outcome(pieces, max_head=MAX_HEAD):
    """Feeds pieces to a parser; returns the requests that came out, at the end the status of an error."""
    parser = RequestParser(max_head)
    found = []
    body = None
    try:
        for piece in pieces:
            event = parser.feed(piece)
            while event != NEED_DATA:
                if event == HEAD:
                    found.append([parser.method, parser.target, parser.version, parser.headers, b''])
                    body = parser.length != 0
                elif event == BODY:
                    assert body and len(parser.piece) > 0
                    found[-1][4] += bytes(parser.piece)
                elif event == END:
                    found[-1].append('end')
                    body = None
                else:
                    raise AssertionError(event)
                event = parser.next()
    except HttpError as error:
        assert error.text
        found.append(error.status)
    return found


GET = head(b'GET / HTTP/1.1')
CHUNKED = head(b'POST / HTTP/1.1', b'Transfer-Encoding: chunked')
VALID = (
    # name, bytes, [(method, target, version, headers besides Host, body)]
    ('get', GET, [(b'GET', b'/', b'HTTP/1.1', {}, b'')]),
    ('http 1.0 needs no Host', b'GET / HTTP/1.0\r\n\r\n', [(b'GET', b'/', b'HTTP/1.0', None, b'')]),
    ('a tab in a value', head(b'GET / HTTP/1.1', b'A: b\tc'), [(b'GET', b'/', b'HTTP/1.1', {b'a': b'b\tc'}, b'')]),
    (
        'bytes beyond ASCII in the target',
        head(b'GET /\xc3\xbc?\x80 HTTP/1.1'),
        [(b'GET', b'/\xc3\xbc?\x80', b'HTTP/1.1', {}, b'')],
    ),
    (
        'a POST without length has no body',
        head(b'POST / HTTP/1.1', b'Content-Type: text/plain'),
        [(b'POST', b'/', b'HTTP/1.1', {b'content-type': b'text/plain'}, b'')],
    ),
    ('as many empty lines as may be', b'\r\n' * 4 + GET, [(b'GET', b'/', b'HTTP/1.1', {}, b'')]),
    (
        'empty lines before each request',
        (b'\r\n' * 3 + GET) * 3,
        [(b'GET', b'/', b'HTTP/1.1', {}, b'')] * 3,
    ),
    (
        'a chunk with two extensions, and sizes of 15 digits',
        head(b'POST / HTTP/1.1', b'Transfer-Encoding: chunked')
        + b'000000000000003;a;b=c\r\nabc\r\n000000000000000\r\n\r\n',
        [(b'POST', b'/', b'HTTP/1.1', {b'transfer-encoding': b'chunked'}, b'abc')],
    ),
    (
        'trailers longer than the head behind them',
        CHUNKED + b'0\r\n' + b'Abc: def\r\n' * 20 + b'\r\n' + GET,
        [(b'POST', b'/', b'HTTP/1.1', {b'transfer-encoding': b'chunked'}, b''), (b'GET', b'/', b'HTTP/1.1', {}, b'')],
    ),
    (
        'trailers of exactly the largest size',
        CHUNKED + b'0\r\nA: ' + b'b' * (MAX_HEAD - 7) + b'\r\n\r\n',
        [(b'POST', b'/', b'HTTP/1.1', {b'transfer-encoding': b'chunked'}, b'')],
    ),
    (
        'as many fields as may be',
        head(b'GET / HTTP/1.1', *[b'A:'] * 99),
        [(b'GET', b'/', b'HTTP/1.1', {b'a': b', ' * 98}, b'')],
    ),
    (
        'chunks of one byte',
        head(b'POST / HTTP/1.1', b'Transfer-Encoding: chunked') + b'1\r\na\r\n' * 50 + b'0\r\n\r\n' + GET,
        [
            (b'POST', b'/', b'HTTP/1.1', {b'transfer-encoding': b'chunked'}, b'a' * 50),
            (b'GET', b'/', b'HTTP/1.1', {}, b''),
        ],
    ),
    ('empty lines before a request', b'\r\n\r\n' + GET, [(b'GET', b'/', b'HTTP/1.1', {}, b'')]),
    ('no space behind the colon', head(b'GET / HTTP/1.1', b'A:b'), [(b'GET', b'/', b'HTTP/1.1', {b'a': b'b'}, b'')]),
    (
        'spaces and tabs around a value',
        head(b'GET / HTTP/1.1', b'A: \t b c \t'),
        [(b'GET', b'/', b'HTTP/1.1', {b'a': b'b c'}, b'')],
    ),
    ('an empty value', head(b'GET / HTTP/1.1', b'A:'), [(b'GET', b'/', b'HTTP/1.1', {b'a': b''}, b'')]),
    (
        'obs-text in a value',
        head(b'GET / HTTP/1.1', b'A: \xe9\xff'),
        [(b'GET', b'/', b'HTTP/1.1', {b'a': b'\xe9\xff'}, b'')],
    ),
    ('a colon in a value', head(b'GET / HTTP/1.1', b'A: b:c'), [(b'GET', b'/', b'HTTP/1.1', {b'a': b'b:c'}, b'')]),
    (
        'all characters of a token',
        head(b'GET / HTTP/1.1', b"!#$%&'*+-.^_`|~0aZ: x"),
        [(b'GET', b'/', b'HTTP/1.1', {b"!#$%&'*+-.^_`|~0az": b'x'}, b'')],
    ),
    (
        'fields that come twice',
        head(b'GET / HTTP/1.1', b'Accept: a', b'accept: b'),
        [(b'GET', b'/', b'HTTP/1.1', {b'accept': b'a, b'}, b'')],
    ),
    (
        'cookies that come twice',
        head(b'GET / HTTP/1.1', b'Cookie: a=1', b'Cookie: b=2'),
        [(b'GET', b'/', b'HTTP/1.1', {b'cookie': b'a=1; b=2'}, b'')],
    ),
    ('any method', head(b'BREW / HTTP/1.1'), [(b'BREW', b'/', b'HTTP/1.1', {}, b'')]),
    ('a later minor version', head(b'GET / HTTP/1.9'), [(b'GET', b'/', b'HTTP/1.9', {}, b'')]),
    ('OPTIONS *', head(b'OPTIONS * HTTP/1.1'), [(b'OPTIONS', b'*', b'HTTP/1.1', {}, b'')]),
    (
        'length 0',
        head(b'POST / HTTP/1.1', b'Content-Length: 0'),
        [(b'POST', b'/', b'HTTP/1.1', {b'content-length': b'0'}, b'')],
    ),
    (
        'length',
        head(b'POST / HTTP/1.1', b'Content-Length: 5') + b'12345',
        [(b'POST', b'/', b'HTTP/1.1', {b'content-length': b'5'}, b'12345')],
    ),
    (
        'length with leading zeros',
        head(b'POST / HTTP/1.1', b'Content-Length: 005') + b'12345',
        [(b'POST', b'/', b'HTTP/1.1', {b'content-length': b'005'}, b'12345')],
    ),
    (
        'length of 18 digits',
        head(b'POST / HTTP/1.1', b'Content-Length: ' + b'0' * 17 + b'5') + b'12345',
        [(b'POST', b'/', b'HTTP/1.1', {b'content-length': b'0' * 17 + b'5'}, b'12345')],
    ),
    (
        'a body that looks like a request',
        head(b'POST / HTTP/1.1', b'Content-Length: 18') + b'GET / HTTP/1.1\r\n\r\n',
        [(b'POST', b'/', b'HTTP/1.1', {b'content-length': b'18'}, b'GET / HTTP/1.1\r\n\r\n')],
    ),
    (
        'chunks',
        head(b'POST / HTTP/1.1', b'Transfer-Encoding: chunked') + b'5\r\n12345\r\nA\r\n0123456789\r\n0\r\n\r\n',
        [(b'POST', b'/', b'HTTP/1.1', {b'transfer-encoding': b'chunked'}, b'123450123456789')],
    ),
    (
        'chunks, hex in both cases',
        head(b'POST / HTTP/1.1', b'Transfer-Encoding: CHUNKED') + b'0b\r\n01234567890\r\n0B\r\n'
        b'01234567890\r\n000\r\n\r\n',
        [(b'POST', b'/', b'HTTP/1.1', {b'transfer-encoding': b'CHUNKED'}, b'01234567890' * 2)],
    ),
    (
        'no chunks',
        head(b'POST / HTTP/1.1', b'Transfer-Encoding: chunked') + b'0\r\n\r\n',
        [(b'POST', b'/', b'HTTP/1.1', {b'transfer-encoding': b'chunked'}, b'')],
    ),
    (
        'chunk extensions',
        head(b'POST / HTTP/1.1', b'Transfer-Encoding: chunked') + b'3;a=b\r\nabc\r\n0;x="y\tz"\r\n\r\n',
        [(b'POST', b'/', b'HTTP/1.1', {b'transfer-encoding': b'chunked'}, b'abc')],
    ),
    (
        'trailers are dropped',
        head(b'POST / HTTP/1.1', b'Transfer-Encoding: chunked') + b'3\r\nabc\r\n0\r\nHost: x\r\nA: b\r\n\r\n',
        [(b'POST', b'/', b'HTTP/1.1', {b'transfer-encoding': b'chunked'}, b'abc')],
    ),
    (
        'chunk line of 256 characters',
        head(b'POST / HTTP/1.1', b'Transfer-Encoding: chunked') + b'1;' + b'x' * 254 + b'\r\na\r\n0\r\n\r\n',
        [(b'POST', b'/', b'HTTP/1.1', {b'transfer-encoding': b'chunked'}, b'a')],
    ),
    (
        'pipelined',
        GET + head(b'POST /2 HTTP/1.1', b'Content-Length: 2') + b'ab' + head(b'GET /3 HTTP/1.1'),
        [
            (b'GET', b'/', b'HTTP/1.1', {}, b''),
            (b'POST', b'/2', b'HTTP/1.1', {b'content-length': b'2'}, b'ab'),
            (b'GET', b'/3', b'HTTP/1.1', {}, b''),
        ],
    ),
    (
        'pipelined with chunks and empty lines',
        head(b'POST / HTTP/1.1', b'Transfer-Encoding: chunked') + b'1\r\na\r\n0\r\nT: r\r\n\r\n\r\n' + GET,
        [(b'POST', b'/', b'HTTP/1.1', {b'transfer-encoding': b'chunked'}, b'a'), (b'GET', b'/', b'HTTP/1.1', {}, b'')],
    ),
    (
        'a head of exactly the largest size',
        head(b'GET / HTTP/1.1', b'A: ' + b'x' * (MAX_HEAD - 28)),
        [(b'GET', b'/', b'HTTP/1.1', {b'a': b'x' * (MAX_HEAD - 28)}, b'')],
    ),
)

ABSOLUTE = (
    (b'http://other/path?q', b'/path?q', b'other'),
    (b'http://other:81', b'/', b'other:81'),
    (b'HTTPS://other?q', b'/?q', b'other'),
    (b'http://other/a?b/c', b'/a?b/c', b'other'),
)

INVALID = (
    # name, bytes, status
    ('two spaces in the request line', b'GET  / HTTP/1.1\r\nHost: h\r\n\r\n', 400),
    ('no version', b'GET /\r\nHost: h\r\n\r\n', 400),
    ('a space in the target', b'GET /a b HTTP/1.1\r\nHost: h\r\n\r\n', 400),
    ('an empty method', b' / HTTP/1.1\r\nHost: h\r\n\r\n', 400),
    ('a method that is no token', b'GE(T / HTTP/1.1\r\nHost: h\r\n\r\n', 400),
    ('a target without slash', head(b'GET index.html HTTP/1.1'), 400),
    ('an empty target', head(b'GET  HTTP/1.1'), 400),
    ('a foreign scheme', head(b'GET ftp://h/ HTTP/1.1'), 400),
    ('an absolute target without host', head(b'GET http:///a HTTP/1.1'), 400),
    ('version 2.0', head(b'GET / HTTP/2.0'), 505),
    ('version 0.9', head(b'GET / HTTP/0.9'), 505),
    ('a version in small letters', head(b'GET / http/1.1'), 400),
    ('a version of two digits', head(b'GET / HTTP/1.10'), 400),
    ('a request line of two words', b'GET /\r\n\r\n', 400),
    ('a request line of one word', b'GET\r\n\r\n', 400),
    ('a version without digits', head(b'GET / HTTP/1.x'), 400),
    ('a version without a first digit', head(b'GET / HTTP/x.1'), 400),
    ('a version without a dot', head(b'GET / HTTP/1x1'), 400),
    ('a version with a comma', head(b'GET / HTTP/1,1'), 400),
    ('a version that is none', head(b'GET / HTTP/x.y'), 400),
    ('no Host', b'GET / HTTP/1.1\r\n\r\n', 400),
    ('two Hosts', head(b'GET / HTTP/1.1', b'Host: h'), 400),
    ('a Host with a space', b'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 400),
    ('a Host with a slash', b'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400),
    ('a Host with a control character', b'GET / HTTP/1.1\r\nHost: a\x01b\r\n\r\n', 400),
    ('an absolute target whose host has a space', head(b'GET http://a%20 b/ HTTP/1.1'), 400),
    ('an absolute target whose host is none', head(b'GET http://a{b}/ HTTP/1.1'), 400),
    ('an absolute target with a user', head(b'GET http://a@b/ HTTP/1.1'), 400),
    ('an absolute target without slashes', head(b'GET https: HTTP/1.1'), 400),
    ('an absolute target with one slash', head(b'GET http:/a HTTP/1.1'), 400),
    ('a Host that is a list', b'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', 400),
    ('a space before the colon', head(b'GET / HTTP/1.1', b'A : b'), 400),
    ('a folded line', head(b'GET / HTTP/1.1', b'A: b', b' c'), 400),
    ('a folded line by tab', head(b'GET / HTTP/1.1', b'A: b', b'\tc'), 400),
    ('a line that begins with a space', b'GET / HTTP/1.1\r\n Host: h\r\n\r\n', 400),
    ('a line without colon', head(b'GET / HTTP/1.1', b'abc'), 400),
    ('an empty name', head(b'GET / HTTP/1.1', b': b'), 400),
    ('a name that is no token', head(b'GET / HTTP/1.1', b'A(b): c'), 400),
    ('a name with 8 bits', head(b'GET / HTTP/1.1', b'\xe9: c'), 400),
    ('a bare CR', head(b'GET / HTTP/1.1', b'A: b\rc'), 400),
    ('a bare LF', head(b'GET / HTTP/1.1', b'A: b\nC: d'), 400),
    ('a NUL', head(b'GET / HTTP/1.1', b'A: b\0'), 400),
    ('a control character in a value', head(b'GET / HTTP/1.1', b'A: b\x1bc'), 400),
    ('a control character before a value', head(b'GET / HTTP/1.1', b'A: \x0bb'), 400),
    ('a control character behind a value', head(b'GET / HTTP/1.1', b'A: b\x0c'), 400),
    ('DEL in a value', head(b'GET / HTTP/1.1', b'A: b\x7f'), 400),
    ('a control character beside a tab', head(b'GET / HTTP/1.1', b'A: b\tc\x01'), 400),
    ('DEL beside a tab', head(b'GET / HTTP/1.1', b'A: b\tc\x7f'), 400),
    ('a control character in the target', head(b'GET /\x01 HTTP/1.1'), 400),
    ('DEL in the target', head(b'GET /\x7f HTTP/1.1'), 400),
    ('a bare LF in the target', head(b'GET /a\nb HTTP/1.1'), 400),
    ('a bare CR in the target', head(b'GET /a\rb HTTP/1.1'), 400),
    ('a control character in the version', head(b'GET / HTTP/1.1\x01'), 400),
    ('a line that ends by LF, not the first', b'GET / HTTP/1.1\r\nHost: h\n\n', 400),
    ('LF line ends and no more', b'GET / HTTP/1.0\n\n', 400),
    ('the first line ends by LF', b'GET / HTTP/1.0\n', 400),
    ('LF alone', b'\n', 400),
    ('an empty line that ends by LF', b'\r\n\n' + GET, 400),
    ('empty lines without end', b'\r\n' * 5 + GET, 400),
    ('LF line ends', b'GET / HTTP/1.1\nHost: h\n\n\r\n\r\n', 400),
    ('a request behind a bare CR', b'\r' + GET, 400),
    ('garbage', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc', 400),
    ('length +5', head(b'POST / HTTP/1.1', b'Content-Length: +5') + b'12345', 400),
    ('length -5', head(b'POST / HTTP/1.1', b'Content-Length: -5') + b'12345', 400),
    ('length 1_0', head(b'POST / HTTP/1.1', b'Content-Length: 1_0') + b'1234567890', 400),
    ('length abc', head(b'POST / HTTP/1.1', b'Content-Length: abc') + b'12345', 400),
    ('length 0x5', head(b'POST / HTTP/1.1', b'Content-Length: 0x5') + b'12345', 400),
    ('length 5.0', head(b'POST / HTTP/1.1', b'Content-Length: 5.0') + b'12345', 400),
    ('length 5 5', head(b'POST / HTTP/1.1', b'Content-Length: 5 5') + b'12345', 400),
    ('an empty length', head(b'POST / HTTP/1.1', b'Content-Length:'), 400),
    ('two different lengths', head(b'POST / HTTP/1.1', b'Content-Length: 5', b'Content-Length: 6') + b'123456', 400),
    ('a list of different lengths', head(b'POST / HTTP/1.1', b'Content-Length: 5, 6') + b'123456', 400),
    ('a length of 19 digits', head(b'POST / HTTP/1.1', b'Content-Length: ' + b'0' * 19), 400),
    ('an endless length', head(b'POST / HTTP/1.1', b'Content-Length: ' + b'9' * 30), 400),
    (
        'length and chunked',
        head(b'POST / HTTP/1.1', b'Content-Length: 3', b'Transfer-Encoding: chunked') + b'0\r\n\r\n',
        400,
    ),
    (
        'chunked and length',
        head(b'POST / HTTP/1.1', b'Transfer-Encoding: chunked', b'Content-Length: 3') + b'0\r\n\r\n',
        400,
    ),
    ('chunked in HTTP/1.0', b'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400),
    ('an unknown coding', head(b'POST / HTTP/1.1', b'Transfer-Encoding: gzip'), 501),
    ('an unknown coding before chunked', head(b'POST / HTTP/1.1', b'Transfer-Encoding: gzip, chunked'), 501),
    ('xchunked', head(b'POST / HTTP/1.1', b'Transfer-Encoding: xchunked') + b'0\r\n\r\n', 501),
    ('identity', head(b'POST / HTTP/1.1', b'Transfer-Encoding: identity') + b'0\r\n\r\n', 501),
    ('a chunk size that is none', CHUNKED + b'xyz\r\n', 400),
    ('a chunk size with sign', CHUNKED + b'+3\r\nabc\r\n', 400),
    ('a chunk size with 0x', CHUNKED + b'0x3\r\nabc\r\n', 400),
    ('a chunk size with _', CHUNKED + b'1_0\r\n0123456789abcdef\r\n', 400),
    ('a chunk size before a space', CHUNKED + b'3 \r\nabc\r\n', 400),
    ('a chunk size before a tab and an extension', CHUNKED + b'3\t;a=b\r\nabc\r\n', 400),
    ('a control character in a chunk extension', CHUNKED + b'3;a=\x7f\r\nabc\r\n', 400),
    ('a chunk size behind a space', CHUNKED + b' 3\r\nabc\r\n', 400),
    ('an empty chunk size', CHUNKED + b'\r\n', 400),
    ('an empty chunk size with extension', CHUNKED + b';a\r\n', 400),
    ('a chunk size too large', CHUNKED + b'f' * 17 + b'\r\n', 400),
    ('a chunk line without end', CHUNKED + b'1;' + b'x' * 1000, 400),
    ('a chunk line of 257 characters', CHUNKED + b'1;' + b'x' * 255 + b'\r\na\r\n0\r\n\r\n', 400),
    ('a chunk line of 258 characters and no end', CHUNKED + b'1;' + b'x' * 256, 400),
    ('a chunk size of 16 digits', CHUNKED + b'0000000000000001\r\na\r\n', 400),
    ('a chunk line with bare LF', CHUNKED + b'3\nabc\r\n', 400),
    ('a chunk longer than its size', CHUNKED + b'3\r\nabcd\r\n', 400),
    ('a chunk that ends by LF', CHUNKED + b'3\r\nabc\n0\r\n\r\n', 400),
    ('a trailer that is no field', CHUNKED + b'0\r\nabc\r\n\r\n', 400),
    ('trailers without end', CHUNKED + b'0\r\n' + b'A: b\r\n' * 2000, 431),
    ('one field more than there may be', head(b'GET / HTTP/1.1', *[b'A:'] * 100), 431),
    ('many fields that are not known', head(b'GET / HTTP/1.1', *[b'A%d:' % i for i in range(100)]), 431),
    ('trailers one byte too long', CHUNKED + b'0\r\nA: ' + b'b' * (MAX_HEAD - 6) + b'\r\n\r\n', 431),
    ('trailers with a control character', CHUNKED + b'0\r\nA: \x01\r\n\r\n', 400),
    ('a request line too long', b'GET /' + b'a' * MAX_HEAD + b' HTTP/1.1\r\nHost: h\r\n\r\n', 414),
    ('a request line without end', b'GET /' + b'a' * MAX_HEAD * 2, 414),
    ('a header section too long', head(b'GET / HTTP/1.1', b'A: ' + b'b' * MAX_HEAD), 431),
    ('a header section without end', b'GET / HTTP/1.1\r\n' + b'A: b\r\n' * 1000, 431),
    ('one byte more than the largest head', head(b'GET / HTTP/1.1', b'A: ' + b'x' * (MAX_HEAD - 27)), 431),
)


def cuts(data):
    """Yields ways to cut the data: whole, byte by byte, in twos, and many pseudo-random ones (always the same)."""
    yield [data]
    yield [data[i : i + 1] for i in range(len(data))]
    yield [data[i : i + 2] for i in range(0, len(data), 2)]
    seed = 12345
    for _ in range(6):
        pieces, start = [], 0
        while start < len(data):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            size = 1 + (seed >> 16) % 41
            pieces.append(data[start : start + size])
            start += size
        yield pieces


def as_expected(found, expected):
    """Tells whether parsed requests are the expected ones."""
    if len(found) != len(expected) or any(isinstance(request, int) for request in found):
        return False
    for request, (method, target, version, headers, body) in zip(found, expected):
        if headers is not None:
            headers = dict(headers)
            headers[b'host'] = b'h'
        if request[:5] != [method, target, version, headers or {}, body]:
            return False
    return True


def check_valid_requests():
    wrong = {}
    for name, data, expected in VALID:
        forget_heads()
        for pieces in cuts(data):
            found = outcome(pieces)
            if not as_expected(found, expected):
                wrong[name] = found
    assert not wrong, wrong


def check_requests_with_a_body_have_an_end():
    for name, data, _ in VALID:
        for request in outcome([data]):
            framed = request[3].get(b'content-length', b'0').strip(b'0') or b'transfer-encoding' in request[3]
            assert (request[-1] == 'end') == bool(framed), (name, request)


def check_absolute_targets_replace_the_host():
    for target, path, host in ABSOLUTE:
        for _ in range(3):  # also where the header section is known
            request = outcome([head(b'GET ' + target + b' HTTP/1.1')])[0]
            assert request[1] == path and request[3][b'host'] == host, request
            assert outcome([GET])[0][3] == {b'host': b'h'}


def check_invalid_requests():
    wrong = {}
    for name, data, status in INVALID:
        for pieces in cuts(data):
            found = outcome(pieces)
            if not found or found[-1] != status:
                wrong[name] = (status, len(pieces), found)
    assert not wrong, wrong


def check_a_valid_request_before_an_invalid_one_is_given_first():
    wrong = {}
    for name, data, status in INVALID:
        found = outcome([GET + data])
        if found[0][0] != b'GET' or found[-1] != status:
            wrong[name] = (status, found)
    assert not wrong, wrong


def check_an_unfinished_request_is_not_idle():
    parser = RequestParser(MAX_HEAD)
    assert parser.idle()
    assert parser.feed(b'GET / HT') == NEED_DATA and not parser.idle()
    assert parser.feed(b'TP/1.1\r\nHost: h\r\n\r\n') == HEAD
    assert parser.next() == NEED_DATA and parser.idle()
    assert parser.feed(head(b'POST / HTTP/1.1', b'Content-Length: 2')) == HEAD
    assert parser.next() == NEED_DATA and not parser.idle()
    assert parser.feed(b'ab') == BODY and parser.next() == END and parser.next() == NEED_DATA and parser.idle()


def check_the_rest_behind_a_head_is_kept():
    parser = RequestParser(MAX_HEAD)
    assert parser.feed(GET + b'rest') == HEAD
    assert bytes(parser.rest) == b'rest'


def check_absolute_targets_keep_what_the_fields_say():
    parser = RequestParser(MAX_HEAD)
    for _ in range(3):
        post = b'POST http://other/ HTTP/1.1', b'Content-Length: 3', b'Connection: close'
        assert parser.feed(head(*post)) == HEAD and parser.length == 3 and parser.keep_alive is False
        assert parser.feed(b'abc') == BODY and parser.next() == END
        assert parser.feed(head(b'GET http://other/ HTTP/1.0', b'Connection: keep-alive')) == HEAD
        assert (parser.version, parser.length, parser.keep_alive) == (b'HTTP/1.0', 0, True)


def check_which_methods_are_known():
    for method in (b'GET', b'POST', b'HEAD', b'PUT', b'DELETE', b'OPTIONS', b'PATCH'):
        assert httpHead.is_known(method)
    for method in (b'get', b'', b'TRACE', b'GETS'):
        assert not httpHead.is_known(method)


def check_path_and_query():
    parser = RequestParser(MAX_HEAD)
    for target, path, query in (
        (b'/a', b'/a', b''),
        (b'/a?', b'/a', b''),
        (b'/a?b=c&d', b'/a', b'b=c&d'),
        (b'/a?b?c', b'/a', b'b?c'),
        (b'/?a/b', b'/', b'a/b'),
        (b'http://h/a?b', b'/a', b'b'),
        (b'http://h?b', b'/', b'b'),
        (b'*', b'*', b''),
    ):
        assert parser.feed(head(b'GET ' + target + b' HTTP/1.1')) == HEAD
        assert (parser.path, parser.query) == (path, query), target


def check_which_connections_go_on():
    parser = RequestParser(MAX_HEAD)
    for version, value, goes_on in (
        (b'HTTP/1.1', None, True),
        (b'HTTP/1.1', b'close', False),
        (b'HTTP/1.1', b'Close', False),
        (b'HTTP/1.1', b'TE,\tclose ', False),
        (b'HTTP/1.1', b'keep-alive, close', False),
        (b'HTTP/1.1', b'keep-alive', True),
        (b'HTTP/1.1', b'closed, x close', True),
        (b'HTTP/1.1', b'', True),
        (b'HTTP/1.5', None, True),
        (b'HTTP/1.0', None, False),
        (b'HTTP/1.0', b'Keep-Alive', True),
        (b'HTTP/1.0', b'x, keep-alive', True),
        (b'HTTP/1.0', b'keep-alive, close', False),
        (b'HTTP/1.0', b'keep alive', False),
    ):
        lines = () if value is None else (b'Connection: ' + value,)
        for _ in range(4):  # also where the head is known
            assert parser.feed(head(b'GET / ' + version, *lines)) == HEAD
            assert parser.keep_alive is goes_on, (version, value)


def check_the_same_head_is_the_same_object_in_all_connections():
    forget_heads()
    parsers = [RequestParser(MAX_HEAD) for _ in range(5)]
    for parser in parsers:
        assert parser.feed(GET) == HEAD
    last = parsers[-1]
    assert last.head is parsers[-2].head
    assert last.feed(head(b'GET /2?3 HTTP/1.0')) == HEAD and last.head is not parsers[0].head
    assert last.feed(GET) == HEAD and last.head is parsers[-2].head
    assert (last.method, last.target, last.path, last.query) == (b'GET', b'/', b'/', b'')
    assert (last.version, last.headers, last.keep_alive, last.length) == (b'HTTP/1.1', {b'host': b'h'}, True, 0)


def check_six_kinds_of_heads_in_turn_are_parsed_once_among_others():
    forget_heads()
    assert_that_six_kinds_are_parsed_once()


def assert_that_six_kinds_are_parsed_once():
    """A header section that comes again is not parsed again, whatever other requests come between."""
    parser = RequestParser(MAX_HEAD)
    kinds = [b'Accept: kind/%d' % i for i in range(6)]
    headers = {}
    for i in range(20):
        for kind in kinds:
            assert parser.feed(head(b'GET /?%d HTTP/1.1' % i, kind)) == HEAD
            if i > 1:
                assert parser.headers is headers[kind], (i, kind)
            headers[kind] = parser.headers
        assert parser.feed(head(b'GET / HTTP/1.1', b'X: %d' % i)) == HEAD


def check_a_head_that_is_known_is_no_head_inside_a_body():
    for _ in range(3):
        assert outcome([GET]) == outcome([GET, GET])[:1]
    post = head(b'POST / HTTP/1.1', b'Content-Length: %d' % len(GET))
    assert [request[4] for request in outcome([post, GET, GET])] == [GET, b'']
    chunks = CHUNKED + b'%x\r\n' % len(GET)
    assert [request[4] for request in outcome([chunks, GET, b'\r\n0\r\n\r\n', GET])] == [GET, b'']


def check_what_is_left_of_a_body():
    parser = RequestParser(MAX_HEAD)
    assert parser.feed(head(b'POST / HTTP/1.1', b'Content-Length: 5')) == HEAD
    assert parser.in_body and parser.left == 5
    assert parser.feed(b'ab') == BODY and parser.in_body and parser.left == 3
    assert parser.feed(b'cdeX') == BODY and parser.left == 0
    assert parser.next() == END and not parser.in_body and parser.rest == b'X'
    parser = RequestParser(MAX_HEAD)
    assert parser.feed(CHUNKED) == HEAD and parser.in_body and parser.left == 0
    assert parser.feed(b'1000\r\n') == NEED_DATA and parser.left == 4096
    assert parser.feed(b'a' * 4090) == BODY and parser.left == 6
    assert parser.feed(b'a' * 6) == BODY and parser.left == 0
    assert parser.feed(b'\r\n3\r\nabc\r\nffffffff\r\nd') == BODY
    assert parser.piece == b'abcd' and parser.left == 0xFFFFFFFF - 1


def check_a_head_behind_trailers_that_came_in_pieces():
    trailers = CHUNKED + b'0\r\n' + b'Abc: def\r\n' * 20
    assert [request[0] for request in outcome([trailers, b'\r\n' + GET])] == [b'POST', b'GET']


def check_chunks_that_come_together_are_one_piece():
    parser = RequestParser(MAX_HEAD)
    assert parser.feed(CHUNKED + b'1\r\na\r\n2;x\r\nbc\r\n0\r\nA: b\r\n\r\n' + GET) == HEAD
    assert parser.next() == BODY and parser.piece == b'abc'
    assert parser.next() == END and parser.next() == HEAD


def check_a_connection_is_idle_after_an_empty_line():
    parser = RequestParser(MAX_HEAD)
    assert parser.feed(b'\r\n') == NEED_DATA and parser.idle() and parser.next() == NEED_DATA
    assert parser.feed(b'\r') == NEED_DATA and not parser.idle()
    assert parser.feed(b'\n') == NEED_DATA and parser.idle()
    for _ in range(3):  # so that the head is known
        assert parser.feed(b'\r\n') == NEED_DATA and parser.feed(GET) == HEAD
    for _ in range(20):
        assert parser.feed(b'\r\n') == NEED_DATA and parser.feed(GET) == HEAD and parser.idle()


def check_control_characters_are_found_alike_on_all_targets():
    for octet in range(256):
        is_control = (octet < 32 and octet != 9) or octet == 127
        for text in (bytes([octet]), b'a' + bytes([octet]), bytes([octet]) + b'a', b'\t' + bytes([octet]) + b'\x80'):
            for function in (httpHead.has_controls, httpHead.has_controls_portably):
                assert bool(function(text)) == is_control, (function, text)
    assert not httpHead.has_controls(b'') and not httpHead.has_controls_portably(b'')


def check_what_a_token_is():
    others = b'()<>@,;:\\"/[]?={} \t'
    for octet in range(256):
        is_char = 32 < octet < 127 and octet not in others
        for text in (bytes([octet]), b'a' + bytes([octet]) + b'a'):
            assert httpHead.is_token(text) == is_char, text
    assert not httpHead.is_token(b'')


def check_what_is_kept_is_bounded_and_does_not_go_stale():
    """Whatever comes, what is kept takes little; what is large, or comes once, is not kept at all."""
    forget_heads()
    parser = RequestParser(1 << 20)
    largest = 0
    for i in range(400):
        request = head(b'GET /%d HTTP/1.1' % i, b'X-%d: %d' % (i % 90, i), b'A: ' + b'b' * (i * 7 % 900))
        for _ in range(3):
            assert parser.feed(request) == HEAD
            assert parser.path == b'/%d' % i and parser.headers[b'x-%d' % (i % 90)] == b'%d' % i
        largest = max(largest, httpHead.kept_bytes())
    heap = gc.mem_alloc() + gc.mem_free() if hasattr(gc, 'mem_alloc') else 1 << 21
    assert 1000 < largest < min(heap, 1 << 21) * 3 // 64 + 50 * 170 + 2048, largest
    assert_that_six_kinds_are_parsed_once()
    forget_heads()
    assert httpHead.kept_bytes() == 0
    for i in range(300):
        assert parser.feed(head(b'GET / HTTP/1.1', b'A: %d' % i)) == HEAD
    assert httpHead.kept_bytes() < 3000, 'what comes once is not kept'


def check_what_is_kept_of_names_and_hosts_is_bounded():
    parser = RequestParser(MAX_HEAD)
    forget_heads()
    for i in range(500):
        assert parser.feed(b'GET / HTTP/1.1\r\nHost: h%d\r\nX-%d: b\r\n\r\n' % (i, i)) == HEAD
        assert parser.feed(b'GET / HTTP/1.1\r\nHost: %s\r\n%s: b\r\n\r\n' % (b'h' * 65, b'X' * 41)) == HEAD
    assert httpHead.kept_bytes() <= 40 * 170 + 2048
