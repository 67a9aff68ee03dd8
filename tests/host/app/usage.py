"""The documentation's section Usage, unchanged but for the address."""

from time import sleep

import testbed
from MicroWebSrv2 import *  # noqa: F403

mws2 = MicroWebSrv2()  # noqa: F405
testbed.configure(mws2)
mws2.StartManaged()
testbed.ready()

# Main program loop until keyboard interrupt,
try:  # noqa: E203
    while True:  # noqa: E203
        sleep(1)
except KeyboardInterrupt:  # noqa: E203
    mws2.Stop()
    print('ENDED')
