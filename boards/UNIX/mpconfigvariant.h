// The UNIX board: MicroPython's unix port as a firmware for the desk.

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

// Modules are looked for where boards have them: on the flash (the current folder), in the image, in the flash's lib folder.
#define MICROPY_PY_SYS_PATH_DEFAULT ".frozen:lib"

#define MICROPY_BANNER_MACHINE "MicroWebSrv2 on " MICROPY_PY_SYS_PLATFORM " [" MICROPY_PLATFORM_COMPILER "] version"

#include "variants/mpconfigvariant_common.h"

// The server shares objects between threads, as boards with threads do: that needs the global interpreter lock. With it, Ctrl-C must
// not jump out of the interpreter from the signal handler, and a thread may take a mutex that it holds.
#undef MICROPY_PY_THREAD_GIL
#define MICROPY_PY_THREAD_GIL (1)
#undef MICROPY_ASYNC_KBD_INTR
#define MICROPY_ASYNC_KBD_INTR (0)
#undef MICROPY_PY_THREAD_RECURSIVE_MUTEX
#define MICROPY_PY_THREAD_RECURSIVE_MUTEX (1)

// Attribute names of the server outnumber the default 128 places of the look-up cache many times over.
#define MICROPY_OPT_MAP_LOOKUP_CACHE_SIZE (2048)

// The port's own time.sleep_ms() keeps the global interpreter lock while it sleeps: all other threads would stand still.
#define mp_hal_delay_ms(ms) \
    do { \
        mp_uint_t start_ = mp_hal_ticks_ms(); \
        while (mp_hal_ticks_ms() - start_ < (mp_uint_t)(ms)) { \
            mp_event_handle_nowait(); \
            MP_THREAD_GIL_EXIT(); \
            usleep(500); \
            MP_THREAD_GIL_ENTER(); \
        } \
    } while (0)
