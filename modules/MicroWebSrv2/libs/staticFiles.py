"""Static files: from the path of an URL to an answer with validators, ranges and gzip twins."""

import os
import sys
import time

from .urlUtils import decode_text, unquote_bytes

_DAYS = (b'Mon', b'Tue', b'Wed', b'Thu', b'Fri', b'Sat', b'Sun')
_MONTHS = tuple(b'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split())
_FIRST_YEAR = 2024  # a clock before it has not been set
_gmtime = getattr(time, 'gmtime', time.localtime)  # the clock of firmware without gmtime knows UTC only

_lstat = getattr(os, 'lstat', os.stat)
_realpath = os.path.realpath if hasattr(os, 'readlink') else None
_dates = {}
_checked_folders = {}  # root -> {folder inside it: None}; only where there are symbolic links


def http_date(seconds):
    """Formats a time (RFC 9110 section 5.6.7).

    seconds: int, of the platform's epoch. Returns bytes, None before 2024.
    """
    t = _gmtime(seconds)
    if t[0] < _FIRST_YEAR:
        return None
    return b'%s, %02d %s %d %02d:%02d:%02d GMT' % (_DAYS[t[6]], t[2], _MONTHS[t[1] - 1], t[0], t[3], t[4], t[5])


def _parse_date(text):
    """Returns a list that compares as the date does, or None if the bytes are no IMF-fixdate."""
    words = text.split(b' ')
    try:
        date = [int(words[3]), _MONTHS.index(words[2]), int(words[1])]
        return date + [int(number) for number in words[4].split(b':')]
    except (ValueError, IndexError):
        return None


def _is_inside(root, filename, is_link):
    """Whether no symbolic link on the way leads out of the root."""
    if not _realpath:
        return True
    folder = filename[: filename.rfind('/')]
    checked = _checked_folders.setdefault(root, {})
    if is_link or folder not in checked:
        real_root = _realpath(root)
        real = _realpath(filename)
        if real != real_root and not real.startswith(real_root.rstrip('/') + '/'):
            return False
        if len(checked) > 255:
            checked.clear()
        checked[folder] = None
    return True


def _stat(filename, function=os.stat):
    try:
        return function(filename)
    except (OSError, ValueError):
        return None


def _is_folder(stat):
    return stat[0] & 0xF000 == 0x4000


def _segments(path):
    """The decoded path, as it is below a root, or None if it may lead elsewhere. path: bytes, as it came."""
    text = decode_text(unquote_bytes(path))
    if text[:1] != '/' or '\\' in text or '\0' in text:
        return None
    segments = text.split('/')
    for i in range(1, len(segments)):
        if segments[i][:1] == '.' or (not segments[i] and i < len(segments) - 1):
            return None
    return text


def find_file(mws2, path):
    """Finds the file of an URL's path, under RootPath, then under FallbackRootPath.

    mws2: MicroWebSrv2. path: bytes, as it came, without query. Returns (filename, stat) or None.
    """
    text = _segments(path)
    if text is None:
        return None
    for root in (mws2.RootPath, mws2.FallbackRootPath):
        if root is not None:
            found = _find_below(mws2, root.rstrip('/'), text)
            if found:
                filename, stat = found
                is_link = stat[0] & 0xF000 == 0xA000
                if _is_inside(root, filename, is_link):
                    stat = _stat(filename) if is_link else stat
                    return (filename, stat) if stat and not _is_folder(stat) else None
    return None


def _find_below(mws2, root, text):
    """Returns (filename, its os.lstat()) of a file or a default page, or None."""
    filename = root + text
    if text[-1:] != '/':
        stat = _stat(filename, _lstat)
        if not stat:
            return None
        is_link = stat[0] & 0xF000 == 0xA000
        if not _is_folder(_stat(filename) or stat if is_link else stat):
            return filename, stat
        filename += '/'
    for page in mws2.default_pages:
        stat = _stat(filename + page, _lstat)
        if stat and not _is_folder(stat):
            return filename + page, stat
    return None


def serve(mws2, request, response):
    """Answers GET or HEAD with the file of the request's path, 403 where its type is not served.

    Returns False without one.
    """
    found = find_file(mws2, request.raw_path)
    if not found:
        return False
    media_type = mws2.GetMimeTypeFromFilename(found[0])
    if media_type is None:
        response.ReturnForbidden()
    else:
        response.ContentType = media_type
        response.AllowCaching = True
        send_file(response, found[0], found[1])
    return True


def send_file(response, filename, stat=None):
    """Answers with a file.

    response: HttpResponse. filename: str. stat: its os.stat(), if known. 404 if there is no such file.
    """
    stat = stat or _stat(filename)
    if not stat or _is_folder(stat):
        response.Return(404)
        return
    request = response.Request
    mws2 = response.server
    answer = response.own()
    answer.is_common = False
    if answer.content_type is None:
        answer.content_type = mws2.GetMimeTypeFromFilename(filename) or 'application/octet-stream'
    extra = answer.extra = []
    is_get = request.raw_method == b'GET' or request.raw_method == b'HEAD'
    etag = _etag(mws2, stat)
    if is_get and _is_compressible(answer.content_type):
        answer.vary('Accept-Encoding')
        if b'accept-encoding' in request.fields and b'range' not in request.fields:
            twin = _stat(filename + '.gz') if _takes_gzip(request.AcceptEncodings) else None
            if twin:
                filename, stat, etag = filename + '.gz', twin, etag[:-1] + b'-gz"'
    extra.append(b'ETag: ' + etag)
    modified = _modified(stat[8])
    if modified:
        extra.append(b'Last-Modified: ' + modified)
    if is_get:
        if _is_fresh(request, etag, stat[8]):
            response.Return(304)
            return
        if etag[-4:-1] == b'-gz':
            extra.append(b'Content-Encoding: gzip')
        extra.append(b'Accept-Ranges: bytes')
        if b'range' in request.fields and _send_range(response, filename, stat[6], etag, modified):
            return
    _send(response, 200, filename, 0, stat[6])


def _modified(mtime):
    """The date of a file, or None where it has none; the last ones are kept."""
    date = _dates.get(mtime)
    if date is None and mtime > 0:
        if len(_dates) > 15:
            _dates.clear()
        date = _dates[mtime] = http_date(mtime)
    return date


def _is_compressible(media_type):
    return media_type[:5] == 'text/' or media_type[:12] == 'application/' or media_type == 'image/svg+xml'


def _etag(mws2, stat):
    """A validator that changes with the file; of a file without a date, with the firmware that it is frozen in."""
    stamp = getattr(stat, 'st_mtime_ns', stat[8])
    return b'"%x-%x"' % (stamp, stat[6]) if stamp else b'"%s-%x"' % (mws2.etag_salt.encode(), stat[6])


def _takes_gzip(codings):
    """Whether gzip is among the codings that a client takes; what is said of `*` holds if nothing is said of gzip."""
    other = False
    for coding in codings:
        coding = coding.replace(' ', '').lower()
        name = coding.split(';')[0]
        taken = coding.find(';q=0') < 0 or bool(coding.split(';q=')[1].strip('0.'))
        if name in ('gzip', 'x-gzip'):
            return taken
        if name == '*':
            other = taken
    return other


def _is_fresh(request, etag, mtime):
    """Whether the client has this file (RFC 9110 section 13.2.2)."""
    headers = request.fields
    if b'if-none-match' in headers:
        tags = headers[b'if-none-match']
        return tags == b'*' or etag in [tag.strip().replace(b'W/', b'') for tag in tags.split(b',')]
    if b'if-modified-since' in headers and mtime > 0:
        since = _parse_date(headers[b'if-modified-since'])
        if since:
            t = _gmtime(mtime)
            return [t[0], t[1] - 1, t[2], t[3], t[4], t[5]] <= since
    return False


def parse_range(text, size):
    """Parses a range of octets (RFC 9110 section 14.1.2).

    text: str, the value of Range. size: int, octets. Returns (first, length); None if it is to be passed over, as more
    than one range is; () if it cannot be satisfied.
    """
    text = text.replace(' ', '').lower()
    if text[:6] != 'bytes=' or ',' in text:
        return None
    ends = text[6:].split('-')
    if len(ends) != 2 or not (ends[0] or ends[1]):
        return None
    for end in ends:
        if end and not (end.isdigit() and len(end) < 16):
            return None
    if ends[0]:
        first = int(ends[0])
        last = min(int(ends[1]), size - 1) if ends[1] else size - 1
        if ends[1] and int(ends[1]) < first:
            return None
    else:
        if not int(ends[1]):
            return ()
        first = max(size - int(ends[1]), 0)
        last = size - 1
    return (first, last - first + 1) if first < size else ()


def _send_range(response, filename, size, etag, modified):  # small: False without ranges
    """Answers with a part of a file. Returns False if the whole of it is to be sent."""
    request = response.Request
    condition = request.fields.get(b'if-range')
    if condition and condition != etag and condition != modified:
        return False
    part = parse_range(request.field(b'range'), size)
    if part is None:
        return False
    if not part:
        response.SetHeader('Content-Range', 'bytes */%d' % size)
        response.AllowCaching = False
        response.Return(416)
        return True
    first, length = part
    response.SetHeader('Content-Range', 'bytes %d-%d/%d' % (first, first + length - 1, size))
    _send(response, 206, filename, first, length)
    return True


def _send(response, code, filename, first, length):
    try:
        stream = _open_at(filename, first)
    except OSError:
        response.renew()
        response.prepare()
        response.Return(404)
        return
    response.send_stream(code, stream, length)


def _open_at(filename, first):
    stream = open(filename, 'rb')
    if first:
        stream.seek(first)
    return stream


if sys.implementation.name != 'micropython':
    from .hostFiles import HostFile as _open_at
