"""A REST service behind a login: notes, as JSON, and a page that uses it.

    microwebsrv2 examples/rest/app.py          (or python, or the firmware: app.py [port])

The first start makes the user `me` and prints the password; what is stored of it is in users.json.
"""

import json
import os
import sys
from binascii import hexlify

from MicroWebSrv2 import *

_FOLDER = __file__.rpartition('/')[0] or '.'
_USERS = _FOLDER + '/users.json'
_MAX_NOTES = 100
_MAX_LENGTH = 1000

login = MicroWebSrv2.LoadModule('Login')
MicroWebSrv2.LoadModule('CSRF')
limits = MicroWebSrv2.LoadModule('RateLimit')
limits.Limit(60, 60, '/api', POST)
notes: dict[int, dict[str, object]] = {}  # by id: dict of id, text and user
last = [0]


def load_users() -> None:
    """Take the users of users.json; where there is none, make one."""
    try:
        with open(_USERS) as file:
            users = json.load(file)
    except OSError:
        password = hexlify(os.urandom(6)).decode()
        print('The user is me, the password', password)
        users = {'me': login.HashPassword(password)}
        with open(_USERS, 'w') as file:
            json.dump(users, file)
    for name, stored in users.items():
        login.AddUser(name, stored)


def posted(request: HttpRequest, *names: str) -> list[str]:
    """Return the values of a posted JSON object by their names, each a text; an empty list where one is missing."""
    given = request.GetPostedJSONObject()
    values = [given.get(name) for name in names] if isinstance(given, dict) else []
    texts = [value for value in values if isinstance(value, str) and len(value) <= _MAX_LENGTH]
    return texts if len(texts) == len(names) else []


@WebRoute(POST, '/api/login')
def sign_in(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    given = posted(request, 'name', 'password')
    if not given:
        request.Response.ReturnBadRequest()
    elif login.SignIn(request, given[0], given[1]):
        request.Response.Return(204)
    else:
        wait = login.WaitSec(request, given[0])
        if wait:
            request.Response.SetHeader('Retry-After', wait)
        request.Response.Return(429 if wait else 401)


@WebRoute(POST, '/api/logout')
def sign_out(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    login.SignOut(request)
    request.Response.Return(204)


@WebRoute(GET, '/api/notes')
@login.Required
def all_notes(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    request.Response.ReturnOkJSON([notes[number] for number in sorted(notes)])


@WebRoute(POST, '/api/notes')
@login.Required
def new_note(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    given = posted(request, 'text')
    if not given:
        request.Response.ReturnBadRequest()
    elif len(notes) >= _MAX_NOTES:
        request.Response.Return(507)
    else:
        last[0] += 1
        notes[last[0]] = {'id': last[0], 'text': given[0], 'user': login.UserOf(request)}
        request.Response.SetHeader('Location', PathFromRoute('note', {'id': last[0]}))
        request.Response.ReturnJSON(201, notes[last[0]])


@WebRoute(GET, '/api/notes/<id:int>', 'note')
@login.Required
def one_note(microWebSrv2: MicroWebSrv2, request: HttpRequest, args: dict[str, int]) -> None:
    if args['id'] in notes:
        request.Response.ReturnOkJSON(notes[args['id']])
    else:
        request.Response.ReturnNotFound()


@WebRoute(PUT, '/api/notes/<id:int>')
@login.Required
def change_note(microWebSrv2: MicroWebSrv2, request: HttpRequest, args: dict[str, int]) -> None:
    given = posted(request, 'text')
    if args['id'] not in notes:
        request.Response.ReturnNotFound()
    elif not given:
        request.Response.ReturnBadRequest()
    else:
        notes[args['id']]['text'] = given[0]
        request.Response.ReturnOkJSON(notes[args['id']])


@WebRoute(DELETE, '/api/notes/<id:int>')
@login.Required
def delete_note(microWebSrv2: MicroWebSrv2, request: HttpRequest, args: dict[str, int]) -> None:
    if notes.pop(args['id'], None):
        request.Response.Return(204)
    else:
        request.Response.ReturnNotFound()


def OnStart(microWebSrv2: MicroWebSrv2) -> None:
    """Take the users, have errors as JSON. Called before the server starts."""
    load_users()
    microWebSrv2.JSONErrors = True


if __name__ == '__main__':
    server = MicroWebSrv2()
    server.RootPath = _FOLDER + '/www'
    server.BindAddress = ('0.0.0.0', int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
    OnStart(server)
    server.StartManaged(0)
