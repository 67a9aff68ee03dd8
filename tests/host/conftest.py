"""Fixtures of the host tests: the same tests run against every target.

``target``: CPython, the UNIX firmware, … (option --targets).
``server``: the application that ``@pytest.mark.app(name, **settings)`` names, running on the target. One process per
target, application and settings serves all tests of the session.
``start``: starts an application for this test alone.
A module that also runs on the emulated board (--targets qemu) says so by ``ON_BOARD = True``.
``device``: runs check functions of a module of tests/host/app, or a piece of Python, on the target.
"""

import ssl

import pytest
from support import certificates as certificates_
from support import site as site_
from support.checks import device_of
from support.qemu import Qemu
from support.targets import ROOT, CPython, Server, TargetError, UnixFirmware

from tools.common import take_interrupts

DEFAULT_TARGETS = 'cpython,unix'
TARGETS = {'cpython': CPython, 'unix': UnixFirmware, 'qemu': Qemu}


def pytest_addoption(parser):
    """Add the options that choose the targets."""
    group = parser.getgroup('targets')
    group.addoption(
        '--targets',
        default=DEFAULT_TARGETS,
        help=f'what runs the server: names of {", ".join(TARGETS)}, separated by commas (default: {DEFAULT_TARGETS})',
    )
    group.addoption('--all-cases', action='store_true', help='all cases of suites of which else a part is run')
    group.addoption('--firmware', default=str(ROOT / 'build' / 'UNIX' / 'firmware'), help='the UNIX firmware')
    group.addoption(
        '--unfrozen',
        action='store_true',
        help='the UNIX firmware takes the server from modules/ instead of the frozen one',
    )


def pytest_configure(config):
    """Declare the markers; have programs that tests start take Ctrl-C, whoever started the tests."""
    config.addinivalue_line('markers', 'app(name, **settings): the test application that the server fixture runs')
    config.addinivalue_line('markers', 'needs(*abilities): what a target must be able to do for this test')
    take_interrupts()


def pytest_generate_tests(metafunc):
    """Run each test that uses a target once per target."""
    if 'target' not in metafunc.fixturenames:
        return
    names = [name for name in metafunc.config.getoption('targets').split(',') if name]
    if not getattr(metafunc.module, 'ON_BOARD', False):
        names = [name for name in names if name != Qemu.name]
    for name in names:
        if name not in TARGETS:
            raise pytest.UsageError(f'--targets: {name!r} is none of {", ".join(TARGETS)}')
        try:
            TARGETS[name].check(metafunc.config.option)
        except TargetError as error:
            raise pytest.UsageError(str(error)) from None
    metafunc.parametrize('target', names, indirect=True, scope='session')


def pytest_runtest_setup(item):
    """Skip what the target is not able to run, with the reason."""
    needed = {ability for marker in item.iter_markers('needs') for ability in marker.args}
    if needed and 'target' in item.callspec.params:
        name = item.callspec.params['target']
        lacks = needed - TARGETS[name].abilities
        if lacks:
            pytest.skip(f'{name} has no {", ".join(sorted(lacks))}')


@pytest.fixture(scope='session')
def target(request):
    """The system that runs the server."""
    found = TARGETS[request.param](request.config.option)
    yield found
    found.close()


@pytest.fixture(scope='session')
def site(tmp_path_factory):
    """The root folder of the site that the applications serve."""
    return site_.make(tmp_path_factory.mktemp('site'))


@pytest.fixture
def server(request, target, site):
    """The running server of the application that the marker ``app`` names."""
    marker = request.node.get_closest_marker('app')
    assert marker, 'the test uses the fixture server: it needs @pytest.mark.app(name)'
    found = target.server(marker.args[0], dict(marker.kwargs, root=target.path(site)))
    yield found
    assert found.alive, f'{found.app} ended during the test:\n{found.log()}'


@pytest.fixture
def start(target, site):
    """A function (app, **settings) that starts a server for this test alone; it is ended after the test."""
    started = []

    def start_(app, **settings):
        settings.setdefault('root', target.path(site))
        started.append(Server(target, app, settings))
        return started[-1]

    yield start_
    for server_ in started:
        server_.stop()


@pytest.fixture
def device(target):
    """Run Python on the target: device.run(source), device.check(module, name)."""
    return device_of(target)


@pytest.fixture(scope='session')
def certificates(tmp_path_factory):
    """The folder of the keys and certificates."""
    return certificates_.make(tmp_path_factory.mktemp('certificates'))


@pytest.fixture(scope='session')
def files(target, certificates):
    """The keys and certificates, on the target."""
    for path in certificates.iterdir():
        target.put(path.name, path.read_bytes())


@pytest.fixture
def context(certificates):
    """A client's context that trusts the tests' authority."""
    return ssl.create_default_context(cafile=certificates / 'ca.pem')
