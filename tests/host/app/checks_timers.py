"""The timers of a pool: by a clock that the checks set, and by the platform's with a pool that processes events."""

from checking import equal, raises
from MicroWebSrv2 import MicroWebSrv2, MicroWebSrv2Exception
from MicroWebSrv2.libs import xasTimers
from MicroWebSrv2.libs.XAsyncSockets import XAsyncSocketsPool

PERIOD = 1 << 30  # of the ticks of MicroPython's boards


class Clock:
    """Stands for the ticks: in a with statement, time is what `now` says. They wrap, as those of boards do."""

    def __init__(self, now=0):
        self.now = now

    def __enter__(self):
        self.kept = xasTimers.now_ms, xasTimers.passed_ms, xasTimers.after_ms
        xasTimers.now_ms = lambda: self.now
        xasTimers.passed_ms = self.passed
        xasTimers.after_ms = self.after
        return self

    def __exit__(self, *exception):
        xasTimers.now_ms, xasTimers.passed_ms, xasTimers.after_ms = self.kept

    @staticmethod
    def passed(end, start):
        return (end - start + PERIOD // 2) % PERIOD - PERIOD // 2

    @staticmethod
    def after(start, milliseconds):
        if milliseconds >= PERIOD // 2:
            raise OverflowError
        return (start + milliseconds) % PERIOD

    def pass_by(self, milliseconds, pool=None):
        """Let time pass, and the pool look up then. Return what wait_ms() returns."""
        self.now = (self.now + milliseconds) % PERIOD
        return pool.wait_ms() if pool else None


def check_each_is_called_when_it_is_due():
    with Clock() as clock:
        pool = XAsyncSocketsPool()
        called = []
        for milliseconds in (30, 10, 20, 0, 20):
            pool.CallLater(milliseconds, lambda milliseconds=milliseconds: called.append((clock.now, milliseconds)))
        equal(pool.wait_ms(), 10)
        equal(called, [(0, 0)])
        equal(clock.pass_by(9, pool), 1)
        equal(clock.pass_by(1, pool), 10)
        equal(clock.pass_by(15, pool), 5)
        assert clock.pass_by(5, pool) > 5
        equal(called, [(0, 0), (10, 10), (25, 20), (25, 20), (30, 30)])


def check_ticks_that_wrap():
    for start in (PERIOD - 15, PERIOD - 10, PERIOD - 5):
        called = []
        add = called.append
        with Clock(start) as clock:
            pool = XAsyncSocketsPool()
            pool.CallLater(20, lambda add=add: add('later'))
            pool.CallEvery(10, lambda add=add: add('every'))
            for expected in ([], ['every'], [], ['later', 'every'], [], ['every']):
                clock.pass_by(5, pool)
                equal(called, expected)
                called.clear()


def check_a_time_beyond_the_ticks():
    day = 24 * 3600 * 1000
    with Clock(PERIOD - 5) as clock:
        pool = XAsyncSocketsPool()
        called = []
        pool.CallLater(30 * day, lambda: called.append('month'))
        pool.CallEvery(20 * day, lambda: called.append('twenty days'))
        for days in range(1, 61):
            clock.pass_by(day - 1, pool)
            seen = len(called)
            clock.pass_by(1, pool)
            equal((days, len(called) - seen), (days, 1 if days in (20, 30, 40, 60) else 0))
        equal(called, ['twenty days', 'month', 'twenty days', 'twenty days'])


def check_a_period_does_not_drift_and_does_not_pile_up():
    with Clock() as clock:
        pool = XAsyncSocketsPool()
        called = []
        pool.CallEvery(10, lambda: called.append(clock.now))
        for step in (13, 8, 9):  # 13, 21, 30
            clock.pass_by(step, pool)
        equal(called, [13, 21, 30])
        equal(clock.pass_by(35, pool), 10)  # the loop was held: not three calls
        equal(called, [13, 21, 30, 65])


def check_cancelling():
    with Clock() as clock:
        pool = XAsyncSocketsPool()
        called = []
        kept = pool.CallLater(10, lambda: called.append('kept'))
        dropped = pool.CallLater(10, lambda: called.append('dropped'))
        every = pool.CallEvery(5, lambda: called.append('every'))
        equal((dropped.Cancel(), dropped.Cancel()), (True, False))
        clock.pass_by(5, pool)
        equal(every.Cancel(), True)
        clock.pass_by(10, pool)
        equal(called, ['every', 'kept'])
        equal((kept.Cancel(), every.Cancel()), (False, False))


def check_what_was_cancelled_is_forgotten_at_once():
    with Clock():
        pool = XAsyncSocketsPool()
        timers = xasTimers.Timers()
        for _ in range(100):
            timer = xasTimers.XAsyncTimer(pool, timers, 3600000, print, False)
            timers.note(timer)
            timers.run()
            timer.Cancel()
            timers.run()
            equal(timers.count(), 0)


def check_a_callback_that_cancels_timers():
    with Clock() as clock:
        pool = XAsyncSocketsPool()
        called = []
        timers = []

        def stop_all():
            called.append('stop')
            equal([timer.Cancel() for timer in timers], [True, True, True])

        timers.append(pool.CallEvery(10, stop_all))  # itself
        timers.append(pool.CallLater(10, lambda: called.append('due at the same time')))
        timers.append(pool.CallLater(20, lambda: called.append('later')))
        for _ in range(5):
            clock.pass_by(10, pool)
        equal(called, ['stop'])


def check_a_callback_that_sets_timers():
    with Clock() as clock:
        pool = XAsyncSocketsPool()
        called = []

        def again():
            called.append(clock.now)
            pool.CallLater(0, again)  # must not hold the loop
            pool.CallLater(5, lambda: called.append('from a callback'))

        pool.CallLater(0, again)
        equal(pool.wait_ms(), 0)
        equal(called, [0])
        clock.pass_by(5, pool)
        equal(called.count('from a callback'), 1)


def check_a_callback_that_raises_costs_only_itself():
    with Clock() as clock:
        pool = XAsyncSocketsPool()
        called = []

        def fails():
            called.append('fails')
            raise RuntimeError('this traceback is meant')

        pool.CallEvery(10, fails)
        pool.CallLater(10, lambda: called.append('next'))
        clock.pass_by(10, pool)
        clock.pass_by(10, pool)
        equal(called, ['fails', 'next', 'fails'])


class Coroutine:
    """Stands for a coroutine."""

    closed = False

    def throw(self, error):
        pass

    def close(self):
        self.closed = True


def check_a_coroutine_is_awaited_where_asyncio_runs_the_pool():
    with Clock():
        pool = XAsyncSocketsPool()
        awaited = []
        coroutine = Coroutine()
        pool.CallLater(0, lambda: coroutine)
        pool.wait_ms()  # no asyncio: shows why not
        equal(coroutine.closed, True)
        pool.spawn = awaited.append
        pool.CallLater(0, lambda: coroutine)
        pool.wait_ms()
        equal(awaited, [coroutine])


def check_wrong_arguments():
    pool = XAsyncSocketsPool()
    for method, values in ((pool.CallLater, (-1, None, '1')), (pool.CallEvery, (-1, 0, None, '1'))):
        for value in values:
            assert 'milliseconds' in str(raises(ValueError, method, value, print))
        for function in (None, 1, 'x'):
            assert 'function' in str(raises(ValueError, method, 1, function))


def check_the_pool_calls_them():
    """By the platform's clock: the last timer ends it."""
    pool = XAsyncSocketsPool()
    called = []
    pool.CallLater(40, lambda: called.append('40'))
    pool.CallLater(20, lambda: called.append('20'))
    every = pool.CallEvery(15, lambda: called.append('every'))
    pool.CallLater(80, pool.StopWaitEvents)
    pool.AsyncWaitEvents(0)
    equal([name for name in called if name != 'every'], ['20', '40'])
    assert 1 <= called.count('every') <= 5, called
    every.Cancel()


def check_programs_with_a_loop_of_their_own():
    pool = XAsyncSocketsPool()
    called = []
    pool.CallLater(30, lambda: called.append('called'))
    while not called:
        pool.ProcessEvents(1000)
    equal(called, ['called'])


def check_timers_of_other_threads():
    try:
        from _thread import start_new_thread
    except ImportError:
        return
    pool = XAsyncSocketsPool()
    called = []

    def set_timers(_):
        for number in range(20):
            pool.CallLater(number, lambda number=number: called.append(number))
        pool.CallLater(40, pool.StopWaitEvents)

    pool.CallLater(0, lambda: start_new_thread(set_timers, (None,)))
    pool.AsyncWaitEvents(0)
    equal(sorted(called), list(range(20)))


def check_the_pool_of_a_server():
    server = MicroWebSrv2()
    pool = server.Pool
    assert server.Pool is pool
    raises(MicroWebSrv2Exception, server.StartInPool, XAsyncSocketsPool())
    other = XAsyncSocketsPool()
    server.Pool = other
    assert server.Pool is other
    for value in (None, 1):
        raises(ValueError, setattr, server, 'Pool', value)
