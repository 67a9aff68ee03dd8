// Configuration of MicroPython for the MPS2-AN386 of QEMU. Options that are not here have the core's defaults of the level "extra
// features", which is the pyboard's.
#pragma once
#include <alloca.h>
#include <stdbool.h>
#include <stdint.h>
#include "mps2.h"

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

// Identity
#define MICROPY_PY_SYS_PLATFORM "mps2"
#define MICROPY_HW_BOARD_NAME "MicroWebSrv2 QEMU MPS2-AN386"
#define MICROPY_HW_MCU_NAME "Cortex-M4F"
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "microwebsrv2"

// Compiler and interpreter
#define MICROPY_EMIT_THUMB (1)
#define MICROPY_EMIT_INLINE_THUMB (1)
#define MICROPY_MAKE_POINTER_CALLABLE(p) ((void *)((mp_uint_t)(p) | 1))
#define MICROPY_PERSISTENT_CODE_LOAD (1)
#define MICROPY_ENABLE_GC (1)
#define MICROPY_ENABLE_FINALISER (1)
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF (1)
#define MICROPY_EMERGENCY_EXCEPTION_BUF_SIZE (256)
#define MICROPY_STACK_CHECK (1)
#define MICROPY_STACK_CHECK_MARGIN (2048)
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_FLOAT)
#define MICROPY_SCHEDULER_DEPTH (8)

// Speed. Frames of Python functions lie on a stack of their own: on the heap each call would search for free blocks.
#define MICROPY_OPT_COMPUTED_GOTO (1)
#define MICROPY_OPT_MAP_LOOKUP_CACHE_SIZE (SMALL_RAM ? 128 : 1024)
#ifndef MICROPY_ENABLE_PYSTACK
#define MICROPY_ENABLE_PYSTACK (1)
#endif
#define PYSTACK_SIZE (SMALL_RAM ? 3 * 1024 : 6 * 1024)

// Each import within an import has a buffer of this size on the stack.
#define MICROPY_ALLOC_PATH_MAX (128)

// Modules
#define MICROPY_PY_SYS_STDIO_BUFFER (1)
// One epoch for the clock, the file system and gmtime(): files keep nanoseconds of mp_hal_time_ns(), which are since 1970.
#define MICROPY_EPOCH_IS_1970 (1)
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (1)
#define MICROPY_PY_TIME_TIME_TIME_NS (1)
#define MICROPY_PY_TIME_INCLUDEFILE "modtime_port.c"
#define MICROPY_PY_OS_UNAME (1)
#define MICROPY_PY_OS_URANDOM (1)
#define MICROPY_PY_OS_SYNC (0)
#define MICROPY_PY_OS_INCLUDEFILE "modos_port.c"
#define MICROPY_PY_RANDOM_SEED_INIT_FUNC (pseudo_random())
#define MICROPY_PY_HASHLIB_SHA1 (MICROPY_PY_SSL)
#define MICROPY_PY_HASHLIB_MD5 (MICROPY_PY_SSL)
#define MICROPY_PY_CRYPTOLIB (MICROPY_PY_SSL)
#define MICROPY_PY_DEFLATE_COMPRESS (1)
#define MICROPY_PY_WEBSOCKET (0)
#define MICROPY_PY_WEBREPL (0)
#define MICROPY_PY_FRAMEBUF (0)
#define MICROPY_PY_ONEWIRE (0)
#define MICROPY_TRACKED_ALLOC (MICROPY_SSL_MBEDTLS)

#define MICROPY_PY_MACHINE (1)
#define MICROPY_PY_MACHINE_INCLUDEFILE "modmachine_port.c"
#define MICROPY_PY_MACHINE_RESET (1)
#define MICROPY_PY_MACHINE_BARE_METAL_FUNCS (1)
#define MICROPY_PY_MACHINE_DISABLE_IRQ_ENABLE_IRQ (1)
#define MICROPY_PY_MACHINE_MEMX (1)
#define MICROPY_PY_MACHINE_WDT (1)
#define MICROPY_PY_MACHINE_WDT_INCLUDEFILE "machine_wdt_port.c"
#define MICROPY_PY_MACHINE_WDT_TIMEOUT_MS (1)

// Files
#define MICROPY_VFS (1)
#define MICROPY_READER_VFS (1)
#define MICROPY_VFS_ROM (1)
#define MICROPY_VFS_ROM_IOCTL (1)

// Network
#define MICROPY_PY_NETWORK (1)
#define MICROPY_PY_SOCKET_LISTEN_BACKLOG_DEFAULT (16)
extern const struct _mp_obj_type_t network_lan_type;
#define MICROPY_PORT_NETWORK_INTERFACES { MP_ROM_QSTR(MP_QSTR_LAN), MP_ROM_PTR(&network_lan_type) },

// Types
#define MP_SSIZE_MAX (0x7fffffff)
#define UINT_FMT "%lu"
#define INT_FMT "%ld"
typedef int32_t mp_int_t;
typedef uint32_t mp_uint_t;
typedef long mp_off_t;
#define MP_NEED_LOG2 (1) // the maths library of the core has no log2f

#define MP_STATE_PORT MP_STATE_VM

// Interrupts. All of them off: for a few instructions only.
static inline uint32_t irq_disable(void) {
    uint32_t state;
    __asm volatile ("mrs %0, primask\n cpsid i" : "=r" (state) :: "memory");
    return state;
}

static inline void irq_restore(uint32_t state) {
    __asm volatile ("msr primask, %0" :: "r" (state) : "memory");
}

#define MICROPY_BEGIN_ATOMIC_SECTION() irq_disable()
#define MICROPY_END_ATOMIC_SECTION(state) irq_restore(state)

// lwIP runs in PendSV. The interpreter keeps it out with BASEPRI while it calls lwIP; the more urgent interrupts go on.
static inline uint32_t lwip_lock(void) {
    uint32_t state;
    __asm volatile ("mrs %0, basepri\n msr basepri_max, %1" : "=&r" (state) : "r" (IRQ_PRIORITY_PENDSV) : "memory");
    return state;
}

static inline void lwip_unlock(uint32_t state) {
    __asm volatile ("msr basepri, %0" :: "r" (state) : "memory");
}

#define MICROPY_PY_LWIP_ENTER uint32_t lwip_state = lwip_lock();
#define MICROPY_PY_LWIP_REENTER lwip_state = lwip_lock();
#define MICROPY_PY_LWIP_EXIT lwip_unlock(lwip_state);

uint32_t pseudo_random(void);
