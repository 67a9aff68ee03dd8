"""Checks of firmware/harness.py with a board that is not there: watchdog, reset cause, network, no threads."""

import sys
import time

sys.path.append(__file__.rsplit('/tests/', 1)[0])  # behind the frozen modules


class Board:
    """Stands for the module `board`."""

    NAME = 'TEST'
    CAPABILITIES = ()
    STACK_SIZE = 0
    DEFAULTS = None

    def __init__(self):
        self.polled = []

    def mount(self):
        """Mounts nothing."""
        return '.'

    def network(self, config):
        """Has a network."""
        return '10.0.0.1'

    def poll(self, busy):
        """Gives what the check has prepared."""
        found = self.polled.pop(0) if self.polled else None
        if isinstance(found, BaseException):
            raise found
        return found


class Machine:
    """Stands for the module `machine`."""

    PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
    cause = 3
    dogs = []
    resets = 0

    class WDT:
        """Counts how often it is fed."""

        def __init__(self, timeout):
            if timeout > 30000:
                raise ValueError('too long')
            self.timeout = timeout
            self.fed = 0
            Machine.dogs.append(self)

        def feed(self):
            """Is fed."""
            self.fed += 1

    @staticmethod
    def reset_cause():
        """Tells the cause that the check has prepared."""
        return Machine.cause

    @staticmethod
    def reset():
        """Counts."""
        Machine.resets += 1


sys.modules['board'] = Board()
sys.modules['machine'] = Machine

import board  # noqa: E402
from checking import equal  # noqa: E402

from firmware import application, hardware, harness, servers  # noqa: E402

lines = []


def say(*words):
    """Stands for print in the harness."""
    lines.append(' '.join([str(word) for word in words]))


