# The WIPY set: routes, static files, JSON, forms, auth, WebSockets. Each byte frozen here is a byte of heap less, so
# main.py stands for the harness. The build makes this set smaller still: tools/small.py.
include(
    '../manifest.py',
    harness=False,
    sha1=True,
    hooks=False,
    cookies=False,
    route_kinds=False,
    pyhtml=False,
    content=False,
    streams=False,
    tcp_client=False,
    udp=False,
    tls=False,
    timers=False,
    workers=False,
    asyncio=False,
    opt=3,
)
package('firmware', ('net_wipy.py',), base_path='../..', opt=3)
module('board.py', opt=3)
module('main.py', opt=3)
