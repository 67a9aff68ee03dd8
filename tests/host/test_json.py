"""JSON as the server writes and reads it, on every target; by hypothesis, that it is the same as Python's."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from MicroWebSrv2.libs.strictJson import MAX_DEPTH, dumps_strict, loads_strict
from support.checks import names_of

ON_BOARD = True


@pytest.mark.parametrize('check', names_of('checks_json'))
def test_json(device, check):
    device.check('checks_json', check)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_what_is_written_is_what_python_writes_or_an_error(value):
    try:
        expected = json.dumps(value, allow_nan=False)
    except ValueError:
        with pytest.raises(ValueError, match=r'^JSON has no (nan|-?inf)\.$'):
            dumps_strict(value)
    else:
        assert dumps_strict(value) == expected
        assert loads_strict(expected) == json.loads(expected)


PIECES = st.sampled_from(
    ['[', ']', '{', '}', '"', '\\', ',', ':', '1', '1e999', '[' * 30, ']' * 30, '"a":', 'NaN', ' ']
)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=30))
def test_what_is_read_is_what_python_reads_where_it_is_finite_and_not_deep(pieces):
    text = ''.join(pieces)
    try:
        expected = json.loads(text)
    except ValueError:
        expected = None
    if not is_plain(expected, MAX_DEPTH):
        expected = None
    assert loads_strict(text) == expected


def is_plain(value, depth):
    """Tells whether a value is finite and not nested deeper."""
    if isinstance(value, (list, dict)):
        children = value.values() if isinstance(value, dict) else value
        return depth > 0 and all(is_plain(child, depth - 1) for child in children)
    return not isinstance(value, float) or math.isfinite(value)
