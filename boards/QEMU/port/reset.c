// Reset, why the board was reset, and the watchdog.
//
// The board has no register for the cause of a reset. Its RAM keeps its content over one and is zero at power-on, so the cause is noted
// there before the reset.
#include "py/mpconfig.h"
#include "py/mphal.h"

#define NOTE_MAGIC (0x4d575253u)

typedef struct {
    uint32_t magic;
    uint32_t cause;
} note_t;

static note_t note __attribute__((section(".noinit")));
static reset_cause_t cause = RESET_POWER_ON;
static uint32_t watchdog_cycles;

void reset_init(void) {
    if (note.magic == NOTE_MAGIC) {
        cause = note.cause;
    }
    // A reset that nobody announces comes from outside: QEMU's monitor has the reset button.
    note.magic = NOTE_MAGIC;
    note.cause = RESET_HARD;
}

reset_cause_t reset_cause(void) {
    return cause;
}

void reset_note_soft(void) {
    cause = RESET_SOFT;
}

void mp_hal_reset(reset_cause_t new_cause) {
    note.cause = new_cause;
    __asm volatile ("dsb");
    SCB_AIRCR = SCB_AIRCR_SYSRESETREQ;
    for (;;) {
    }
}

void watchdog_start(uint32_t timeout_ms) {
    watchdog_cycles = timeout_ms * (SYSCLK_HZ / 1000);
    WATCHDOG_LOCK = WATCHDOG_UNLOCK;
    WATCHDOG_LOAD = watchdog_cycles;
    WATCHDOG_CTRL = WATCHDOG_CTRL_INTERRUPT | WATCHDOG_CTRL_RESET;
    WATCHDOG_LOCK = 0;
}

void watchdog_feed(void) {
    WATCHDOG_LOCK = WATCHDOG_UNLOCK;
    WATCHDOG_INTCLEAR = 1; // any value reloads the counter (DDI0479 4.5.3)
    WATCHDOG_LOCK = 0;
}

// The watchdog's first time-out. Nothing masks an NMI, so code that hangs with interrupts off ends here too.
void NMI_Handler(void) {
    mp_hal_reset(RESET_WATCHDOG);
}
