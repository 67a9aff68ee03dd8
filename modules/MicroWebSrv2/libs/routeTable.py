"""A table of web routes: those of all servers, or of one. Pure.

A route without arguments is found in a dict by its path, one with arguments in a tree of path segments: the time that a
look-up takes does not grow with the number of routes. Arguments of a kind, as `<n:int>`, are routeKinds.py's.
"""

import sys

from .checks import require_text
from .urlUtils import UrlUtils, decode_text, unquote_bytes

Ordered = dict
if sys.implementation.name == 'micropython':
    try:
        from collections import OrderedDict as Ordered  # its dict keeps no order
    except ImportError:
        pass  # the smallest firmware has no other


class RouteResult:
    """A route that was found.

    Handler: the processing handler. Method, RoutePath: str. Name: str or None. Args: dict, empty without arguments,
    in the order of the path (but on WIPY, whose firmware has no ordered dict). StreamContent: bool, whether the handler
    takes the content as it comes.
    """

    __slots__ = ('Args', 'Handler', 'Method', 'Name', 'RoutePath', 'StreamContent')

    def __init__(self, handler, method, routePath, name, args, streamContent):
        self.Handler = handler
        self.Method = method
        self.RoutePath = routePath
        self.Name = name
        self.Args = args
        self.StreamContent = streamContent


class Node:
    """A place in the tree of path segments.

    children: dict of literal segment to Node. patterns: list of (match, texts around the arguments, arguments as they
    are written, Node), in the order in which they are tried. route: RouteResult or None. names: tuple of str, the names
    of its arguments, in their order.
    """

    __slots__ = ('children', 'names', 'patterns', 'route')

    def __init__(self):
        self.children = {}
        self.patterns = []
        self.route = self.names = None


def normal(path):
    """Return how a path is compared: lower-case, no slash at its end. path: bytes."""
    path = path.lower()
    return path[:-1] if len(path) > 1 and path[-1:] == b'/' else path


def _split_arguments(text):
    """Split `a<b>c` into (["a", "c"], ["b"]). Raise ValueError for what is no route's path."""
    texts, names = [], []
    for i, piece in enumerate(text.split('<')):
        if i:
            end = piece.find('>')
            if end < 1 or piece[:end] in names:
                raise ValueError('Route arguments are written "<name>", each name once: "%s".' % text)
            names.append(piece[:end])
            piece = piece[end + 1 :]
        texts.append(piece)
    for inner in texts[1:-1]:
        if not inner:
            raise ValueError('Two route arguments need a text between them: "%s".' % text)
    return texts, names


def _has_kinds(written):  # small: False without kinds
    """Return bool: whether one of the arguments is of a kind. written: list of str, or str."""
    return ':' in ''.join(written)


class RouteTable:
    """Routes by method and path.

    For the hot path:
    - literal: dict of method (bytes) to dict of path (bytes, lower-case, no slash at its end) to (RouteResult, None).
    """

    def __init__(self):
        self.literal = {}
        self._trees = {}  # method (bytes) -> Node
        self._slash_trees = None  # the same, of routes that end in an argument of the kind `path`
        self._names = {}  # route name -> pieces of its path: texts, arguments as they are written

    def register(self, handler, method, routePath, name=None, streamContent=False):
        """Add a route, or put another in its place. Arguments and errors as of webRoute.RegisterRoute()."""
        if not callable(handler):
            raise ValueError('"handler" must be a function.')
        require_text(method, 'method')
        require_text(routePath, 'routePath')
        if routePath[0] != '/':
            raise ValueError('"routePath" must start with "/".')
        if name is not None:
            require_text(name, 'name')
        if streamContent:
            from . import httpContent  # noqa: F401 - here, where the application starts, and not at its first request

        texts, names = _split_arguments(routePath)
        method = method.upper()
        route = RouteResult(handler, method, routePath, name, {}, streamContent)
        if names:
            self._grow(method.encode(), route, names)
        else:
            self.literal.setdefault(method.encode(), {})[normal(routePath.encode())] = (route, None)
        if name is not None:
            self._names[name] = (texts, names)

    def _grow(self, method, route, names):
        trees = self._trees
        segments = route.RoutePath.rstrip('/').split('/')[1:]
        if _has_kinds(names):
            from .routeKinds import plain_names, takes_slashes

            if takes_slashes(route.RoutePath, names):
                trees = self._slash_trees = self._slash_trees or {}
                segments.pop()
            names = plain_names(names)
        node = trees.setdefault(method, Node())
        for segment in segments:
            node = _grown(node, segment)
        node.route = route
        node.names = tuple(names)

    def find_pattern(self, method, path):
        """Find the route with arguments of a request. Arguments and result as of webRoute.find_route()."""
        tree = self._trees.get(method)
        if tree:
            segments = (path[:-1] if path[-1:] == b'/' else path).split(b'/')
            values = []
            node = _search(tree, segments, 1, values)
            if node:
                return node.route, arguments(node.names, values)
        if self._slash_trees:
            from .routeKinds import find_path

            return find_path(self._slash_trees.get(method), path)
        return None

    def methods(self):
        """Return set of bytes: the methods that have routes."""
        return set(list(self.literal) + list(self._trees) + list(self._slash_trees or ()))

    def path_of(self, routeName, routeArgs):
        """Return the path of a named route, None without one. Arguments and errors as of webRoute.PathFromRoute()."""
        require_text(routeName, 'routeName')
        if routeName not in self._names:
            return None
        texts, names = self._names[routeName]
        path = texts[0]
        for name, text in zip(names, texts[1:]):
            path += _quoted(routeName, name, routeArgs) + text
        return path


