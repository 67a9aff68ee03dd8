# What the firmware of the benchmark freezes besides the board's own: microdot, so that both servers are frozen.
# tools/bench.py puts its package there.
package(
    'microdot', ('__init__.py', 'helpers.py', 'microdot.py', 'websocket.py'), base_path='../../build/bench/micropython'
)
