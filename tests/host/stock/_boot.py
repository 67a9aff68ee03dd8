"""What stock firmware does before boot.py: mounts the flash."""

import os
import sys

import mps2
import vfs

_device = mps2.NVRAM(0, 2 * 1024 * 1024)
try:
    vfs.mount(vfs.VfsLfs2(_device, progsize=256), '/flash')
except OSError:
    vfs.VfsLfs2.mkfs(_device, progsize=256)
    vfs.mount(vfs.VfsLfs2(_device, progsize=256), '/flash')
os.chdir('/flash')
if '/flash/lib' not in sys.path:
    sys.path.append('/flash/lib')
