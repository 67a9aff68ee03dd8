"""The class MicroWebSrv2 without the network: static methods, presets, properties, modules, logging."""

import MicroWebSrv2 as package
from checking import equal, raises
from MicroWebSrv2 import *  # noqa: F403
from MicroWebSrv2 import MicroWebSrv2, MicroWebSrv2Exception, UrlUtils, XAsyncSocketsPool

MIME_TYPES = {
    '.txt': 'text/plain',
    '.htm': 'text/html',
    '.html': 'text/html',
    '.css': 'text/css',
    '.csv': 'text/csv',
    '.js': 'application/javascript',
    '.xml': 'application/xml',
    '.xhtml': 'application/xhtml+xml',
    '.json': 'application/json',
    '.zip': 'application/zip',
    '.pdf': 'application/pdf',
    '.ts': 'application/typescript',
    '.woff': 'font/woff',
    '.woff2': 'font/woff2',
    '.ttf': 'font/ttf',
    '.otf': 'font/otf',
    '.jpg': 'image/jpeg',
    '.jpeg': 'image/jpeg',
    '.png': 'image/png',
    '.gif': 'image/gif',
    '.svg': 'image/svg+xml',
    '.ico': 'image/x-icon',
    # The documentation's table, section MIME types, to here; then what is used most besides.
    '.avif': 'image/avif',
    '.bin': 'application/octet-stream',
    '.gz': 'application/gzip',
    '.log': 'text/plain',
    '.map': 'application/json',
    '.md': 'text/markdown',
    '.mjs': 'application/javascript',
    '.mp3': 'audio/mpeg',
    '.mp4': 'video/mp4',
    '.ogg': 'audio/ogg',
    '.wasm': 'application/wasm',
    '.wav': 'audio/wav',
    '.webm': 'video/webm',
    '.webmanifest': 'application/manifest+json',
    '.webp': 'image/webp',
}


# --- the package ---


def check_the_names_of_the_package():
    for name in (
        'GET HEAD POST PUT DELETE OPTIONS PATCH WebRoute RegisterRoute ResolveRoute PathFromRoute RouteResult '
        'MicroWebSrv2 MicroWebSrv2Exception HttpRequest HttpResponse UrlUtils XAsyncSocketsPool '
        'XAsyncSocketsPoolException XClosedReason XAsyncSocket XAsyncSocketException XAsyncTCPServer '
        'XAsyncTCPServerException XAsyncTCPClient XAsyncTCPClientException XAsyncUDPDatagram '
        'XAsyncUDPDatagramException XBufferSlot XBufferSlots sleep allocate_lock'
    ).split():
        assert name in globals(), '%s is not exported' % name
        assert hasattr(package, name), name


def check_sleep_and_allocate_lock_work():
    globals()['sleep'](0)
    lock = globals()['allocate_lock']()
    with lock:
        equal(lock.acquire(False), False)
    equal(lock.acquire(False), True)


def check_the_sockets_layer_is_importable_by_its_path():
    from MicroWebSrv2.libs.XAsyncSockets import XAsyncSocketsPool as Pool

    equal(Pool, XAsyncSocketsPool)
    from MicroWebSrv2.libs.urlUtils import UrlUtils as Utils

    equal(Utils, UrlUtils)


# --- static methods ---


def check_html_escape():
    equal(MicroWebSrv2.HTMLEscape('<a href="x">\'&amp;</a>'), '&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;&lt;/a&gt;')
    equal(MicroWebSrv2.HTMLEscape(''), '')
    equal(MicroWebSrv2.HTMLEscape('gr\xfc\xdfe'), 'gr\xfc\xdfe')
    for value in (None, 1, b'x'):
        raises(ValueError, MicroWebSrv2.HTMLEscape, value)


def check_mime_types():
    for extension in MIME_TYPES:
        equal(MicroWebSrv2.GetMimeTypeFromFilename('/a/b.c/name' + extension), MIME_TYPES[extension])
        equal(MicroWebSrv2.GetMimeTypeFromFilename('NAME' + extension.upper()), MIME_TYPES[extension])
    for filename in ('name', 'name.', 'html', '.', 'a.unknown', 'a.html/b', 'a.html.bak', 'a.html ', 'a. text/html'):
        equal(MicroWebSrv2.GetMimeTypeFromFilename(filename), None)


def check_add_mime_type():
    MicroWebSrv2.AddMimeType('.Tar', 'application/x-tar')
    equal(MicroWebSrv2.GetMimeTypeFromFilename('a.tar'), 'application/x-tar')
    MicroWebSrv2.AddMimeType('.tar', 'application/other')
    equal(MicroWebSrv2.GetMimeTypeFromFilename('a.TAR'), 'application/other')
    for extension, mime_type, name in (
        ('', 'x/y', 'ext'),
        (None, 'x/y', 'ext'),
        (1, 'x/y', 'ext'),
        ('.x', '', 'mimeType'),
        ('.x', None, 'mimeType'),
    ):
        assert name in str(raises(ValueError, MicroWebSrv2.AddMimeType, extension, mime_type))