def _quoted(routeName, written, routeArgs):
    """Return the text of an argument in a path. written: str, the argument as the route has it."""
    name = written
    if _has_kinds(written):
        from .routeKinds import split_kind

        name = split_kind(written)[0]
    value = str(routeArgs[name]) if isinstance(routeArgs, dict) and name in routeArgs else ''
    if not value:
        raise ValueError('The route "%s" needs the argument "%s".' % (routeName, name))
    if _has_kinds(written):
        from .routeKinds import quoted_kind

        return quoted_kind(value, written)
    return UrlUtils.Quote(value, '')


def _grown(node, segment):
    """Return the Node below another that stands for a segment of a route's path, str; make it where there is none."""
    texts, written = _split_arguments(segment)
    texts = [text.lower() for text in texts]
    if not written:
        return node.children.setdefault(texts[0].encode(), Node())
    for _, known_texts, known, child in node.patterns:
        if known_texts == texts and known == written:
            return child
    match, is_first = match_plain, False
    if _has_kinds(written):
        from .routeKinds import matcher

        match, is_first = matcher(written)
    child = Node()
    _insert(node.patterns, (match, texts, written, child), is_first)
    return child


def _insert(patterns, pattern, is_first):
    """Insert a pattern where it is tried: the most literal first, then, of equal ones, as they came.

    is_first: bool, whether it goes before its equals, as what takes numbers only does.
    """
    literal = len(''.join(pattern[1]))
    place = 0
    for _, texts, _, _ in patterns:
        known = len(''.join(texts))
        if known < literal or (is_first and known == literal):
            break
        place += 1
    patterns.insert(place, pattern)


def arguments(names, values):
    """Return the arguments: a dict, in the order of the path. names: of str, values: in that order, of one length."""
    if len(names) == 1:
        return {names[0]: values[0]}
    args = Ordered()
    for name, value in zip(names, values):
        args[name] = value
    return args


def _search(node, segments, i, values):
    """Return the Node with the route of the segments from i on, or None. values: list, gets the arguments' values."""
    if i == len(segments):
        return node if node.route else None
    segment = segments[i]
    if node.children:
        child = node.children.get(segment) or node.children.get(unquote_bytes(segment).lower())
        found = _search(child, segments, i + 1, values) if child else None
        if found:
            return found
    if not segment or not node.patterns:
        return None
    text = decode_text(unquote_bytes(segment))
    for match, texts, _, child in node.patterns:
        matched = match(text, texts)
        if matched:
            known = len(values)
            values.extend(matched)
            found = _search(child, segments, i + 1, values)
            if found:
                return found
            del values[known:]
    return None


def match_plain(text, texts):
    """Return the arguments' values in a segment, list of str and int, or None if it is not of the pattern."""
    if len(texts) == 2 and not texts[0] and not texts[1]:
        return [argument(text)]
    values = match_texts(text, texts)
    return values and [argument(value) for value in values]


def match_texts(text, texts):
    """Return what stands between the texts: list of str; or None if the text is not of the pattern."""
    lower = text.encode().lower().decode()  # ASCII only: other letters may change their length
    start = len(texts[0])
    if not lower.startswith(texts[0]):
        return None
    values = []
    for i in range(1, len(texts)):
        piece = texts[i]
        if i < len(texts) - 1:
            end = lower.find(piece, start + 1)
        else:
            end = len(lower) - len(piece)
            if not lower.endswith(piece):
                return None
        if end <= start:
            return None
        values.append(text[start:end])
        start = end + len(piece)
    return values


def argument(value):
    """Return an int for ASCII digits that are written as one, as documented; else the text, as of `007`."""
    if len(value) > 18 or not value.encode().isdigit() or (value[0] == '0' and value != '0'):
        return value
    return int(value)
