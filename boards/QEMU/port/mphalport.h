// What the parts of this port offer each other and MicroPython's core.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mps2.h"
#include "shared/runtime/interrupt_char.h"

// ---- interrupt handlers, see startup.c
void NMI_Handler(void);
void PendSV_Handler(void);
void SysTick_Handler(void);
void UART0RX_Handler(void);
void ETHERNET_Handler(void);

// ---- reset.c: the numbers are those of machine.reset_cause()
typedef enum {
    RESET_POWER_ON = 1,
    RESET_HARD = 2,
    RESET_WATCHDOG = 3,
    RESET_DEEPSLEEP = 4,
    RESET_SOFT = 5,
} reset_cause_t;

void reset_init(void);
reset_cause_t reset_cause(void);
void reset_note_soft(void);
void mp_hal_reset(reset_cause_t cause) __attribute__((noreturn));
void watchdog_start(uint32_t timeout_ms);
void watchdog_feed(void);

// ---- clock.c
void clock_init(void);
uint64_t clock_cycles(void);       // since power-on, at SYSCLK_HZ
uint64_t clock_busy_cycles(void);  // those of them that were not spent waiting
void clock_set_unix_us(int64_t us);
void clock_wait_for_interrupt(void);
#define MICROPY_INTERNAL_WFE(timeout_ms) clock_wait_for_interrupt()
#define mp_hal_delay_us_fast(us) mp_hal_delay_us(us)

// ---- console.c
void console_init(void);
void console_print(const char *text); // for faults: needs nothing but the UART
void mp_hal_set_interrupt_char(int c);

// ---- entropy.c
void entropy_init(void);
bool entropy_read(void *buffer, size_t size); // real randomness of the host, or false
bool entropy_is_fixed(void);                  // this run is to repeat exactly
void entropy_raise_missing(void) __attribute__((noreturn)); // OSError
uint32_t pseudo_random(void);                 // for what needs no secrets: TCP's initial numbers, random.random()

// ---- semihosting.c
#define SEMIHOSTING_OPEN_READ_BINARY (1)
int32_t semihosting_open(const char *path, int mode);
bool semihosting_read(int32_t file, void *buffer, size_t size);
#define SEMIHOSTING_COMMAND_LINE_SIZE (256)
void semihosting_command_line(char *buffer); // the empty string when there is none
int32_t semihosting_time(void);
bool semihosting_skip_call(uint32_t *pc, uint32_t *result);

// ---- ethernet.c
void ethernet_init(void);
void ethernet_tick(void); // each ms, from SysTick
