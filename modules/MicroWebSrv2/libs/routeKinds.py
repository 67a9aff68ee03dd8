"""Route arguments of a kind: `<n:int>`, `<name:str>`, and `<path:rest>`, which takes slashes. Pure.

The kind stands after the name or before it: `<n:int>` and `<int:n>` are the same.
"""

from .routeTable import argument, arguments, match_texts
from .urlUtils import UrlUtils, decode_text, unquote_bytes

_KINDS = ('int', 'str', 'path')
_MAX_DIGITS = 18


def split_kind(written):
    """Split an argument as it is written, str. Return (its name, its kind or None). Raise ValueError for no kind."""
    if ':' not in written:
        return written, None
    first, second = written.split(':', 1)
    name, kind = (first, second) if second in _KINDS else (second, first)
    if kind not in _KINDS or not name or ':' in name:
        raise ValueError('An argument is "<name>", "<name:int>", "<name:str>" or "<path:name>": "<%s>".' % written)
    return name, kind


def plain_names(written):
    """Return the names of arguments, list of str. written: list of str. Raise ValueError for a name given twice."""
    names = [split_kind(argument)[0] for argument in written]
    if len(set(names)) < len(names):
        raise ValueError('Each argument of a route has a name of its own: "%s".' % ', '.join(written))
    return names


def takes_slashes(routePath, written):
    """Return bool: whether a route ends in an argument that takes slashes. written: list of str, its arguments.

    Raise ValueError where one stands elsewhere, or beside a text.
    """
    kinds = [split_kind(argument)[1] for argument in written]
    if 'path' not in kinds:
        return False
    if 'path' in kinds[:-1] or not routePath.endswith('/<%s>' % written[-1]):
        raise ValueError('An argument of the kind "path" is the end of a path, after a slash: "%s".' % routePath)
    return True


def matcher(written):
    """Return (f(text, texts), which returns the values in a segment, or None; bool, whether it takes numbers only).

    written: list of str, the segment's arguments.
    """
    kinds = [split_kind(argument)[1] for argument in written]

    def match(text, texts):
        values = match_texts(text, texts)
        if values:
            for i, kind in enumerate(kinds):
                if kind is None:
                    values[i] = argument(values[i])
                elif kind == 'int':
                    values[i] = _number(values[i])
                    if values[i] is None:
                        return None
        return values

    return match, 'int' in kinds


def _number(text):
    """Return the int that ASCII digits, 18 at the most, stand for; None for any other text."""
    return int(text) if len(text) <= _MAX_DIGITS and text.encode().isdigit() else None


def quoted_kind(value, written):
    """Return the text of an argument in a path. value: a non-empty str. written: str, the argument as the route has it.

    Raise ValueError, which names the argument, unless the value is of its kind.
    """
    name, kind = split_kind(written)
    if (kind == 'int' and _number(value) is None) or (kind == 'path' and not _is_below(value)):
        raise ValueError('The argument "%s" cannot be %r: it is of the kind "%s".' % (name, value, kind))
    return UrlUtils.Quote(value, '/' if kind == 'path' else '')


def _is_below(path):
    """Return bool: whether a path leads from a folder to what is in it, whatever system reads it. path: str."""
    names = path.replace('\\', '/').split('/')
    return bool(names[0]) and '..' not in names and '.' not in names and '\0' not in path


def find_path(tree, path):
    """Find the route with the longest beginning of a path, whose last argument takes the rest.

    tree: routeTable.Node or None. path: bytes, as it came.
    Return (RouteResult, args) or None; the rest is never empty, absolute, or with `..`.
    """
    values = []
    node = _search(tree, path.split(b'/'), 1, values) if tree else None
    return (node.route, arguments(node.names, values)) if node else None


def _search(node, segments, i, values):
    """Return the Node whose route takes the segments from i on, or None. values: list, gets the arguments' values."""
    if i == len(segments):
        return None
    segment = unquote_bytes(segments[i])
    child = node.children.get(segment.lower())
    found = _search(child, segments, i + 1, values) if child else None
    if found:
        return found
    if segment:
        for match, texts, _, child in node.patterns:
            matched = match(decode_text(segment), texts)
            if matched:
                known = len(values)
                values.extend(matched)
                found = _search(child, segments, i + 1, values)
                if found:
                    return found
                del values[known:]
    return _taken(node, segments, i, values)


def _taken(node, segments, i, values):
    """Return the Node if it has a route that takes all segments from i on, which become its last value; else None."""
    if not node.route:
        return None
    rest = decode_text(unquote_bytes(b'/'.join(segments[i:])))
    if not _is_below(rest):
        return None
    values.append(rest)
    return node
