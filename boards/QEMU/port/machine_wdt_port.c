// machine.WDT on the CMSDK watchdog (DDI0479 4.5); extmod/machine_wdt.c includes it. Once started it cannot be stopped.
#include "py/mphal.h"

// The counter has 32 bits at 25 MHz.
#define TIMEOUT_MAX_MS (0xffffffffu / (SYSCLK_HZ / 1000))

struct _machine_wdt_obj_t {
    mp_obj_base_t base;
};

static const machine_wdt_obj_t machine_wdt = { { &machine_wdt_type } };

static void set_timeout(mp_int_t timeout_ms) {
    if (timeout_ms < 1 || timeout_ms > (mp_int_t)TIMEOUT_MAX_MS) {
        mp_raise_ValueError(MP_ERROR_TEXT("WDT timeout must be 1 to 171798 ms"));
    }
    watchdog_start(timeout_ms);
}

static machine_wdt_obj_t *mp_machine_wdt_make_new_instance(mp_int_t id, mp_int_t timeout_ms) {
    if (id != 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("WDT id must be 0"));
    }
    set_timeout(timeout_ms);
    return (machine_wdt_obj_t *)&machine_wdt;
}

static void mp_machine_wdt_feed(machine_wdt_obj_t *self) {
    watchdog_feed();
}

static void mp_machine_wdt_timeout_ms_set(machine_wdt_obj_t *self, mp_int_t timeout_ms) {
    set_timeout(timeout_ms);
}
