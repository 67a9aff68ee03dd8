"""Saves config.json so that power may go at any byte: the old or the new file is there whole.

The new content goes into `path`.new, is synced and read back, and is renamed over `path`. POSIX and LittleFS replace
in one step. FAT refuses to replace: then `path` is removed first, and until the second rename config.read() finds the
content in `path`.new. An object cut anywhere has a bracket open, so a cut `path`.new is never taken
for a whole one.
"""

import json
import os

from firmware import config


def update(changes, path='config.json'):
    """Change keys of the saved configuration; the others, and keys of the user's own, stay as they are.

    Arguments: `changes`: dict with groups as nested dicts, as {'server': {'port': 81}}; None as a value stands for the
    default.
    Return a list of faults as config.load(); when there are any, nothing is saved.
    Raise OSError when the flash refuses; the old file is whole then.
    """
    faults = config.check(changes)[1]
    if faults:
        return faults
    obj, fault = config.read(path)
    if fault or type(obj) is not dict:
        obj = {}
        _move(path, path + '.bad')
    for key in changes:
        value = changes[key]
        if type(value) is dict and key != 'app':
            group = obj.get(key)
            if type(group) is not dict:
                group = obj[key] = {}
            for name in value:
                _set(group, name, value[name])
        else:
            _set(obj, key, value)
    save(obj, path)
    return faults


def _set(group, key, value):
    """Set a key, or with None remove it."""
    if value is not None:
        group[key] = value
    elif key in group:
        del group[key]


def save(obj, path='config.json'):
    """Save an object as JSON in place of the file `path`.

    Arguments: `obj`: what JSON can hold; `path`: str.
    Raise OSError when the flash refuses (full, read-only, worn); the old file is whole then.
    """
    data = json.dumps(obj).encode()
    new = path + '.new'
    if not _exists(path) and config.parse(new)[1] is None:
        os.rename(new, path)  # Finish a save that was cut, before `new` is written again.
        _sync()
    try:
        with open(new, 'wb') as f:
            f.write(data)
            f.flush()
            if hasattr(os, 'fsync'):
                os.fsync(f.fileno())
        _sync()
        with open(new, 'rb') as f:
            if f.read() != data:
                raise OSError(5)
    except OSError:
        if _exists(new):
            os.remove(new)
        raise
    _move(new, path)
    _sync()


def _move(old, new):
    """Rename over what is there."""
    try:
        os.rename(old, new)
    except OSError:
        if not _exists(new):
            raise
        os.remove(new)
        os.rename(old, new)


def _exists(path):
    """Tell whether there is a file `path`."""
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def _sync():
    """Have the file system write what it holds back, where it can be asked to."""
    if hasattr(os, 'sync'):
        os.sync()
