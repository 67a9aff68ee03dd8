"""Web routes (documentation, section Web Routes).

Routes are global. A route without arguments is found in a dict by its path, one with arguments in a tree of path
segments: the time that a look-up takes does not grow with the number of routes.
"""

import sys

from .libs.checks import require_text
from .libs.urlUtils import UrlUtils, decode_text, unquote_bytes

_Ordered = dict
if sys.implementation.name == 'micropython':
    try:
        from collections import OrderedDict as _Ordered  # its dict keeps no order
    except ImportError:
        pass  # the smallest firmware has no other

GET = 'GET'
HEAD = 'HEAD'
POST = 'POST'
PUT = 'PUT'
DELETE = 'DELETE'
OPTIONS = 'OPTIONS'
PATCH = 'PATCH'

_literal = {}  # method (bytes) -> {path (bytes, lower-case, no slash at its end): (RouteResult, None)}
_trees = {}  # method (bytes) -> _Node
_names = {}  # route name -> list of pieces of its path


class _Node:
    """A place in the tree of path segments.

    children: dict of literal segment to _Node. patterns: list of (texts around the arguments, argument names, _Node),
    the most literal first. route: RouteResult or None. names: tuple of str, the names of its arguments, in their order.
    """

    __slots__ = ('children', 'names', 'patterns', 'route')

    def __init__(self):
        self.children = {}
        self.patterns = []
        self.route = self.names = None


class RouteResult:
    """A route that was found.

    Handler: the processing handler. Method, RoutePath: str. Name: str or None. Args: dict, empty without arguments,
    in the order of the path (but on WIPY, whose firmware has no ordered dict).
    """

    __slots__ = ('Args', 'Handler', 'Method', 'Name', 'RoutePath', '_with_args')

    def __init__(self, handler, method, routePath, name, args, with_args):
        self.Handler = handler
        self.Method = method
        self.RoutePath = routePath
        self.Name = name
        self.Args = args
        self._with_args = with_args


def _normal(path):
    """Return how a path is compared: lower-case, no slash at its end. path: bytes."""
    path = path.lower()
    return path[:-1] if len(path) > 1 and path[-1:] == b'/' else path


def _split_arguments(text):
    """Split `a<b>c` into (["a", "c"], ["b"])."""
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


def RegisterRoute(handler, method, routePath, name=None):
    """Register a global web route (documentation, section Route Methods).

    handler: callable, f(microWebSrv2, request) or f(microWebSrv2, request, args) where the path has arguments.
    method: str. routePath: str, begins with a slash, arguments are written `<name>`. name: str or None.
    Raise ValueError that says what was wrong.
    """
    if not callable(handler):
        raise ValueError('"handler" must be a function.')
    require_text(method, 'method')
    require_text(routePath, 'routePath')
    if routePath[0] != '/':
        raise ValueError('"routePath" must start with "/".')
    if name is not None:
        require_text(name, 'name')
    texts, names = _split_arguments(routePath)
    method = method.upper()
    key = method.encode()
    route = RouteResult(handler, method, routePath, name, {}, bool(names))
    if names:
        if key not in _trees:
            _trees[key] = _Node()
        _grow(_trees[key], routePath, route)
    else:
        _literal.setdefault(key, {})[_normal(routePath.encode())] = (route, None)
    if name is not None:
        _names[name] = (texts, names)


def _grow(node, routePath, route):
    for segment in routePath.rstrip('/').split('/')[1:]:
        texts, names = _split_arguments(segment)
        texts = [text.lower() for text in texts]
        if names:
            node = _pattern_node(node, texts, names)
        else:
            key = texts[0].encode()
            if key not in node.children:
                node.children[key] = _Node()
            node = node.children[key]
    node.route = route
    node.names = tuple(_split_arguments(routePath)[1])


def _pattern_node(node, texts, names):
    for known_texts, known_names, child in node.patterns:
        if known_texts == texts and known_names == names:
            return child
    child = _Node()
    node.patterns.append((texts, names, child))
    node.patterns.sort(key=lambda pattern: -len(''.join(pattern[0])))
    return child


