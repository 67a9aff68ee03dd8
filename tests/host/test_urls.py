"""Queries and forms on every target; by hypothesis, that they are read as browsers write them."""

from urllib.parse import parse_qs, quote, unquote_to_bytes, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from MicroWebSrv2 import UrlUtils
from MicroWebSrv2.libs.urlUtils import decode_text, parse_query, query_values
from support.checks import names_of

ON_BOARD = True


@pytest.mark.parametrize('check', names_of('checks_urls'))
def test_urls(device, check):
    device.check('checks_urls', check)


TEXT = st.text(st.characters(exclude_categories=['Cs']), max_size=20)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(['a', 'b', 'ü']) | TEXT, TEXT), max_size=8))
def test_fields_come_back(pairs):
    data = urlencode(pairs).encode()
    assert parse_query(data) == dict(pairs)
    for name, _ in pairs:
        assert query_values(data, name) == [value for other, value in pairs if other == name]
        assert query_values(data, name) == parse_qs(data.decode(), keep_blank_values=True)[name]


@settings(max_examples=300, deadline=None)
@given(TEXT)
def test_quoting_is_the_same_as_pythons(text):
    assert UrlUtils.Quote(text, '') == quote(text, safe='')
    assert UrlUtils.Unquote(UrlUtils.Quote(text)) == text


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b'a',
                b'b=',
                b'=',
                b'&',
                b'+',
                b'%',
                b'%41',
                b'%26',
                b'%3D',
                b'%3d',
                b'%25',
                b'%2',
                b'%2B',
                b'%c3%bc',
                b'\xc3\xbc',
                b'\xff',
                b'41',
                b'%zz',
            ]
        )
    ).map(b''.join)
)
def test_a_query_decoded_at_once_is_the_same_as_field_by_field(query):
    wanted = {}
    for field in query.replace(b'+', b' ').split(b'&'):
        name, _, value = field.partition(b'=')
        if field:
            wanted[decode_text(unquote_to_bytes(name))] = decode_text(unquote_to_bytes(value))
    assert parse_query(query) == wanted
