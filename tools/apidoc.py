"""Writes docs/api.md: what modules/MicroWebSrv2 offers to applications, from its docstrings.

python -m tools.apidoc          writes the file
python -m tools.apidoc --check  status 1 when the committed file is another
"""

import inspect
import re
import sys

from tools import common

TARGET = common.ROOT / 'docs' / 'api.md'

_HEAD = """\
# API

What `from MicroWebSrv2 import *` gives, and the modules that are loaded by name. The names and their meaning are those
of MicroWebSrv2; what differs is in [coming-from-microwebsrv2.md](coming-from-microwebsrv2.md). Arguments are given with
their types, units and ranges; a wrong one raises an exception that names it.

The methods of HTTP are constants: `GET`, `HEAD`, `POST`, `PUT`, `DELETE`, `OPTIONS`, `PATCH`. `sleep` (of `time`) and
`allocate_lock` (of `_thread`) come along, since programs take them from here.

Made from the docstrings by `python -m tools.apidoc`; do not edit.
"""

# (title, module of the package, names in it)
_SECTIONS = (
    ('Server', 'microWebSrv2', ('MicroWebSrv2', 'MicroWebSrv2Exception')),
    ('Routes', 'webRoute', ('WebRoute', 'RegisterRoute', 'ResolveRoute', 'RouteResult', 'PathFromRoute')),
    ('Requests', 'httpRequest', ('HttpRequest',)),
    ('Responses', 'httpResponse', ('HttpResponse',)),
    ('Streams of events: MicroWebSrv2.libs.eventStream', 'libs.eventStream', ('EventStream',)),
    ('URLs', 'libs.urlUtils', ('UrlUtils',)),
    ('Module WebSockets', 'mods.WebSockets', ('WebSockets', 'WebSocket', 'WebSocketRoute')),
    ('Module PyhtmlTemplate', 'mods.PyhtmlTemplate', ('PyhtmlTemplate',)),
    ('Module Sessions', 'mods.Sessions', ('Sessions', 'Session')),
    ('Module Login', 'mods.Login', ('Login',)),
    ('Module CSRF', 'mods.CSRF', ('CSRF',)),
    ('Module RateLimit', 'mods.RateLimit', ('RateLimit',)),
    ('asyncio: MicroWebSrv2.libs.xasAsyncio', 'libs.xasAsyncio', ('StartInAsyncio',)),
    (
        'Asynchronous sockets',
        'libs.XAsyncSockets',
        (
            'XAsyncSocketsPool',
            'XAsyncSocketsPoolException',
            'XAsyncSocket',
            'XAsyncSocketException',
            'XClosedReason',
            'XAsyncTCPServer',
            'XAsyncTCPServerException',
            'XAsyncTCPClient',
            'XAsyncTCPClientException',
            'XBufferSlots',
            'XBufferSlot',
            'XAsyncUDPDatagram',
            'XAsyncUDPDatagramException',
        ),
    ),
    ('Timers', 'libs.xasTimers', ('XAsyncTimer',)),
    ('UDP', 'libs.xasUDP', ('UDPDatagram',)),
)

# "- Name: text" in the docstring of a class, with lines that go on: an attribute that has no docstring of its own.
_ATTRIBUTE = re.compile(r'^- (\w+): (.*(?:\n {2}.*)*)\n?', re.MULTILINE)
# A method that is done elsewhere says where.
_ELSEWHERE = re.compile(r'(?:;|\.) see (xas\w+)\.(\w+)\(\)', re.IGNORECASE)


class Undocumented(Exception):
    """A public name without a description; the message names it."""


def render():
    """Return the text of the page. Raise Undocumented."""
    parts = [_HEAD]
    for title, module, names in _SECTIONS:
        source = common.server_module(module)
        parts.append(f'## {title}\n')
        for name in names:
            member = getattr(source, name)
            parts += _class(member) if inspect.isclass(member) else [_function(member, '###')]
    return '\n'.join(parts)


def _class(cls):
    doc = _doc(cls, cls.__name__)
    attributes = {name: ' '.join(text.split()) for name, text in _ATTRIBUTE.findall(doc)}
    members = _members(cls)
    rows, constants, functions = [], [], []
    for name, member in members.items():
        if isinstance(member, property):
            text = inspect.getdoc(member) or attributes.get(name)
            rows.append(_row(cls, name, text, member.fset is not None))
        elif inspect.ismemberdescriptor(member):
            if name in attributes or not re.search(rf'\b{name}\b', doc):
                rows.append(_row(cls, name, attributes.get(name), True))
        elif isinstance(member, (int, str)):
            constants.append(f'`{name}`')
        else:
            is_static = isinstance(member, staticmethod)
            functions.append(_function(member.__func__ if is_static else member, '####', is_static))
    bases = ', '.join(base.__name__ for base in cls.__bases__ if base.__name__ in _described())
    text = [
        f'### class {cls.__name__}' + (f' ({bases})' if bases else '') + '\n',
        _ATTRIBUTE.sub('', doc).strip() + '\n',
    ]
    if constants:
        text.append(f'Constants: {", ".join(constants)}\n')
    if rows:
        text += ['| Property | Type | Set | |\n|---|---|---|---|\n' + '\n'.join(rows) + '\n']
    return text + functions


def _members(cls):
    """Return what a class offers to applications: names in PascalCase, also those of bases that are not described."""
    members = {}
    for part in (cls, *(base for base in cls.__mro__[1:-1] if base.__name__ not in _described())):
        for name, value in vars(part).items():
            if name[0].isupper() and not _inherits(part, name):
                members.setdefault(name, value)
    return members


def _described():
    return {name for _, _, names in _SECTIONS for name in names}


def _inherits(cls, name):
    """Whether a name overrides one of a base class, where it is described."""
    return any(name in vars(base) for base in cls.__mro__[1:-1])


def _row(cls, name, text, is_set):
    if not text:
        raise Undocumented(f'{cls.__name__}.{name}')
    kind, colon, meaning = ' '.join(text.split()).replace('|', '\\|').partition(': ')
    if not colon:
        kind, meaning = '', kind
    return f'| `{name}` | {kind} | {"yes" if is_set else ""} | {meaning} |'


def _function(function, level, is_static=False):
    signature = inspect.signature(function)
    parameters = [p for p in signature.parameters.values() if p.name != 'self']
    text = str(signature.replace(parameters=parameters))
    doc = _doc(function, function.__qualname__)
    elsewhere = _ELSEWHERE.search(doc)
    if elsewhere:
        module = common.server_module('libs.' + elsewhere.group(1))
        doc = _doc(getattr(module, elsewhere.group(2)), elsewhere.group(0))
        doc = re.sub(r'^client: XAsyncTCPClient\. ', '', doc, flags=re.MULTILINE)
    return f'{level} {function.__name__}{text}{" (static)" if is_static else ""}\n\n{doc}\n'


def _doc(member, name):
    doc = inspect.getdoc(member)
    if not doc:
        raise Undocumented(name)
    return doc


def main(arguments):
    """Write the page, or compares it. Return the exit status."""
    text = render()
    if arguments == ['--check']:
        if TARGET.read_text(encoding='utf-8') != text:
            print(f'{TARGET.relative_to(common.ROOT)} is not what the docstrings say: run python -m tools.apidoc')
            return 1
        return 0
    TARGET.write_text(text, encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
