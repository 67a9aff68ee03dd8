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
    XAsyncUDPDatagram,
    XAsyncUDPDatagramException,
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

__version__ = '1.0.0'
