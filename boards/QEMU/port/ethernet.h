// The Ethernet interface of lwIP, and the interrupt that lwIP runs in.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "lwip/netif.h"

extern struct netif ethernet_netif;
extern uint8_t ethernet_address[6];

bool ethernet_start(void); // false when there is no controller
void ethernet_stop(void);
bool ethernet_is_started(void);
