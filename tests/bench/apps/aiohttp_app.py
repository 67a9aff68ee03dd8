"""The work of the benchmark, done by aiohttp."""

import sys

import jinja2
from aiohttp import WSMsgType, web

PORT, FOLDER = sys.argv[1:3]
templates = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER + '/templates'), autoescape=True)


async def hello(request):
    return web.Response(text='Hello, world!')


async def sensor(request):
    return web.json_response({'sensor': request.match_info['number'], 'value': 21, 'unit': 'C'})


async def form(request):
    return web.json_response({'fields': len(await request.post())})


async def page(request):
    text = templates.get_template('page.html').render(who=request.query['who'])
    return web.Response(text=text, content_type='text/html')


async def echo(request):
    web_socket = web.WebSocketResponse()
    await web_socket.prepare(request)
    async for message in web_socket:
        if message.type == WSMsgType.TEXT:
            await web_socket.send_str(message.data)
    return web_socket


app = web.Application()
app.add_routes(
    [
        web.get('/hello', hello),
        web.get('/json/{number}', sensor),
        web.post('/form', form),
        web.get('/page.pyhtml', page),
        web.get('/echo', echo),
        web.static('/files', FOLDER + '/files'),
    ]
)
web.run_app(app, host='127.0.0.1', port=int(PORT), access_log=None, print=None, keepalive_timeout=60)
