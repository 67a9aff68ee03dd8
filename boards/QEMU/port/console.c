// The console on UART 0 (DDI0479 4.3). When the input ring is full the byte stays in the UART, which makes QEMU hold back the rest:
// nothing is lost however fast a host pastes.
#include "py/mpconfig.h"
#include "py/mphal.h"
#include "py/ringbuf.h"
#include "py/runtime.h"
#include "py/stream.h"

#define RX_RING_SIZE (520)
#define RX_RESUME_FREE (64)

static uint8_t rx_buffer[RX_RING_SIZE];
static ringbuf_t rx_ring = { rx_buffer, sizeof(rx_buffer), 0, 0 };

void UART0RX_Handler(void) {
    UART0_INTCLEAR = UART_INT_RX;
    while (UART0_STATE & UART_STATE_RX_FULL) {
        if (ringbuf_free(&rx_ring) == 0) {
            UART0_CTRL &= ~UART_CTRL_RX_INTERRUPT;
            return;
        }
        int c = UART0_DATA & 0xff;
        if (c == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            ringbuf_put(&rx_ring, c);
        }
    }
}

static int get_char(void) {
    uint32_t state = irq_disable();
    int c = ringbuf_get(&rx_ring);
    if (!(UART0_CTRL & UART_CTRL_RX_INTERRUPT) && ringbuf_free(&rx_ring) > RX_RESUME_FREE) {
        UART0_CTRL |= UART_CTRL_RX_INTERRUPT;
        if (UART0_STATE & UART_STATE_RX_FULL) {
            NVIC_ISPR0 = 1u << IRQ_UART0_RX; // the byte that waits raised no interrupt while they were off
        }
    }
    irq_restore(state);
    return c;
}

static void put_char(int c) {
    while (UART0_STATE & UART_STATE_TX_FULL) {
    }
    UART0_DATA = c;
}

void console_print(const char *text) {
    while (*text) {
        put_char(*text++);
    }
}

uintptr_t mp_hal_stdio_poll(uintptr_t flags) {
    uintptr_t ready = flags & MP_STREAM_POLL_WR;
    if (ringbuf_avail(&rx_ring)) {
        ready |= flags & MP_STREAM_POLL_RD;
    }
    return ready;
}

int mp_hal_stdin_rx_chr(void) {
    for (;;) {
        int c = get_char();
        if (c >= 0) {
            return c;
        }
        mp_event_wait_indefinite();
    }
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t size) {
    for (size_t i = 0; i < size; ++i) {
        put_char(text[i]);
    }
    return size;
}

void console_init(void) {
    NVIC_IPR(IRQ_UART0_RX) = IRQ_PRIORITY_UART;
    UART0_BAUDDIV = SYSCLK_HZ / 115200; // QEMU moves characters as fast as the host takes them
    UART0_CTRL = UART_CTRL_TX_ENABLE | UART_CTRL_RX_ENABLE | UART_CTRL_RX_INTERRUPT;
    NVIC_ISER0 = 1u << IRQ_UART0_RX;
}
