"""Any board with stock MicroPython on the host: nothing is built or flashed, `make deploy` installs."""

NAME = 'STOCK'
TITLE = 'any board with stock MicroPython 1.22 or newer: make deploy'
PACKAGES = ()
MARCH = None
WWW = ('www',)
HIL = {'service': 'serial', 'capabilities': ('wlan', 'reset')}
