# The ESP32 board of MicroPython's esp32 port as a web server; works with MicroPython 1.25 and newer.
include(boards/ESP32_GENERIC/mpconfigboard.cmake)

# No Bluetooth: its flash is room for the application, its RAM is room for connections.
list(REMOVE_ITEM SDKCONFIG_DEFAULTS boards/sdkconfig.ble)

# The partition table lies outside the port's tree: ESP-IDF wants its absolute path.
configure_file(${MICROPY_BOARD_DIR}/sdkconfig.board.in ${CMAKE_BINARY_DIR}/sdkconfig.board @ONLY)
list(APPEND SDKCONFIG_DEFAULTS ${CMAKE_BINARY_DIR}/sdkconfig.board)

set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
