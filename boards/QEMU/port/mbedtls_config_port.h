// Configuration of mbedTLS: MicroPython's for bare metal, with this port's clock.
#pragma once
#include <time.h>

time_t mbedtls_port_time(time_t *result);

#define MBEDTLS_PLATFORM_TIME_MACRO mbedtls_port_time
#define MBEDTLS_PLATFORM_MS_TIME_ALT mbedtls_ms_time
#define MICROPY_MBEDTLS_CONFIG_BARE_METAL (1)

#include "extmod/mbedtls/mbedtls_config_common.h"
