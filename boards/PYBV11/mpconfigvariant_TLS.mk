# https: 125 KB of flash, and 20 KB of heap for each connection. Brings SHA-1 with it.
MICROPY_PY_SSL = 1
MICROPY_SSL_MBEDTLS = 1
