// lwIP on the LAN9118. lwIP runs in PendSV only, the least urgent interrupt; the interpreter keeps it out by BASEPRI while it calls lwIP
// itself (MICROPY_PY_LWIP_ENTER in mpconfigport.h).
#include <string.h>
#include "py/mpconfig.h"
#include "py/mphal.h"
#include "extmod/modnetwork.h"
#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"
#include "ethernet.h"
#include "lan9118.h"

#define TIMER_PERIOD_MS (32) // lwIP's own timers are multiples of 100 ms and more

struct netif ethernet_netif;
uint8_t ethernet_address[6];
static bool started;
static bool data_refused;
static volatile bool timers_due;

static void pend_lwip(void) {
    SCB_ICSR = SCB_ICSR_PENDSVSET;
}

void ETHERNET_Handler(void) {
    lan9118_mask_interrupts();
    pend_lwip();
}

void ethernet_tick(void) {
    static uint32_t ticks;
    if (++ticks % TIMER_PERIOD_MS == 0) {
        timers_due = true;
    }
    if (timers_due || data_refused) {
        pend_lwip();
    }
}

static void receive(struct pbuf *frame) {
    if (ethernet_netif.input(frame, &ethernet_netif) != ERR_OK) {
        pbuf_free(frame);
    }
}

static void follow_link(void) {
    if (lan9118_link_is_up()) {
        netif_set_link_up(&ethernet_netif); // a running DHCP client asks for its address again
    } else {
        netif_set_link_down(&ethernet_netif);
    }
}

// MicroPython's sockets refuse data of connections that Python has not accepted yet. lwIP would offer it again after 250 ms, which holds
// each new connection up for so long; offer it each millisecond instead.
static bool offer_refused_data(void) {
    bool refused = false;
    for (struct tcp_pcb *pcb = tcp_active_pcbs, *next; pcb != NULL; pcb = next) {
        next = pcb->next;
        if (pcb->refused_data != NULL && tcp_process_refused_data(pcb) == ERR_INPROGRESS) {
            refused = true;
        }
    }
    return refused;
}

void PendSV_Handler(void) {
    if (started && lan9118_serve(receive)) {
        follow_link();
    }
    netif_poll_all(); // frames to ourselves
    if (timers_due) {
        timers_due = false;
        sys_check_timeouts();
    }
    data_refused = offer_refused_data();
}

u32_t sys_now(void) {
    return mp_hal_ticks_ms();
}

// lwIP queues packets to ourselves until it is polled: have that done as soon as interrupts allow. The linker puts this function in
// the place of lwIP's (--wrap), which has no hook here.
err_t __real_netif_loop_output(struct netif *netif, struct pbuf *packet);

err_t __wrap_netif_loop_output(struct netif *netif, struct pbuf *packet) {
    pend_lwip();
    return __real_netif_loop_output(netif, packet);
}

static err_t send_frame(struct netif *netif, struct pbuf *frame) {
    return lan9118_send(frame);
}

static err_t init_netif(struct netif *netif) {
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->hwaddr_len = sizeof(ethernet_address);
    memcpy(netif->hwaddr, ethernet_address, sizeof(ethernet_address));
    netif->mtu = 1500;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP;
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    return ERR_OK;
}

void ethernet_init(void) {
    lan9118_read_address(ethernet_address);
    lwip_init();
}

bool ethernet_start(void) {
    MICROPY_PY_LWIP_ENTER
    if (!started && lan9118_start(ethernet_address)) {
        netif_add_noaddr(&ethernet_netif, NULL, init_netif, ethernet_input);
        netif_set_hostname(&ethernet_netif, mod_network_hostname_data);
        netif_set_default(&ethernet_netif);
        netif_set_up(&ethernet_netif);
        follow_link();
        started = true;
    }
    MICROPY_PY_LWIP_EXIT
    return started;
}

void ethernet_stop(void) {
    MICROPY_PY_LWIP_ENTER
    if (started) {
        dhcp_release_and_stop(&ethernet_netif);
        started = false;
        lan9118_stop();
        netif_remove(&ethernet_netif);
    }
    MICROPY_PY_LWIP_EXIT
}

bool ethernet_is_started(void) {
    return started;
}
