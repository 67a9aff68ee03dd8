"""Cookies (RFC 6265): those of a request, and the field that sets one. Pure."""

from .checks import is_int, require, require_bool, require_text
from .httpHead import is_token
from .urlUtils import MAX_FIELDS, decode_text
from .validators import http_date

_LABEL = 'abcdefghijklmnopqrstuvwxyz0123456789-.'


def parse_cookies(data):
    """Return the cookies of a field Cookie (section 4.2.1): dict of str to str; of a name given twice the first.

    data: bytes. Quotes around a value are left out. What has no `=`, or no name, is passed over.
    """
    cookies = {}
    for pair in data.split(b';', MAX_FIELDS)[:MAX_FIELDS]:
        end = pair.find(b'=')
        name = decode_text(pair[:end].strip()) if end > 0 else ''
        if name and name not in cookies:
            value = pair[end + 1 :].strip()
            if len(value) > 1 and value[0] == value[-1] == 34:
                value = value[1:-1]
            cookies[name] = decode_text(value)
    return cookies


def _is_value(value):
    """Return bool: whether a text can be a cookie's value (section 4.1.1)."""
    for character in value:
        if not '!' <= character <= '~' or character in '",;\\':
            return False
    return True


def _is_path(path):
    """Return bool: whether a text can be a cookie's path (section 4.1.1). ASCII only, as URLs are."""
    for character in path:
        if not ' ' <= character <= '~' or character == ';':
            return False
    return path[:1] == '/'


def _is_domain(domain):
    return bool(domain) and not [character for character in domain.lower() if character not in _LABEL]


def cookie(name, value, max_age, path, domain, secure, http_only, same_site, expires):
    """Return the value of a field Set-Cookie, str. Arguments and errors as of HttpResponse.SetCookie()."""
    require_text(name, 'name')
    require(is_token(name.encode()), ValueError, '"name" must be a token.')
    require(isinstance(value, str) and _is_value(value), ValueError, '"value" must be a string: use UrlUtils.Quote().')
    require(path is None or (isinstance(path, str) and _is_path(path)), ValueError, '"path" must begin with a slash.')
    require(domain is None or (isinstance(domain, str) and _is_domain(domain)), ValueError, '"domain" must be a name.')
    require(max_age is None or is_int(max_age), ValueError, '"maxAge" must be an integer or None.')
    require(expires is None or is_int(expires), ValueError, '"expires" must be an integer or None.')
    require(same_site in (None, 'Strict', 'Lax', 'None'), ValueError, '"sameSite" must be Strict, Lax, None or None.')
    require_bool(secure, 'secure')
    require_bool(http_only, 'httpOnly')
    _require_secure(name, path, domain, secure, same_site)
    parts = [name + '=' + value]
    if path:
        parts.append('Path=' + path)
    if domain:
        parts.append('Domain=' + domain)
    if max_age is not None:
        parts.append('Max-Age=%d' % max_age)
    if expires is not None:
        parts.append('Expires=' + _date(expires))
    if secure:
        parts.append('Secure')
    if http_only:
        parts.append('HttpOnly')
    if same_site:
        parts.append('SameSite=' + same_site)
    return '; '.join(parts)


def _date(seconds):
    """Return an HTTP date, str, also of a time before clocks that were set."""
    date = http_date(seconds)
    return date.decode() if date else 'Thu, 01 Jan 1970 00:00:00 GMT'


def _require_secure(name, path, domain, secure, same_site):
    """Raise ValueError for what browsers drop without a word (RFC 6265bis sections 4.1.3 and 5.6)."""
    if name.startswith('__Secure-') or name.startswith('__Host-') or same_site == 'None':
        require(secure, ValueError, 'Browsers take this cookie only with "secure".')
    if name.startswith('__Host-'):
        require(path == '/' and domain is None, ValueError, 'A cookie "__Host-…" has the path "/" and no domain.')


def _scope(line):
    """Return what tells two cookies apart: name, path and domain. line: str, of Set-Cookie."""
    parts = line.split('; ')
    return [parts[0].split('=')[0]] + [part for part in parts[1:] if part[:5] == 'Path=' or part[:7] == 'Domain=']


def replace_cookie(headers, line):
    """Add a cookie to an answer's fields, instead of one with its name, path and domain (section 4.1.1).

    headers: dict of names to a value or a list of values. line: str, of cookie().
    """
    key = 'Set-Cookie'
    for known in headers:
        if known.lower() == 'set-cookie':
            key = known
    before = headers.get(key, [])
    lines = before if isinstance(before, list) else [before]
    headers[key] = [other for other in lines if _scope(other) != _scope(line)] + [line]
