"""A dashboard: each browser that looks at it shows a chart of what is measured twice a second, as it comes.

    python examples/dashboard/dashboard.py            on a computer: http://localhost:8080
    mpremote run examples/dashboard/dashboard.py      on a board

The values go through a stream of events, fed by a timer: no thread is needed. A browser that has lost its connection
comes back by itself, says what it has seen last, and gets what it has missed.
"""

import gc
import time

from MicroWebSrv2 import GET, HttpRequest, MicroWebSrv2, WebRoute
from MicroWebSrv2.libs.eventStream import EventStream

PERIOD_MS = 500
KEPT = 120  # values: a minute

PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Dashboard</title>
<style>body{font:16px sans-serif;margin:1em}canvas{width:100%;height:50vh}output{font-size:3em}</style>
<h1>Free memory</h1>
<p><output id="now">…</output> KB <small id="state">connecting</small></p>
<canvas id="chart" width="600" height="300"></canvas>
<script>
const values = [], canvas = document.getElementById('chart'), pen = canvas.getContext('2d');
const source = new EventSource('/events');
source.onopen = () => document.getElementById('state').textContent = '';
source.onerror = () => document.getElementById('state').textContent = 'reconnecting';
source.addEventListener('value', event => {
  values.push(Number(event.data));
  if (values.length > 120) values.shift();
  document.getElementById('now').textContent = values[values.length - 1];
  const low = Math.min(...values), span = Math.max(...values) - low || 1;
  pen.clearRect(0, 0, 600, 300);
  pen.beginPath();
  values.forEach((value, i) => pen.lineTo(i * 5, 290 - (value - low) / span * 280));
  pen.strokeStyle = '#06c';
  pen.lineWidth = 2;
  pen.stroke();
});
</script></html>
"""

server = MicroWebSrv2()
server.BindAddress = ('0.0.0.0', 8080)
streams: list[EventStream] = []
history: list[tuple[int, int]] = []  # (id, value), the oldest first


def measure() -> int:
    """Return what is shown: kilobytes of free memory. Put your sensor here."""
    if hasattr(gc, 'mem_free'):
        return int(gc.mem_free() // 1024)
    with open('/proc/meminfo') as file:
        return int([line for line in file if line.startswith('MemAvailable')][0].split()[1])


def tick() -> None:
    """Measure, and tell everybody."""
    number = history[-1][0] + 1 if history else int(time.time())  # goes on rising when the server starts anew
    history.append((number, measure()))
    del history[:-KEPT]
    EventStream.Broadcast(streams, str(history[-1][1]), 'value', number)


@WebRoute(GET, '/')
def page(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    """Answer with the page."""
    request.Response.ReturnOk(PAGE)


@WebRoute(GET, '/events')
def events(microWebSrv2: MicroWebSrv2, request: HttpRequest) -> None:
    """Let a browser listen; it begins with what it has missed."""
    stream = request.Response.ReturnEventStream(retry=2000)
    seen = int(stream.LastEventID) if stream.LastEventID.isdigit() else 0
    for number, value in history:
        if number > seen:
            stream.Send(str(value), 'value', number)
    if not stream.IsClosed:
        streams.append(stream)
        stream.OnClosed = streams.remove


def main() -> None:
    """Measure and serve."""
    server.Pool.CallEvery(PERIOD_MS, tick)
    server.StartManaged(0)


if __name__ == '__main__':
    main()
