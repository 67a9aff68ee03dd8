// Driver of the SMSC LAN9118 (datasheet: SMSC LAN9118, revision 1.5; numbers in comments are its sections).
//
// Frames move by the processor through the FIFO ports, whole words at a time; in both directions straight from and to the pbufs.
#include <string.h>
#include "py/mpconfig.h"
#include "py/mphal.h"
#include "lan9118.h"

#define LAN9118(offset) REG(0x40200000u + (offset)) // DAI0386, memory map

// System control and status registers (5.3).
#define RX_DATA_FIFO LAN9118(0x00)
#define TX_DATA_FIFO LAN9118(0x20)
#define RX_STATUS_FIFO LAN9118(0x40)
#define ID_REV LAN9118(0x50)
#define IRQ_CFG LAN9118(0x54)
#define INT_STS LAN9118(0x58)
#define INT_EN LAN9118(0x5c)
#define BYTE_TEST LAN9118(0x64)
#define FIFO_INT LAN9118(0x68)
#define TX_CFG LAN9118(0x70)
#define HW_CFG LAN9118(0x74)
#define RX_FIFO_INF LAN9118(0x7c)
#define TX_FIFO_INF LAN9118(0x80)
#define MAC_CSR_CMD LAN9118(0xa4)
#define MAC_CSR_DATA LAN9118(0xa8)
#define AFC_CFG LAN9118(0xac)

#define BYTE_TEST_VALUE (0x87654321u)
#define ID_LAN9118 (0x0118u)
#define IRQ_CFG_PUSH_PULL (1u << 0)
#define IRQ_CFG_ACTIVE_HIGH (1u << 4)
#define IRQ_CFG_ENABLE (1u << 8)
#define INT_RX_STATUS_LEVEL (1u << 3)
#define INT_PHY (1u << 18)
#define FIFO_INT_TX_AVAILABLE_LEVEL (0x48000000u) // reset value; RX status level 0: an interrupt with the first frame
#define TX_CFG_ON (1u << 1)
#define TX_CFG_STATUS_OVERRUN (1u << 2) // nobody reads the TX status
#define HW_CFG_SOFT_RESET (1u << 0)
#define HW_CFG_MUST_BE_ONE (1u << 20)
#define HW_CFG_TX_FIFO_5K (5u << 16)
#define AFC_CFG_FLOW_CONTROL (0x006e3740u) // 5.3.22: recommended levels
#define MAC_CSR_BUSY (1u << 31)
#define MAC_CSR_READ (1u << 30)

// TX commands (3.11.2) and RX status (3.13.3).
#define TX_A_OFFSET(bytes) ((bytes) << 16)
#define TX_A_FIRST (1u << 13)
#define TX_A_LAST (1u << 12)
#define RX_STATUS_LENGTH(status) ((status) >> 16 & 0x3fff)
#define RX_STATUS_ERROR (1u << 15)
#define CRC_SIZE (4)
#define HEADER_SIZE (14)

// MAC registers (5.4), reached through MAC_CSR_CMD.
#define MAC_CR (1)
#define MAC_ADDRH (2)
#define MAC_ADDRL (3)
#define MAC_MII_ACC (6)
#define MAC_MII_DATA (7)
#define MAC_CR_RX_ENABLE (1u << 2)
#define MAC_CR_TX_ENABLE (1u << 3)
#define MAC_CR_FULL_DUPLEX (1u << 20)
#define MAC_CR_ALL_MULTICAST (1u << 19)
#define MII_ACC_PHY (1u << 11) // the internal PHY has the address 1
#define MII_ACC_REGISTER(number) ((number) << 6)
#define MII_ACC_WRITE (1u << 1)
#define MII_ACC_BUSY (1u << 0)

// PHY registers (5.5).
#define PHY_BASIC_STATUS (1)
#define PHY_INTERRUPT_SOURCE (29)
#define PHY_INTERRUPT_MASK (30)
#define PHY_BASIC_STATUS_LINK (1u << 2)
#define PHY_INT_LINK_DOWN (1u << 4)
#define PHY_INT_AUTO_NEGOTIATED (1u << 6)

static uint32_t mac_read(uint32_t number) {
    MAC_CSR_CMD = MAC_CSR_BUSY | MAC_CSR_READ | number;
    while (MAC_CSR_CMD & MAC_CSR_BUSY) {
    }
    return MAC_CSR_DATA;
}

static void mac_write(uint32_t number, uint32_t value) {
    MAC_CSR_DATA = value;
    MAC_CSR_CMD = MAC_CSR_BUSY | number;
    while (MAC_CSR_CMD & MAC_CSR_BUSY) {
    }
}

static uint32_t phy_read(uint32_t number) {
    mac_write(MAC_MII_ACC, MII_ACC_PHY | MII_ACC_REGISTER(number) | MII_ACC_BUSY);
    while (mac_read(MAC_MII_ACC) & MII_ACC_BUSY) {
    }
    return mac_read(MAC_MII_DATA);
}

static void phy_write(uint32_t number, uint32_t value) {
    mac_write(MAC_MII_DATA, value);
    mac_write(MAC_MII_ACC, MII_ACC_PHY | MII_ACC_REGISTER(number) | MII_ACC_WRITE | MII_ACC_BUSY);
    while (mac_read(MAC_MII_ACC) & MII_ACC_BUSY) {
    }
}

bool lan9118_link_is_up(void) {
    // The bit keeps a loss of the link until it is read (IEEE 802.3, 22.2.4.2.13): the second reading tells the present state.
    phy_read(PHY_BASIC_STATUS);
    return (phy_read(PHY_BASIC_STATUS) & PHY_BASIC_STATUS_LINK) != 0;
}

