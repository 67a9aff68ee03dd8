"""Static files: from the path of an URL to an answer with validators, ranges and gzip twins.

What is served, whatever the root is: regular files below it whose type is known. Not `config.json`, which may hold
passwords, nor what a dot hides, but for `/.well-known/` (RFC 8615). A path with an empty segment is not found, by files
as by routes.
"""

import os
import sys
import time

from .urlUtils import decode_text, unquote_bytes
from .validators import file_date, has_range, precondition, range_of

_EXHAUSTED = (12, 23, 24)  # ENOMEM, ENFILE, EMFILE
_REGULAR = 0x8000
_FOLDER = 0x4000
_WELL_KNOWN = len('/.well-known/')
_INFO = 1
_NO_FIELDS = {}  # of methods that ask for no part, no coding and no validation
# Other systems' FAT has a second name for each file, such as HIDDEN~1.TXT.
_HAS_SHORT_NAMES = sys.platform not in ('linux', 'darwin')


# ---- finding


class _File:
    """A file, or a folder, that was found.

    root: str, the folder that it is below, or None. name: str, its path, without the .gz of one that is only there so.
    opened: (its stat, its stream, None where it is to be opened by its name). is_gzip: bool, whether .gz belongs to the
    path.
    """

    # Of the class, as they seldom differ: an object's attributes take memory by twos.
    stream = None
    is_gzip = False

    def __init__(self, root, name, opened, is_gzip):
        self.root = root
        self.name = name
        self.stat = opened[0]
        if opened[1]:
            self.stream = opened[1]
        if is_gzip:
            self.is_gzip = True

    def is_folder(self):
        return self.stat[0] & 0xF000 == _FOLDER

    def path(self):
        """Return its path, str."""
        return self.name + '.gz' if self.is_gzip else self.name

    def take_twin(self):
        """Become the file's gzip twin, where there is one."""
        try:
            twin = _open_below(self.root, self.name + '.gz')
        except OSError:
            return
        if twin and twin[0][0] & 0xF000 == _REGULAR:
            self.close()
            self.stat, self.stream = twin
            self.is_gzip = True

    def stream_at(self, first):
        """Return its stream, opened, at a position. Raise OSError."""
        if not self.stream:
            self.stream = open(self.path(), 'rb')
        if first:
            self.stream.seek(first)
        return self.stream

    def close(self):
        """Close what was opened."""
        if self.stream:
            self.stream.close()


def find_file(mws2, path):
    """Return (filename, stat) of the file that answers an URL's path, or None.

    mws2: MicroWebSrv2. path: bytes, as it came, without query. stat: as os.stat() returns it.
    """
    try:
        file = _look_up(mws2, path)[0]
    except OSError:
        return None
    if not file:
        return None
    file.close()
    return file.path(), file.stat


def inner_path(path):
    """Return the decoded path as it is below a root, str, or None where nothing is served by it.

    path: bytes, as it came, without query. It is judged as bytes: MicroPython looks each new str up among its interned
    ones.
    """
    if b'%' in path:
        path = unquote_bytes(path)
    if path[:1] != b'/' or b'\\' in path or b'\0' in path or b'//' in path:
        return None
    if path.find(b'/.', _WELL_KNOWN - 1 if path[:_WELL_KNOWN] == b'/.well-known/' else 0) >= 0:
        return None
    if b'/config.json' in path.lower():
        return None
    if _HAS_SHORT_NAMES and [part for part in path.split(b'~')[1:] if part[:1].isdigit()]:
        return None
    return decode_text(path)


def _look_up(mws2, path):
    """Find what an URL's path stands for, under RootPath, then under FallbackRootPath.

    Return (_File or None, whether it is the page of a folder that was asked for without the slash at its end). Raise
    OSError where the system is out of descriptors.
    """
    text = inner_path(path)
    if text is not None:
        for root in mws2.roots:
            filename = root + text
            if text.endswith('/'):
                file = _page_of(mws2, root, filename)
                lacks_slash = False
            else:
                file = _named(mws2, root, filename)
                lacks_slash = file is not None and file.is_folder()
                if lacks_slash:
                    file = _page_of(mws2, root, filename + '/')
            if file:
                return file, lacks_slash
    return None, False


