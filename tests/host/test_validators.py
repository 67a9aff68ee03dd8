"""Dates, validators, preconditions and ranges of files, without files: against email.utils and plain evaluations."""

import calendar
import email.utils
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from MicroWebSrv2.libs import validators

NOW = 1_760_000_000
TIMES = st.integers(validators._SETTLED_SEC + calendar.timegm((1971, 1, 1, 0, 0, 0)), 4_000_000_000)


def parts_of(seconds):
    return tuple(time.gmtime(seconds)[:6])


# --- dates ---


@given(TIMES)
def test_a_date_is_written_as_others_write_it_and_read_back(seconds):
    text = validators._format_date(seconds)
    assert text.decode() == email.utils.formatdate(seconds, usegmt=True)
    assert validators.parse_date(text) == parts_of(seconds)


@given(TIMES)
def test_the_other_forms_of_a_date_are_read(seconds):
    assert validators.parse_date(time.asctime(time.gmtime(seconds)).encode()) == parts_of(seconds)
    year = int(time.strftime('%Y'))
    if year - 49 <= parts_of(seconds)[0] <= year + 49:
        text = time.strftime('%A, %d-%b-%y %H:%M:%S GMT', time.gmtime(seconds))
        assert validators.parse_date(text.encode()) == parts_of(seconds)


def test_a_year_of_two_digits_is_no_more_than_50_years_from_now():
    year = int(time.strftime('%Y'))
    for number in range(100):
        found = validators.parse_date(b'Sunday, 01-Jan-%02d 00:00:00 GMT' % number)[0]
        assert found % 100 == number and year - 50 < found <= year + 50


@pytest.mark.parametrize(
    'text',
    [
        b'Sun, 15 Jun 2025 15:06 GMT',
        b'Sun, 15 Jun 2025 15:06:40:00 GMT',
        b'Sun, 15 Jun 2025 15:06:40',
        b'Sun, 15 Jun 2025 15:06:40 UTC',
        b'Sun, 15 jun 2025 15:06:40 GMT',
        b'Sun, 15 Jun +2025 15:06:40 GMT',
        b'Sun, x Jun 2025 15:06:40 GMT',
        b'Sun Jun 15 15:06:40 2025 x y',
        b'15 Jun 2025',
        b'',
    ],
)
def test_what_is_no_date(text):
    assert validators.parse_date(text) is None


@settings(max_examples=500)
@given(
    st.one_of(
        st.binary(max_size=40),
        st.lists(st.sampled_from(b'Sun, 15 Jun 2025 15:06:40 GMT - Nov'.split(b' '))).map(b' '.join),
    )
)
def test_any_bytes_are_a_date_or_none(text):
    found = validators.parse_date(text)
    assert found is None or len(found) == 6 and 1 <= found[1] <= 12


def test_a_clock_that_has_not_been_set_shows_no_date():
    assert validators.http_date(calendar.timegm((2023, 12, 31, 23, 59, 59))) is None
    assert validators.http_date(calendar.timegm((2024, 1, 1, 0, 0, 0))) == b'Mon, 01 Jan 2024 00:00:00 GMT'


@pytest.mark.parametrize(
    'mtime, has_one',
    [
        (0, False),
        (1, False),
        (-5, False),
        (calendar.timegm((2001, 12, 31, 23, 59, 59)), False),
        (calendar.timegm((2002, 1, 1, 0, 0, 0)), True),
        (NOW - 2, True),
        (NOW - 1, False),
        (NOW, False),
        (NOW + 1, False),
    ],
)
def test_a_file_has_a_date_where_its_time_says_something(mtime, has_one):
    for _ in range(2):
        assert (validators.file_date(mtime, NOW) is not None) is has_one


def test_few_dates_are_kept():
    for mtime in range(NOW - 1000, NOW - 500):
        assert validators.file_date(mtime, NOW) == validators._format_date(mtime)
        assert 0 < len(validators._dates) <= validators._MAX_DATES


