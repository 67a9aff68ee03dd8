"""Hostile clients cost only their own connection.

Beside each attack, made twice, a polite client gets its answers. The server prints no traceback, and holds no more
sockets, slots or memory than after the first.
"""

import pytest
from support.attacks import ATTACKS, settings_of
from support.polite import Polite
from support.scene import Scene

# What may differ by chance: blocks on CPython; bytes on MicroPython, which takes old values on the stack for used ones,
# and whose lists and dicts keep the room of the most that they have held.
SLACK = {'cpython': 100, 'unix': 4096}


@pytest.fixture
def scene(attack, target, site, files, context):
    """The server of an attack, as a Scene."""
    settings = settings_of(attack, target.path(site))
    server = target.server('abused', settings)
    found = Scene(server, tls=context if attack.settings.get('tls') else None)
    if found.held()['sockets'] > 2:
        server.restart()  # an attack before has left something there
    yield found
    assert server.alive, server.log()


@pytest.mark.parametrize(
    'attack', [pytest.param(attack, id=attack.__name__, marks=pytest.mark.needs(*attack.needs)) for attack in ATTACKS]
)
def test_abuse(scene, target, attack):
    scene.at_rest()
    held = []
    begun = len(scene.server.log())
    for _ in range(2):
        with Polite(scene) as scene.polite:
            scene.polite.wait_for_one()
            attack(scene)
            scene.polite.wait_for_one()
        polite, scene.polite = scene.polite, None
        assert polite.done and not polite.failures, polite.failures
        held.append(scene.at_rest())
    assert not scene.tracebacks(begun)
    before, after = held
    assert (after['sockets'], after['slots']) == (2, 0)
    assert after['memory'] <= before['memory'] + SLACK[target.name], held
