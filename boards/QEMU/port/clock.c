// Time: everything comes from timer 0, which runs freely at 25 MHz. SysTick only wakes the processor each millisecond, so that a lost or
// late tick does not bend the time.
#include "py/mpconfig.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/timeutils/timeutils.h"

#define CYCLES_PER_MS (SYSCLK_HZ / 1000)
#define CYCLES_PER_US (SYSCLK_HZ / 1000000)
#define FIXED_START (1767225600) // 2026-01-01 in seconds since 1970

// Counts whole units of time with 32-bit divisions only, which the processor has an instruction for.
typedef struct {
    uint32_t mark;  // value of the cycle counter at `count`
    uint32_t count;
} unit_t;

static unit_t milliseconds, microseconds;
static uint32_t cycles_low, cycles_high;
static uint64_t idle_cycles;
static int64_t unix_us_at_power_on;

static inline uint32_t cycle_counter(void) {
    return ~TIMER0_VALUE; // it counts down from 0xffffffff
}

static uint32_t advance(unit_t *unit, uint32_t cycles_per_unit) {
    uint32_t state = irq_disable();
    uint32_t passed = (cycle_counter() - unit->mark) / cycles_per_unit;
    unit->mark += passed * cycles_per_unit;
    unit->count += passed;
    uint32_t count = unit->count;
    irq_restore(state);
    return count;
}

mp_uint_t mp_hal_ticks_ms(void) {
    return advance(&milliseconds, CYCLES_PER_MS);
}

mp_uint_t mp_hal_ticks_us(void) {
    return advance(&microseconds, CYCLES_PER_US);
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return cycle_counter();
}

uint64_t clock_cycles(void) {
    uint32_t state = irq_disable();
    uint32_t now = cycle_counter();
    if (now < cycles_low) {
        ++cycles_high;
    }
    cycles_low = now;
    uint64_t cycles = (uint64_t)cycles_high << 32 | now;
    irq_restore(state);
    return cycles;
}

uint64_t clock_busy_cycles(void) {
    uint32_t state = irq_disable();
    uint64_t cycles = clock_cycles() - idle_cycles;
    irq_restore(state);
    return cycles;
}

// WFI with interrupts masked: it ends when one is pending, and the wait is booked before the handler runs.
void clock_wait_for_interrupt(void) {
    uint32_t state = irq_disable();
    uint32_t start = cycle_counter();
    __asm volatile ("dsb\n wfi" ::: "memory");
    idle_cycles += cycle_counter() - start;
    irq_restore(state);
}

void SysTick_Handler(void) {
    static uint32_t ticks;
    ethernet_tick();
    if ((++ticks & 1023) == 0) {
        // The counter wraps after 171 s; each of these must look at it more often.
        clock_cycles();
        mp_hal_ticks_ms();
        mp_hal_ticks_us();
    }
}

void clock_set_unix_us(int64_t us) {
    unix_us_at_power_on = us - (int64_t)(clock_cycles() / CYCLES_PER_US);
}

uint64_t mp_hal_time_ns(void) {
    return (unix_us_at_power_on + (int64_t)(clock_cycles() / CYCLES_PER_US)) * 1000;
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = clock_cycles() + (uint64_t)us * CYCLES_PER_US;
    while (clock_cycles() < end) {
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t end = clock_cycles() + (uint64_t)ms * CYCLES_PER_MS;
    do {
        mp_event_wait_ms(1);
    } while (clock_cycles() < end);
}

void clock_init(void) {
    TIMER0_RELOAD = 0xffffffff;
    TIMER0_VALUE = 0xffffffff;
    TIMER0_CTRL = TIMER_CTRL_ENABLE;
    SCB_SHPR3 = (uint32_t)IRQ_PRIORITY_SYSTICK << 24 | (uint32_t)IRQ_PRIORITY_PENDSV << 16;
    SYST_RVR = CYCLES_PER_MS - 1;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_RUN;
    // The host's clock serves as the battery-backed one; without it the clock starts at 2000-01-01, as MicroPython's does.
    int32_t seconds = semihosting_time();
    if (seconds == -1) {
        seconds = TIMEUTILS_SECONDS_1970_TO_2000;
    } else if (entropy_is_fixed()) {
        seconds = FIXED_START;
    }
    clock_set_unix_us((int64_t)(uint32_t)seconds * 1000000);
}
