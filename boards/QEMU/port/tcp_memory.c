// Shares lwIP's memory for sending among the TCP connections.
//
// All connections together may queue more than the memory holds. Clients that ask and do not read would take all of it: nobody else is
// answered then, and extmod/modlwip.c waits up to 10 s in each send, also on a socket that must not block. Therefore a part is set
// aside for each connection that there can be; what they hold beyond it comes from the rest.
#include "lwip/opt.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "tcp_memory.h"

// What a piece of data takes in lwIP's heap besides itself: the heap's head (mem.c), the pbuf, the headers of TCP, IP and Ethernet.
#define PIECE_OVERHEAD (8 + LWIP_MEM_ALIGN_SIZE(sizeof(struct pbuf)) + LWIP_MEM_ALIGN_SIZE(PBUF_TRANSPORT))
#define SMALLEST_WRITE (64)

// Bytes of the heap, and pieces (each takes a segment of lwIP's), that are set aside for a connection, and those for all.
#define OWN_BYTES (TCP_OWN_SND_BUF + PIECE_OVERHEAD)
#define OWN_PIECES (2)
#define COMMON_BYTES (MEM_SIZE - MEM_SIZE_NOT_TCP - MEMP_NUM_TCP_PCB * OWN_BYTES)
#define COMMON_PIECES (MEMP_NUM_TCP_SEG - MEMP_NUM_TCP_PCB * OWN_PIECES)

_Static_assert(OWN_BYTES + COMMON_BYTES >= TCP_MSS + PIECE_OVERHEAD, "a connection that is alone sends less than whole frames");
_Static_assert(COMMON_PIECES >= 0, "MEMP_NUM_TCP_SEG is too small");

static inline int bytes_of(const struct tcp_pcb *pcb) {
    return TCP_SND_BUF - pcb->snd_buf + pcb->snd_queuelen * PIECE_OVERHEAD;
}

// How much more can be taken by one who holds `held` of which `own` are set aside for him.
static inline int more(int held, int own, int common) {
    return own + LWIP_MAX(common, 0) - held;
}

u16_t tcp_memory_share(const struct tcp_pcb *pcb) {
    int common_bytes = COMMON_BYTES;
    int common_pieces = COMMON_PIECES;
    for (const struct tcp_pcb *other = tcp_active_pcbs; other != NULL; other = other->next) {
        if (other != pcb) {
            common_bytes -= LWIP_MAX(bytes_of(other) - OWN_BYTES, 0);
            common_pieces -= LWIP_MAX(other->snd_queuelen - OWN_PIECES, 0);
        }
    }
    int pieces = LWIP_MIN(more(pcb->snd_queuelen, OWN_PIECES, common_pieces), TCP_SND_QUEUELEN - pcb->snd_queuelen);
    int bytes = more(bytes_of(pcb), OWN_BYTES, common_bytes) - PIECE_OVERHEAD;
    if (pieces <= 0 || bytes <= 0) {
        return 0;
    }
    return LWIP_MIN(bytes, pcb->snd_buf);
}

err_t tcp_memory_write(struct tcp_pcb *pcb, const void *data, u16_t *size, u8_t flags, bool may_wait) {
    err_t error;
    while ((error = tcp_write(pcb, data, *size, flags)) == ERR_MEM && *size > SMALLEST_WRITE) {
        *size /= 2;
    }
    return error == ERR_MEM && !may_wait ? ERR_WOULDBLOCK : error;
}

void tcp_recv_late(struct tcp_pcb *pcb, tcp_recv_fn callback) {
    tcp_recv(pcb, callback);
    // Where data were refused, lwIP brings them again, and the end behind them.
    if (callback != NULL && pcb->state == CLOSE_WAIT && pcb->refused_data == NULL) {
        callback(pcb->callback_arg, pcb, NULL, ERR_OK);
    }
}
