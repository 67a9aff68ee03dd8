// This port's part of the module os; extmod/modos.c includes it.
#include "py/mphal.h"
#include "py/objstr.h"

static mp_obj_t mp_os_urandom(mp_obj_t size) {
    vstr_t bytes;
    vstr_init_len(&bytes, mp_obj_get_int(size));
    if (!entropy_read(bytes.buf, bytes.len)) {
        entropy_raise_missing();
    }
    return mp_obj_new_bytes_from_vstr(&bytes);
}
static MP_DEFINE_CONST_FUN_OBJ_1(mp_os_urandom_obj, mp_os_urandom);
