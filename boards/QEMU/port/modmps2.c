// Module mps2: what this board has and the module machine has no name for.
//
//     NVRAM(offset, size)   block device over the PSRAM, the board's flash; offset and size in bytes, multiples of 4096
//     cycles()              processor cycles since power-on, at 25 MHz
//     busy_cycles()         those of them in which the processor did not wait for an interrupt
//     arguments()           the command line that QEMU was given for the firmware (-semihosting-config arg=…), as str
//
// QEMU keeps the PSRAM in a file when it is told to (memory-backend-file), so that it lives through power cuts as flash does. The last
// 4 MB of it are the ROMFS that `mpremote romfs deploy` writes.
#include <string.h>
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/objarray.h"
#include "py/objint.h"
#include "py/runtime.h"
#include "extmod/vfs.h"

#define BLOCK_SIZE (4096u)
#define ROMFS_SIZE (4u * 1024u * 1024u)
#define ROMFS_BASE (PSRAM_BASE + PSRAM_SIZE - ROMFS_SIZE)
#define ROMFS_WRITE_ALIGNMENT (4)

typedef struct {
    mp_obj_base_t base;
    uint8_t *memory;
    size_t size;
} nvram_obj_t;

static mp_obj_t nvram_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 2, 2, false);
    size_t offset = mp_obj_get_int(args[0]);
    size_t size = mp_obj_get_int(args[1]);
    if (offset % BLOCK_SIZE != 0 || size % BLOCK_SIZE != 0 || offset > PSRAM_SIZE || size > PSRAM_SIZE - offset) {
        mp_raise_ValueError(MP_ERROR_TEXT("offset and size must be multiples of 4096 within 16 MB"));
    }
    nvram_obj_t *self = mp_obj_malloc(nvram_obj_t, type);
    self->memory = (uint8_t *)(PSRAM_BASE + offset);
    self->size = size;
    return MP_OBJ_FROM_PTR(self);
}

// Returns the memory that readblocks(block, buffer[, offset]) or writeblocks(...) means, NULL when it reaches beyond the end.
static uint8_t *nvram_find(size_t n_args, const mp_obj_t *args, mp_buffer_info_t *buffer, mp_uint_t flags) {
    nvram_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_get_buffer_raise(args[2], buffer, flags);
    size_t blocks = self->size / BLOCK_SIZE;
    size_t block = mp_obj_get_int(args[1]);
    size_t offset = n_args == 4 ? mp_obj_get_int(args[3]) : 0;
    if (block >= blocks || offset > self->size - block * BLOCK_SIZE || buffer->len > self->size - block * BLOCK_SIZE - offset) {
        return NULL;
    }
    return self->memory + block * BLOCK_SIZE + offset;
}

