"""What an application hangs into a server: routes of this server alone, hooks, pages for errors."""

from ..webRoute import PathFromRoute, decorator, everywhere, find_route, resolve
from .checks import require, require_bool, require_callback
from .routeTable import RouteTable, normal
from .settings import Settings
from .urlUtils import unquote_bytes


class _First:
    """Stands before the modules of all servers: a hook of one server is asked first. hook: f(microWebSrv2, request).

    modules: dict of the modules, by name.
    """

    def __init__(self, hook, modules):
        self.OnRequest = hook
        self.modules = modules

    def values(self):
        """Return list: what is asked before routes and files, in its order."""
        return [self] + list(self.modules.values())


class OwnRoutes(RouteTable):
    """The routes of one server, found before those of all."""

    def find_any(self, method, path):
        """Find the route of a request; see webRoute.find_route()."""
        routes = self.literal.get(method)
        found = routes and (routes.get(path) or routes.get(normal(unquote_bytes(path))))
        return found or self.find_pattern(method, path) or find_route(method, path)

    def methods(self):
        """Return set of bytes: the methods that have routes, of this server or of all."""
        return RouteTable.methods(self) | everywhere.methods()


class ServerHooks(Settings):
    """The settings of a server that has routes and hooks of its own."""

    _hook = _response_hook = None

    # ---- routes of this server

    def RegisterRoute(self, handler, method, routePath, name=None, streamContent=False):
        """Register a web route of this server alone; it is found before those of all servers.

        Arguments and errors as of the function RegisterRoute().
        """
        self._own_routes().register(handler, method, routePath, name, streamContent)

    def WebRoute(self, method, routePath, name=None, streamContent=False):
        """Decorate a processing handler with a route of this server alone.

        Arguments and errors as of RegisterRoute(). Return the decorator.
        """
        return decorator(self._own_routes(), method, routePath, name, streamContent)

    def ResolveRoute(self, method, path):
        """Resolve a web route of this server or of all. The rest as of the function ResolveRoute()."""
        return resolve(self.routes.find_any if self.routes else find_route, method, path)

    def PathFromRoute(self, routeName, routeArgs={}):  # noqa: B006 - as of the function of this name
        """Construct the path of a named route of this server or of all. The rest as of the function PathFromRoute()."""
        path = self.routes.path_of(routeName, routeArgs) if self.routes else None
        return PathFromRoute(routeName, routeArgs) if path is None else path

    def _own_routes(self):
        if self.routes is None:
            self.routes = OwnRoutes()
            self.note_special()
        return self.routes

    # ---- hooks

    @property
    def OnRequest(self):
        """Callback f(microWebSrv2, request) or None: called before each request; the request ends where it answers.

        It comes before modules, routes and files. It is a plain function, also under asyncio.
        """
        return self._hook

    @OnRequest.setter
    def OnRequest(self, value):
        """Set it. Raise ValueError for anything else."""
        require_callback(value, 'OnRequest')
        if self._hook:
            self.modules = self.modules.modules
        self._hook = value
        if value:
            self.modules = _First(value, self.modules)

    @property
    def OnResponse(self):
        """Callback f(microWebSrv2, request, response, code) or None: called when an answer is decided.

        Its head is not made yet: the callback can set header fields and cookies. Called for each answer, those of the
        server itself and of requests that it refuses included; where a head could not be read, the request is empty.
        For the time after an answer is sent, set response.OnSent here.
        """
        return self._response_hook

    @OnResponse.setter
    def OnResponse(self, value):
        """Set it. Raise ValueError for anything else."""
        require_callback(value, 'OnResponse')
        self._response_hook = value
        self.on_response = value and (lambda response, code: value(self, response.Request, response, code))
        self.note_special()

    # ---- errors

    def OnError(self, code, handler):
        """Answer an error by a page of the application's.

        It is asked for Return() with this status and no content, and for what the server itself refuses.
        code: int, 400 to 999, or None for all that have no handler of their own. handler: a plain function
        f(microWebSrv2, request, code) that answers, with any status, or None for the server's own page. Where it raises
        or does not answer, or has an error itself, the server's page is sent. Raise ValueError for anything else.
        """
        require(code is None or (isinstance(code, int) and 400 <= code <= 999), ValueError, '"code" must be an error.')
        require_callback(handler, 'handler')
        self._error_pages().set(code, handler)

    @property
    def JSONErrors(self):
        """bool: whether clients that prefer JSON to HTML get errors as `{"error": "Not Found", "code": 404}`."""
        return self.errors is not None and self.errors.as_json

    @JSONErrors.setter
    def JSONErrors(self, value):
        """Set it. Raise ValueError for anything else."""
        self._error_pages().as_json = require_bool(value, 'JSONErrors')

    def _error_pages(self):
        if self.errors is None:
            from .errorPages import ErrorPages

            self.errors = ErrorPages()
        return self.errors
