"""A form that a phone opens by itself when it joins the device's network: name and interval, kept in settings.json.

    microwebsrv2 examples/captive_form/app.py          (or python, or the firmware: app.py [port])

Phones ask for a page of their makers' to see whether there is an internet; any path that is not ours leads to the
form. That they find the device needs its DNS to answer each name with its own address.
"""

import json
import os
import sys

from MicroWebSrv2 import *

_FOLDER = __file__.rpartition('/')[0] or '.'
_SETTINGS = _FOLDER + '/settings.json'
_NEW = _SETTINGS + '.new'
_ADDRESS = None  # what the device's access point has, such as '192.168.4.1'; None: as it was asked for
_MAX_NAME = 32

csrf = MicroWebSrv2.LoadModule('CSRF')
_PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Set up</title>
<style>body{font:18px sans-serif;max-width:20em;margin:auto;padding:1em}input,button{font:inherit;width:100%%;
box-sizing:border-box;padding:.5em;margin:.3em 0 1em}</style>
<h1>Set up</h1><p>%s</p>
<form method="post" action="/setup">%s
<label>Name <input name="name" maxlength="32" required value="%s"></label>
<label>Seconds between two measurements
<input name="seconds" type="number" min="1" max="3600" required value="%d"></label>
<button>Save</button></form></html>
"""


def load() -> tuple[str, int]:
    """Return the settings, (name, seconds); the defaults where none were saved."""
    for path in (_SETTINGS, _NEW):
        try:
            with open(path) as file:
                name, seconds = json.load(file)
                return name, seconds
        except (OSError, ValueError):
            pass
    return 'device', 60


def save(name: str, seconds: int) -> None:
    """Write the settings, whole or not at all: power may go at any byte."""
    with open(_NEW, 'w') as file:
        json.dump([name, seconds], file)
    try:
        os.rename(_NEW, _SETTINGS)
    except OSError:  # a file system that does not replace files, such as FAT: load() knows the new one, too
        os.remove(_SETTINGS)
        os.rename(_NEW, _SETTINGS)


def show(request: HttpRequest, code: int, said: str, name: str, seconds: int) -> None:
    """Answer with the form."""
    page = _PAGE % (said, csrf.Field(request), MicroWebSrv2.HTMLEscape(name), seconds)
    request.Response.Return(code, page)


@WebRoute(GET, '/setup')
def form(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    said = 'Saved.' if 'saved' in request.QueryParams else 'How is it to be called, and how often is it to measure?'
    show(request, 200, said, *load())


@WebRoute(POST, '/setup')
def change(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    given = request.GetPostedURLEncodedForm()
    name, seconds = given.get('name', '').strip(), given.get('seconds', '')
    number = int(seconds) if seconds.isdigit() and len(seconds) <= 4 else 0
    if not 0 < len(name) <= _MAX_NAME:
        show(request, 400, 'The name has 1 to 32 characters.', *load())
    elif not 1 <= number <= 3600:
        show(request, 400, 'The seconds are a number from 1 to 3600.', name, 60)
    else:
        save(name, number)
        request.Response.ReturnRedirect('/setup?saved', 303)


@WebRoute(GET, '/')
def start(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    request.Response.ReturnRedirect('/setup', 302)


@WebRoute(GET, '/<path:anything>')
def elsewhere(microWebSrv2: MicroWebSrv2, request: HttpRequest, args: dict[str, str]) -> None:
    request.Response.ReturnRedirect('http://%s/setup' % (_ADDRESS or request.Host), 302)


if __name__ == '__main__':
    server = MicroWebSrv2()
    server.BindAddress = ('0.0.0.0', int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
    server.StartManaged(0)
