"""A first application for the WIPY: what its page /index.html asks for."""

import gc
import time

from MicroWebSrv2 import GET, WebRoute


@WebRoute(GET, '/info')
def info(server, request):
    """Answers how long the board runs and what is free of its heap."""
    gc.collect()
    request.Response.ReturnOkJSON({'seconds': time.ticks_ms() // 1000, 'free': gc.mem_free()})
