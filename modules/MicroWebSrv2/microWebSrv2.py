"""MicroWebSrv2: the web server (documentation, section MicroWebSrv2 Class)."""

import gc
import sys
import time

from .libs.checks import is_int, require_text
from .libs.httpCommon import CommonHeads
from .libs.httpConnection import HttpConnection
from .libs.logText import level_name, printable, traceback_of
from .libs.routeTable import Ordered
from .libs.staticFiles import find_file
from .libs.xasBuffers import XBufferSlots
from .libs.xasPoller import is_interrupt, print_exception
from .libs.xasPool import XAsyncSocketsPool
from .libs.xasTCP import XAsyncTCPClientException, XAsyncTCPServer

try:
    from .libs.serverHooks import ServerHooks as Settings
except ImportError:  # a board without them
    from .libs.settings import Settings

# In one constant: a dict of them would take memory on a heap that needs few of them.
_MIME_TYPES = (
    b'\n'
    b'.html text/html\n'
    b'.css text/css\n'
    b'.js application/javascript\n'
    b'.png image/png\n'
    b'.svg image/svg+xml\n'
    b'.ico image/x-icon\n'
    b'.json application/json\n'
    b'.woff2 font/woff2\n'
    b'.jpg image/jpeg\n'
    b'.jpeg image/jpeg\n'
    b'.gif image/gif\n'
    b'.webp image/webp\n'
    b'.txt text/plain\n'
    b'.htm text/html\n'
    b'.csv text/csv\n'
    b'.xml application/xml\n'
    b'.xhtml application/xhtml+xml\n'
    b'.zip application/zip\n'
    b'.pdf application/pdf\n'
    b'.ts application/typescript\n'
    b'.woff font/woff\n'
    b'.ttf font/ttf\n'
    b'.otf font/otf\n'
    b'.avif image/avif\n'
    b'.bin application/octet-stream\n'
    b'.gz application/gzip\n'
    b'.log text/plain\n'
    b'.map application/json\n'
    b'.md text/markdown\n'
    b'.mjs application/javascript\n'
    b'.mp3 audio/mpeg\n'
    b'.mp4 video/mp4\n'
    b'.ogg audio/ogg\n'
    b'.wasm application/wasm\n'
    b'.wav audio/wav\n'
    b'.webm video/webm\n'
    b'.webmanifest application/manifest+json\n'
)
_types = {}  # by extension: those of AddMimeType(), and on CPython those of the constant
_modules = Ordered()  # those that are loaded, by name, in the order in which they are asked: all servers have them
_default_pages = ['index.html', 'index.htm', 'default.html', 'default.htm']


def _known_type(extension):
    """Return the media type of the constant that goes with an extension, str, or None.

    extension: str with its dot, in lower case.
    """
    start = _MIME_TYPES.find(b'\n%s ' % extension.encode())
    if start < 0:
        return None
    start += len(extension) + 2
    return _MIME_TYPES[start : _MIME_TYPES.find(b'\n', start)].decode()


if sys.implementation.name != 'micropython':
    from .host.files import system_type as _known_type

    _types.update([line.split() for line in _MIME_TYPES.decode().split('\n') if line])


class MicroWebSrv2Exception(Exception):
    """A call that the server cannot do."""


def _require_pool(value):  # small: a check
    if not isinstance(value, XAsyncSocketsPool):
        raise ValueError('"asyncSocketsPool" must be an XAsyncSocketsPool.')


if hasattr(time, 'ticks_ms'):
    _milliseconds = time.ticks_ms

    def _passed(begun):
        return time.ticks_diff(time.ticks_ms(), begun)

else:

    def _milliseconds():
        return int(time.monotonic() * 1000)

    def _passed(begun):
        return _milliseconds() - begun


