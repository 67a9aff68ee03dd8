"""MicroWebSrv2: a web server for MicroPython and CPython; `from MicroWebSrv2 import *` gives its names."""

from time import sleep

from .httpRequest import HttpRequest
from .httpResponse import HttpResponse
from .libs.urlUtils import UrlUtils
from .libs.XAsyncSockets import (
    XAsyncSocket,
    XAsyncSocketException,
    XAsyncSocketsPool,
    XAsyncSocketsPoolException,
    XAsyncTCPClient,
    XAsyncTCPClientException,
    XAsyncTCPServer,
    XAsyncTCPServerException,
    XBufferSlot,
    XBufferSlots,
    XClosedReason,
    allocate_lock,
)
from .microWebSrv2 import MicroWebSrv2, MicroWebSrv2Exception
from .webRoute import (
    DELETE,
    GET,
    HEAD,
    OPTIONS,
    PATCH,
    POST,
    PUT,
    PathFromRoute,
    RegisterRoute,
    ResolveRoute,
    RouteResult,
    WebRoute,
)

try:
    from .libs.xasUDP import XAsyncUDPDatagram, XAsyncUDPDatagramException
except ImportError:  # a board's manifest may leave it out
    pass
else:  # programs take them from there, too
    from .libs import XAsyncSockets as _layer

    _layer.XAsyncUDPDatagram = XAsyncUDPDatagram
    _layer.XAsyncUDPDatagramException = XAsyncUDPDatagramException

__version__ = "1.0.0"