def fresh(**config):
    """Returns a booted Harness with this configuration, on a port that is likely free."""
    lines.clear()
    for module in (application, hardware, harness, servers):
        module.print = say
    board.polled = []
    Machine.dogs.clear()
    harness.current = made = harness.Harness(
        dict(config, server={'port': 20000 + time.time_ns() // 1000 % 12000, 'address': '127.0.0.1'})
    )
    made.boot()
    return made


def shown(text):
    """Tells whether one of the console's lines holds a text."""
    return any(text in line for line in lines)


def check_the_reset_cause_is_shown():
    for cause, text in ((1, 'power-on'), (3, 'watchdog'), (5, 'soft reset'), (99, '99')):
        Machine.cause = cause
        equal(fresh().reset_cause, text)
        assert 'reset cause: ' + text in lines, lines


def check_the_watchdog_is_started_once_and_fed():
    made = fresh(watchdog=8)
    made._watchdog.start(made.config['watchdog'])
    made._watchdog.start(made.config['watchdog'])
    made._on_second(1000)
    made._on_second(1000)
    equal([(dog.timeout, dog.fed) for dog in Machine.dogs], [(8000, 2)])


def check_the_watchdog_is_fed_while_the_server_waits_to_start_again():
    made = fresh(watchdog=8)
    made.running = True
    made._watchdog.start(made.config['watchdog'])
    sleeps = []
    usual, hardware.sleep = hardware.sleep, sleeps.append
    try:
        made._wait(60000)
    finally:
        hardware.sleep = usual
    equal(sum(sleeps), 60000)
    assert max(sleeps) <= 1000 and Machine.dogs[0].fed >= 60


def check_without_a_configured_watchdog_none_is_started():
    made = fresh()
    made._watchdog.start(made.config['watchdog'])
    made._on_second(1000)
    equal(Machine.dogs, [])


def check_a_watchdog_that_the_board_refuses_is_said():
    made = fresh(watchdog=600)
    made._watchdog.start(made.config['watchdog'])
    assert shown('watchdog: ValueError: too long'), lines


def check_a_new_address_is_shown():
    made = fresh()
    made._servers._servers = [
        Server('0.0.0.0', 80, False),
        Server('0.0.0.0', 8443, True),
        Server('192.168.9.9', 81, False),
    ]
    board.polled = [None, '10.0.0.2', '']
    made._on_second(1000)
    equal(made.addresses(), ['http://10.0.0.1', 'https://10.0.0.1:8443', 'http://192.168.9.9:81'])
    made._on_second(1000)
    equal(lines[-1], 'open http://10.0.0.2  https://10.0.0.2:8443  http://192.168.9.9:81')
    del made._servers._servers[1:]
    made._on_second(1000)
    equal(made.address, None)
    equal(lines[-1], 'no network yet; the server is ready')
    made._servers._servers = []


class Server:
    """Stands for a server that runs."""

    def __init__(self, host, port, tls):
        self.BindAddress = (host, port)
        self.IsSSLEnabled = tls

    def Stop(self):
        """Stops."""


def check_a_network_that_raises_is_shown_and_the_device_comes_up():
    usual, board.network = board.network, lambda config: 1 // 0
    try:
        made = fresh()
        equal(made.address, None)
        assert shown('the network has failed'), lines
        made._on_second(1000)
    finally:
        board.network = usual
    made = fresh()
    board.polled = [RuntimeError('radio'), '10.0.0.2']
    made._on_second(1000)
    made._on_second(1000)
    equal((made.address, lines[-1]), ('10.0.0.1', 'the network has failed'))


def check_a_reset_comes_after_the_answer_had_its_time():
    made = fresh()
    Machine.resets = 0
    made.reset_soon()
    made._on_second(1000)
    equal(Machine.resets, 0)
    made._on_second(1000)
    equal(Machine.resets, 1)
    made._on_second(1000)
    equal(Machine.resets, 1)


def check_a_server_that_fails_again_and_again_is_started_ever_more_rarely():
    made = fresh()
    made.running = True
    pauses = []
    opened = []

    def fail(*_):
        opened.append(1)
        if len(opened) == 10:
            made.uptime_ms += 100000  # it has run for long
        if len(opened) == 12:
            made.running = False
        raise RuntimeError('no')

    made._servers.open = fail
    made._wait = pauses.append
    made._serve()
    equal(pauses, [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000, 1000, 2000])
    assert shown('the server cannot start: no')


def check_without_threads_the_server_runs_in_the_main_thread_until_ctrl_c_and_goes_on():
    thread, harness._thread = harness._thread, None
    try:
        made = fresh(demo=False)
        board.polled = [None, KeyboardInterrupt()]
        harness.start()
        equal(lines[-1], 'stopped; firmware.start() goes on')
        equal(made._servers._servers, [])
        equal(made._serving, False)
        board.polled = [None, KeyboardInterrupt()]
        harness.start()
        equal(len([line for line in lines if line.startswith('open http://127.0.0.1')]), 2)
        equal(len([line for line in lines if line.startswith('stopped')]), 2)
    finally:
        harness._thread = thread


def check_ctrl_c_while_the_board_boots_gives_the_repl_and_start_boots_again():
    thread, harness._thread = harness._thread, None
    usual = board.network

    def interrupted(config):
        raise KeyboardInterrupt()

    lines.clear()
    board.network = interrupted
    board.DEFAULTS = {'demo': False, 'server': {'port': 20000 + time.time_ns() // 1000 % 12000, 'address': '127.0.0.1'}}
    try:
        harness.main()
        equal(lines[-1], 'stopped; firmware.start() goes on')
        board.network = usual
        board.polled = [None, KeyboardInterrupt()]
        harness.start()
        assert shown('open http://127.0.0.1:'), lines
    finally:
        harness._thread = thread
        board.network = usual
        board.DEFAULTS = None


def check_without_threads_the_console_says_that_the_import_must_end_first():
    thread, harness._thread = harness._thread, None
    try:
        with open('silent_application.py', 'w') as f:
            f.write('')
        made = fresh(application='silent_application')
        made._load_application()
        equal(lines[-1], 'application silent_application: without threads the server starts when its import has ended')
        equal(made.application, 'silent_application')
    finally:
        harness._thread = thread


def check_a_handler_may_stop_the_server():
    made = fresh(demo=False)
    try:
        made.running = True
        made._poll = lambda busy: made.stop()  # called by the loop's own thread, as a handler is
        made._serve()
        equal((made._serving, made._servers._servers), (False, []))
    finally:
        made.stop()
