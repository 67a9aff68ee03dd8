"""The names of the layer XAsyncSockets, from the rooms that hold them (documentation, About XAsyncSockets layer)."""

from .xasBuffers import XBufferSlot, XBufferSlots
from .xasPoller import allocate_lock
from .xasPool import (
    XAsyncSocket,
    XAsyncSocketException,
    XAsyncSocketsPool,
    XAsyncSocketsPoolException,
    XClosedReason,
)
from .xasTCP import (
    XAsyncTCPClient,
    XAsyncTCPClientException,
    XAsyncTCPServer,
    XAsyncTCPServerException,
    XAsyncUDPDatagram,
    XAsyncUDPDatagramException,
)
