"""The work of the benchmark, done by bottle on the server of the standard library that it runs on by itself."""

import sys

import bottle

PORT, FOLDER = sys.argv[1:3]
bottle.TEMPLATE_PATH[:] = [FOLDER + '/templates']


@bottle.get('/hello')
def hello():
    bottle.response.content_type = 'text/plain; charset=UTF-8'
    return 'Hello, world!'


@bottle.get('/json/<number>')
def sensor(number):
    return {'sensor': number, 'value': 21, 'unit': 'C'}


@bottle.post('/form')
def form():
    return {'fields': len(bottle.request.forms)}


@bottle.get('/files/<path:path>')
def files(path):
    return bottle.static_file(path, FOLDER + '/files')


@bottle.get('/page.pyhtml')
def page():
    return bottle.jinja2_template('page.html', who=bottle.request.query.who)


bottle.run(host='127.0.0.1', port=int(PORT), quiet=True)
