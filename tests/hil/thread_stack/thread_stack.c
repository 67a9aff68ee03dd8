// Module thread_stack: a stack as small as that of a board's thread, on a board without threads.
//
//     limit(size)   from here on functions may use `size` bytes of stack, as in a thread with that many; what is below is painted
//     used()        the most bytes of stack that have been used since, those of C functions and interrupts included
#include <stdint.h>
#include <string.h>
#include "py/cstack.h"
#include "py/mpstate.h"
#include "py/runtime.h"

#define PAINT (0xa5)

extern uint8_t _heap_end; // where the stack ends

static uint8_t *thread_top;

static mp_obj_t thread_stack_limit(mp_obj_t size) {
    uint8_t *here = __builtin_frame_address(0);
    thread_top = here;
    MP_STATE_THREAD(stack_limit) = mp_cstack_usage() + mp_obj_get_int(size);
    // Some way below this frame, which memset's must not be painted over.
    memset(&_heap_end, PAINT, here - 256 - &_heap_end);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(thread_stack_limit_obj, thread_stack_limit);

static mp_obj_t thread_stack_used(void) {
    uint8_t *lowest = &_heap_end;
    while (lowest < thread_top && *lowest == PAINT) {
        ++lowest;
    }
    return mp_obj_new_int(thread_top - lowest);
}
static MP_DEFINE_CONST_FUN_OBJ_0(thread_stack_used_obj, thread_stack_used);

static const mp_rom_map_elem_t thread_stack_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_thread_stack) },
    { MP_ROM_QSTR(MP_QSTR_limit), MP_ROM_PTR(&thread_stack_limit_obj) },
    { MP_ROM_QSTR(MP_QSTR_used), MP_ROM_PTR(&thread_stack_used_obj) },
};
static MP_DEFINE_CONST_DICT(thread_stack_globals, thread_stack_globals_table);

const mp_obj_module_t thread_stack_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&thread_stack_globals,
};

MP_REGISTER_MODULE(MP_QSTR_thread_stack, thread_stack_module);