def test_dates_that_are_kept_are_used():
    mtime = NOW - 5
    assert validators.file_date(mtime, NOW) is validators.file_date(mtime, NOW)
    kept = dict.fromkeys(range(NOW - validators._MAX_DATES - 10, NOW - 10))
    validators._dates.clear()
    for other in kept:
        validators.file_date(other, NOW)
    assert len(validators._dates) == validators._MAX_DATES


# --- conditions ---

TAG, OTHER = b'"tag"', b'"other"'
MTIME = calendar.timegm((2025, 6, 15, 15, 6, 40))
DATE = b'Sun, 15 Jun 2025 15:06:40 GMT'
DATES = [
    DATE,
    b'Sun, 15 Jun 2025 15:06:39 GMT',
    b'Sun, 15 Jun 2025 15:06:41 GMT',
    b'Sun Jun 15 15:06:40 2025',
    b'no date',
]
TAGS = [TAG, OTHER, b'W/"tag"', b'*', b'"a", "tag"', b'"a", W/"tag"', b'', b'W/*']


def expected(fields, has_validators):
    """Returns what RFC 9110 section 13.2.2 says, step by step."""
    since = {name: validators.parse_date(value) for name, value in fields.items() if b'since' in name}
    tags = {name: [tag.strip() for tag in value.split(b',')] for name, value in fields.items() if b'match' in name}
    if b'if-match' in fields:
        if tags[b'if-match'] != [b'*'] and not (has_validators and TAG in tags[b'if-match']):
            return 412
    elif since.get(b'if-unmodified-since') and has_validators and parts_of(MTIME) > since[b'if-unmodified-since']:
        return 412
    if b'if-none-match' in fields:
        weak = [tag[2:] if tag.startswith(b'W/"') else tag for tag in tags[b'if-none-match']]
        return 304 if weak == [b'*'] or has_validators and TAG in weak else 0
    if since.get(b'if-modified-since') and has_validators and parts_of(MTIME) <= since[b'if-modified-since']:
        return 304
    return 0


@settings(max_examples=1000)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            b'if-match': st.sampled_from(TAGS),
            b'if-none-match': st.sampled_from(TAGS),
            b'if-modified-since': st.sampled_from(DATES),
            b'if-unmodified-since': st.sampled_from(DATES),
        },
    ),
    st.booleans(),
)
def test_conditions_are_evaluated_in_their_order(fields, has_validators):
    known = (TAG, DATE) if has_validators else (None, None)
    assert validators.precondition(fields, *known, MTIME) == expected(fields, has_validators)


# --- ranges ---


@settings(max_examples=1000)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.sampled_from(['{}-{}', '{}-', '-{1}']))
def test_a_range_is_what_a_slice_would_be(size, first, last, form):
    data = bytes(range(size))
    found = validators.parse_range(b'bytes=' + form.format(first, last).encode(), size)
    if form == '{}-{}' and last < first:
        assert found is None
        return
    part = {'{}-{}': data[first : last + 1], '{}-': data[first:], '-{1}': data[size - min(last, size) :]}[form]
    if not part:
        assert found == ()
    else:
        assert data[found[0] : found[0] + found[1]] == part and found[1] == len(part)


@given(st.binary(max_size=20), st.integers(0, 100))
def test_any_bytes_are_a_range_or_none(text, size):
    found = validators.parse_range(b'bytes=' + text, size)
    assert not found or 0 <= found[0] < found[0] + found[1] <= size


def test_numbers_of_a_range_have_15_digits_at_most():
    assert validators.parse_range(b'bytes=0-' + b'9' * 15, 5) == (0, 5)
    assert validators.parse_range(b'bytes=0-' + b'9' * 16, 5) is None


@pytest.mark.parametrize(
    'condition, part',
    [(None, (0, 1)), (TAG, (0, 1)), (DATE, (0, 1)), (OTHER, None), (b'W/"tag"', None), (b'', None)],
)
def test_a_range_under_a_condition(condition, part):
    fields = {b'range': b'bytes=0-0'}
    if condition is not None:
        fields[b'if-range'] = condition
    assert validators.range_of(fields, 5, TAG, DATE) == part
