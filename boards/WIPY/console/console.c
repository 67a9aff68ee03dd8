// The console in place of the REPL, which goes with the compiler (mpconfigboard.h): it knows the two lines that tools/flash_wipy.py
// types, so that a board can be restarted and asked for its build over telnet. Ctrl-C stops the server and leads here.

#include <string.h>

#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/readline/readline.h"
#include "shared/runtime/pyexec.h"

static const char reset_line[] = "import machine; machine.reset()";
static const char build_line[] = "print('<<' + str(build_info.BUILD) + '>>')";

static void print_build(void) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t module = mp_import_name(MP_QSTR_build_info, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
        mp_printf(&mp_plat_print, "<<%s>>\r\n", mp_obj_str_get_str(mp_load_attr(module, MP_QSTR_BUILD)));
        nlr_pop();
    }
}

static void run(const char *line) {
    if (!strcmp(line, reset_line)) {
        nlr_buf_t nlr;
        if (nlr_push(&nlr) == 0) {
            mp_obj_t module = mp_import_name(MP_QSTR_machine, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
            mp_call_function_0(mp_load_attr(module, MP_QSTR_reset));
            nlr_pop();
        }
    } else if (!strcmp(line, build_line)) {
        print_build();
    }
}

int pyexec_friendly_repl(void) {
    char line[sizeof(build_line)];
    size_t length = 0;
    for (;;) {
        int c = mp_hal_stdin_rx_chr();
        if (c == '\r' || c == '\n' || c == CHAR_CTRL_B || c == CHAR_CTRL_C) {
            line[length] = '\0';
            mp_hal_stdout_tx_str("\r\n");
            run(line);
            mp_hal_stdout_tx_str(">>> ");
            length = 0;
        } else if (c == CHAR_CTRL_D) {
            return PYEXEC_FORCED_EXIT;
        } else if (length < sizeof(line) - 1) {
            line[length++] = c;
            mp_hal_stdout_tx_strn(&line[length - 1], 1);
        }
    }
}

int pyexec_raw_repl(void) {
    return pyexec_friendly_repl();
}
