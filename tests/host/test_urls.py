"""Queries and forms on every target; by hypothesis, that they are read as browsers write them."""

from urllib.parse import parse_qs, quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from MicroWebSrv2 import UrlUtils
from MicroWebSrv2.libs.urlUtils import parse_query, query_values
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
