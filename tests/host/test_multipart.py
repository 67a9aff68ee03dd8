"""Forms of the type multipart/form-data: vectors on every target; by hypothesis, that no cut changes an outcome, and
that python-multipart and Werkzeug find the same in them.
"""

import io

import checks_multipart
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from MicroWebSrv2.libs.multipart import safe_filename
from python_multipart.multipart import MultipartParser as TheirParser
from python_multipart.multipart import parse_options_header
from support.checks import names_of
from werkzeug.formparser import MultiPartParser

ON_BOARD = True


@pytest.mark.parametrize('check', names_of('checks_multipart'))
def test_multipart(device, check):
    device.check('checks_multipart', check)


FRAGMENTS = st.sampled_from(
    [
        b'--' + checks_multipart.BOUNDARY,
        b'--',
        b'-',
        b'\r\n',
        b'\r',
        b'\n',
        b'\r\n\r\n',
        b'Content-Disposition: form-data; name="a"',
        b'Content-Disposition: form-data; name="b"; filename="c"',
        b'Content-Type: text/plain',
        b'X: y',
        b'value',
        b' ',
        b'\t',
        b'\0',
        checks_multipart.BOUNDARY[:5],
        checks_multipart.field(b'a', b'1'),
        checks_multipart.END,
    ]
)


def cut(data, places):
    """Cuts data at the places (any numbers)."""
    borders = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in zip(borders, borders[1:])]


@settings(max_examples=500, deadline=None)
@given(st.lists(FRAGMENTS, max_size=30), st.lists(st.integers(0, 10000), max_size=20))
def test_any_bytes_are_parsed_alike_in_any_pieces(fragments, places):
    for data in (b''.join(fragments), b'--' + checks_multipart.BOUNDARY + b'\r\n' + b''.join(fragments)):
        whole = checks_multipart.outcome([data])
        assert checks_multipart.outcome(cut(data, places)) == whole
        assert checks_multipart.outcome([data[i : i + 1] for i in range(len(data))]) == whole


def by_python_multipart(data):
    """Returns (name, file name, value) of each part, or None where it is refused or not complete."""
    found, state = [], {}

    def begin():
        state.update(headers={}, name=b'', value=b'')

    def header_end():
        state['headers'][state.pop('field').lower()] = state.pop('content', b'')

    callbacks = {
        'on_part_begin': begin,
        'on_header_begin': lambda: state.update(field=b'', content=b''),
        'on_header_field': lambda data, start, end: state.update(field=state['field'] + data[start:end]),
        'on_header_value': lambda data, start, end: state.update(content=state['content'] + data[start:end]),
        'on_header_end': header_end,
        'on_part_data': lambda data, start, end: state.update(value=state['value'] + data[start:end]),
        'on_part_end': lambda: found.append((dict(state['headers']), state['value'])),
        'on_end': lambda: state.update(ended=True),
    }
    parser = TheirParser(checks_multipart.BOUNDARY, callbacks)
    parser.write(data)
    parser.finalize()
    assert state.get('ended')
    parts = []
    for headers, value in found:
        _, options = parse_options_header(headers[b'content-disposition'])
        filename = options.get(b'filename')
        parts.append((options[b'name'].decode(), None if filename is None else filename.decode(), value))
    return parts


def by_werkzeug(data):
    """Returns (name, file name, value) of each part, fields before files."""
    form, files = MultiPartParser().parse(io.BytesIO(data), checks_multipart.BOUNDARY, len(data))
    return [(name, None, value.encode()) for name, value in form.items(multi=True)] + [
        (name, file.filename, file.read()) for name, file in files.items(multi=True)
    ]


NAMES = st.text(
    st.characters(codec='utf-8', exclude_categories=('Cc', 'Cs'), exclude_characters='\\"%'), min_size=1, max_size=20
)
VALUES = st.lists(
    st.sampled_from([b'\r\n', b'--', b'a', b'\xc3\xbc', b'\r', b'\n', checks_multipart.BOUNDARY[:9], b'\r\n--x'])
).map(b''.join)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(NAMES, st.none() | NAMES, VALUES), min_size=1, max_size=6), st.lists(st.integers(0, 5000)))
def test_others_find_the_same_parts(parts, places):
    data = b''
    for name, filename, value in parts:
        more = b'' if filename is None else b'; filename="%s"\r\nContent-Type: image/png' % filename.encode()
        data += checks_multipart.field(name.encode(), value, more)
    data += checks_multipart.END
    ours = checks_multipart.outcome(cut(data, places))
    assert [(name, value) for name, _, _, value in ours] == [(name, value) for name, _, value in parts]
    assert [part[1] for part in ours] == [name if name is None else safe_filename(name) for _, name, _ in parts]
    theirs = by_python_multipart(data)
    assert [(name, value) for name, _, value in theirs] == [(name, value) for name, _, _, value in ours]
    assert sorted((name, value) for name, _, value in by_werkzeug(data)) == sorted(
        (name, value) for name, _, _, value in ours
    )


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_a_safe_name_of_a_file_stays_in_its_folder(name):
    safe = safe_filename(name)
    assert not any(ord(char) < 32 or char in '/\\' for char in safe)
    assert safe[:1] not in ('.', ' ') and safe_filename(safe) == safe
