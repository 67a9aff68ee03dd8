// ARM semihosting: the few calls to the host that the board needs (ARM "Semihosting for AArch32 and AArch64", operations).
//
// QEMU answers them only with -semihosting-config enable=on. Without it the BKPT ends in the fault handler, which skips it and lets the
// call return -1: the image boots all the same.
#include <string.h>
#include "py/mpconfig.h"
#include "py/mphal.h"

#define SYS_OPEN (0x01)
#define SYS_READ (0x06)
#define SYS_TIME (0x11)
#define SYS_GET_CMDLINE (0x15)

#define BKPT_SEMIHOSTING (0xbeab)

static int32_t __attribute__((noinline, naked)) call(uint32_t operation, const void *arguments) {
    __asm volatile ("bkpt 0xab\n bx lr");
}

bool semihosting_skip_call(uint32_t *pc, uint32_t *result) {
    if ((*pc & 1) != 0 || *(const uint16_t *)*pc != BKPT_SEMIHOSTING) {
        return false;
    }
    *result = (uint32_t)-1;
    *pc += 2;
    SCB_HFSR = 0xffffffff; // cleared by writing ones
    return true;
}

int32_t semihosting_open(const char *path, int mode) {
    uint32_t arguments[3] = { (uint32_t)path, mode, strlen(path) };
    return call(SYS_OPEN, arguments);
}

bool semihosting_read(int32_t file, void *buffer, size_t size) {
    uint32_t arguments[3] = { file, (uint32_t)buffer, size };
    return call(SYS_READ, arguments) == 0; // it returns the number of bytes that it did not read
}

void semihosting_command_line(char *buffer) {
    uint32_t arguments[2] = { (uint32_t)buffer, SEMIHOSTING_COMMAND_LINE_SIZE };
    if (call(SYS_GET_CMDLINE, arguments) != 0) {
        buffer[0] = '\0';
    }
}

int32_t semihosting_time(void) {
    return call(SYS_TIME, NULL);
}
