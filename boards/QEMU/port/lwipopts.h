// Options of lwIP. Memory is static: TCP needs all of it when many clients are busy, whatever the interpreter does at that time.
#pragma once
#include <stdint.h>

uint32_t pseudo_random(void);
#define LWIP_RAND() pseudo_random()

#define LWIP_IPV6 0

// A connection sends whole Ethernet frames: a page of 1 KB leaves in one.
#define TCP_MSS (1460)
#define MEMP_NUM_TCP_PCB_LISTEN (4)

// A received frame of full size takes two buffers; requests and acknowledgements take one. A multiple of four, see lan9118.c.
#define PBUF_POOL_BUFSIZE (768)

// Memory for sending, see tcp_memory.c: TCP_OWN_SND_BUF bytes are kept for each connection, MEM_SIZE_NOT_TCP for DHCP and the like.
#define MEM_SIZE_NOT_TCP (512)

#if SMALL_RAM
#define TCP_WND (2 * TCP_MSS)
#define TCP_SND_BUF (2 * TCP_MSS)
#define MEMP_NUM_TCP_PCB (8)
#define MEMP_NUM_TCP_SEG (24)
#define TCP_OWN_SND_BUF (128)
#define MEM_SIZE (4500)
#define PBUF_POOL_SIZE (8)
// One name at a time, and no fragments of IP packets: TCP makes none.
#define DNS_TABLE_SIZE (1)
#define IP_FRAG (0)
#define IP_REASSEMBLY (0)
#else
#define MEMP_NUM_TCP_PCB (16)
#define TCP_WND (4 * TCP_MSS)
#define TCP_SND_BUF (4 * TCP_MSS)
#define MEMP_NUM_TCP_SEG (48)
#define TCP_OWN_SND_BUF (512)
#define MEM_SIZE (16000)
#define PBUF_POOL_SIZE (20)
#endif

#include "extmod/lwip-include/lwipopts_common.h"

// Names come from the DHCP server; a responder would answer to nobody behind QEMU's user network.
#undef LWIP_MDNS_RESPONDER
#define LWIP_MDNS_RESPONDER 0
