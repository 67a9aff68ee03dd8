// The registers of ARM's MPS2 board with the AN386 image (Cortex-M4F), as QEMU's machine mps2-an386 has them.
//
// DAI0386: ARM Application Note AN386, memory map (table 3-1) and interrupts (table 3-5).
// DDI0479: ARM Cortex-M System Design Kit (CMSDK) Technical Reference Manual, UART 4.3, timer 4.1, watchdog 4.5.
// DDI0403: ARMv7-M Architecture Reference Manual, system control space.
#pragma once
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))

#define SYSCLK_HZ (25000000u)

// Memory (DAI0386). The linker script places code and RAM; the PSRAM is the board's flash, see nvram.c.
#define PSRAM_BASE (0x21000000u)
#define PSRAM_SIZE (16u * 1024u * 1024u)

// Interrupt numbers (DAI0386).
#define IRQ_UART0_RX (0)
#define IRQ_ETHERNET (13)

// APB UART 0 (DDI0479 4.3.3).
#define UART0_DATA REG(0x40004000)
#define UART0_STATE REG(0x40004004)
#define UART0_CTRL REG(0x40004008)
#define UART0_INTCLEAR REG(0x4000400c)
#define UART0_BAUDDIV REG(0x40004010) // 16 or more, or no character moves
#define UART_STATE_TX_FULL (1u << 0)
#define UART_STATE_RX_FULL (1u << 1)
#define UART_CTRL_TX_ENABLE (1u << 0)
#define UART_CTRL_RX_ENABLE (1u << 1)
#define UART_CTRL_RX_INTERRUPT (1u << 3)
#define UART_INT_RX (1u << 1)

// APB timer 0, a 32-bit down counter at SYSCLK_HZ (DDI0479 4.1.3).
#define TIMER0_CTRL REG(0x40000000)
#define TIMER0_VALUE REG(0x40000004)
#define TIMER0_RELOAD REG(0x40000008)
#define TIMER_CTRL_ENABLE (1u << 0)

// APB watchdog, a 32-bit down counter at SYSCLK_HZ (DDI0479 4.5.3): the first time-out is an NMI, a second one resets the board.
#define WATCHDOG_LOAD REG(0x40008000)
#define WATCHDOG_CTRL REG(0x40008008)
#define WATCHDOG_INTCLEAR REG(0x4000800c)
#define WATCHDOG_LOCK REG(0x40008c00)
#define WATCHDOG_CTRL_INTERRUPT (1u << 0)
#define WATCHDOG_CTRL_RESET (1u << 1)
#define WATCHDOG_UNLOCK (0x1acce551u)

// System control space (DDI0403 B3.2, B3.3, B3.4).
#define SYST_CSR REG(0xe000e010)
#define SYST_RVR REG(0xe000e014)
#define SYST_CVR REG(0xe000e018)
#define SYST_CSR_RUN (7u) // processor clock, interrupt, enable
#define NVIC_ISER0 REG(0xe000e100)
#define NVIC_ICER0 REG(0xe000e180)
#define NVIC_ISPR0 REG(0xe000e200)
#define NVIC_IPR(irq) (*(volatile uint8_t *)(0xe000e400u + (irq)))
#define SCB_ICSR REG(0xe000ed04)
#define SCB_ICSR_PENDSVSET (1u << 28)
#define SCB_AIRCR REG(0xe000ed0c)
#define SCB_AIRCR_SYSRESETREQ (0x05fa0004u) // with the key that the register asks for
#define SCB_CCR REG(0xe000ed14)
#define SCB_CCR_STKALIGN (1u << 9)
#define SCB_SHPR3 REG(0xe000ed20)
#define SCB_CFSR REG(0xe000ed28)
#define SCB_HFSR REG(0xe000ed2c)
#define SCB_BFAR REG(0xe000ed38)
#define SCB_CPACR REG(0xe000ed88)
#define SCB_CPACR_FPU (0xfu << 20) // full access to coprocessors 10 and 11

// Interrupt priorities; a smaller number is more urgent. lwIP runs in PendSV, the least urgent one.
#define IRQ_PRIORITY_SYSTICK (0x20)
#define IRQ_PRIORITY_UART (0x40)
#define IRQ_PRIORITY_ETHERNET (0x60)
#define IRQ_PRIORITY_PENDSV (0xe0)
