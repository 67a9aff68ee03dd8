"""Dates, validators, preconditions and ranges of files (RFC 9110 sections 5.6.7, 8.8, 13 and 14). Opens no file."""

import sys
import time

_DAYS = (b'Mon', b'Tue', b'Wed', b'Thu', b'Fri', b'Sat', b'Sun')
_MONTHS = tuple(b'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split())
_FIRST_YEAR = 2024  # a clock before it has not been set
_SETTLED_SEC = 2  # FAT counts in these: what is younger may change again without another time
_MAX_DATES = 16
_gmtime = getattr(time, 'gmtime', time.localtime)  # the clock of firmware without gmtime knows UTC only

if sys.implementation.name != 'micropython' or sys.platform in ('linux', 'darwin'):
    _OLDEST = '2002-01-01'
else:  # a board's clock begins anywhere when it has no battery, but before its firmware was made
    _OLDEST = sys.version[sys.version.rfind(' on ') + 4 :][:10]

_dates = {}  # time of a file: its date, None where the time means nothing


def http_date(seconds):
    """Return the date that a clock shows, bytes, or None before 2024: it has not been set.

    seconds: int, of the platform's epoch. Source: RFC 9110 section 6.6.1.
    """
    return _format_date(seconds) if _gmtime(seconds)[0] >= _FIRST_YEAR else None


def _format_date(seconds):
    """Return a time as an IMF-fixdate (RFC 9110 section 5.6.7)."""
    t = _gmtime(seconds)
    return b'%s, %02d %s %d %02d:%02d:%02d GMT' % (_DAYS[t[6]], t[2], _MONTHS[t[1] - 1], t[0], t[3], t[4], t[5])


def parse_date(text):
    """Return a date as a tuple (year, month, day, hour, minute, second), or None if it is none.

    text: bytes, in one of the three forms of RFC 9110 section 5.6.7.
    """
    words = text.replace(b'-', b' ').split()
    if len(words) == 5:  # asctime: Sun Nov  6 08:49:37 1994
        words = [words[0], words[2], words[1], words[4], words[3], b'GMT']
    if len(words) != 6 or words[5] != b'GMT' or words[2] not in _MONTHS:
        return None
    clock = words[4].split(b':')
    numbers = [words[3], words[1]] + clock
    if len(clock) != 3 or not all(number.isdigit() for number in numbers):
        return None
    numbers = [int(number) for number in numbers]
    if len(words[3]) == 2:
        numbers[0] = _whole_year(numbers[0])
    numbers.insert(1, _MONTHS.index(words[2]) + 1)
    return tuple(numbers)


def _whole_year(year):
    """Return the year of its last two digits: the latest that is no more than 50 years from now."""
    latest = _gmtime(int(time.time()))[0] + 50
    return latest - (latest - year) % 100


def file_date(mtime, now):
    """Return the date of a file, bytes, or None where its time says nothing about its content.

    mtime: int, the file's time. now: int, that of the clock; both in seconds of the platform's epoch.
    A time before 2002 (on boards: before the firmware was made) or in the future comes from a clock that was not set,
    and the next content may get the same one. So may content that is written within the time's own grain.
    """
    if not 0 < mtime <= now - _SETTLED_SEC:
        return None
    if mtime in _dates:
        return _dates[mtime]
    if len(_dates) >= _MAX_DATES:
        _dates.clear()
    date = _dates[mtime] = _format_date(mtime) if '%04d-%02d-%02d' % _gmtime(mtime)[:3] >= _OLDEST else None
    return date


def precondition(fields, etag, modified, mtime):
    """Return the status that the conditions of a GET or HEAD ask for: 304, 412, or 0 where they ask for nothing.

    fields: dict of bytes, the request's. etag, modified: bytes, the file's validators, or None. mtime: int, its time.
    Source: RFC 9110 section 13.2.2.
    """
    if b'if-match' in fields:
        tags = fields[b'if-match']
        if tags != b'*' and not _lists(tags, etag):
            return 412
    elif b'if-unmodified-since' in fields and modified and modified != fields[b'if-unmodified-since']:
        since = parse_date(fields[b'if-unmodified-since'])
        if since and _gmtime(mtime)[:6] > since:
            return 412
    if b'if-none-match' in fields:
        tags = fields[b'if-none-match']
        return 304 if tags == b'*' or _lists(tags.replace(b'W/"', b'"'), etag) else 0
    if b'if-modified-since' in fields and modified:
        if modified == fields[b'if-modified-since']:
            return 304
        since = parse_date(fields[b'if-modified-since'])
        if since and _gmtime(mtime)[:6] <= since:
            return 304
    return 0


def _lists(tags, etag):
    """Return whether a list of entity tags has one."""
    return etag in [tag.strip() for tag in tags.split(b',')]


def has_range(fields):  # small: False without ranges
    """Return bool: whether a request asks for a part of a file. fields: dict of bytes, the request's."""
    return b'range' in fields


def range_of(fields, size, etag, modified):
    """Return the part of a file that a request asks for.

    fields, etag, modified: as of precondition(). size: int, bytes. Return (first, length); None where the whole file
    is to be sent; () where the range cannot be satisfied.
    """
    condition = fields.get(b'if-range')
    if condition is not None and condition != etag and condition != modified:
        return None
    return parse_range(fields[b'range'], size)


def parse_range(text, size):
    """Return a range of bytes as (first, length).

    text: bytes, the value of Range. size: int, bytes. Return None where it is to be passed over, as more than one
    range is; () where it cannot be satisfied. Source: RFC 9110 section 14.1.2.
    """
    text = text.replace(b' ', b'').lower()
    ends = text[6:].split(b'-')
    if text[:6] != b'bytes=' or len(ends) != 2 or not (ends[0] or ends[1]):
        return None
    for end in ends:
        if end and not (end.isdigit() and len(end) < 16):
            return None
    if not ends[0]:
        first = max(size - int(ends[1]), 0)
        return (first, size - first) if first < size else ()
    first = int(ends[0])
    last = size - 1
    if ends[1]:
        if int(ends[1]) < first:
            return None
        last = min(last, int(ends[1]))
    return (first, last - first + 1) if first < size else ()
