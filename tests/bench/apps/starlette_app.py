"""The work of the benchmark, done by Starlette on uvicorn with httptools and uvloop."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.websockets import WebSocketDisconnect

PORT, FOLDER = sys.argv[1:3]
templates = Jinja2Templates(FOLDER + '/templates')


async def hello(request):
    return PlainTextResponse('Hello, world!')


async def sensor(request):
    return JSONResponse({'sensor': request.path_params['number'], 'value': 21, 'unit': 'C'})


async def form(request):
    return JSONResponse({'fields': len(await request.form())})


async def page(request):
    return templates.TemplateResponse(request, 'page.html', {'who': request.query_params['who']})


async def echo(web_socket):
    await web_socket.accept()
    try:
        while True:
            await web_socket.send_text(await web_socket.receive_text())
    except WebSocketDisconnect:
        pass


app = Starlette(
    routes=[
        Route('/hello', hello),
        Route('/json/{number}', sensor),
        Route('/form', form, methods=['POST']),
        Route('/page.pyhtml', page),
        WebSocketRoute('/echo', echo),
        Mount('/files', StaticFiles(directory=FOLDER + '/files')),
    ]
)
uvicorn.run(
    app,
    host='127.0.0.1',
    port=int(PORT),
    http='httptools',
    loop='uvloop',
    access_log=False,
    log_level='warning',
    timeout_keep_alive=60,
)
