// Driver of the SMSC LAN9118 Ethernet controller: frames in and out, MAC address, link. Knows pbufs, no IP.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "lwip/err.h"
#include "lwip/pbuf.h"

typedef void (*lan9118_receive_t)(struct pbuf *frame);

void lan9118_read_address(uint8_t address[6]);
bool lan9118_start(const uint8_t address[6]); // false when there is no such controller
void lan9118_stop(void);
bool lan9118_link_is_up(void);
err_t lan9118_send(struct pbuf *frame);

// The interrupt's first half masks the controller; the second half serves it and opens it again.
void lan9118_mask_interrupts(void);
bool lan9118_serve(lan9118_receive_t receive); // true when the state of the link may have changed