def _page_of(mws2, root, folder):
    """Return the default page of a folder, a _File, or None."""
    for page in mws2.default_pages:
        file = _named(mws2, root, folder + page)
        if file and not file.is_folder():
            return file
    return None


def _named(mws2, root, filename):
    """Return what has a name, or else that name and .gz; a _File, which may be a folder, or None."""
    opened = _open_below(root, filename)
    if opened:
        return _File(root, filename, opened, False)
    if _is_compressible(mws2.GetMimeTypeFromFilename(filename)):
        opened = _open_below(root, filename + '.gz')
        if opened and opened[0][0] & 0xF000 == _REGULAR:
            return _File(root, filename, opened, True)
    return None


def _open_below(root, filename):
    """Return (stat, None) of a regular file or folder, None where there is none. Raise OSError as _look_up().

    Where files can be judged after they were opened, open_below() of host/files.py takes its place. MicroPython cannot:
    it opens them later, by their names, and follows symbolic links wherever they lead.
    """
    try:
        stat = os.stat(filename)
    except OSError as error:
        if error.errno in _EXHAUSTED:
            raise
        return None
    kind = stat[0] & 0xF000
    return (stat, None) if kind == _REGULAR or kind == _FOLDER else None


# ---- answering


def serve(mws2, request, response):
    """Answer GET or HEAD with the file of the request's path. Return False where there is none.

    A folder without its slash is redirected to (308). 403: the file's type is not known. 503: the system is out of
    descriptors.
    """
    path = request.parser.path
    try:
        file, lacks_slash = _look_up(mws2, path)
    except OSError:
        _unavailable(response)
        return True
    if not file:
        if mws2.list_folder and mws2.list_folder(mws2, request):
            return True
        return False
    if lacks_slash:
        file.close()
        redirect_to_folder(request)
        return True
    media_type = media_type_of(mws2, path, file.name)
    if media_type is None:
        file.close()
        _refuse(response, 403, 'no type is known: see AddMimeType()')
    else:
        _answer(response, file, media_type, True)
    return True


def media_type_of(mws2, path, filename):
    """Return the type that a file is served with, str, or None where it is not served.

    mws2: MicroWebSrv2. path: bytes, the URL's. filename: str.
    """
    media_type = mws2.GetMimeTypeFromFilename(filename)
    if media_type is None and path[:_WELL_KNOWN] == b'/.well-known/' and filename.rfind('.') < filename.rfind('/'):
        return 'application/octet-stream'  # as RFC 8555 section 8.3 asks for
    return media_type


def redirect_to_folder(request):
    """Answer 308 with the path that was asked for and a slash after it; its query is kept. request: HttpRequest."""
    query = request.QueryString
    request.Response.ReturnRedirect(decode_text(request.raw_path) + ('/?' + query if query else '/'), 308)


def send_file(response, filename):
    """Answer with a file, 404 where there is none.

    response: HttpResponse. filename: str, its path. What it is, is the application's business, but for special files.
    """
    try:
        file = _named(response.server, None, filename)
    except OSError:
        _unavailable(response)
        return
    if not file or file.is_folder():
        _refuse(response, 404, 'no file %r' % filename)
        return
    media_type = response.ContentType or response.server.GetMimeTypeFromFilename(filename)
    _answer(response, file, media_type or 'application/octet-stream', False)


