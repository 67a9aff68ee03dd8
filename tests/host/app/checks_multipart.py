"""Multipart forms on the target: what is taken, what is refused, at each cut."""

from checking import equal
from MicroWebSrv2.libs.httpHead import HttpError
from MicroWebSrv2.libs.multipart import MultipartParser, boundary_of, parse_parameters, safe_filename

BOUNDARY = b'----WebKitFormBoundaryABC'


def outcome(pieces, boundary=BOUNDARY, max_parts=10):
    """Feeds pieces to a parser; returns the parts as (name, file name, type, value), or the status of the error."""
    found = []

    def add(view):
        found[-1][3] += bytes(view)

    parser = MultipartParser(
        boundary,
        lambda part: found.append([part.Name, part.Filename, part.ContentType, b'']),
        add,
        lambda: found[-1].append('end'),
        max_parts,
    )
    try:
        for piece in pieces:
            parser.feed(piece)
        parser.end()
    except HttpError as error:
        assert error.text
        return error.status
    assert all(part.pop() == 'end' for part in found)
    return [tuple(part) for part in found]


def field(name, value, more=b''):
    head = b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n' % (BOUNDARY, name, more)
    return head + value + b'\r\n'


END = b'--' + BOUNDARY + b'--\r\n'
FILE = b'; filename="f.bin"\r\nContent-Type: image/png'
TEXT = 'text/plain'
VALID = (
    # name, bytes, parts
    ('a field', field(b'a', b'1') + END, [('a', None, TEXT, b'1')]),
    ('two fields', field(b'a', b'1') + field(b'b', b'') + END, [('a', None, TEXT, b'1'), ('b', None, TEXT, b'')]),
    ('a file', field(b'f', b'\x00\r\n\xff', FILE) + END, [('f', 'f.bin', 'image/png', b'\x00\r\n\xff')]),
    ('no file chosen', field(b'f', b'', b'; filename=""') + END, [('f', '', 'application/octet-stream', b'')]),
    ('no fields', END, []),
    (
        'a preamble and an epilogue',
        b'dear reader\r\n' + field(b'a', b'1') + END + b'--x\r\n',
        [('a', None, TEXT, b'1')],
    ),
    ('no CRLF at the end', field(b'a', b'1') + END[:-2], [('a', None, TEXT, b'1')]),
    (
        'white space behind a boundary',
        field(b'a', b'1').replace(b'\r\n', b' \t\r\n', 1) + END,
        [('a', None, TEXT, b'1')],
    ),
    (
        'what looks like a boundary is a value',
        field(b'a', b'\r\n--' + BOUNDARY + b'x\r\n--' + BOUNDARY[:-1] + b'\r\n-\r\r\n\r\n--' + BOUNDARY + b'-\r\n')
        + END,
        [
            (
                'a',
                None,
                TEXT,
                b'\r\n--' + BOUNDARY + b'x\r\n--' + BOUNDARY[:-1] + b'\r\n-\r\r\n\r\n--' + BOUNDARY + b'-\r\n',
            )
        ],
    ),
    ('a boundary in a line is a value', field(b'a', b'x--' + BOUNDARY) + END, [('a', None, TEXT, b'x--' + BOUNDARY)]),
    ('a token as name', field(b'a', b'1').replace(b'"', b'') + END, [('a', None, TEXT, b'1')]),
    ('quotes in a name', field(b'a%22\\"b;', b'1') + END, [('a""b;', None, TEXT, b'1')]),
    ('UTF-8', field(b'\xc3\xbc', b'1') + END, [('\xfc', None, TEXT, b'1')]),
    (
        'filename* is ignored',
        field(b'a', b'1', b'; filename="x"; filename*=UTF-8\'\'y') + END,
        [('a', 'x', 'application/octet-stream', b'1')],
    ),
    ('other fields', field(b'a', b'1', b'\r\nX-More: 1\r\nx: y') + END, [('a', None, TEXT, b'1')]),
)
INVALID = (
    # name, bytes, status
    ('nothing', b'', 400),
    ('no end', field(b'a', b'1'), 400),
    ('an end of one hyphen', field(b'a', b'1') + END[:-3], 400),
    ('lines that end by LF alone', (field(b'a', b'1') + END).replace(b'\r\n', b'\n'), 400),
    ('another boundary', (field(b'a', b'1') + END).replace(BOUNDARY, b'other'), 400),
    ('a part without fields', b'--' + BOUNDARY + b'\r\n\r\n1\r\n' + END, 400),
    ('a part without a name', field(b'a', b'1').replace(b'name=', b'nome=') + END, 400),
    ('not form-data', field(b'a', b'1').replace(b'form-data', b'attachment') + END, 400),
    ('an open quote', field(b'a', b'1').replace(b'"\r', b'\r') + END, 400),
    ('a parameter twice', field(b'a', b'1', b'; name="b"') + END, 400),
    ('a field twice', field(b'a', b'1', b'\r\nContent-Disposition: form-data; name=b') + END, 400),
    ('a folded field', field(b'a', b'1', b'\r\nX-A: b\r\n c: d') + END, 400),
    ('a control character', field(b'a\x00', b'1') + END, 400),
    ('a long head', field(b'a', b'1', b'\r\nX: ' + b'y' * 1024) + END, 431),
    ('a head without an end', b'--' + BOUNDARY + b'\r\n' + b'x' * 5000, 431),
    ('many fields', field(b'a', b'1', b''.join([b'\r\nX%d: y' % i for i in range(8)])) + END, 431),
    ('many parts', field(b'a', b'1') * 11 + END, 413),
    ('a long preamble', b'x' * 1100 + b'\r\n' + field(b'a', b'1') + END, 400),
)