void lan9118_read_address(uint8_t address[6]) {
    // At reset the controller loads it from its EEPROM (3.8); in QEMU it is the one of -nic mac=.
    uint32_t low = mac_read(MAC_ADDRL);
    uint32_t high = mac_read(MAC_ADDRH);
    memcpy(address, &low, 4);
    memcpy(address + 4, &high, 2);
}

static void write_address(const uint8_t address[6]) {
    uint32_t low = 0;
    uint32_t high = 0;
    memcpy(&low, address, 4);
    memcpy(&high, address + 4, 2);
    mac_write(MAC_ADDRL, low);
    mac_write(MAC_ADDRH, high);
}

bool lan9118_start(const uint8_t address[6]) {
    if (BYTE_TEST != BYTE_TEST_VALUE || ID_REV >> 16 != ID_LAN9118) {
        return false;
    }
    HW_CFG = HW_CFG_SOFT_RESET;
    while (HW_CFG & HW_CFG_SOFT_RESET) {
    }
    HW_CFG = HW_CFG_MUST_BE_ONE | HW_CFG_TX_FIFO_5K;
    AFC_CFG = AFC_CFG_FLOW_CONTROL;
    FIFO_INT = FIFO_INT_TX_AVAILABLE_LEVEL;
    write_address(address);
    mac_write(MAC_CR, MAC_CR_FULL_DUPLEX | MAC_CR_ALL_MULTICAST | MAC_CR_TX_ENABLE | MAC_CR_RX_ENABLE);
    TX_CFG = TX_CFG_ON | TX_CFG_STATUS_OVERRUN;
    phy_write(PHY_INTERRUPT_MASK, PHY_INT_LINK_DOWN | PHY_INT_AUTO_NEGOTIATED);
    phy_read(PHY_INTERRUPT_SOURCE);
    INT_STS = 0xffffffff;
    INT_EN = INT_RX_STATUS_LEVEL | INT_PHY;
    IRQ_CFG = IRQ_CFG_ENABLE | IRQ_CFG_ACTIVE_HIGH | IRQ_CFG_PUSH_PULL;
    NVIC_IPR(IRQ_ETHERNET) = IRQ_PRIORITY_ETHERNET;
    NVIC_ISER0 = 1u << IRQ_ETHERNET;
    return true;
}

void lan9118_stop(void) {
    NVIC_ICER0 = 1u << IRQ_ETHERNET;
    INT_EN = 0;
    mac_write(MAC_CR, 0);
}

void lan9118_mask_interrupts(void) {
    INT_EN = 0;
}

static uint32_t received_frames(void) {
    return RX_FIFO_INF >> 16 & 0xff;
}

static void skip_words(uint32_t words) {
    while (words--) {
        (void)RX_DATA_FIFO;
    }
}

static void read_bytes(uint8_t *to, uint32_t size) {
    uint32_t *word = (uint32_t *)to; // payloads of pool pbufs are word-aligned
    for (; size >= 4; size -= 4) {
        *word++ = RX_DATA_FIFO;
    }
    if (size) {
        uint32_t rest = RX_DATA_FIFO;
        memcpy(word, &rest, size);
    }
}

// Takes a frame of `size` bytes and its CRC out of the FIFO; NULL when there is no memory for it.
static struct pbuf *read_frame(uint32_t size) {
    uint32_t words = (size + CRC_SIZE + 3) / 4;
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, size, PBUF_POOL);
    if (frame == NULL) {
        skip_words(words);
        return NULL;
    }
    for (struct pbuf *part = frame; part != NULL; part = part->next) {
        read_bytes(part->payload, part->len); // all but the last are a multiple of four bytes long, see lwipopts.h
    }
    skip_words(words - (size + 3) / 4);
    return frame;
}

bool lan9118_serve(lan9118_receive_t receive) {
    bool link_changed = false;
    if (INT_STS & INT_PHY) {
        phy_read(PHY_INTERRUPT_SOURCE); // reading clears it
        link_changed = true;
    }
    INT_STS = INT_RX_STATUS_LEVEL | INT_PHY;
    while (received_frames()) {
        uint32_t status = RX_STATUS_FIFO;
        uint32_t length = RX_STATUS_LENGTH(status);
        if ((status & RX_STATUS_ERROR) || length < HEADER_SIZE + CRC_SIZE) {
            skip_words((length + 3) / 4);
            continue;
        }
        struct pbuf *frame = read_frame(length - CRC_SIZE);
        if (frame != NULL) {
            receive(frame);
        }
    }
    INT_EN = INT_RX_STATUS_LEVEL | INT_PHY;
    return link_changed;
}

err_t lan9118_send(struct pbuf *frame) {
    // The words of all parts, two commands for each, and one more word for each part's offset must fit.
    uint32_t need = frame->tot_len + 16u * pbuf_clen(frame);
    if ((TX_FIFO_INF & 0xffff) < need) {
        return ERR_MEM;
    }
    uint32_t flags = TX_A_FIRST;
    for (struct pbuf *part = frame; part != NULL; part = part->next) {
        // The controller drops the bytes before the offset, so that whole words can be read from memory (3.11.3.1).
        uint32_t offset = (uintptr_t)part->payload & 3;
        const uint32_t *word = (const uint32_t *)((uintptr_t)part->payload - offset);
        if (part->next == NULL) {
            flags |= TX_A_LAST;
        }
        TX_DATA_FIFO = TX_A_OFFSET(offset) | flags | part->len;
        TX_DATA_FIFO = frame->tot_len;
        for (const uint32_t *end = word + (offset + part->len + 3) / 4; word < end;) {
            TX_DATA_FIFO = *word++;
        }
        flags = 0;
    }
    return ERR_OK;
}
