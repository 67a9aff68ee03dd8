"""What a web server can be told: its properties and presets (documentation, MicroWebSrv2 Class)."""

from .checks import is_int, require_bool, require_callback, require_positive, require_text

_COOKIES_HEAD = 16384  # the same for a computer: browsers send all cookies of a name as localhost
_MIN_HEAD = 4096  # bytes of request line and header fields that are taken, however small a buffer slot is


class Settings:
    """The settings of a web server, which is a subclass that says by _require_stopped() when they are fixed.

    For the rooms beside it:
    - max_content, max_head, slot_size: int, bytes. roots: list of str, the folders of web files, without a slash at
      their ends. timeout_sec: int, seconds. log_level: int.
    - is_special: bool, whether requests or their answers need more than the common path: for routes of this server, for
      what `prepares` says. prepares: bool, whether answers do: for CORS, for logging, for OnResponse.
    - routes: libs.serverHooks.OwnRoutes or None. on_response: callable or None. errors: libs.errorPages.ErrorPages or
      None.
    """

    def __init__(self):
        self._bindAddr = ('0.0.0.0', 80)
        self._rootPath = 'www'
        self._fallbackRootPath = None
        self.roots = ()
        self._note_roots()
        self.timeout_sec = 10
        self._notFoundURL = None
        self._all_origins = False
        self._corsAllowAll = False
        self._onLogging = None
        self._max_connections = None
        self.etag_salt = ''
        self.is_special = self.prepares = False
        self.routes = self.on_response = self.errors = None
        self.log_level = 1
        self.SetNormalConfig()

    # ---- presets

    def _set_config(self, queue, slots, size, content):
        self._require_stopped()
        self._connQueueCapacity = queue
        self._slotsCount = slots
        self.slot_size = size
        self._keepAllocBufferSlots = True
        self.max_content = content
        self.max_head = max(size, _MIN_HEAD if size < 4096 else _COOKIES_HEAD)

    def SetEmbeddedConfig(self):
        """Configure for an embedded deployment: queue 8, 16 slots of 1 KB, content of 16 KB. Not while running."""
        self._set_config(8, 16, 1024, 16 * 1024)

    def SetLightConfig(self):
        """Configure for a light deployment: queue 64, 128 slots of 1 KB, content of 512 KB. Not while running."""
        self._set_config(64, 128, 1024, 512 * 1024)

    def SetNormalConfig(self):
        """Configure for a normal deployment, the default: queue 256, 512 slots of 4 KB, content of 2 MB.

        Not while running.
        """
        self._set_config(256, 512, 4 * 1024, 2 * 1024 * 1024)

    def SetLargeConfig(self):
        """Configure for a large deployment: queue 512, 2048 slots of 16 KB, content of 8 MB. Not while running."""
        self._set_config(512, 2 * 1024, 16 * 1024, 8 * 1024 * 1024)

    def _note_roots(self):
        self.roots = [root.rstrip('/') for root in (self._rootPath, self._fallbackRootPath) if root is not None]

    # ---- properties

    @property
    def ConnQueueCapacity(self):
        """int: connections that may wait to be accepted. Not to be set while running."""
        return self._connQueueCapacity

    @ConnQueueCapacity.setter
    def ConnQueueCapacity(self, value):
        """Set it. Raise ValueError for anything else, MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        self._connQueueCapacity = require_positive(value, 'ConnQueueCapacity')

    @property
    def BufferSlotsCount(self):
        """int: buffer slots, each for one request that is received or answered in parts.

        Not to be set while running.
        """
        return self._slotsCount

    @BufferSlotsCount.setter
    def BufferSlotsCount(self, value):
        """Set it. Raise ValueError for anything else, MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        self._slotsCount = require_positive(value, 'BufferSlotsCount')

    @property
    def BufferSlotSize(self):
        """int: size of a buffer slot, octets. Not to be set while running."""
        return self.slot_size

    @BufferSlotSize.setter
    def BufferSlotSize(self, value):
        """Set it. Raise ValueError for anything else, MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        self.slot_size = require_positive(value, 'BufferSlotSize')
        self.max_head = max(value, _MIN_HEAD)

    @property
    def KeepAllocBufferSlots(self):
        """bool: whether the memory of buffer slots is kept for the next request. Not to be set while running."""
        return self._keepAllocBufferSlots

    @KeepAllocBufferSlots.setter
    def KeepAllocBufferSlots(self, value):
        """Set it. Raise ValueError for anything else, MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        self._keepAllocBufferSlots = require_bool(value, 'KeepAllocBufferSlots')

    @property
    def MaxRequestContentLength(self):
        """int: the most octets of content that a request may have."""
        return self.max_content

    @MaxRequestContentLength.setter
    def MaxRequestContentLength(self, value):
        """Set it. Raise ValueError for anything else."""
        self.max_content = require_positive(value, 'MaxRequestContentLength')

    @property
    def FallbackVersion(self):
        """str: what the files below FallbackRootPath that have no time change with, such as a build's id; '': they may
        change at any time.
        """
        return self.etag_salt

    @FallbackVersion.setter
    def FallbackVersion(self, value):
        """Set it. Raise ValueError for anything else."""
        require_text(value, 'FallbackVersion')
        self.etag_salt = value

    @property
    def MaxConnections(self):
        """int or None: the most connections that the platform can hold; beyond, the idlest is closed for a newcomer.

        Not to be set while running.
        """
        return self._max_connections

    @MaxConnections.setter
    def MaxConnections(self, value):
        """Set it. Raise ValueError for anything else, MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        self._max_connections = value if value is None else require_positive(value, 'MaxConnections')

    @property
    def BindAddress(self):
        """(str_ip_addr, int_port): the address that is listened on. Not to be set while running."""
        return self._bindAddr

    @BindAddress.setter
    def BindAddress(self, value):
        """Set it. Raise ValueError for anything else, MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        if isinstance(value, tuple) and len(value) == 2:
            host, port = value
            if isinstance(port, str) and port.isdigit():
                port = int(port)
            if isinstance(host, str) and is_int(port) and 0 < port < 65536:
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
        """Set it. Raise ValueError for anything else, MicroWebSrv2Exception while the server runs."""
        self._require_stopped()
        require_text(value, 'RootPath')
        self._rootPath = value
        self._note_roots()

    @property
    def FallbackRootPath(self):
        """str or None: folder of the web files that are not below RootPath; of those frozen in the firmware."""
        return self._fallbackRootPath

    @FallbackRootPath.setter
    def FallbackRootPath(self, value):
        """Set it. Raise ValueError for anything else."""
        if value is not None:
            require_text(value, 'FallbackRootPath')
        self._fallbackRootPath = value
        self._note_roots()

    @property
    def RequestsTimeoutSec(self):
        """int: seconds for a request's whole head, for each next data of its content, and for the client to
        take data.
        """
        return self.timeout_sec

    @RequestsTimeoutSec.setter
    def RequestsTimeoutSec(self, value):
        """Set it. Raise ValueError for anything else."""
        self.timeout_sec = require_positive(value, 'RequestsTimeoutSec')

    @property
    def NotFoundURL(self):
        """str or None: URL to which requests that find nothing are redirected."""
        return self._notFoundURL

    @NotFoundURL.setter
    def NotFoundURL(self, value):
        """Set it. Raise ValueError for anything else."""
        if value is not None:
            require_text(value, 'NotFoundURL')
        self._notFoundURL = value

    @property
    def AllowAllOrigins(self):
        """bool: whether pages of any origin may read the responses."""
        return self._all_origins

    @AllowAllOrigins.setter
    def AllowAllOrigins(self, value):
        """Set it. Raise ValueError for anything else."""
        self._all_origins = require_bool(value, 'AllowAllOrigins')
        self.note_special()

    @property
    def _allowAllOrigins(self):
        return self._all_origins

    @_allowAllOrigins.setter
    def _allowAllOrigins(self, value):  # programs in the field set it by this name
        self.AllowAllOrigins = value

    @property
    def CORSAllowAll(self):
        """bool: whether preflight requests are allowed all that they ask for."""
        return self._corsAllowAll

    @CORSAllowAll.setter
    def CORSAllowAll(self, value):
        """Set it. Raise ValueError for anything else."""
        self._corsAllowAll = require_bool(value, 'CORSAllowAll')

    @property
    def LogLevel(self):
        """int: DEBUG (a line for each request), INFO (the default), WARNING or ERROR; what is below is not logged."""
        return self.log_level

    @LogLevel.setter
    def LogLevel(self, value):
        """Set it. Raise ValueError for anything else."""
        if not is_int(value) or not 0 <= value <= 3:
            raise ValueError('"LogLevel" must be MicroWebSrv2.DEBUG, INFO, WARNING or ERROR.')
        self.log_level = value
        self.note_special()

    def note_special(self):
        """Note whether requests or answers need more than the common path."""
        self.prepares = self._all_origins or self.logs_answers() or self.on_response is not None
        self.is_special = self.prepares or self.routes is not None

    def logs_answers(self):  # small: False without debug lines
        """Return bool: whether each request that has been answered is logged."""
        return self.log_level == 0

    @property
    def OnLogging(self):
        """Callback f(microWebSrv2, msg, msgType) or None: takes the logs."""
        return self._onLogging

    @OnLogging.setter
    def OnLogging(self, value):
        """Set it. Raise ValueError for anything else."""
        require_callback(value, 'OnLogging')
        self._onLogging = value
