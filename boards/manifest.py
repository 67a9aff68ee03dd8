# What all boards freeze. A board's manifest includes this one and says what it leaves out or takes besides:
#
#     include("../manifest.py", asyncio=False, network=("net_lan",))
#
# The build freezes more, made by tools/frozen.py: build_info and, where the board has WWW, www_image and pyhtml_pages.

options.defaults(
    harness=True,  # the package `firmware`, and boot.py and main.py at top level
    boot=True,  # boot.py and main.py; without, firmware/__main__.py: the UNIX port is started with -m firmware
    config_save=True,  # saving config.json on the device
    device=True,  # /device/info, /device/config, /device/reset
    demo=True,  # the demo application
    network=(),  # the board's network module out of net_lan, net_wlan, net_wipy
    hooks=True,  # routes of one server, OnRequest, OnResponse, OnError, JSONErrors
    cookies=True,
    route_kinds=True,  # <n:int>, <name:str>, <path:rest>
    websockets=True,
    pyhtml=True,
    content=True,  # bodies of any size: handlers that take content as it comes, and multipart forms
    streams=True,  # answers that are fed later: iterators, events, what slow WebSockets lose
    sessions=False,  # mods/Sessions
    login=False,  # mods/Login; needs sessions
    csrf=False,
    rate_limit=False,
    tcp_client=True,
    udp=True,
    tls=True,  # needs the C module `tls`; brings the module `ssl`
    timers=True,  # CallLater() and CallEvery(); streams need them
    workers=True,  # needs _thread
    asyncio=True,  # brings the package `asyncio`
    native=False,  # what pays as machine code; the build must give mpy-cross an -march
    sha1=False,  # for firmware whose hashlib lacks SHA-1
    opt=None,  # mpy-cross -O; 3 leaves out asserts and line numbers
)


def chosen(*choices):
    """Return the names whose option is wanted."""
    return [name for name, wanted in choices if wanted]


HAS_MODS = any((options.websockets, options.pyhtml, options.sessions, options.csrf, options.rate_limit))

SERVER = [
    '__init__.py',
    'httpRequest.py',
    'httpResponse.py',
    'microWebSrv2.py',
    'webRoute.py',
    'libs/__init__.py',
    'libs/XAsyncSockets.py',
    'libs/attributes.py',
    'libs/checks.py',
    'libs/httpAnswer.py',
    'libs/httpBody.py',
    'libs/httpCommon.py',
    'libs/httpConnection.py',
    'libs/httpHead.py',
    'libs/httpParser.py',
    'libs/httpStates.py',
    'libs/httpStream.py',
    'libs/logText.py',
    'libs/routeTable.py',
    'libs/settings.py',
    'libs/staticFiles.py',
    'libs/strictJson.py',
    'libs/unrouted.py',
    'libs/urlUtils.py',
    'libs/validators.py',
    'libs/xasBuffers.py',
    'libs/xasPoller.py',
    'libs/xasPool.py',
    'libs/xasTCP.py',
    *chosen(
        ('libs/atomicFile.py', options.content),
        ('libs/boundedTable.py', options.sessions or options.rate_limit),
        ('libs/contentAsyncio.py', options.content and options.asyncio),
        ('libs/contentStates.py', options.content),
        ('libs/cookies.py', options.cookies),
        ('libs/errorPages.py', options.hooks),
        ('libs/eventStream.py', options.streams),
        ('libs/httpContent.py', options.content),
        ('libs/httpFeed.py', options.streams),
        ('libs/httpFeedAsync.py', options.streams and options.asyncio),
        ('libs/httpForm.py', options.content),
        ('libs/httpNative.py', options.native),
        ('libs/multipart.py', options.content),
        ('libs/pyhtmlCompiler.py', options.pyhtml),
        ('libs/pyhtmlEngine.py', options.pyhtml),
        ('libs/routeKinds.py', options.route_kinds),
        ('libs/secrets.py', options.sessions or options.csrf),
        ('libs/serverHooks.py', options.hooks),
        ('libs/sessionStores.py', options.sessions),
        ('libs/sha1.py', options.sha1),
        ('libs/throttle.py', options.login),
        ('libs/uptime.py', options.sessions or options.rate_limit),
        ('libs/webSocket.py', options.websockets),
        ('libs/wsBytes.py', options.websockets),
        ('libs/wsFrames.py', options.websockets),
        ('libs/wsNative.py', options.websockets and options.native),
        ('libs/wsQueue.py', options.websockets and options.streams),
        ('libs/xasAsyncio.py', options.asyncio),
        ('libs/xasTCPClient.py', options.tcp_client),
        ('libs/tlsFiles.py', options.tls),
        ('libs/xasTLS.py', options.tls),
        ('libs/xasTimers.py', options.timers),
        ('libs/xasUDP.py', options.udp),
        ('libs/xasWorkers.py', options.workers),
        ('mods/__init__.py', HAS_MODS),
        ('mods/CSRF.py', options.csrf),
        ('mods/Login.py', options.login),
        ('mods/PyhtmlTemplate.py', options.pyhtml),
        ('mods/RateLimit.py', options.rate_limit),
        ('mods/Sessions.py', options.sessions),
        ('mods/WebSockets.py', options.websockets),
    ),
]
package('MicroWebSrv2', SERVER, base_path='../modules', opt=options.opt)

if options.harness:
    HARNESS = [
        '__init__.py',
        'application.py',
        'config.py',
        'hardware.py',
        'harness.py',
        'servers.py',
        *chosen(('__main__.py', not options.boot)),
        *chosen(('config_save.py', options.config_save), ('device.py', options.device), ('demo.py', options.demo)),
        *sorted(name + '.py' for name in options.network),
    ]
    package('firmware', HARNESS, base_path='..', opt=options.opt)
    if options.boot:
        for file in ('boot.py', 'main.py'):
            module(file, base_path='../firmware', opt=options.opt)

if options.tls:
    module('ssl.py', base_path='lib', opt=options.opt)

if options.asyncio:
    include('$(MPY_DIR)/extmod/asyncio')
