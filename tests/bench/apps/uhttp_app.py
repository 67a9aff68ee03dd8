"""The work of the benchmark, done by uhttp-server."""

import sys

from uhttp.server import (
    EVENT_COMPLETE,
    EVENT_HEADERS,
    EVENT_REQUEST,
    EVENT_WS_MESSAGE,
    EVENT_WS_REQUEST,
    HttpServer,
)

PORT, FOLDER = sys.argv[1:3]


def answer(client):
    path = client.path
    if path == '/hello':
        client.respond('Hello, world!', headers={'content-type': 'text/plain; charset=UTF-8'})
    elif path.startswith('/json/'):
        client.respond({'sensor': path[6:], 'value': 21, 'unit': 'C'})
    elif path == '/form':
        client.respond({'fields': len(client.data)})
    elif path.startswith('/files/') and '..' not in path:
        client.respond_file(FOLDER + path)
    else:
        client.respond('Not found', status=404)


def main():
    # The defaults of these four end connections that the benchmark keeps open.
    server = HttpServer(
        '127.0.0.1',
        int(PORT),
        event_mode=True,
        max_waiting_clients=20000,
        keep_alive_max_requests=1 << 40,
        keep_alive_timeout=60,
        listen=256,
    )
    while True:
        client = server.wait()
        if client is None:
            continue
        event = client.event
        if event == EVENT_WS_MESSAGE:
            data = client.read_buffer()
            client.ws_send(data.decode() if client.ws_is_text else data)
        elif event in (EVENT_REQUEST, EVENT_COMPLETE):
            answer(client)
        elif event == EVENT_HEADERS:
            client.accept_body()
        elif event == EVENT_WS_REQUEST:
            client.accept_websocket()


main()
