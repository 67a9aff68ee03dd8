"""Buffers that are lent: XBufferSlot and XBufferSlots (documentation, section About XAsyncSockets layer)."""

from .checks import require_positive
from .xasPoller import allocate_lock


class XBufferSlot:
    """A buffer that is lent.

    size: int, bytes, at least 1. keepAlloc: bool, whether the memory is kept while nobody has the slot.
    owner: XBufferSlots or None, told when the slot is taken by itself, and when it is given back.
    Raises ValueError for any other size.
    """

    __slots__ = ('_buffer', '_keep', '_owner', '_size', '_taken')

    def __init__(self, size, keepAlloc=True, owner=None):
        require_positive(size, 'size')
        self._size = size
        self._keep = keepAlloc
        self._owner = owner
        self._taken = False
        self._buffer = None

    @property
    def Available(self):
        """bool: whether nobody has the slot. Set it to True to give the slot back."""
        return not self._taken

    @Available.setter
    def Available(self, value):
        """Lend the slot, or give it back."""
        taken = not value
        if taken == self._taken:
            return
        self._taken = taken
        if not taken and not self._keep:
            self._buffer = None
        if self._owner:
            (self._owner.taken if taken else self._owner.given_back)(self)

    def lend(self):
        """Make an available slot not available, for its owner. Return bool, False if it was not available."""
        was_taken, self._taken = self._taken, True
        return not was_taken

    @property
    def Size(self):
        """int: size of the buffer, bytes."""
        return self._size

    @property
    def Buffer(self):
        """bytearray: the buffer, made at first use. Taking it makes the slot not available."""
        if not self._taken:
            self.Available = False
        if self._buffer is None:
            self._buffer = bytearray(self._size)
        return self._buffer


class XBufferSlots:
    """A bounded set of buffers of one size, made as they are needed.

    slotsCount: int, at least 1. slotsSize: int, bytes, at least 1. keepAlloc: bool, as of XBufferSlot.
    Raises ValueError for any other number.
    """

    def __init__(self, slotsCount, slotsSize, keepAlloc=True):
        require_positive(slotsCount, 'slotsCount')
        require_positive(slotsSize, 'slotsSize')
        self._count = slotsCount
        self._size = slotsSize
        self._keep = keepAlloc
        self._slots = []
        self._free = []
        self._waiting = []
        self._handing = allocate_lock()

    def _add_slot(self):
        slot = XBufferSlot(self._size, self._keep, self)
        self._slots.append(slot)
        self._free.append(slot)

    def GetAvailableSlot(self):
        """Lend a slot, the one given back last.

        Return XBufferSlot, not available any more, or None if all are lent.
        """
        while self._free or len(self._slots) < self._count:
            if not self._free:
                self._add_slot()
            try:
                slot = self._free.pop()
            except IndexError:  # another thread was quicker
                continue
            if slot.lend():
                return slot
        return None

    def wait(self, waiter):
        """Call waiter.take_slot(slot) with the next slot that is given back; it stays not available.

        Those that wait are served in their order. waiter: any object with take_slot(); forget() it when it is gone.
        """
        self._waiting.append(waiter)
        self._hand_over()

    def forget(self, waiter):
        """Let a waiter wait no more; it need not be waiting."""
        try:
            self._waiting.remove(waiter)
        except ValueError:
            pass

    def taken(self, slot):
        """Note that a slot was taken by itself."""
        try:
            self._free.remove(slot)
        except ValueError:  # another thread was quicker
            pass

    def given_back(self, slot):
        """Note that a slot is available again; those that wait come first."""
        self._free.append(slot)
        if self._waiting:
            self._hand_over()

    def _hand_over(self):
        """Give free slots to those that wait: in a loop, as a waiter may give its slot back at once.

        Who comes in between, the same thread or another, leaves it to the one that is at it.
        """
        while self._waiting and self._free and self._handing.acquire(False):
            try:
                slot = self.GetAvailableSlot()
                if slot:
                    if self._waiting:
                        self._waiting.pop(0).take_slot(slot)
                    else:
                        slot.Available = True
            finally:
                self._handing.release()

    def made(self):
        """Return list of XBufferSlot: those that have been made, as they were needed."""
        return list(self._slots)

    @property
    def SlotsCount(self):
        """int: the most slots there can be."""
        return self._count

    @property
    def SlotsSize(self):
        """int: size of each slot, bytes."""
        return self._size

    @property
    def Slots(self):
        """list of XBufferSlot: all slots."""
        while len(self._slots) < self._count:
            self._add_slot()
        return list(self._slots)