static mp_obj_t nvram_readblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buffer;
    const uint8_t *memory = nvram_find(n_args, args, &buffer, MP_BUFFER_WRITE);
    if (memory == NULL) {
        return MP_OBJ_NEW_SMALL_INT(-MP_EINVAL);
    }
    memcpy(buffer.buf, memory, buffer.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(nvram_readblocks_obj, 3, 4, nvram_readblocks);

static mp_obj_t nvram_writeblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buffer;
    uint8_t *memory = nvram_find(n_args, args, &buffer, MP_BUFFER_READ);
    if (memory == NULL) {
        return MP_OBJ_NEW_SMALL_INT(-MP_EINVAL);
    }
    memcpy(memory, buffer.buf, buffer.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(nvram_writeblocks_obj, 3, 4, nvram_writeblocks);

static mp_obj_t nvram_ioctl(mp_obj_t self_in, mp_obj_t operation, mp_obj_t argument) {
    nvram_obj_t *self = MP_OBJ_TO_PTR(self_in);
    switch (mp_obj_get_int(operation)) {
        case MP_BLOCKDEV_IOCTL_INIT:
        case MP_BLOCKDEV_IOCTL_DEINIT:
        case MP_BLOCKDEV_IOCTL_SYNC:
        case MP_BLOCKDEV_IOCTL_BLOCK_ERASE: // memory needs no erasing
            return MP_OBJ_NEW_SMALL_INT(0);
        case MP_BLOCKDEV_IOCTL_BLOCK_COUNT:
            return MP_OBJ_NEW_SMALL_INT(self->size / BLOCK_SIZE);
        case MP_BLOCKDEV_IOCTL_BLOCK_SIZE:
            return MP_OBJ_NEW_SMALL_INT(BLOCK_SIZE);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(nvram_ioctl_obj, nvram_ioctl);

static const mp_rom_map_elem_t nvram_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_readblocks), MP_ROM_PTR(&nvram_readblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_writeblocks), MP_ROM_PTR(&nvram_writeblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&nvram_ioctl_obj) },
};
static MP_DEFINE_CONST_DICT(nvram_locals, nvram_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(
    nvram_type, MP_QSTR_NVRAM, MP_TYPE_FLAG_NONE,
    make_new, nvram_make_new,
    locals_dict, &nvram_locals
    );

// vfs.rom_ioctl(), see docs/library/vfs.rst of MicroPython.
static const MP_DEFINE_MEMORYVIEW_OBJ(romfs_memory, 'B', 0, ROMFS_SIZE, (void *)ROMFS_BASE);

static mp_obj_t romfs_write(mp_int_t offset, mp_obj_t data) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(data, &buffer, MP_BUFFER_READ);
    if (offset < 0 || (size_t)offset > ROMFS_SIZE || buffer.len > ROMFS_SIZE - offset) {
        return MP_OBJ_NEW_SMALL_INT(-MP_EINVAL);
    }
    memcpy((uint8_t *)ROMFS_BASE + offset, buffer.buf, buffer.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}

mp_obj_t mp_vfs_rom_ioctl(size_t n_args, const mp_obj_t *args) {
    mp_int_t command = mp_obj_get_int(args[0]);
    if (command == MP_VFS_ROM_IOCTL_GET_NUMBER_OF_SEGMENTS) {
        return MP_OBJ_NEW_SMALL_INT(1);
    }
    if (n_args < 2 || mp_obj_get_int(args[1]) != 0) {
        return MP_OBJ_NEW_SMALL_INT(-MP_EINVAL);
    }
    if (command == MP_VFS_ROM_IOCTL_GET_SEGMENT) {
        return MP_OBJ_FROM_PTR(&romfs_memory);
    }
    if (command == MP_VFS_ROM_IOCTL_WRITE_PREPARE && n_args == 3) {
        bool fits = (size_t)mp_obj_get_int(args[2]) <= ROMFS_SIZE;
        return MP_OBJ_NEW_SMALL_INT(fits ? ROMFS_WRITE_ALIGNMENT : -MP_ENOMEM);
    }
    if (command == MP_VFS_ROM_IOCTL_WRITE && n_args == 4) {
        return romfs_write(mp_obj_get_int(args[2]), args[3]);
    }
    if (command == MP_VFS_ROM_IOCTL_WRITE_COMPLETE) {
        return MP_OBJ_NEW_SMALL_INT(0);
    }
    return MP_OBJ_NEW_SMALL_INT(-MP_EINVAL);
}

static mp_obj_t mps2_cycles(void) {
    return mp_obj_new_int_from_ull(clock_cycles());
}
static MP_DEFINE_CONST_FUN_OBJ_0(mps2_cycles_obj, mps2_cycles);

static mp_obj_t mps2_busy_cycles(void) {
    return mp_obj_new_int_from_ull(clock_busy_cycles());
}
static MP_DEFINE_CONST_FUN_OBJ_0(mps2_busy_cycles_obj, mps2_busy_cycles);

static mp_obj_t mps2_arguments(void) {
    char text[SEMIHOSTING_COMMAND_LINE_SIZE];
    semihosting_command_line(text);
    return mp_obj_new_str_from_cstr(text);
}
static MP_DEFINE_CONST_FUN_OBJ_0(mps2_arguments_obj, mps2_arguments);

static const mp_rom_map_elem_t mps2_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_mps2) },
    { MP_ROM_QSTR(MP_QSTR_NVRAM), MP_ROM_PTR(&nvram_type) },
    { MP_ROM_QSTR(MP_QSTR_cycles), MP_ROM_PTR(&mps2_cycles_obj) },
    { MP_ROM_QSTR(MP_QSTR_busy_cycles), MP_ROM_PTR(&mps2_busy_cycles_obj) },
    { MP_ROM_QSTR(MP_QSTR_arguments), MP_ROM_PTR(&mps2_arguments_obj) },
};
static MP_DEFINE_CONST_DICT(mps2_globals, mps2_globals_table);

const mp_obj_module_t mps2_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&mps2_globals,
};
MP_REGISTER_MODULE(MP_QSTR_mps2, mps2_module);
