"""All of what guards an application: sessions, logins, CSRF, limits. GET /later/<n> moves their clocks by n seconds.

Settings: ``signed`` (sessions in the cookie).
"""

import time

import testbed
from MicroWebSrv2 import *  # noqa: F403
from MicroWebSrv2.libs import sessionStores, throttle
from MicroWebSrv2.mods import RateLimit as rate_limit

shift = [0]


class Later:
    """Stands for a clock."""

    def __init__(self, function, unit):
        self.function = function
        self.unit = unit

    def __call__(self):
        return self.function() + shift[0] * self.unit

    time = __call__


sessionStores.seconds = Later(sessionStores.seconds, 1)
sessionStores.time = Later(time.time, 1)
throttle.seconds = Later(throttle.seconds, 1)
rate_limit.milliseconds = Later(rate_limit.milliseconds, 1000)

limits = MicroWebSrv2.LoadModule('RateLimit')  # noqa: F405
csrf = MicroWebSrv2.LoadModule('CSRF')  # noqa: F405
login = MicroWebSrv2.LoadModule('Login')  # noqa: F405
sessions = MicroWebSrv2.LoadModule('Sessions')  # noqa: F405
if testbed.SETTINGS.get('signed'):
    sessions.SigningKey = b'0123456789abcdef'
else:
    sessions.MaxCount = 3
sessions.IdleTimeoutSec = 100
sessions.MaxAgeSec = 500
login.AddUser('me', login.HashPassword('caf\xe9', 5))
login.AddUser('you', login.HashPassword('secret', 5))
login.Protect('/private')
login.Protect('/style.css')
limits.Limit(3, 30, '/limited', 'get')
csrf.AllowOrigin('https://friend.example')


@WebRoute(GET, '/later/<n:int>')  # noqa: F405
def later(microWebSrv2, request, args):
    shift[0] += args['n']
    request.Response.ReturnOk()


@WebRoute(GET, '/count')  # noqa: F405
def count(microWebSrv2, request):
    session = request.Session
    session['count'] = session.get('count', 0) + 1
    request.Response.ReturnOkJSON({'count': session['count'], 'new': session.IsNew, 'kept': sessions.Count()})


@WebRoute(GET, '/nested')  # noqa: F405
def nested(microWebSrv2, request):
    values = request.Session.setdefault('list', [])
    values.append(len(values))
    request.Response.ReturnOkJSON(values)


@WebRoute(GET, '/look')  # noqa: F405
def look(microWebSrv2, request):
    session = request.Session
    request.Response.ReturnOkJSON(
        {
            'items': dict(session.items()),
            'length': len(session),
            'names': list(session),
            'in': 'count' in session,
            'keys': list(session.keys()),
            'values': list(session.values()),
        }
    )


@WebRoute(GET, '/change')  # noqa: F405
def change(microWebSrv2, request):
    session = request.Session
    session.update({'a': 1, 'b': 2, 'c': 3})
    del session['a']
    request.Response.ReturnOkJSON([session.pop('b'), session.pop('b', 'none'), session['c'], session.get('a')])


@WebRoute(GET, '/renew')  # noqa: F405
def renew(microWebSrv2, request):
    request.Session.Renew()
    request.Response.ReturnOk()


@WebRoute(GET, '/clear')  # noqa: F405
def clear(microWebSrv2, request):
    request.Session.clear()
    request.Response.ReturnOk()


@WebRoute(GET, '/end')  # noqa: F405
def end(microWebSrv2, request):
    request.Session.End()
    request.Response.ReturnOkJSON(len(request.Session))


@WebRoute(GET, '/late')  # noqa: F405
def late(microWebSrv2, request):
    request.Response.ReturnOk('answered')
    try:
        request.Session['x'] = 1
    except RuntimeError as error:
        print('LATE', error)


@WebRoute(GET, '/too-much')  # noqa: F405
def too_much(microWebSrv2, request):
    request.Session['x'] = 'x' * 5000
    request.Response.ReturnOk('answered')


@WebRoute(POST, '/sign-in')  # noqa: F405
def sign_in(microWebSrv2, request):
    form = request.GetPostedURLEncodedForm()
    done = login.SignIn(request, form.get('name', ''), form.get('password', ''))
    request.Response.ReturnOkJSON({'done': done, 'wait': login.WaitSec(request, form.get('name', ''))})


@WebRoute(GET, '/sign-out')  # noqa: F405
def sign_out(microWebSrv2, request):
    login.SignOut(request)
    request.Response.ReturnOkJSON(login.UserOf(request))


@WebRoute(GET, '/forget-peers')  # noqa: F405
def forget_peers(microWebSrv2, request):
    """As if nobody had signed in from anywhere."""
    login.ForgetPeers()
    request.Response.ReturnOk()


@WebRoute(GET, '/new-password')  # noqa: F405
def new_password(microWebSrv2, request):
    login.AddUser('you', login.HashPassword('secret', 5))
    request.Response.ReturnOk()


@WebRoute(GET, '/login-url')  # noqa: F405
def login_url(microWebSrv2, request):
    login.LoginURL = request.QueryParams.get('url')
    request.Response.ReturnOk()


@WebRoute(GET, '/mine')  # noqa: F405
@login.Required
def mine(microWebSrv2, request):
    request.Response.ReturnOk(login.UserOf(request))


@WebRoute(GET, '/mine/<n:int>')  # noqa: F405
@login.Required
def mine_too(microWebSrv2, request, args):
    request.Response.ReturnOkJSON(args)


@WebRoute(GET, '/private/<what>')  # noqa: F405
def private(microWebSrv2, request, args):
    request.Response.ReturnOk('private')


@WebRoute(GET, '/form')  # noqa: F405
def form(microWebSrv2, request):
    request.Response.ReturnOk(csrf.Field(request))


@WebRoute(GET, '/strict/<n:int>')  # noqa: F405
def strict(microWebSrv2, request, args):
    csrf.RequireToken = bool(args['n'])
    request.Response.ReturnOk()


@WebRoute(POST, '/change')  # noqa: F405
@WebRoute('PUT', '/change')  # noqa: F405
def changed(microWebSrv2, request):
    request.Response.ReturnOk('changed')


@WebRoute(GET, '/limited')  # noqa: F405
@WebRoute(POST, '/limited')  # noqa: F405
def limited(microWebSrv2, request):
    request.Response.ReturnOk('granted')


@WebRoute(GET, '/twice')  # noqa: F405
@limits.PerPeer(2, 10)
def twice(microWebSrv2, request):
    request.Response.ReturnOk('granted')


testbed.main()
