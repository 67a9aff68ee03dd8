// Stands before extmod/modlwip.c (-include, see Makefile), which asks lwIP by these names how much a connection may send, sends, and
// says what receives.
#pragma once
#include <stdbool.h>
#include "lwip/tcp.h"

// Bytes that can be queued on a connection now: no more than its share of the memory.
u16_t tcp_memory_share(const struct tcp_pcb *pcb);

// tcp_write() of *size bytes, or of the first of them where the memory is in pieces; *size tells how many. Without memory the result is
// ERR_WOULDBLOCK for a socket that must not wait; on ERR_MEM the caller waits.
err_t tcp_memory_write(struct tcp_pcb *pcb, const void *data, u16_t *size, u8_t flags, bool may_wait);

// tcp_recv(), for a connection that may have ended before it was accepted: lwIP told that whoever received then, modlwip.c's
// stand-in, which forgets it. The callback is told at once.
void tcp_recv_late(struct tcp_pcb *pcb, tcp_recv_fn callback);

#ifdef TCP_MEMORY_CALLER
#define tcp_recv(pcb, callback) tcp_recv_late(pcb, callback)
#undef tcp_sndbuf
#define tcp_sndbuf(pcb) tcp_memory_share(pcb)
#define tcp_write(pcb, data, size, flags) tcp_memory_write(pcb, data, &(size), flags, socket->timeout != 0)
#endif
