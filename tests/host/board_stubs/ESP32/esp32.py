"""esp32: the partitions of an image of this project, with an update on trial."""


class Partition:
    """A partition of the flash."""

    TYPE_APP, TYPE_DATA, BOOT, RUNNING = 0, 1, 0, 1
    kept = 0

    def __init__(self, label):
        self.label = label

    @classmethod
    def find(cls, type=1, subtype=255, label=None, block_size=None):
        """Finds the partition of the file system."""
        if type != cls.TYPE_DATA:
            raise ValueError('type')
        return [cls(label)] if label in (None, 'vfs') else []

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        """Keeps the image."""
        cls.kept += 1

    def info(self):
        """Describes the partition: type, subtype, offset, size, label, encrypted."""
        return (1, 129, 0x370000, 0x90000, 'vfs', False)

    def readblocks(self, block, buffer, offset=0):
        """Reads an empty flash."""
        buffer[:] = b'\xff' * len(buffer)

    def writeblocks(self, block, buffer, offset=0):
        """Writes nothing."""

    def ioctl(self, command, argument):
        """Tells the blocks: their number, their size, or that all is well."""
        return {4: 144, 5: 4096}.get(command, 0)
