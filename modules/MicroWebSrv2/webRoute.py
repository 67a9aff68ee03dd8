"""Web routes (documentation, section Web Routes): those that all servers have, and how they are found."""

from .libs.routeTable import RouteResult, RouteTable, normal
from .libs.urlUtils import unquote_bytes

GET = 'GET'
HEAD = 'HEAD'
POST = 'POST'
PUT = 'PUT'
DELETE = 'DELETE'
OPTIONS = 'OPTIONS'
PATCH = 'PATCH'

everywhere = RouteTable()
_literal = everywhere.literal
_find_pattern = everywhere.find_pattern


def RegisterRoute(handler, method, routePath, name=None, streamContent=False):
    """Register a web route of all servers (documentation, section Route Methods).

    handler: callable, f(microWebSrv2, request) or f(microWebSrv2, request, args) where the path has arguments.
    method: str. routePath: str, begins with a slash. Arguments are written `<name>`: digits come as int, other texts as
    str. `<name:int>` takes digits only, `<name:str>` gives any text as str, `<path:name>` at the end takes slashes too.
    A literal path is found before one with arguments, and that before one that takes slashes.
    name: str or None, for PathFromRoute(). streamContent: bool; with True the handler is called when the request's head
    is here, and takes the content as it comes: by HttpRequest.ReceiveContent(), SaveContent(), ReceiveForm(),
    ReadContent() or ContentReader(). Raise ValueError that says what was wrong, ImportError for streamContent in
    firmware without it.
    """
    everywhere.register(handler, method, routePath, name, streamContent)


def WebRoute(method, routePath, name=None, streamContent=False):
    """Decorate a processing handler with its route.

    Arguments and errors as of RegisterRoute(). Return the decorator.
    """
    return decorator(everywhere, method, routePath, name, streamContent)


def decorator(table, method, routePath, name, streamContent):
    """Return what decorates a handler with its route. table: libs.routeTable.RouteTable; the rest as WebRoute()."""

    def decorated(handler):
        table.register(handler, method, routePath, name, streamContent)
        return handler

    return decorated


def find_route(method, path):
    """Find the route of a request, of those that all servers have.

    method: bytes. path: bytes, as it came, without query.
    Return (RouteResult, args) or None; args: dict, or None where the route has no arguments.
    """
    routes = _literal.get(method)
    if routes:
        found = routes.get(path) or routes.get(normal(unquote_bytes(path)))
        if found:
            return found
    return _find_pattern(method, path)


def allowed_methods(path, own=None):
    """Find which methods have a route of a path. path: bytes, as it came. Return list of str.

    own: libs.serverHooks.OwnRoutes of a server that has some, or None.
    """
    find = own.find_any if own else find_route
    methods = [method.decode() for method in (own or everywhere).methods() if find(method, path)]
    if GET in methods and HEAD not in methods:
        methods.append(HEAD)
    methods.sort()
    return methods


def is_routed(method, own=None):
    """Return bool: whether any route has a method. method: bytes. own: as of allowed_methods()."""
    return method in (own or everywhere).methods()


def ResolveRoute(method, path):
    """Resolve a web route of all servers (documentation, section Route Methods).

    method: str. path: str, a relative path. Return RouteResult with its Args, or None.
    """
    return resolve(find_route, method, path)


def resolve(find, method, path):
    """Resolve a route by find(method, path), as find_route() is. The rest as of ResolveRoute()."""
    if not isinstance(method, str) or not isinstance(path, str) or not method or not path:
        return None
    found = find(method.upper().encode(), path.encode())
    if not found:
        return None
    route, args = found
    return RouteResult(route.Handler, route.Method, route.RoutePath, route.Name, args or {}, route.StreamContent)


def PathFromRoute(routeName, routeArgs={}):  # noqa: B006 - the documented signature; it is not changed
    """Construct the path of a named route of all servers (documentation, section Route Methods).

    routeName: str. routeArgs: dict of the arguments' names to values; they are quoted.
    Return str. Raise ValueError if there is no such route, or an argument is missing, empty, or not of its kind.
    """
    path = everywhere.path_of(routeName, routeArgs)
    if path is None:
        raise ValueError('There is no route named "%s".' % routeName)
    return path