def check_add_default_page():
    MicroWebSrv2.AddDefaultPage('home.html')
    for value in ('', None, 1):
        assert 'filename' in str(raises(ValueError, MicroWebSrv2.AddDefaultPage, value))


def check_static_methods_on_an_instance():
    server = MicroWebSrv2()
    equal(server.HTMLEscape('<'), '&lt;')
    equal(server.GetMimeTypeFromFilename('a.css'), 'text/css')
    server.AddMimeType('.viainstance', 'x/y')
    equal(MicroWebSrv2.GetMimeTypeFromFilename('a.viainstance'), 'x/y')


# --- presets and properties ---

SIZES = ('ConnQueueCapacity', 'BufferSlotsCount', 'BufferSlotSize', 'KeepAllocBufferSlots', 'MaxRequestContentLength')
PRESETS = {
    'SetEmbeddedConfig': (8, 16, 1024, True, 16 * 1024),
    'SetLightConfig': (64, 128, 1024, True, 512 * 1024),
    'SetNormalConfig': (256, 512, 4 * 1024, True, 2 * 1024 * 1024),
    'SetLargeConfig': (512, 2 * 1024, 16 * 1024, True, 8 * 1024 * 1024),
}


def check_presets():
    for name in PRESETS:
        server = MicroWebSrv2()
        server.KeepAllocBufferSlots = False
        getattr(server, name)()
        equal(tuple(getattr(server, size) for size in SIZES), PRESETS[name])


def check_the_default_is_the_normal_preset():
    server = MicroWebSrv2()
    equal(tuple(getattr(server, size) for size in SIZES), PRESETS['SetNormalConfig'])


def check_defaults():
    server = MicroWebSrv2()
    equal((server.IsRunning, server.IsSSLEnabled), (False, False))
    equal(server.BindAddress, ('0.0.0.0', 80))
    equal(server.RootPath, 'www')
    equal(server.RequestsTimeoutSec, 10)
    equal(
        (server.NotFoundURL, server.AllowAllOrigins, server.CORSAllowAll, server.OnLogging), (None, False, False, None)
    )


def check_properties_keep_what_they_are_given():
    server = MicroWebSrv2()
    for name, value in (
        ('ConnQueueCapacity', 7),
        ('BufferSlotsCount', 3),
        ('BufferSlotSize', 512),
        ('KeepAllocBufferSlots', False),
        ('MaxRequestContentLength', 12345),
        ('BindAddress', ('127.0.0.1', 8080)),
        ('RootPath', '/some/where'),
        ('RequestsTimeoutSec', 1),
        ('NotFoundURL', '/nf'),
        ('NotFoundURL', None),
        ('AllowAllOrigins', True),
        ('CORSAllowAll', True),
    ):
        setattr(server, name, value)
        equal(getattr(server, name), value)


def check_a_port_may_be_a_string_of_digits():
    server = MicroWebSrv2()
    server.BindAddress = ('127.0.0.1', '8081')
    equal(server.BindAddress, ('127.0.0.1', 8081))


def check_properties_refuse_wrong_values():
    server = MicroWebSrv2()
    for name, values in (
        ('ConnQueueCapacity', (0, -1, '1', None)),
        ('BufferSlotsCount', (0, -1, '1', None)),
        ('BufferSlotSize', (0, -1, '1', None)),
        ('KeepAllocBufferSlots', (1, None, 'True')),
        ('MaxRequestContentLength', (0, -1, '1', None)),
        (
            'BindAddress',
            (
                None,
                '127.0.0.1',
                ('127.0.0.1',),
                ('127.0.0.1', -1),
                ('127.0.0.1', 65536),
                ('127.0.0.1', 'http'),
                (1, 80),
                ('x', 1, 2),
            ),
        ),
        ('RootPath', ('', None, 1)),
        ('RequestsTimeoutSec', (0, -1, '1', None)),
        ('NotFoundURL', (1, b'/')),
        ('AllowAllOrigins', (1, None, 'yes')),
        ('CORSAllowAll', (1, None, 'yes')),
        ('OnLogging', (1, 'x')),
    ):
        before = getattr(server, name)
        for value in values:
            error = raises((ValueError, MicroWebSrv2Exception), setattr, server, name, value)
            assert name in str(error), 'the error for %s does not name it: %s' % (name, error)
        equal(getattr(server, name), before)


def check_read_only_properties():
    server = MicroWebSrv2()
    for name in ('IsRunning', 'IsSSLEnabled'):
        raises(AttributeError, setattr, server, name, True)


def check_applications_may_set_attributes_of_their_own():
    server = MicroWebSrv2()
    server.myState = 5
    equal(server.myState, 5)


