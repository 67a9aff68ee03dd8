"""The work of the benchmark, done by microdot, on CPython and on the firmware."""

import gc
import sys

from microdot import Microdot, send_file
from microdot.websocket import with_websocket

PORT, FOLDER = sys.argv[1:3]
app = Microdot()


@app.get('/hello')
async def hello(request):
    return 'Hello, world!'


@app.get('/json/<number>')
async def sensor(request, number):
    return {'sensor': number, 'value': 21, 'unit': 'C'}


@app.post('/form')
async def form(request):
    return {'fields': len(request.form)}


@app.get('/files/<path:path>')
async def files(request, path):
    if '..' in path:
        return 'Not found', 404
    return send_file(FOLDER + '/files/' + path)


@app.get('/echo')
@with_websocket
async def echo(request, ws):
    while True:
        await ws.send(await ws.receive())


@app.get('/collect')
async def collect(request):
    gc.collect()
    gc.disable()
    return 'collected'


@app.get('/allocated')
async def allocated(request):
    return str(gc.mem_alloc())


if sys.implementation.name != 'micropython':
    from microdot.jinja import Template

    Template.initialize(FOLDER + '/templates')

    @app.get('/page.pyhtml')
    async def page(request):
        return Template('page.html').render(who=request.args['who']), {'Content-Type': 'text/html; charset=UTF-8'}


app.run(host='127.0.0.1', port=int(PORT))
