// Start of the interpreter: boot.py, main.py, REPL, and once more after each soft reset.
#include "py/compile.h"
#include "py/cstack.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/pystack.h"
#include "py/runtime.h"
#include "extmod/modnetwork.h"
#include "shared/readline/readline.h"
#include "shared/runtime/gchelper.h"
#include "shared/runtime/pyexec.h"

extern uint32_t _bss_end, _heap_end, _stack_top, _stack_size;

#if MICROPY_ENABLE_PYSTACK
static mp_obj_t frames[PYSTACK_SIZE / sizeof(mp_obj_t)];
#endif

static void run_scripts(void) {
    pyexec_file_if_exists("_boot.py");
    int result = pyexec_file_if_exists("boot.py");
    if (result & PYEXEC_FORCED_EXIT) {
        return;
    }
    // A soft reset in raw REPL mode comes from a tool that wants the board for itself.
    if (pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL && result != 0) {
        result = pyexec_file_if_exists("main.py");
        if (result & PYEXEC_FORCED_EXIT) {
            return;
        }
    }
    for (;;) {
        int exit = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl();
        if (exit != 0) {
            return;
        }
    }
}

int main(void) {
    reset_init();
    entropy_init();
    clock_init();
    console_init();
    ethernet_init();
    __asm volatile ("cpsie i");
    for (;;) {
        mp_cstack_init_with_top(&_stack_top, (size_t)&_stack_size);
        #if MICROPY_ENABLE_PYSTACK
        mp_pystack_init(frames, frames + MP_ARRAY_SIZE(frames));
        #endif
        gc_init(&_bss_end, &_heap_end);
        mp_init();
        mp_obj_list_append(mp_sys_path, MP_OBJ_NEW_QSTR(MP_QSTR__slash_flash));
        mp_obj_list_append(mp_sys_path, MP_OBJ_NEW_QSTR(MP_QSTR__slash_flash_slash_lib));
        readline_init0();
        mod_network_init();

        run_scripts();

        mp_printf(&mp_plat_print, "MPY: soft reboot\n");
        mod_network_deinit();
        gc_sweep_all(); // finalisers close sockets and files
        mp_deinit();
        reset_note_soft();
    }
}

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
}

void nlr_jump_fail(void *value) {
    console_print("\r\nFAULT: an exception that nobody catches\r\n");
    mp_hal_reset(RESET_HARD);
}

// For C libraries; nothing of the firmware calls them in normal operation.
void exit(int status) {
    mp_hal_reset(RESET_HARD);
}

void abort(void) {
    console_print("\r\nFAULT: abort\r\n");
    mp_hal_reset(RESET_HARD);
}
