import os

# The variant decides what is frozen: without TLS there is neither a C module `tls` nor SHA-1 in C.
tls = os.environ.get('MWS_VARIANT') == 'TLS'

include('../manifest.py', network=('net_lan',), tls=tls, sha1=not tls, asyncio=False)
module('board.py')
