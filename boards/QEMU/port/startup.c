// Vectors, start-up and faults (DDI0403 B1.5).
#include "py/mpconfig.h"
#include "py/mphal.h"

extern uint32_t _stack_top, _data_load, _data_start, _data_end, _bss_start, _bss_end;

int main(void);
void Reset_Handler(void) __attribute__((naked, noreturn));
void Fault_Handler(void) __attribute__((naked));

static void __attribute__((noreturn, used)) start(void) {
    SCB_CPACR |= SCB_CPACR_FPU;
    __asm volatile ("dsb\n isb");
    SCB_CCR |= SCB_CCR_STKALIGN;
    for (uint32_t *from = &_data_load, *to = &_data_start; to < &_data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = &_bss_start; to < &_bss_end;) {
        *to++ = 0;
    }
    main();
    mp_hal_reset(RESET_HARD);
}

void Reset_Handler(void) {
    __asm volatile ("ldr r0, =_stack_top\n mov sp, r0\n b start");
}

// What the processor pushes when it takes an exception (DDI0403 B1.5.6).
typedef struct {
    uint32_t r0, r1, r2, r3, r12, lr, pc, psr;
} exception_frame_t;

static void print_hex(const char *name, uint32_t value) {
    char text[11] = " ";
    for (int i = 0; i < 8; ++i) {
        text[1 + i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15];
    }
    text[9] = '\0';
    console_print(name);
    console_print(text);
}

// Faults are reported on the console, then the board resets: nobody is there to press a button.
static void __attribute__((used)) fault(exception_frame_t *frame) {
    if (semihosting_skip_call(&frame->pc, &frame->r0)) {
        return;
    }
    console_print("\r\nFAULT:");
    print_hex(" pc", frame->pc);
    print_hex(" lr", frame->lr);
    print_hex(" cfsr", SCB_CFSR);
    print_hex(" hfsr", SCB_HFSR);
    print_hex(" bfar", SCB_BFAR);
    console_print("\r\n");
    mp_hal_reset(RESET_HARD);
}

void Fault_Handler(void) {
    __asm volatile ("tst lr, #4\n ite eq\n mrseq r0, msp\n mrsne r0, psp\n b fault");
}

static void Unexpected_Handler(void) {
    console_print("\r\nFAULT: unexpected interrupt\r\n");
    mp_hal_reset(RESET_HARD);
}

typedef void (*vector_t)(void);

static const vector_t vectors[16 + 32] __attribute__((section(".vectors"), used)) = {
    [0] = (vector_t)&_stack_top,
    [1] = Reset_Handler,
    [2] = NMI_Handler,
    [3] = Fault_Handler, // hard fault
    [4] = Fault_Handler, // memory management
    [5] = Fault_Handler, // bus
    [6] = Fault_Handler, // usage
    [11] = Unexpected_Handler, // SVC
    [12] = Unexpected_Handler, // debug monitor
    [14] = PendSV_Handler,
    [15] = SysTick_Handler,
    [16 ... 16 + 31] = Unexpected_Handler,
    [16 + IRQ_UART0_RX] = UART0RX_Handler,
    [16 + IRQ_ETHERNET] = ETHERNET_Handler,
};
