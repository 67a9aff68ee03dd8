"""The documentation's dual http/https server, section Starting web server, with the addresses and files of the test."""

from time import sleep

import testbed
from MicroWebSrv2 import *  # noqa: F403

xasPool = XAsyncSocketsPool()  # noqa: F405
srvHttp = MicroWebSrv2()  # noqa: F405
srvHttps = MicroWebSrv2()  # noqa: F405

testbed.configure(srvHttp)
testbed.configure(srvHttps)
srvHttps.BindAddress = (srvHttp.BindAddress[0], testbed.SETTINGS['https_port'])

srvHttps.EnableSSL(**testbed.SETTINGS['certificate'])

srvHttp.StartInPool(xasPool)
srvHttps.StartInPool(xasPool)

xasPool.AsyncWaitEvents(threadsCount=1)
testbed.ready()

try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    srvHttp.Stop()
    srvHttps.Stop()
    xasPool.StopWaitEvents()