def check_what_is_valid_is_taken_at_each_cut():
    for name, data, parts in VALID:
        equal((name, outcome([data])), (name, parts))
        for i in range(len(data)):
            equal((name, i, outcome([data[:i], data[i:]])), (name, i, parts))
        equal((name, outcome([data[i : i + 1] for i in range(len(data))])), (name, parts))


def check_what_is_invalid_is_refused_at_each_cut():
    for name, data, status in INVALID:
        equal((name, outcome([data])), (name, status))
        for i in range(0, len(data), 7):
            equal((name, i, outcome([data[:i], data[i:]])), (name, i, status))
        equal((name, outcome([data[i : i + 1] for i in range(len(data))])), (name, status))


def check_what_is_kept_between_pieces_is_bounded():
    parser = MultipartParser(BOUNDARY, lambda part: None, lambda view: None, lambda: None)
    data = field(b'a', b'\r\n--' * 300 + b'\r\n--' + BOUNDARY[:9]) * 3 + END
    for i in range(len(data)):
        parser.feed(data[i : i + 1])
        assert len(parser._rest) <= max(len(BOUNDARY) + 4 + 66, 60)
    parser.end()


def check_boundaries():
    for boundary in (b'x', b'x' * 70, b"0'()+_,-./:=?"):
        equal(boundary_of(b'multipart/form-data; boundary="%s"' % boundary), boundary)
    equal(boundary_of(b'Multipart/Form-Data;charset=utf-8; BOUNDARY=abc'), b'abc')
    for kind in (b'', b'text/plain', b'multipart/form-datax; boundary=a', b'application/x-www-form-urlencoded'):
        equal(boundary_of(kind), None)
    for rest in (
        b'',
        b'; boundary=',
        b'; boundary=' + b'x' * 71,
        b'; boundary="a "',
        b'; boundary=a@',
        b'; boundary="a',
    ):
        try:
            boundary_of(b'multipart/form-data' + rest)
        except HttpError as error:
            equal(error.status, 400)
        else:
            raise AssertionError(rest)


def check_names_of_files_are_safe():
    for name, wanted in (
        ('a.txt', 'a.txt'),
        ('../../etc/passwd', 'passwd'),
        ('C:\\Users\\me\\a b.txt', 'a b.txt'),
        ('/', ''),
        ('..', ''),
        ('.htaccess', 'htaccess'),
        ('. .hidden', 'hidden'),
        ('a\x00b\r\nc\x7f\x85.txt', 'abc.txt'),
        ('a<b>:c"|?*.txt', 'a_b__c____.txt'),
        ('gpj.\u202etxt', 'gpj.txt'),
        ('\xfcber \u4e2d.txt', '\xfcber \u4e2d.txt'),
        ('name. . ', 'name'),
    ):
        equal(safe_filename(name), wanted)


def check_parameters():
    equal(parse_parameters(b'Form-Data; A=b;c="d;e" ; f=""'), (b'form-data', {b'a': b'b', b'c': b'd;e', b'f': b''}))
    equal(parse_parameters(b'a; b="C:\\\\d\\e"'), (b'a', {b'b': b'C:\\\\d\\e'}))
    equal(parse_parameters(b'a;'), (b'a', {}))
