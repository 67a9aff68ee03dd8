# The network over the USB cable (NCM), and the console on UART 1; MicroPython 1.29 and newer. mpconfigboard.h has the rest.
MICROPY_PY_NETWORK_WIZNET5K =
CFLAGS += -DMWS_USBNET=1
