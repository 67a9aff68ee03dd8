# All of it lies in RAM here: what is optional is left out.
include(
    '../manifest.py',
    network=('net_lan', 'net_wlan'),
    boot=False,
    asyncio=False,
    hooks=False,
    content=False,
    streams=False,
    timers=False,
    route_kinds=False,
    cookies=False,
    opt=3,  # no line numbers: a tenth of the code
)
module('board.py')
