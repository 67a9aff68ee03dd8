"""A page for folders that have none: what is served below them. For CPython, where a person shares a folder."""

import os
import time
from urllib.parse import quote

from ..libs.staticFiles import inner_path, media_type_of, redirect_to_folder
from ..microWebSrv2 import MicroWebSrv2
from .files import open_below

_MAX_NAMES = 10000
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>%s</title>
<style>body{font:16px sans-serif;margin:1em}td{padding:.2em 1em .2em 0}td+td{text-align:right;color:#555}</style></head>
<body><h1>%s</h1><table>
%s</table>%s</body></html>
"""


def list_folder(mws2, request):
    """Answer GET or HEAD with a list of a folder below RootPath, for MicroWebSrv2.list_folder.

    Only what would be served is listed. mws2: MicroWebSrv2. request: HttpRequest. Return False where there is no
    folder.
    """
    text = inner_path(request.raw_path)
    if text is None:
        return False
    try:
        opened = open_below(mws2.RootPath, mws2.RootPath.rstrip('/') + text)
        if opened and opened[1]:
            opened[1].close()
            opened = None
        found = _entries(mws2, text) if opened and text.endswith('/') else []
    except OSError:  # of no descriptors, or of a folder that must not be read
        request.Response.ReturnServiceUnavailable()
        return True
    if not opened:
        return False
    if text.endswith('/'):
        request.Response.ContentType = 'text/html'
        request.Response.ReturnOk(_page(text, found))
    else:
        redirect_to_folder(request)
    return True


def _entries(mws2, text):
    """Return (name, whether it is a folder, stat) of what is served in a folder, folders first."""
    found = []
    with os.scandir(mws2.RootPath.rstrip('/') + text) as entries:
        for entry in entries:
            stat = _served(mws2, text + entry.name, entry)
            if stat:
                found.append((entry.name, stat[0] & 0xF000 == 0x4000, stat))
    return sorted(found, key=lambda entry: (not entry[1], entry[0].casefold(), entry[0]))


def _served(mws2, text, entry):
    """Return the stat of an entry whose path is served, None of any other."""
    try:
        path = text.encode().replace(b'%', b'%25')
    except UnicodeEncodeError:  # the name is no UTF-8: no URL leads to it
        return None
    if inner_path(path) is None:
        return None
    if entry.is_symlink():
        opened = open_below(mws2.RootPath, mws2.RootPath.rstrip('/') + text)
        if opened and opened[1]:
            opened[1].close()
        stat = opened and opened[0]
    elif entry.is_dir() or entry.is_file():
        stat = entry.stat()
    else:
        return None
    is_file = stat and stat[0] & 0xF000 == 0x8000
    return None if is_file and media_type_of(mws2, path, text) is None else stat


def _page(text, found):
    rows = ['<tr><td><a href="../">../</a><td><td>\n'] if text != '/' else []
    for name, is_folder, stat in found[:_MAX_NAMES]:
        slash = '/' if is_folder else ''
        date = time.strftime('%Y-%m-%d %H:%M', time.localtime(stat[8]))
        name = (quote(name, safe='') + slash, MicroWebSrv2.HTMLEscape(name + slash))
        size = '' if is_folder else '{:,}'.format(stat[6])
        rows.append('<tr><td><a href="%s">%s</a><td>%s<td>%s\n' % (*name, size, date))
    more = '<p>and %d more</p>' % (len(found) - _MAX_NAMES) if len(found) > _MAX_NAMES else ''
    title = MicroWebSrv2.HTMLEscape(text)
    return _PAGE % (title, title, ''.join(rows), more)
