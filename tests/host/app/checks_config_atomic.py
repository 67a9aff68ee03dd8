"""Checks on the target that saving config.json is atomic: power goes before and after each operation on the flash.

Twice: by operations on files (write in small pieces, rename, remove), with a flash that replaces on rename (POSIX,
LittleFS) and one that does not (FAT); and on MicroPython's own file systems, by blocks of the flash.
"""

import os
import sys

from checking import equal

sys.path.append(__file__.rsplit('/tests/', 1)[0])  # after the frozen modules

from firmware import config, config_save  # noqa: E402

OLD = {'hostname': 'old', 'server': {'port': 1111, 'root': 'old-root'}, 'app': {'text': 'o' * 60}}
NEW = {'hostname': 'new-and-longer', 'server': {'port': 2222, 'root': 'new'}, 'app': {'text': 'n' * 90}}
PIECE = 40


class PowerCut(BaseException):
    """Not an Exception: nothing of the code under test may go on after it."""


def cut_power():
    """Ends everything."""
    raise PowerCut()


class Flash:
    """Stands for `os` and `open` in config_save: calls `cut` after so many steps, operations that change the flash."""

    def __init__(self, replaces, steps, cut):
        self.replaces = replaces
        self.steps = steps
        self.cut = cut
        self.stat = os.stat

    def before_step(self):
        """Counts a step."""
        if self.steps == 0:
            self.cut()
        self.steps -= 1

    def open(self, path, mode):
        """Opens a file; one that is written takes its content in pieces that reach the flash at once."""
        if 'w' not in mode:
            return open(path, mode)
        self.before_step()
        return Writer(self, open(path, mode))

    def rename(self, old, new):
        """Renames; FAT raises EEXIST where a file of the new name is."""
        self.before_step()
        if not self.replaces and config_save_exists(new):
            raise OSError(17)
        os.rename(old, new)
        self.before_step()

    def remove(self, path):
        """Removes a file."""
        self.before_step()
        os.remove(path)
        self.before_step()


class Writer:
    """A file whose content reaches the flash piece by piece."""

    def __init__(self, flash, file):
        self.flash = flash
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, data):
        """Writes piece by piece."""
        for i in range(0, len(data), PIECE):
            self.flash.before_step()
            self.file.write(data[i : i + PIECE])
            self.file.flush()

    def flush(self):
        """Reaches the flash."""
        self.flash.before_step()


config_save_exists = config_save._exists


def use(flash):
    """Puts a flash under config_save; None: the real one."""
    if flash:
        config_save.open, config_save.os = flash.open, flash
    else:
        del config_save.open
        config_save.os = os


def state_of(path='config.json'):
    """Says which configuration is there whole: 'old', 'new' or 'none'."""
    values, faults = config.load(path)
    equal(faults, [])
    for name, content in (('old', OLD), ('new', NEW), ('none', {})):
        if values == config.check(content)[0]:
            return name
    raise AssertionError('neither the old nor the new: %r' % values)


def prepare(path, before):
    """Leaves on the flash what stands there before a save: 'old', 'none', or 'cut': the old one as `path`.new."""
    for name in (path, path + '.new'):
        if config_save_exists(name):
            os.remove(name)
    if before != 'none':
        config_save.save(OLD, path)
    if before == 'cut':
        os.rename(path, path + '.new')


def cut_everywhere(before, replaces, save):
    """Cuts the power at each step of a save; returns how often the old and how often the new one was found."""
    found = {'old': 0, 'new': 0, 'none': 0}
    step = 0
    while True:
        prepare('config.json', before)
        use(Flash(replaces, step, cut_power))
        try:
            save()
            ended = True
        except PowerCut:
            ended = False
        finally:
            use(None)
        state = state_of()
        found[state] += 1
        equal(config_save.update({'threads': 3}), [])  # and the next save works
        equal(config.load()[0]['threads'], 3)
        equal(config.load()[0]['hostname'], {'old': 'old', 'new': NEW['hostname'], 'none': 'microwebsrv2'}[state])
        if ended:
            equal(state, 'new')
            return found
        step += 1


def check_replacing_an_old_file():
    found = cut_everywhere('old', True, lambda: config_save.save(NEW))
    assert found['none'] == 0 and found['old'] > 5 and found['new'] > 1, found


def check_replacing_an_old_file_where_rename_does_not_replace():
    found = cut_everywhere('old', False, lambda: config_save.save(NEW))
    assert found['none'] == 0 and found['old'] > 5 and found['new'] > 3, found


def check_first_file_of_all():
    for replaces in (True, False):
        found = cut_everywhere('none', replaces, lambda: config_save.save(NEW))
        assert found['old'] == 0 and found['none'] > 5 and found['new'] > 1, found


def check_after_a_save_that_was_cut_between_remove_and_rename():
    for replaces in (True, False):
        found = cut_everywhere('cut', replaces, lambda: config_save.save(NEW))
        assert found['none'] == 0 and found['old'] > 5 and found['new'] > 1, found


def check_update_is_as_atomic_as_save():
    for replaces in (True, False):
        found = cut_everywhere('old', replaces, lambda: config_save.update(NEW))
        assert found['none'] == 0 and found['old'] > 5 and found['new'] > 1, found