def _answer(response, file, media_type, caching):
    """Answer with a file that was found, or as the conditions of the request ask for."""
    parser = response.Request.parser
    method = parser.method
    fields = parser.headers if method == b'GET' or method == b'HEAD' else _NO_FIELDS
    answer = response.own()
    answer.is_common = False
    extra = []
    if _is_compressible(media_type):
        response.vary('Accept-Encoding')
        if not _choose_coding(file, fields):
            file.close()
            _refuse(response, 406, 'it is only there as gzip')
            return
    etag, modified = _validators(response.server, file)
    if etag:
        extra.append(b'ETag: ' + etag)
    if modified:
        extra.append(b'Last-Modified: ' + modified)
    status = precondition(fields, etag, modified, file.stat[8])
    if status:
        file.close()
        if status == 304:
            answer.extra = extra
            answer.caching = caching
        response.Return(status)
        return
    if file.is_gzip:
        extra.append(b'Content-Encoding: gzip')
    if fields is not _NO_FIELDS:
        extra.append(b'Accept-Ranges: bytes')
    part = None
    if has_range(fields):
        part = range_of(fields, file.stat[6], etag, modified)
        if part == ():
            file.close()
            response.SetHeader('Content-Range', 'bytes */%d' % file.stat[6])
            response.Return(416)
            return
    answer.extra = extra
    answer.content_type = media_type
    answer.caching = caching or answer.caching
    _send(response, file, part)


def _send(response, file, part):
    """Send a file or a part of it, (first, length)."""
    code = 200
    first = 0
    length = file.stat[6]
    if part:
        code = 206
        first, length = part
        response.own().extra.append(b'Content-Range: bytes %d-%d/%d' % (first, first + length - 1, file.stat[6]))
    try:
        stream = file.stream_at(first)
    except OSError as error:
        response.renew()
        response.prepare()
        if error.errno in _EXHAUSTED:
            _unavailable(response)
        else:
            _refuse(response, 404, 'it cannot be opened: %r' % error)
        return
    response.send_stream(code, stream, length)


def _refuse(response, status, why):
    """Answer an error, and log at the level INFO why."""
    request = response.Request
    response.server.Log('%s %r: %d, %s' % (request.Method, request.Path, status, why), _INFO)
    response.Return(status)


def _unavailable(response):
    response.SetHeader('Retry-After', '1')
    _refuse(response, 503, 'too many files are open')


def _validators(mws2, file):
    """Return (entity tag, date) of a file, each bytes or None.

    A file that is frozen in the firmware has no time, but changes with the firmware only.
    """
    stat = file.stat
    modified = file_date(stat[8], int(time.time())) if stat[8] else None
    if modified:
        salt = getattr(stat, 'st_mtime_ns', stat[8])
        tag = b'"%x-%x-gz"' if file.is_gzip else b'"%x-%x"'
    elif not stat[8] and mws2.etag_salt and mws2.FallbackRootPath and _is_below(mws2.FallbackRootPath, file.name):
        salt = mws2.etag_salt.encode()
        tag = b'"%s-%x-gz"' if file.is_gzip else b'"%s-%x"'
    else:
        return None, None
    return tag % (salt, stat[6]), modified


def _is_below(folder, filename):
    return filename.startswith(folder) and filename.find('/', len(folder)) == len(folder)


# ---- gzip twins


def _is_compressible(media_type):
    return media_type is not None and (
        media_type.startswith('text/') or media_type.startswith('application/') or media_type == 'image/svg+xml'
    )


def _choose_coding(file, fields):
    """Take a file's twin if the client takes gzip. Return False if the client takes nothing that is there."""
    accepts = fields.get(b'accept-encoding')
    if file.is_gzip:
        return accepts is None or _takes_gzip(accepts)
    if accepts and b'range' not in fields and _takes_gzip(accepts):
        file.take_twin()
    return True


def _takes_gzip(accepts):
    """Return whether gzip is among the codings that a client takes.

    accepts: bytes, Accept-Encoding. What is said of `*` holds if nothing is said of gzip (RFC 9110 section 12.5.3).
    """
    other = False
    for coding in accepts.lower().replace(b' ', b'').split(b','):
        name = coding.split(b';')[0]
        weight = coding.split(b';q=')[1:]
        takes = not weight or bool(weight[0].strip(b'0.'))
        if name == b'gzip' or name == b'x-gzip':
            return takes
        if name == b'*':
            other = takes
    return other


if sys.implementation.name != 'micropython':
    from ..host.files import open_below as _open_below
