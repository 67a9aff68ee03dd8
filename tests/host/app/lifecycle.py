"""Starts and stops as the setting ``scenario`` names; each is a function here. Prints what it saw, then ENDED."""

import testbed
from MicroWebSrv2 import GET, MicroWebSrv2, MicroWebSrv2Exception, WebRoute, XAsyncSocketsPool

server = testbed.configure(MicroWebSrv2())
address = server.BindAddress


@WebRoute(GET, '/hello')
def hello(microWebSrv2, request):
    request.Response.ReturnOk('hello')


@WebRoute(GET, '/who')
def who(microWebSrv2, request):
    request.Response.ReturnOk(microWebSrv2.name)


@WebRoute(GET, '/stop')
def stop(microWebSrv2, request):
    request.Response.ReturnOk('stopping')
    microWebSrv2.Stop()
    microWebSrv2.Stop()


@WebRoute(GET, '/running')
def running(microWebSrv2, request):
    request.Response.ReturnOkJSON(microWebSrv2.IsRunning)


@WebRoute(GET, '/change')
def change(microWebSrv2, request):
    refused = []
    for name, value in (
        ('ConnQueueCapacity', 1),
        ('BufferSlotsCount', 1),
        ('BufferSlotSize', 1),
        ('KeepAllocBufferSlots', True),
        ('BindAddress', ('127.0.0.1', 1)),
    ):
        try:
            setattr(microWebSrv2, name, value)
        except MicroWebSrv2Exception as error:
            refused.append([name, str(error)])
    for name in ('SetEmbeddedConfig', 'SetLightConfig', 'SetNormalConfig', 'SetLargeConfig', 'StartManaged'):
        try:
            getattr(microWebSrv2, name)()
        except MicroWebSrv2Exception as error:
            refused.append([name, str(error)])
    request.Response.ReturnOkJSON(refused)


def in_calling_thread():
    testbed.ready_when_listening(server)
    server.StartManaged(0)


def in_one_thread():
    server.StartManaged(1)
    testbed.ready()
    while server.IsRunning:
        testbed.sleep_ms(20)


def default():
    server.StartManaged()
    testbed.ready()
    while server.IsRunning:
        testbed.sleep_ms(20)


def in_threads():
    server.StartManaged(4, 64 * 1024)
    testbed.ready()
    while server.IsRunning:
        testbed.sleep_ms(20)


def again_and_again():
    """Start, stop and start again, in the same object, on the same port."""
    for _ in range(3):
        server.StartManaged(1)
        assert server.IsRunning
        server.Stop()
        assert not server.IsRunning
    server.StartManaged(1)
    testbed.ready()
    while server.IsRunning:
        testbed.sleep_ms(20)


def pool_stopped_by_hand():
    pool = XAsyncSocketsPool()
    server.StartInPool(pool)
    pool.AsyncWaitEvents(threadsCount=1)
    assert pool.WaitEventsProcessing and server.IsRunning
    testbed.ready()
    while server.IsRunning:
        testbed.sleep_ms(20)
    pool.StopWaitEvents()
    assert not pool.WaitEventsProcessing
    print('POOL STOPPED')


def two_in_one_pool():
    pool = XAsyncSocketsPool()
    other = MicroWebSrv2()
    other.BindAddress = (address[0], testbed.SETTINGS['other_port'])
    server.name, other.name = 'first', 'second'
    server.StartInPool(pool)
    other.StartInPool(pool)
    pool.AsyncWaitEvents(threadsCount=1)
    testbed.ready()
    while server.IsRunning:
        testbed.sleep_ms(20)
    while other.IsRunning:
        testbed.sleep_ms(20)
    pool.StopWaitEvents()


def port_taken():
    server.StartManaged(1)
    other = MicroWebSrv2()
    other.BindAddress = address
    try:
        other.StartManaged(1)
        print('NO ERROR')
    except Exception as error:
        print('ERROR', error)
    assert not other.IsRunning and server.IsRunning
    server.Stop()
    other.StartManaged(1)
    print('STARTED', other.IsRunning)
    other.Stop()


def bad_address():
    server.BindAddress = ('203.0.113.7', address[1])
    try:
        server.StartManaged(1)
        print('NO ERROR')
    except Exception as error:
        print('ERROR', error)
    print('RUNNING', server.IsRunning)


globals()[testbed.SETTINGS['scenario']]()
print('ENDED')
