// A plugin of QEMU's code generator: counts how often each block of instructions is executed. At the end it writes one line per block:
// address in hexadecimal, instructions in the block, executions.
//
// Debian's QEMU comes without qemu-plugin.h; these are the declarations of its interface that are needed (QEMU documentation, TCG
// Plugins). They are the same in all versions; only the number of the interface differs, which tools/selfbench.py gives.
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int cpu, void *data);
typedef void (*qemu_plugin_udata_cb_t)(qemu_plugin_id_t id, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t callback);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, qemu_plugin_vcpu_udata_cb_t callback,
    enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_plugin_udata_cb_t callback, void *data);

EXPORT int qemu_plugin_version = PLUGIN_VERSION;

#define BUCKETS (65536)

typedef struct block {
    uint64_t address, instructions, executions;
    struct block *next;
} block_t;

static block_t *buckets[BUCKETS];
static const char *path;

// QEMU translates a block anew now and then: its count goes on.
static block_t *find_block(uint64_t address, uint64_t instructions) {
    block_t **bucket = &buckets[(address >> 1) % BUCKETS];
    for (block_t *block = *bucket; block != NULL; block = block->next) {
        if (block->address == address && block->instructions == instructions) {
            return block;
        }
    }
    block_t *block = calloc(1, sizeof(*block));
    if (block == NULL) {
        abort();
    }
    block->address = address;
    block->instructions = instructions;
    block->next = *bucket;
    *bucket = block;
    return block;
}

static void executed(unsigned int cpu, void *data) {
    ++((block_t *)data)->executions;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    block_t *block = find_block(qemu_plugin_tb_vaddr(tb), qemu_plugin_tb_n_insns(tb));
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS, block);
}

static void write_counts(qemu_plugin_id_t id, void *data) {
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        return;
    }
    for (int i = 0; i < BUCKETS; ++i) {
        for (block_t *block = buckets[i]; block != NULL; block = block->next) {
            fprintf(file, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", block->address, block->instructions, block->executions);
        }
    }
    fclose(file);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
        fprintf(stderr, "the plugin needs out=FILE\n");
        return -1;
    }
    path = strdup(argv[0] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, write_counts, NULL);
    return 0;
}
