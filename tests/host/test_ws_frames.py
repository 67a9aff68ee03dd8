"""The WebSocket frame codec: vectors on every target; by hypothesis, that no cut between pieces changes an outcome."""

import checks_ws_frames
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from MicroWebSrv2.libs import wsBytes, wsBytesHost
from support.checks import names_of


@pytest.mark.parametrize('check', names_of('checks_ws_frames'))
def test_ws_frames(device, check):
    device.check('checks_ws_frames', check)


def cut(data, places):
    """Cuts data at the places (any numbers)."""
    borders = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in zip(borders, borders[1:])]


FIRST = st.one_of(st.sampled_from([0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A, 0x88]), st.integers(0, 255))
PAYLOAD = st.one_of(
    st.binary(max_size=140), st.text(max_size=60).map(str.encode), st.binary(min_size=120, max_size=600)
)
FRAME = st.builds(checks_ws_frames.masked, FIRST, PAYLOAD, st.binary(min_size=4, max_size=4))


@settings(max_examples=600, deadline=None)
@given(
    st.lists(FRAME, max_size=6),
    st.lists(st.integers(0, 5000), max_size=30),
    st.sampled_from([None, 0, 100, 300]),
    st.binary(max_size=20),
)
def test_any_frames_have_the_same_outcome_in_any_pieces(frames, places, limit, rest):
    data = b''.join(frames) + rest
    whole = checks_ws_frames.outcome([data], limit)[0]
    assert checks_ws_frames.outcome(cut(data, places), limit)[0] == whole
    assert checks_ws_frames.outcome([data[i : i + 1] for i in range(len(data))], limit)[0] == whole


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400), st.lists(st.integers(0, 2000), max_size=8), st.lists(st.integers(0, 5000), max_size=12))
def test_a_text_survives_any_fragments_and_pieces(text, fragments, places):
    parts = cut(text.encode(), fragments) or [b'']
    firsts = [0x01] + [0x00] * (len(parts) - 1)
    firsts[-1] |= 0x80
    data = b''.join(map(checks_ws_frames.masked, firsts, parts))
    assert checks_ws_frames.outcome(cut(data, places)) == ([text], False)


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=4, max_size=1200), st.integers(0, 1200), st.integers(0, 1200))
def test_all_ways_to_unmask_agree(data, start, stop):
    start, stop = sorted((4 + start % (len(data) - 3), 4 + stop % (len(data) - 3)))
    expected = bytes(octet ^ data[start - 4 + (i & 3)] for i, octet in enumerate(data[start:stop]))
    for unmask in (wsBytes.unmask_portably, wsBytesHost.unmask_portably, wsBytesHost.unmask):
        assert bytes(unmask(data, start, stop)) == expected
    for unmask_in in (wsBytes.unmask_in_portably, wsBytesHost.unmask_in_portably, wsBytesHost.unmask_in):
        buffer = bytearray(data)
        unmask_in(buffer, start, stop, data[start - 4 : start])
        assert bytes(buffer) == data[:start] + expected + data[stop:]
