# The WIPY set: routes, static files, JSON, forms, auth, WebSockets. Each byte frozen here is a byte of heap less.
include(
    '../manifest.py',
    network=('net_wipy',),
    sha1=True,
    pyhtml=False,
    tcp_client=False,
    udp=False,
    tls=False,
    workers=False,
    asyncio=False,
    device=False,
    demo=False,
    config_save=False,
    opt=3,
)
module('board.py', opt=3)
