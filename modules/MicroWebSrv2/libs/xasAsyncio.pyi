from .. import MicroWebSrv2, XAsyncSocketsPool

def StartInAsyncio(
    microWebSrv2: MicroWebSrv2, asyncSocketsPool: XAsyncSocketsPool | None = None
) -> XAsyncSocketsPool: ...
