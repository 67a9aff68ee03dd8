"""MicroWebSrv2: the web server (documentation, section MicroWebSrv2 Class)."""

import gc
import sys
import time

from .httpResponse import content_type, reason_phrase
from .libs.httpConnection import HttpConnection
from .libs.staticFiles import find_file
from .libs.validators import http_date
from .libs.XAsyncSockets import XAsyncSocketsPool, XAsyncTCPServer, XBufferSlots, print_exception
from .webRoute import _require_text

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
_modules = {}  # those that are loaded, by name: all servers have them
_default_pages = ['index.html', 'index.htm', 'default.html', 'default.htm']
_MIN_HEAD = 4096  # octets of request line and header fields that are taken, however small a buffer slot is
_SERVER = b'Server: MicroWebSrv2 ' + (b'MicroPython' if sys.implementation.name == 'micropython' else b'CPython')
_LEVELS = ('DEBUG', 'INFO', 'WARNING', 'ERROR')


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


def _is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def collect_early():
    """Has MicroPython collect each time that a quarter of what is free now has been allocated, not only when all is.

    On a heap that is filled before it is collected, what stays lands anywhere, and nothing large fits between.
    """
    gc.collect()
    if hasattr(gc, 'threshold'):
        gc.threshold(max(1024, gc.mem_free() // 4))


class MicroWebSrv2:
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
        self._modules = _modules
        self.default_pages = _default_pages
        self._pool = None
        self._managed = False
        self._server = None
        self._slots = None
        self._sslContext = None
        self._bindAddr = ('0.0.0.0', 80)
        self._rootPath = 'www'
        self._fallbackRootPath = None
        self.etag_salt = ''
        self.list_folder = None
        self._requestsTimeoutSec = 10
        self._notFoundURL = None
        self._allowAllOrigins = False
        self._corsAllowAll = False
        self._onLogging = None
        self._log_level = MicroWebSrv2.INFO
        self._spawn = None
        self._fields = None
        self._fields_second = None
        self._ok_heads = {}  # kept for a second, by media type
        self._starts = {}
        self.SetNormalConfig()

    # ---- static methods

    @staticmethod
    def LoadModule(modName):
        """Loads a module of the folder `mods`, for all servers.

        modName: str, name of the module and of its class. Returns the instance of the class, the same one for each
        call.
        Raises ValueError if modName is none, MicroWebSrv2Exception, with its cause chained, if it cannot be loaded.
        """
        _require_text(modName, 'modName')
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
        return _modules[modName]

    @staticmethod
    def HTMLEscape(s):
        """Escapes a text for HTML, also within attribute values.

        s: str. Returns str. Raises ValueError if s is none.
        """
        if not isinstance(s, str):
            raise ValueError('"s" must be a string.')
        s = s.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
        return s.replace('"', '&quot;').replace("'", '&#39;')

    @staticmethod
    def AddDefaultPage(filename):
        """Adds a page that stands for its folder. filename: str, not empty. Raises ValueError if it is none."""
        _require_text(filename, 'filename')
        if filename not in _default_pages:
            _default_pages.append(filename)

    @staticmethod
    def AddMimeType(ext, mimeType):
        """Add a type of files that are served.

        ext: str, with its dot, in any case. mimeType: str. Raise ValueError for anything else.
        """
        _require_text(ext, 'ext')
        _require_text(mimeType, 'mimeType')
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

    def StartInPool(self, asyncSocketsPool):
        """Starts the server in a pool. asyncSocketsPool: XAsyncSocketsPool.

        On MicroPython, sets gc.threshold() to a quarter of the free memory where the program has not set it.
        Raises ValueError if it is none, MicroWebSrv2Exception if the server runs already, XAsyncTCPServerException if
        the address cannot be listened on.
        """
        if not isinstance(asyncSocketsPool, XAsyncSocketsPool):
            raise ValueError('"asyncSocketsPool" must be an XAsyncSocketsPool.')
        self._require_stopped()
        if hasattr(gc, 'threshold') and gc.threshold() < 0:
            collect_early()
        self._slots = XBufferSlots(self._slotsCount, self._bufferSlotSize, self._keepAllocBufferSlots)
        server = XAsyncTCPServer.Create(asyncSocketsPool, self._bindAddr, self._connQueueCapacity, self._slots)
        server.OnClientAccepted = self._on_client_accepted
        server.OnClosed = self._on_server_closed
        self._pool = asyncSocketsPool
        self._managed = False
        self._server = server
        scheme = 'https' if self._sslContext else 'http'
        self.Log('Server listening on %s://%s:%s.' % (scheme, self._bindAddr[0], self._bindAddr[1]), MicroWebSrv2.INFO)

    def StartManaged(self, parllProcCount=1, procStackSize=0):
        """Starts the server in a pool of its own.

        parllProcCount: int. 0: in the calling thread, until Stop(). 1: in one thread. n > 1: in n threads, of which n-1
        run handlers. procStackSize: int, octets of each thread's stack; 0: the platform's default, 8192 on MicroPython.
        Raises ValueError if one is none, and as StartInPool(); MicroWebSrv2Exception where the firmware has no threads.
        """
        if not _is_int(parllProcCount) or parllProcCount < 0:
            raise ValueError('"parllProcCount" must be a positive integer or zero.')
        if not _is_int(procStackSize) or procStackSize < 0:
            raise ValueError('"procStackSize" must be a positive integer or zero.')
        self._require_stopped()
        if parllProcCount:
            self._set_stack_size(procStackSize)
        pool = XAsyncSocketsPool()
        self.StartInPool(pool)
        self._managed = True
        try:
            pool.AsyncWaitEvents(parllProcCount)
        except BaseException:
            self.Stop()
            raise

    def _set_stack_size(self, size):
        try:
            from _thread import stack_size
        except ImportError:
            raise MicroWebSrv2Exception(
                'This firmware has no threads: use StartManaged(0), or StartInPool() and ProcessEvents().'
            )
        if not size and sys.implementation.name == 'micropython':
            size = 8192 if sys.maxsize < 1 << 32 else 65536  # the documentation's is for 32 bits and small frames
        stack_size(size)

    def _require_stopped(self):
        if self.IsRunning:
            raise MicroWebSrv2Exception('The server is running already.')

    def Stop(self):
        """Stops the server, closes its connections and frees its port. May be called again, and by a handler."""
        server = self._server
        if server:
            pool = self._pool
            pool._call(lambda: self._close_all(pool, server))
            if self._managed:
                pool.StopWaitEvents()
            self._server = None

    def _close_all(self, pool, server):
        server.Close()
        for asyncSocket in pool.GetAllAsyncSockets():
            if getattr(asyncSocket, '_server', None) is server:
                asyncSocket.Close()

    def _on_server_closed(self, server, closedReason):
        self._server = None
        self.Log('Server stopped.', MicroWebSrv2.INFO)

    def _on_client_accepted(self, server, client):
        client._server = server
        if self._sslContext:
            client.StartSSLContext(self._sslContext, True)
        HttpConnection(self, client)

    # ---- logging

    def Log(self, msg, msgType):
        """Logs a message, by OnLogging or to the output.

        msg: any, logged as its str. msgType: DEBUG, INFO, WARNING or ERROR; those below LogLevel are not printed.
        """
        msg = str(msg)
        if self._onLogging:
            try:
                self._onLogging(self, msg, msgType)
                return
            except Exception as ex:
                print_exception(ex)
        if msgType < self._log_level:
            return
        print('MWS2-%s> %s' % (_LEVELS[msgType] if 0 <= msgType <= 3 else msgType, msg))

    def _log_exception(self, where, ex):
        """Logs a handler's exception with its traceback."""
        try:
            from io import StringIO
        except ImportError:
            self.Log('%s: %r' % (where, ex), MicroWebSrv2.ERROR)
            print_exception(ex)
            return
        out = StringIO()
        if hasattr(sys, 'print_exception'):
            sys.print_exception(ex, out)
        else:
            import traceback

            traceback.print_exception(type(ex), ex, ex.__traceback__, file=out)
        self.Log('%s: %r\n%s' % (where, ex, out.getvalue()), MicroWebSrv2.ERROR)

    # ---- what responses have in common

    def _new_second(self):
        """Makes the fields Server and Date of this second."""
        date = http_date(int(time.time()))
        self._fields = _SERVER + (b'\r\nDate: ' + date if date else b'')
        self._fields_second = self._pool._now
        self._ok_heads.clear()
        self._starts.clear()

    def _head_start(self, code, media_type, charset=None):
        """A response's first lines: status, server, date, and type of the content where there is one. Returns bytes."""
        if self._pool._now != self._fields_second:
            self._new_second()
        cachable = code == 200 and charset is None
        start = self._starts.get(media_type) if cachable else None
        if start is None:
            start = ('HTTP/1.1 %d %s\r\n' % (code, reason_phrase(code))).encode() + self._fields
            if media_type is not None:
                start += b'\r\nContent-Type: ' + content_type(media_type, charset).encode()
            if cachable and len(self._starts) < 8:
                self._starts[media_type] = start
        return start

    def _ok_head(self, media_type):
        """The common head of a 200 response with a body of a media type, up to its length. Returns bytes."""
        if self._pool._now != self._fields_second:
            self._new_second()
        head = self._ok_heads.get(media_type)
        if head is None:
            head = self._head_start(200, media_type) + b'\r\nCache-Control: no-store\r\nContent-Length: '
            if len(self._ok_heads) < 8:
                self._ok_heads[media_type] = head
        return head

    def ResolvePhysicalPath(self, urlPath):
        """Resolves a path of an URL to a file or a default page. urlPath: str, not empty. Returns str or None.

        Raises ValueError if urlPath is none.
        """
        _require_text(urlPath, 'urlPath')
        found = find_file(self, urlPath.replace('%', '%25').encode())
        return found[0] if found else None

    # ---- TLS

    def EnableSSL(self, certFile, keyFile, caFile=None):
        """Serves https. Port 80 becomes 443.

        certFile, keyFile: str, paths of the certificate and its private key (PEM; on MicroPython PEM or DER).
        caFile: str,
        path of a PEM file of authorities that clients must be certified by, or None.
        Raises ValueError or MicroWebSrv2Exception with the file that is wrong.
        """
        from .libs.xasTLS import server_context

        self._require_stopped()
        _require_text(certFile, 'certFile')
        _require_text(keyFile, 'keyFile')
        if caFile is not None:
            _require_text(caFile, 'caFile')
        self._sslContext = server_context(certFile, keyFile, caFile, MicroWebSrv2Exception)
        if self._bindAddr[1] == 80:
            self._bindAddr = (self._bindAddr[0], 443)

    def DisableSSL(self):
        """Serves http. Port 443 becomes 80. Raises MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        self._sslContext = None
        if self._bindAddr[1] == 443:
            self._bindAddr = (self._bindAddr[0], 80)

    # ---- presets

    def _set_config(self, queue, slots, size, content):
        self._require_stopped()
        self._connQueueCapacity = queue
        self._slotsCount = slots
        self._bufferSlotSize = size
        self._keepAllocBufferSlots = True
        self._maxRequestContentLength = content
        self._max_head = max(size, _MIN_HEAD)

    def SetEmbeddedConfig(self):
        """Configures for an embedded deployment: queue 8, 16 slots of 1 KB, content of 16 KB. Not while running."""
        self._set_config(8, 16, 1024, 16 * 1024)

    def SetLightConfig(self):
        """Configures for a light deployment: queue 64, 128 slots of 1 KB, content of 512 KB. Not while running."""
        self._set_config(64, 128, 1024, 512 * 1024)

    def SetNormalConfig(self):
        """Configures for a normal deployment, the default: queue 256, 512 slots of 4 KB, content of 2 MB.

        Not while running.
        """
        self._set_config(256, 512, 4 * 1024, 2 * 1024 * 1024)

    def SetLargeConfig(self):
        """Configures for a large deployment: queue 512, 2048 slots of 16 KB, content of 8 MB. Not while running."""
        self._set_config(512, 2 * 1024, 16 * 1024, 8 * 1024 * 1024)

    # ---- properties

    def _positive(self, value, name):
        if not _is_int(value) or value <= 0:
            raise ValueError('"%s" must be a positive integer.' % name)
        return value

    def _bool(self, value, name):
        if not isinstance(value, bool):
            raise ValueError('"%s" must be a boolean.' % name)
        return value

    @property
    def IsRunning(self):
        """bool: whether the server is running."""
        return self._server is not None

    @property
    def ConnQueueCapacity(self):
        """int: connections that may wait to be accepted. Not to be set while running."""
        return self._connQueueCapacity

    @ConnQueueCapacity.setter
    def ConnQueueCapacity(self, value):
        """Sets it. Raises ValueError if value is none. Raises MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        self._connQueueCapacity = self._positive(value, 'ConnQueueCapacity')

    @property
    def BufferSlotsCount(self):
        """int: buffer slots, each for one request that is received or answered in parts.

        Not to be set while running.
        """
        return self._slotsCount

    @BufferSlotsCount.setter
    def BufferSlotsCount(self, value):
        """Sets it. Raises ValueError if value is none. Raises MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        self._slotsCount = self._positive(value, 'BufferSlotsCount')

    @property
    def BufferSlotSize(self):
        """int: size of a buffer slot, octets. Not to be set while running."""
        return self._bufferSlotSize

    @BufferSlotSize.setter
    def BufferSlotSize(self, value):
        """Sets it. Raises ValueError if value is none. Raises MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        self._bufferSlotSize = self._positive(value, 'BufferSlotSize')
        self._max_head = max(value, _MIN_HEAD)

    @property
    def KeepAllocBufferSlots(self):
        """bool: whether the memory of buffer slots is kept for the next request. Not to be set while running."""
        return self._keepAllocBufferSlots

    @KeepAllocBufferSlots.setter
    def KeepAllocBufferSlots(self, value):
        """Sets it. Raises ValueError if value is none. Raises MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        self._keepAllocBufferSlots = self._bool(value, 'KeepAllocBufferSlots')

    @property
    def MaxRequestContentLength(self):
        """int: the most octets of content that a request may have."""
        return self._maxRequestContentLength

    @MaxRequestContentLength.setter
    def MaxRequestContentLength(self, value):
        """Sets it. Raises ValueError if value is none."""
        self._maxRequestContentLength = self._positive(value, 'MaxRequestContentLength')

    @property
    def BindAddress(self):
        """(str_ip_addr, int_port): the address that is listened on. Not to be set while running."""
        return self._bindAddr

    @BindAddress.setter
    def BindAddress(self, value):
        """Sets it. Raises ValueError if value is none. Raises MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        if isinstance(value, tuple) and len(value) == 2:
            host, port = value
            if isinstance(port, str) and port.isdigit():
                port = int(port)
            if isinstance(host, str) and _is_int(port) and 0 < port < 65536:
                self._bindAddr = (host, port)
                return
        raise ValueError('"BindAddress" must be a tuple of (str_ip_addr, int_port), port from 1 to 65535.')

    @property
    def IsSSLEnabled(self):
        """bool: whether https is served."""
        return self._sslContext is not None

    @property
    def RootPath(self):
        """str: folder of the web files. Not to be set while running."""
        return self._rootPath

    @RootPath.setter
    def RootPath(self, value):
        """Sets it. Raises ValueError if value is none. Raises MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        _require_text(value, 'RootPath')
        self._rootPath = value

    @property
    def FallbackRootPath(self):
        """str or None: folder of the web files that are not below RootPath; of those frozen in the firmware."""
        return self._fallbackRootPath

    @FallbackRootPath.setter
    def FallbackRootPath(self, value):
        """Sets it. Raises ValueError if value is none."""
        if value is not None:
            _require_text(value, 'FallbackRootPath')
        self._fallbackRootPath = value

    @property
    def RequestsTimeoutSec(self):
        """int: seconds for a request's whole head, for each next data of its content, and for the client to
        take data.
        """
        return self._requestsTimeoutSec

    @RequestsTimeoutSec.setter
    def RequestsTimeoutSec(self, value):
        """Sets it. Raises ValueError if value is none."""
        self._requestsTimeoutSec = self._positive(value, 'RequestsTimeoutSec')

    @property
    def NotFoundURL(self):
        """str or None: URL to which requests that find nothing are redirected."""
        return self._notFoundURL

    @NotFoundURL.setter
    def NotFoundURL(self, value):
        """Sets it. Raises ValueError if value is none."""
        if value is not None:
            _require_text(value, 'NotFoundURL')
        self._notFoundURL = value

    @property
    def AllowAllOrigins(self):
        """bool: whether pages of any origin may read the responses."""
        return self._allowAllOrigins

    @AllowAllOrigins.setter
    def AllowAllOrigins(self, value):
        """Sets it. Raises ValueError if value is none."""
        self._allowAllOrigins = self._bool(value, 'AllowAllOrigins')

    @property
    def CORSAllowAll(self):
        """bool: whether preflight requests are allowed all that they ask for."""
        return self._corsAllowAll

    @CORSAllowAll.setter
    def CORSAllowAll(self, value):
        """Sets it. Raises ValueError if value is none."""
        self._corsAllowAll = self._bool(value, 'CORSAllowAll')

    @property
    def LogLevel(self):
        """int: DEBUG (a line for each request), INFO (the default), WARNING or ERROR; what is below is not logged."""
        return self._log_level

    @LogLevel.setter
    def LogLevel(self, value):
        """Sets it. Raises ValueError if value is none."""
        if not _is_int(value) or not 0 <= value <= 3:
            raise ValueError('"LogLevel" must be MicroWebSrv2.DEBUG, INFO, WARNING or ERROR.')
        self._log_level = value

    @property
    def OnLogging(self):
        """Callback f(microWebSrv2, msg, msgType) or None: takes the logs."""
        return self._onLogging

    @OnLogging.setter
    def OnLogging(self, value):
        """Sets it. Raises ValueError if value is none."""
        if value is not None and not callable(value):
            raise ValueError('"OnLogging" must be a function or None.')
        self._onLogging = value
