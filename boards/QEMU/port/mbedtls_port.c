// What mbedTLS asks of a platform: entropy and time.
#include "py/mphal.h"
#include "py/runtime.h"
#include "mbedtls_config_port.h"
#include "mbedtls/platform_time.h"
#include "shared/timeutils/timeutils.h"

int mbedtls_hardware_poll(void *data, unsigned char *output, size_t size, size_t *written) {
    if (!entropy_read(output, size)) {
        // Keys from a fixed seed would be known to everybody: rather no TLS at all. Raised here because an error code would lose the
        // reason; the SSLContext whose making this ends is freed by its finaliser.
        entropy_raise_missing();
    }
    *written = size;
    return 0;
}

time_t mbedtls_port_time(time_t *result) {
    time_t seconds = mp_hal_time_ns() / 1000000000ull;
    if (result != NULL) {
        *result = seconds;
    }
    return seconds;
}

mbedtls_ms_time_t mbedtls_ms_time(void) {
    return clock_cycles() / (SYSCLK_HZ / 1000);
}

// mbedTLS compares a certificate's dates with the broken-down time.
struct tm *gmtime(const time_t *seconds) {
    static struct tm result;
    timeutils_struct_time_t tm;
    timeutils_seconds_since_epoch_to_struct_time(
        timeutils_seconds_since_epoch_from_nanoseconds_since_1970((uint64_t)*seconds * 1000000000ull), &tm);
    result.tm_sec = tm.tm_sec;
    result.tm_min = tm.tm_min;
    result.tm_hour = tm.tm_hour;
    result.tm_mday = tm.tm_mday;
    result.tm_mon = tm.tm_mon - 1;
    result.tm_year = tm.tm_year - 1900;
    result.tm_wday = (tm.tm_wday + 1) % 7;
    result.tm_yday = tm.tm_yday - 1;
    result.tm_isdst = -1;
    return &result;
}