class Told(Flash):
    """A flash that has all of POSIX, and tells in `done` what was done, in order. `read` is what it reads back."""

    def __init__(self, read=None):
        super().__init__(True, -1, None)
        self.done = []
        self.read = read

    def open(self, path, mode):
        """Opens a file."""
        self.done.append('open ' + mode)
        if self.read is not None and 'r' in mode:
            with open(path, 'wb') as f:
                f.write(self.read)
        return ToldWriter(self, open(path, mode)) if 'w' in mode else open(path, mode)

    def fsync(self, number):
        """Has the file on the flash."""
        self.done.append('fsync %d' % number)

    def sync(self):
        """Has all files on the flash."""
        self.done.append('sync')

    def rename(self, old, new):
        """Renames."""
        self.done.append('rename')
        os.rename(old, new)


class ToldWriter(Writer):
    """A file of Told that is written."""

    def flush(self):
        """Hands what was written to the system."""
        self.flash.done.append('flush')
        self.file.flush()

    def fileno(self):
        """Returns a number of its own."""
        return 77


def saved_by(flash, content):
    """Saves by a flash; returns whether it took the content."""
    use(flash)
    try:
        config_save.save(content)
        return True
    except OSError:
        return False
    finally:
        use(None)


def check_the_content_is_on_the_flash_before_it_gets_its_name():
    prepare('config.json', 'old')
    flash = Told()
    assert saved_by(flash, NEW)
    equal(flash.done, ['open wb', 'flush', 'fsync 77', 'sync', 'open rb', 'rename', 'sync'])
    equal(state_of(), 'new')


def check_a_flash_that_stores_something_else_leaves_the_old_file():
    prepare('config.json', 'old')
    flash = Told(b'{"hostname": "worn"}')
    assert not saved_by(flash, NEW)
    assert 'rename' not in flash.done
    equal((state_of(), config_save_exists('config.json.new')), ('old', False))


def check_a_flash_that_does_not_rename_says_so():
    class Refuses(Told):
        def rename(self, old, new):
            raise OSError(30)

    prepare('config.json', 'none')
    assert not saved_by(Refuses(), NEW)


def check_what_an_older_save_left_never_takes_the_place():
    """A whole `path`.new beside a whole `path` is of a save that did not come to its end."""
    prepare('config.json', 'old')
    with open('config.json.new', 'w') as f:
        f.write('{"hostname": "stale"}')
    flash = Told()
    assert saved_by(flash, NEW)
    equal(flash.done.count('rename'), 1)


class Ram:
    """A flash in RAM whose power goes before the n-th block is written; it neither takes nor gives anything then."""

    def __init__(self, size, blocks):
        self.size = size
        self.data = bytearray(size * blocks)
        self.left = -1

    def copy(self, left=-1):
        """Returns a flash with the same content whose power goes after `left` blocks, -1: not at all."""
        other = Ram(self.size, len(self.data) // self.size)
        other.data[:] = self.data
        other.left = left
        return other

    def readblocks(self, n, buffer, offset=0):
        """Reads (MicroPython's block device protocol)."""
        if self.left:
            start = n * self.size + offset
            buffer[:] = self.data[start : start + len(buffer)]

    def writeblocks(self, n, buffer, offset=None):
        """Writes; the simple interface of FAT has no offset."""
        if self._may_write():
            start = n * self.size + (offset or 0)
            self.data[start : start + len(buffer)] = buffer

    def ioctl(self, op, arg):
        """Answers the number and size of blocks, erases a block."""
        if op == 4:
            return len(self.data) // self.size
        if op == 5:
            return self.size
        if op == 6 and self._may_write():
            for i in range(arg * self.size, (arg + 1) * self.size):
                self.data[i] = 255
        return 0

    def _may_write(self):
        if self.left > 0:
            self.left -= 1
            if self.left == 0:
                raise PowerCut()
        return self.left


def cut_file_system(kind, size, blocks):
    """Cuts the power before each block that a save writes on a file system; returns what was found."""
    import vfs

    found = {'old': 0, 'new': 0, 'none': 0}
    path = '/flash/config.json'
    formatted = Ram(size, blocks)
    kind.mkfs(formatted)
    vfs.mount(kind(formatted), '/flash')
    config_save.save(OLD, path)
    vfs.umount('/flash')
    ended = False
    step = 1
    while not ended:
        ram = formatted.copy()
        vfs.mount(kind(ram), '/flash')
        ram.left = step
        try:
            config_save.save(NEW, path)
            ended = True
        except (PowerCut, OSError):  # OSError: the file is closed on a flash that is dead by then
            equal(ram.left, 0)
        vfs.umount('/flash')
        vfs.mount(kind(ram.copy()), '/flash')
        found[state_of(path)] += 1
        equal(config_save.update({'threads': 3}, path), [])
        equal(config.load(path)[0]['threads'], 3)
        vfs.umount('/flash')
        step += 1
    return found


def on_fat():
    """Cuts the power on FAT."""
    import vfs

    return cut_file_system(vfs.VfsFat, 512, 128)


def on_littlefs():
    """Cuts the power on LittleFS."""
    import vfs

    return cut_file_system(vfs.VfsLfs2, 1024, 64)
