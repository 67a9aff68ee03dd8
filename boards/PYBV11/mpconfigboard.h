// The PYBV11 of the stm32 port as a web server.

#include "boards/PYBV11/mpconfigboard.h"

#undef MICROPY_HW_BOARD_NAME
#define MICROPY_HW_BOARD_NAME "MicroWebSrv2 PYBv1.1"

#undef MICROPY_PY_NETWORK_HOSTNAME_DEFAULT
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "microwebsrv2"

#undef MICROPY_PY_THREAD
#define MICROPY_PY_THREAD (1)

// The web files are a read-only file system inside the image; no part of the flash is set aside for one.
#undef MICROPY_VFS_ROM
#define MICROPY_VFS_ROM (1)
#undef MICROPY_VFS_ROM_IOCTL
#define MICROPY_VFS_ROM_IOCTL (0)

#if MWS_USBNET

#undef MICROPY_PY_NETWORK_USBD_NCM
#define MICROPY_PY_NETWORK_USBD_NCM (1)
#undef MICROPY_HW_TINYUSB_STACK
#define MICROPY_HW_TINYUSB_STACK (1)
// One buffer towards the computer: 5 KB of heap more.
#define CFG_TUD_NCM_IN_NTB_N (1)

// The F405 has four IN endpoints, EP0 being one of them: with the serial port the whole USB device fails.
#undef MICROPY_HW_USB_CDC
#define MICROPY_HW_USB_CDC (0)

// So the console moves to X9 (TX) and X10 (RX), 115,200 baud.
#undef MICROPY_HW_UART_REPL
#define MICROPY_HW_UART_REPL PYB_UART_1
#undef MICROPY_HW_UART_REPL_BAUD
#define MICROPY_HW_UART_REPL_BAUD (115200)

#endif
