// The ESP32 board of the esp32 port as a web server.

#define MICROPY_HW_BOARD_NAME "MicroWebSrv2 ESP32"
#define MICROPY_HW_MCU_NAME "ESP32"

#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "microwebsrv2"

// See mpconfigboard.cmake.
#define MICROPY_PY_BLUETOOTH (0)

// The web files are a read-only file system inside the image; no partition holds one.
#define MICROPY_VFS_ROM (1)
#define MICROPY_VFS_ROM_IOCTL (0)
