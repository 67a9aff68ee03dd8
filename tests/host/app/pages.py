"""Serves .pyhtml pages. Settings of its own: ``debug`` (ShowDebug), ``default_page`` (name of one that is added)."""

import testbed
from MicroWebSrv2 import GET, MicroWebSrv2, WebRoute

module = MicroWebSrv2.LoadModule('PyhtmlTemplate')
module.ShowDebug = testbed.SETTINGS.get('debug', False)
module.SetGlobalVar('sleep_ms', testbed.sleep_ms)
module.SetGlobalVar('counter', 0)
if testbed.SETTINGS.get('default_page'):
    MicroWebSrv2.AddDefaultPage(testbed.SETTINGS['default_page'])


@WebRoute(GET, '/count')
def count(microWebSrv2, request):
    module.SetGlobalVar('counter', module.GetGlobalVar('counter') + 1)
    request.Response.ReturnOk('counted')


@WebRoute(GET, '/view')
def view(microWebSrv2, request):
    module.ReturnTemplate(microWebSrv2, request, testbed.SETTINGS['root'] + '/view.pyhtml')


@WebRoute(GET, '/no-view')
def no_view(microWebSrv2, request):
    module.ReturnTemplate(microWebSrv2, request, testbed.SETTINGS['root'] + '/missing.pyhtml')


@WebRoute(GET, '/bytes')
def some_bytes(microWebSrv2, request):
    request.Response.ReturnOk(b'bytes')


@WebRoute(GET, '/memory')
def memory(microWebSrv2, request):
    request.Response.ReturnOkJSON(testbed.memory())


testbed.main()