def check_names_that_programs_in_the_field_reach_into():
    server = MicroWebSrv2()
    server._slotsCount = 5
    equal(server.BufferSlotsCount, 5)
    server.BufferSlotsCount = 6
    equal(server._slotsCount, 6)
    server._bindAddr = ('127.0.0.1', 99)
    equal(server.BindAddress, ('127.0.0.1', 99))
    server.AllowAllOrigins = True
    equal(server._allowAllOrigins, True)
    server._allowAllOrigins = False
    equal(server.AllowAllOrigins, False)


def check_callbacks_take_any_callable_or_none():
    class Logger:
        def log(self, microWebSrv2, msg, msgType):
            self.got = msg

        def __call__(self, microWebSrv2, msg, msgType):
            self.got = 'called ' + msg

    server, logger = MicroWebSrv2(), Logger()
    for callback, expected in (
        (logger.log, 'x'),
        (logger, 'called x'),
        (lambda server_, msg, kind: logger.log(server_, msg + '!', kind), 'x!'),
    ):
        server.OnLogging = callback
        server.Log('x', MicroWebSrv2.INFO)
        equal(logger.got, expected)
    server.OnLogging = None
    equal(server.OnLogging, None)


# --- logging ---


def check_log_calls_back():
    server = MicroWebSrv2()
    logged = []
    server.OnLogging = lambda microWebSrv2, msg, msgType: logged.append((microWebSrv2 is server, msg, msgType))
    for kind in (MicroWebSrv2.DEBUG, MicroWebSrv2.INFO, MicroWebSrv2.WARNING, MicroWebSrv2.ERROR):
        server.Log('text', kind)
    server.Log(123, MicroWebSrv2.ERROR)
    server.Log(ValueError('why'), MicroWebSrv2.ERROR)
    equal([entry[:2] for entry in logged[:4]], [(True, 'text')] * 4)
    equal(len({entry[2] for entry in logged}), 4)
    equal([entry[1] for entry in logged[4:]], ['123', 'why'])


# --- modules ---


def check_load_module_says_why_it_fails():
    error = raises(MicroWebSrv2Exception, MicroWebSrv2.LoadModule, 'IsNotThere')
    assert 'IsNotThere' in str(error)
    if hasattr(error, '__cause__'):
        assert isinstance(error.__cause__, ImportError), error.__cause__
    for value in ('', None, 1):
        assert 'modName' in str(raises(ValueError, MicroWebSrv2.LoadModule, value))


# --- paths ---


def check_resolve_physical_path_refuses_wrong_arguments():
    for value in ('', None, 1):
        assert 'urlPath' in str(raises(ValueError, MicroWebSrv2().ResolvePhysicalPath, value))


def check_resolve_physical_path():
    import os

    server = MicroWebSrv2()
    os.mkdir('resolve-www')
    with open('resolve-www/index.html', 'w') as file:
        file.write('x')
    with open('resolve-secret.txt', 'w') as file:
        file.write('x')
    server.RootPath = 'resolve-www'
    for path in ('/', '/index.html', '/index.html?x'[:11]):
        assert server.ResolvePhysicalPath(path).endswith('resolve-www/index.html'), path
    for path in ('/x.html', '/../resolve-secret.txt', '/%2e%2e/resolve-secret.txt', '/.', '/..', '/x/'):
        equal(server.ResolvePhysicalPath(path), None)
    server.RootPath = 'resolve-www/'
    assert server.ResolvePhysicalPath('/index.html').endswith('resolve-www/index.html')


# --- starting ---


def check_wrong_arguments_of_start():
    server = MicroWebSrv2()
    for value in (None, 1, 'pool'):
        assert 'asyncSocketsPool' in str(raises((ValueError, MicroWebSrv2Exception), server.StartInPool, value))
    for arguments, name in (
        ((-1,), 'parllProcCount'),
        (('1',), 'parllProcCount'),
        ((None,), 'parllProcCount'),
        ((1, -1), 'procStackSize'),
        ((1, 'x'), 'procStackSize'),
    ):
        assert name in str(raises((ValueError, MicroWebSrv2Exception), server.StartManaged, *arguments))
    equal(server.IsRunning, False)


def check_stop_of_a_server_that_does_not_run():
    server = MicroWebSrv2()
    server.Stop()
    server.Stop()


# --- UrlUtils ---


def check_url_utils():
    equal(UrlUtils.Quote('a b/c?d=e&f#g%\xfc'), 'a%20b/c%3Fd%3De%26f%23g%25%C3%BC')
    equal(UrlUtils.Quote('a/b', safe=''), 'a%2Fb')
    equal(UrlUtils.Unquote('a%20b+c%2F%C3%BC'), 'a b+c/\xfc')
    equal(UrlUtils.Unquote('%zz%'), '%zz%')
    equal(UrlUtils.UnquotePlus('a+b%2Bc'), 'a b+c')
    equal(UrlUtils.UrlEncode('http://h/a b?c=d e'), 'http://h/a%20b?c=d%20e')
    for function in (UrlUtils.Quote, UrlUtils.UrlEncode, UrlUtils.Unquote, UrlUtils.UnquotePlus):
        raises(ValueError, function, None)
