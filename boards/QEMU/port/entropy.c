// Randomness: the host's /dev/urandom through semihosting for keys, a small generator for everything else.
//
// With `seed=N` on the semihosting command line a run repeats exactly; there is no real randomness then, and TLS refuses to work. The
// clock, too, starts at a fixed time, see clock.c.
#include <stdlib.h>
#include <string.h>
#include "py/mpconfig.h"
#include "py/mphal.h"
#include "py/runtime.h"

static int32_t urandom = -1;
static bool is_fixed;
static uint32_t xorshift[4] = { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }; // digits of pi

bool entropy_read(void *buffer, size_t size) {
    return urandom >= 0 && semihosting_read(urandom, buffer, size);
}

bool entropy_is_fixed(void) {
    return is_fixed;
}

void entropy_raise_missing(void) {
    mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("no source of entropy: QEMU runs without semihosting or with a fixed seed"));
}

// xorshift128 (G. Marsaglia, Xorshift RNGs, Journal of Statistical Software 8/14, 2003).
uint32_t pseudo_random(void) {
    uint32_t t = xorshift[3];
    uint32_t s = xorshift[0];
    xorshift[3] = xorshift[2];
    xorshift[2] = xorshift[1];
    xorshift[1] = s;
    t ^= t << 11;
    t ^= t >> 8;
    xorshift[0] = t ^ s ^ (s >> 19);
    return xorshift[0];
}

static bool fixed_seed(uint32_t *seed) {
    char text[SEMIHOSTING_COMMAND_LINE_SIZE];
    semihosting_command_line(text);
    const char *found = strstr(text, "seed=");
    if (found == NULL) {
        return false;
    }
    *seed = 0;
    for (found += 5; *found >= '0' && *found <= '9'; ++found) {
        *seed = *seed * 10 + (*found - '0');
    }
    return true;
}

void entropy_init(void) {
    uint32_t seed;
    if (fixed_seed(&seed)) {
        is_fixed = true;
        xorshift[0] ^= seed;
        return;
    }
    urandom = semihosting_open("/dev/urandom", SEMIHOSTING_OPEN_READ_BINARY);
    uint32_t key[4];
    if (entropy_read(key, sizeof(key))) {
        for (int i = 0; i < 4; ++i) {
            xorshift[i] ^= key[i];
        }
    }
}
