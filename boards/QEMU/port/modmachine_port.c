// This port's part of the module machine; extmod/modmachine.c includes it.
#include "py/mphal.h"
#include "py/obj.h"
#include "ethernet.h"

extern const mp_obj_type_t machine_rtc_type;

#define MICROPY_PY_MACHINE_EXTRA_GLOBALS \
    { MP_ROM_QSTR(MP_QSTR_RTC), MP_ROM_PTR(&machine_rtc_type) }, \
    { MP_ROM_QSTR(MP_QSTR_PWRON_RESET), MP_ROM_INT(RESET_POWER_ON) }, \
    { MP_ROM_QSTR(MP_QSTR_HARD_RESET), MP_ROM_INT(RESET_HARD) }, \
    { MP_ROM_QSTR(MP_QSTR_WDT_RESET), MP_ROM_INT(RESET_WATCHDOG) }, \
    { MP_ROM_QSTR(MP_QSTR_DEEPSLEEP_RESET), MP_ROM_INT(RESET_DEEPSLEEP) }, \
    { MP_ROM_QSTR(MP_QSTR_SOFT_RESET), MP_ROM_INT(RESET_SOFT) },

static void mp_machine_idle(void) {
    clock_wait_for_interrupt();
}

static void mp_machine_reset(void) {
    mp_hal_reset(RESET_HARD);
}

static mp_int_t mp_machine_reset_cause(void) {
    return reset_cause();
}

static mp_obj_t mp_machine_unique_id(void) {
    return mp_obj_new_bytes(ethernet_address, sizeof(ethernet_address));
}

static mp_obj_t mp_machine_get_freq(void) {
    return MP_OBJ_NEW_SMALL_INT(SYSCLK_HZ);
}

static void mp_machine_set_freq(size_t n_args, const mp_obj_t *args) {
    mp_raise_NotImplementedError(MP_ERROR_TEXT("the clock is fixed at 25 MHz"));
}

// The board keeps its clocks in every sleep: light sleep is waiting, deep sleep is waiting and a reset.
static void sleep(size_t n_args, const mp_obj_t *args) {
    if (n_args == 0) {
        for (;;) {
            mp_event_wait_indefinite();
        }
    }
    mp_hal_delay_ms(mp_obj_get_int(args[0]));
}

static void mp_machine_lightsleep(size_t n_args, const mp_obj_t *args) {
    sleep(n_args, args);
}

static void mp_machine_deepsleep(size_t n_args, const mp_obj_t *args) {
    sleep(n_args, args);
    mp_hal_reset(RESET_DEEPSLEEP);
}