def WebRoute(method, routePath, name=None):
    """Decorate a processing handler with its route.

    Arguments and errors as of RegisterRoute(). Return the decorator.
    """

    def decorated(handler):
        RegisterRoute(handler, method, routePath, name)
        return handler

    return decorated


def find_route(method, path):
    """Find the route of a request.

    method: bytes. path: bytes, as it came, without query.
    Return (RouteResult, args) or None; args: dict, or None where the route has no arguments.
    """
    routes = _literal.get(method)
    if routes:
        found = routes.get(path) or routes.get(_normal(unquote_bytes(path)))
        if found:
            return found
    tree = _trees.get(method)
    return _find_in_tree(tree, path) if tree else None


def _find_in_tree(tree, path):
    segments = (path[:-1] if path[-1:] == b'/' else path).split(b'/')
    values = []
    node = _search(tree, segments, 1, values)
    return (node.route, _arguments(node.names, values)) if node else None


def _arguments(names, values):
    """Return the arguments: a dict, in the order of the path. names, values: of str, in that order, of one length."""
    if len(names) == 1:
        return {names[0]: _argument(values[0])}
    args = _Ordered()
    for name, value in zip(names, values):
        args[name] = _argument(value)
    return args


def _search(node, segments, i, values):
    """Return the _Node with the route of the segments from i on, or None. values: list, gets the arguments' values."""
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
    for texts, _, child in node.patterns:
        matched = _match(text, texts)
        if matched:
            known = len(values)
            values.extend(matched)
            found = _search(child, segments, i + 1, values)
            if found:
                return found
            del values[known:]
    return None


def _match(text, texts):
    """Return the values between the texts: list of str; or None if the text is not of the pattern."""
    if len(texts) == 2 and not texts[0] and not texts[1]:
        return [text]
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


def _argument(value):
    """Return an int for ASCII digits that are written as one, as documented; else the text, as of `007`."""
    if len(value) > 18 or not value.encode().isdigit() or (value[0] == '0' and value != '0'):
        return value
    return int(value)


def allowed_methods(path):
    """Find which methods have a route of a path. path: bytes, as it came. Return list of str."""
    known = set(list(_literal) + list(_trees))  # that of WebSockets is none of HTTP's: it has a space
    methods = [method.decode() for method in known if b' ' not in method and find_route(method, path)]
    if GET in methods and HEAD not in methods:
        methods.append(HEAD)
    methods.sort()
    return methods


def is_routed(method):
    """Tell whether any route has a method. method: bytes. Return bool."""
    return method in _literal or method in _trees


def ResolveRoute(method, path):
    """Resolve a web route (documentation, section Route Methods).

    method: str. path: str, a relative path. Return RouteResult with its Args, or None.
    """
    if not isinstance(method, str) or not isinstance(path, str) or not method or not path:
        return None
    found = find_route(method.upper().encode(), path.encode())
    if not found:
        return None
    route, args = found
    return RouteResult(route.Handler, route.Method, route.RoutePath, route.Name, args or {}, route._with_args)


def PathFromRoute(routeName, routeArgs={}):  # noqa: B006 - the documented signature; it is not changed
    """Construct the path of a named route (documentation, section Route Methods).

    routeName: str. routeArgs: dict of the arguments' names to values; they are quoted.
    Return str. Raise ValueError if there is no such route, or an argument is missing or empty.
    """
    require_text(routeName, 'routeName')
    if routeName not in _names:
        raise ValueError('There is no route named "%s".' % routeName)
    texts, names = _names[routeName]
    path = texts[0]
    for name, text in zip(names, texts[1:]):
        value = str(routeArgs[name]) if isinstance(routeArgs, dict) and name in routeArgs else ''
        if not value:
            raise ValueError('The route "%s" needs the argument "%s".' % (routeName, name))
        path += UrlUtils.Quote(value, '') + text
    return path