def collect_early():
    """Has MicroPython collect each time that a quarter of what is free now has been allocated, not only when all is.

    On a heap that is filled before it is collected, what stays lands anywhere, and nothing large fits between.
    """
    gc.collect()
    if hasattr(gc, 'threshold'):
        gc.threshold(max(1024, gc.mem_free() // 4))


class MicroWebSrv2(Settings):
    """A web server.

    Configure it, then start it: alone by StartManaged(), or beside others in a pool by StartInPool().

    - default_pages: list of str: the pages that stand for their folder.
    - etag_salt: str: changes with the files below FallbackRootPath that have no time, as those of a firmware.
    - list_folder: f(microWebSrv2, request) or None: answers for a folder without a default page, or returns False.
    """

    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3

    def __init__(self):
        self.modules = _modules
        self.default_pages = _default_pages
        self.list_folder = None
        self.slots = None
        self.heads = None
        self.spawn = None
        self._pool = self._early_pool = None
        self._is_managed = False
        self._server = None
        self._sslContext = None
        Settings.__init__(self)

    # ---- static methods

    @staticmethod
    def LoadModule(modName):
        """Load a module of the folder `mods`, for all servers.

        modName: str, name of the module and of its class. Returns the instance of the class, the same one for each
        call.
        Raises ValueError if modName is none, MicroWebSrv2Exception, with its cause chained, if it cannot be loaded.
        """
        require_text(modName, 'modName')
        if modName not in _modules:
            package = __name__[: __name__.rfind('.')] + '.mods.' + modName
            try:
                __import__(package)
                instance = getattr(sys.modules[package], modName)()
                if not callable(instance.OnRequest):
                    raise TypeError('its OnRequest is no method')
            except Exception as ex:
                raise MicroWebSrv2Exception('Cannot load module "%s": %r' % (modName, ex)) from ex
            _modules[modName] = instance
            if hasattr(instance, 'IS_GUARD'):  # is asked before those that answer, whenever they were loaded
                for name in [name for name in _modules if not hasattr(_modules[name], 'IS_GUARD')]:
                    _modules[name] = _modules.pop(name)
        return _modules[modName]

    @staticmethod
    def HTMLEscape(s):
        """Escape a text for HTML, also within attribute values.

        s: str. Returns str. Raises ValueError if s is none.
        """
        if not isinstance(s, str):
            raise ValueError('"s" must be a string.')
        s = s.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
        return s.replace('"', '&quot;').replace("'", '&#39;')

    @staticmethod
    def AddDefaultPage(filename):
        """Add a page that stands for its folder. filename: str, not empty. Raises ValueError if it is none."""
        require_text(filename, 'filename')
        if filename not in _default_pages:
            _default_pages.append(filename)

    @staticmethod
    def AddMimeType(ext, mimeType):
        """Add a type of files that are served.

        ext: str, with its dot, in any case. mimeType: str. Raise ValueError for anything else.
        """
        require_text(ext, 'ext')
        require_text(mimeType, 'mimeType')
        if ext[0] != '.':
            raise ValueError('"ext" must begin with a dot.')
        _types[ext.lower()] = mimeType

    @staticmethod
    def GetMimeTypeFromFilename(filename):
        """Return the MIME type of a file by its name, str, or None where none is known.

        filename: str. Those that were added win; CPython then knows the types of the system, but none for programs,
        keys and backups.
        """
        if not isinstance(filename, str):
            return None
        dot = filename.rfind('.')
        if dot < 0:
            return None
        extension = filename[dot:].lower()
        return _types.get(extension) or _known_type(extension)

    # ---- starting and stopping

    def StartInPool(self, asyncSocketsPool, isManaged=False):
        """Start the server in a pool.

        asyncSocketsPool: XAsyncSocketsPool. isManaged: bool, whether the pool ends with the server.
        On MicroPython, set gc.threshold() to a quarter of the free memory where the program has not set it.
        Raise ValueError for anything else, MicroWebSrv2Exception if the server runs already, XAsyncTCPServerException
        if the address cannot be listened on.
        """
        _require_pool(asyncSocketsPool)
        self._require_stopped()
        if self._early_pool and self._early_pool is not asyncSocketsPool:
            raise MicroWebSrv2Exception('The server has a Pool already, whose timers would never be called.')
        self.BindAddress = self._bindAddr  # as a program may have written it
        if hasattr(gc, 'threshold') and gc.threshold() < 0:
            collect_early()
        self.slots = XBufferSlots(self._slotsCount, self.slot_size, self._keepAllocBufferSlots)
        self.heads = CommonHeads(asyncSocketsPool)
        if self._max_connections:
            asyncSocketsPool.capacity = self._max_connections
        server = XAsyncTCPServer.Create(asyncSocketsPool, self._bindAddr, self._connQueueCapacity, self.slots)
        server.OnClientAccepted = self._on_client_accepted
        server.OnClosed = self._on_server_closed
        self._pool = asyncSocketsPool
        self._early_pool = None
        self._is_managed = isManaged
        self._server = server
        scheme = 'https' if self._sslContext else 'http'
        self.Log('Server listening on %s://%s:%s.' % (scheme, self._bindAddr[0], self._bindAddr[1]), MicroWebSrv2.INFO)

    def StartManaged(self, parllProcCount=1, procStackSize=0):
        """Start the server in a pool of its own.

        parllProcCount: int. 0: in the calling thread, until Stop(). 1: in one thread. n > 1: in n threads, of which n-1
        run handlers. procStackSize: int, bytes of each thread's stack; 0: the platform's default, 12288 on MicroPython.
        Raise ValueError for anything else, and as StartInPool(); MicroWebSrv2Exception where the firmware has no
        threads.
        """
        if not is_int(parllProcCount) or parllProcCount < 0:
            raise ValueError('"parllProcCount" must be a positive integer or zero.')
        if not is_int(procStackSize) or procStackSize < 0:
            raise ValueError('"procStackSize" must be a positive integer or zero.')
        self._require_stopped()
        if parllProcCount:
            self._set_stack_size(procStackSize)
        pool = self._early_pool or XAsyncSocketsPool()
        try:
            self.StartInPool(pool, True)
            pool.AsyncWaitEvents(parllProcCount)
        except BaseException:
            self.Stop()
            pool.dispose()
            raise

    def _set_stack_size(self, size):
        try:
            from _thread import stack_size
        except ImportError:
            raise MicroWebSrv2Exception(
                'This firmware has no threads: use StartManaged(0), or StartInPool() and ProcessEvents().'
            )
        if not size and sys.implementation.name == 'micropython':
            size = 12288 if sys.maxsize < 1 << 32 else 65536  # the documentation's is for 32 bits and small frames
        stack_size(size)

    def _require_stopped(self):  # small: a check
        if self.IsRunning:
            raise MicroWebSrv2Exception('The server is running already.')

    @property
    def IsRunning(self):
        """bool: whether the server is running."""
        return self._server is not None

    @property
    def Pool(self):
        """XAsyncSocketsPool: the one that the server runs in; before the start the one that it will run in.

        For timers: `microWebSrv2.Pool.CallEvery(1000, f)`. They end with the pool: that of StartManaged() at Stop().
        Not to be set while running.
        """
        if self._pool is None:
            self.Pool = XAsyncSocketsPool()
        return self._pool

    @Pool.setter
    def Pool(self, value):
        """Set it. Raise ValueError for anything else, MicroWebSrv2Exception while the server runs."""
        _require_pool(value)
        self._require_stopped()
        self._pool = self._early_pool = value

    def Stop(self):
        """Stop the server, close its connections and free its port. May be called again, and by a handler."""
        server = self._server
        if server:
            pool = self._pool
            pool.call(lambda: self._close_all(pool, server))
            if self._is_managed:
                pool.StopWaitEvents()
                pool.dispose()
            self._server = None

    def _close_all(self, pool, server):
        server.Close()
        for asyncSocket in pool.GetAllAsyncSockets():
            if getattr(asyncSocket, 'server', None) is server:
                asyncSocket.Close()

    def _on_server_closed(self, server, closedReason):
        self._server = self._pool = None
        self.Log('Server stopped.', MicroWebSrv2.INFO)

    def _on_client_accepted(self, server, client):
        if self._sslContext:
            try:
                client.StartSSLContext(self._sslContext, True)
            except XAsyncTCPClientException as error:  # the client is gone already, or memory is out
                self.Log('%s: %s' % (client.CliAddr[0], error), MicroWebSrv2.INFO)
                client.Close()
                return
        if not client.closed:
            HttpConnection(self, client)

    # ---- logging

    def Log(self, msg, msgType):
        """Log a message, by OnLogging or to the output.

        msg: any, logged as its str, without the control characters that a client may have sent. msgType: DEBUG, INFO,
        WARNING or ERROR; those below LogLevel are not printed.
        """
        if self._onLogging:
            try:
                self._onLogging(self, printable(str(msg)), msgType)
                return
            except BaseException as error:
                if is_interrupt(error):
                    raise error
                print_exception(error)
        if msgType >= self.log_level:
            print('MWS2-%s> %s' % (level_name(msgType), printable(str(msg))))

    def log_exception(self, where, error):
        """Log an exception with its traceback. where: str, in what it was raised. error: the exception."""
        traceback = traceback_of(error)
        self.Log('%s: %r\n%s' % (where, error, traceback or ''), MicroWebSrv2.ERROR)
        if traceback is None:
            print_exception(error)

    # ---- for the rooms of the server

    def prepare(self, answer, request):
        """Note what the settings say of an answer. answer: libs.httpAnswer.Answer. request: HttpRequest."""
        if self.AllowAllOrigins:
            answer.origin = request.Origin
            answer.vary('Origin')
        if self.on_response:
            answer.tell_before_head(self.on_response)
        if self.logs_answers():
            answer.begun = _milliseconds()

    def log_answer(self, request, answer):
        """Log a request that has been answered. request: HttpRequest. answer: libs.httpAnswer.Answer."""
        entry = (request.Method, request.Path, answer.code, answer.sent, _passed(answer.begun), request.UserAddress[0])
        self.Log('%s %s: %d, %d bytes, %d ms, %s' % entry, MicroWebSrv2.DEBUG)

    @staticmethod
    def has_memory(size):
        """Return bool: whether there is memory for so many bytes, and for as much besides. size: int."""
        if not hasattr(gc, 'mem_free') or gc.mem_free() > 2 * size:
            return True
        gc.collect()
        return gc.mem_free() > 2 * size

    def ResolvePhysicalPath(self, urlPath):
        """Resolve a path of an URL to a file or a default page. urlPath: str, not empty. Returns str or None.

        Raises ValueError if urlPath is none.
        """
        require_text(urlPath, 'urlPath')
        found = find_file(self, urlPath.replace('%', '%25').encode())
        return found[0] if found else None

    # ---- TLS

    def EnableSSL(self, certFile, keyFile, caFile=None):
        """Serve https. Port 80 becomes 443.

        certFile, keyFile: str, paths of the certificate, with its chain if it has one, and of its private key: PEM or
        DER, PKCS#8, PKCS#1 or SEC1, in two files or one, in any order. caFile: str, path of a PEM file of authorities
        that clients must be certified by, or None.
        Raise ValueError, or MicroWebSrv2Exception, which says which file is wrong, and how to convert it.
        """
        from .libs.xasTLS import server_context

        self._require_stopped()
        require_text(certFile, 'certFile')
        require_text(keyFile, 'keyFile')
        if caFile is not None:
            require_text(caFile, 'caFile')
        self._sslContext = server_context(certFile, keyFile, caFile, MicroWebSrv2Exception)
        if self._bindAddr[1] == 80:
            self._bindAddr = (self._bindAddr[0], 443)

    def DisableSSL(self):
        """Serve http. Port 443 becomes 80. Raises MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        self._sslContext = None
        if self._bindAddr[1] == 443:
            self._bindAddr = (self._bindAddr[0], 80)
