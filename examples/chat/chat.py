"""A chat with rooms: who opens the page of a room reads and writes what is said there.

python examples/chat/chat.py                 on a computer: http://localhost:8080/garden
mpremote run examples/chat/chat.py           on a board
"""

import json

from MicroWebSrv2 import GET, HttpRequest, MicroWebSrv2, WebRoute
from MicroWebSrv2.mods.WebSockets import WebSocket, WebSocketRoute

MOST_IN_ALL = 12  # people
LONGEST = 500  # characters of what is said

PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Chat</title>
<style>body{font:16px sans-serif;margin:1em}li{margin:.3em 0}input{width:70%;font-size:1em}</style>
<h1>Room <span id="room"></span></h1><ul id="said"></ul>
<form><input name="text" maxlength="500" autocomplete="off" autofocus><button>Say</button></form>
<script>
const room = location.pathname.slice(1), form = document.forms[0], said = document.getElementById('said');
document.getElementById('room').textContent = decodeURIComponent(room);
const socket = new WebSocket(location.origin.replace('http', 'ws') + '/chat/' + room);
function show(text) {
  const line = said.appendChild(document.createElement('li'));
  line.textContent = text;
  line.scrollIntoView();
}
socket.onmessage = event => {
  const message = JSON.parse(event.data);
  show(message.text === undefined ? message.people + ' here' : message.text);
};
socket.onclose = () => show('the connection has ended');
form.onsubmit = event => {
  event.preventDefault();
  socket.send(form.text.value);
  form.reset();
};
</script></html>
"""

module = MicroWebSrv2.LoadModule('WebSockets')
server = MicroWebSrv2()
server.BindAddress = ('0.0.0.0', 8080)
rooms: dict[str, list[WebSocket]] = {}  # by name


def decide(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    """Refuse who is one too many."""
    if sum([len(room) for room in rooms.values()]) >= MOST_IN_ALL:
        request.Response.ReturnServiceUnavailable()


def tell(name: str, message: dict[str, str | int]) -> None:
    """Send a message to all in a room."""
    module.Broadcast(rooms.get(name, ()), json.dumps(message))


@WebSocketRoute('/chat/<room>')
def enter(microWebSrv2: MicroWebSrv2, webSocket: WebSocket, args: dict[str, str | int]) -> None:
    """Let somebody into a room."""
    name = str(args['room'])
    webSocket.MaxRecvMessageLength = 4 * LONGEST
    webSocket.SendQueuePolicy = webSocket.DROP_OLDEST  # who reads slowly misses something, and stays
    webSocket.OnTextMessage = lambda webSocket, text: tell(name, {'text': text[:LONGEST]})
    webSocket.OnClosed = lambda webSocket: leave(name, webSocket)
    rooms.setdefault(name, []).append(webSocket)
    tell(name, {'people': len(rooms[name])})


def leave(name: str, webSocket: WebSocket) -> None:
    """Let somebody out of a room; the last one closes it."""
    rooms[name].remove(webSocket)
    if not rooms[name]:
        del rooms[name]
    else:
        tell(name, {'people': len(rooms[name])})


@WebRoute(GET, '/')
def door(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    """Lead to a room."""
    request.Response.ReturnRedirect('/garden')


@WebRoute(GET, '/<room>')
def page(microWebSrv2: MicroWebSrv2, request: HttpRequest, args: dict[str, str | int]) -> None:
    """Answer with the page of a room."""
    request.Response.ReturnOk(PAGE)


module.OnWebSocketRequest = decide


def main() -> None:
    """Serve."""
    server.StartManaged(0)


if __name__ == '__main__':
    main()
