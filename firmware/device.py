"""The device's own pages: /device/info, /device/config, /device/reset (JSON; user `admin`, password `admin_password`).

GET  /device/info     what and how the device is; for everyone
GET  /device/config   the configuration without its secrets
PUT  /device/config   an object of changes, null for a key's default; saved at once, in force after a reset
POST /device/reset    resets the board

Without a password the configuration can be read, but nothing can be changed.
"""

import gc

import board
from MicroWebSrv2 import GET, POST, PUT, RegisterRoute

from firmware import config as config_

_USER = 'admin'

_harness = None


def register(harness):
    """Register the pages' routes; `harness`: the Harness that they show."""
    global _harness
    _harness = harness
    RegisterRoute(_get_info, GET, '/device/info')
    RegisterRoute(_get_config, GET, '/device/config')
    RegisterRoute(_put_config, PUT, '/device/config')
    RegisterRoute(_post_reset, POST, '/device/reset')


def _get_info(microWebSrv2, request):
    """Tell what and how the device is."""
    info = {
        'name': 'MicroWebSrv2',
        'version': _harness.version,
        'build': _harness.build,
        'board': board.NAME,
        'capabilities': board.CAPABILITIES,
        'hostname': _harness.config['hostname'],
        'addresses': _harness.addresses(),
        'application': _harness.application,
        'uptime': _harness.uptime_ms // 1000,
        'reset_cause': _harness.reset_cause,
    }
    if hasattr(gc, 'mem_free'):
        gc.collect()
        info['heap_free'] = gc.mem_free()
    request.Response.ReturnOkJSON(info)


def _get_config(microWebSrv2, request):
    """Show the configuration as it stands in the file, with the defaults, without its secrets."""
    if not _harness.config['admin_password'] or _is_admin(request):
        config = config_.load('config.json', getattr(board, 'DEFAULTS', None))[0]
        config_.hide_secrets(config)
        request.Response.ReturnOkJSON(config)


def _put_config(microWebSrv2, request):
    """Save changes of the configuration."""
    if not _may_change(request):
        return
    changes = request.GetPostedJSONObject()
    if changes is None and 'json' not in request.ContentType.lower():
        _return_faults(request, 415, ['the request must have the header Content-Type: application/json'])
        return
    if type(changes) is not dict:
        _return_faults(request, 400, ['the content must be a JSON object of changes'])
        return
    try:
        from firmware import config_save

        faults = config_save.update(changes)
    except ImportError:
        _return_faults(request, 501, ['this firmware cannot save'])
    except OSError as error:
        _return_faults(request, 507, ['the flash refuses: %s' % error])
    else:
        if faults:
            _return_faults(request, 422, faults)
        else:
            request.Response.ReturnOkJSON({'saved': True, 'in_force': 'after a reset'})


def _post_reset(microWebSrv2, request):
    """Reset the board, a second after the answer."""
    if _may_change(request):
        try:
            _harness.reset_soon()
        except NotImplementedError as error:
            _return_faults(request, 501, [str(error)])
        else:
            request.Response.ReturnJSON(202, {'reset': 'in a second'})


def _return_faults(request, status, faults):
    """Answer what was wrong, a line each."""
    request.Response.ReturnJSON(status, {'faults': faults})


def _may_change(request):
    """Tell whether the request may change the device; answers it when not.

    A browser sends a known password with requests that another site makes it send: their Origin gives them away.
    """
    origin = request.Origin
    if not _harness.config['admin_password']:
        _return_faults(request, 403, ['set admin_password in config.json first'])
    elif origin and origin.split('://')[-1] != request.Host:
        _return_faults(request, 403, ['a page of another site may not change the device'])
    else:
        return _is_admin(request)
    return False


def _is_admin(request):
    """Tell whether the request has the admin's password; answers it when not."""
    if request.CheckBasicAuth(_USER, _harness.config['admin_password']):
        return True
    request.Response.ReturnBasicAuthRequired()
    return False
