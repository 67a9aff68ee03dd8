"""The emulated board on the device: QEMU's MPS2-AN386, a Cortex-M4F with Ethernet."""

import gc
import os

import mps2
import network as _network
import vfs

from firmware import net_lan

NAME = 'QEMU MPS2-AN386'
CAPABILITIES = ('tls', 'lan', 'watchdog', 'reset')

# The PSRAM holds the file system in its first 2 MB and the ROMFS of `mpremote romfs` in its last 4 MB.
_FLASH_SIZE = 2 * 1024 * 1024
_BLOCK_SIZE = 4096

# The memory takes any size. A small one, as the file system has two caches of four times that, and each file another.
_PROGRAM_SIZE = 32

# What a server of an `embedded` preset would keep for its buffers is half of the heap that the smallest RAM leaves.
_LITTLE_HEAP = 64 * 1024
# lwIP has 16 connections, 8 in little RAM (port/lwipopts.h); one is left free for the next client.
DEFAULTS = {'server': {'max_connections': 15}}
if gc.mem_alloc() + gc.mem_free() < _LITTLE_HEAP:
    DEFAULTS = {
        'server': {
            'buffer_slots_count': 4,
            'buffer_slot_size': 512,
            'conn_queue_capacity': 4,
            'max_connections': 7,
        }
    }

poll = net_lan.poll


def mount():
    """Mount the flash's LittleFS and make it the current folder; format only a blank flash.

    Return '/flash', or '/' with nothing mounted when the file system is damaged: the device comes up with its
    defaults then.
    """
    try:
        os.chdir('/flash')
        return '/flash'
    except OSError:
        pass
    device = mps2.NVRAM(0, _FLASH_SIZE)
    if _is_blank(device):
        vfs.VfsLfs2.mkfs(device, progsize=_PROGRAM_SIZE)
    try:
        vfs.mount(vfs.VfsLfs2(device, progsize=_PROGRAM_SIZE), '/flash')
    except OSError as error:
        print('flash: the file system is damaged (%s): `make BOARD=QEMU flash` makes a new one' % error)
        return '/'
    os.chdir('/flash')
    return '/flash'


def network(config):
    """Bring the Ethernet up; return the address to open, or None."""
    return net_lan.up(_network.LAN(), config)


def _is_blank(device):
    """Tell whether LittleFS's two superblocks have never been written; QEMU fills a new flash with zeros."""
    block = bytearray(_BLOCK_SIZE)
    for i in range(2):
        device.readblocks(i, block)
        if block.strip(b'\x00'):
            return False
    return True
