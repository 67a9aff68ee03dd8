"""Threads for work that may block, such as request handlers."""

from .xasPoller import allocate_lock, print_exception, start_new_thread


class XAsyncWorkers:
    """A fixed number of threads that do jobs in the order in which they came.

    count: int, threads, 1 or more.

    - lock: for those that share state between their jobs and the pool's thread.
    """

    def __init__(self, count):
        self.lock = allocate_lock()
        self._jobs = []
        self._idle = []  # the gates of the threads that wait for a job
        self._lock = allocate_lock()
        self._stopping = False
        for _ in range(count):
            start_new_thread(self._run, ())

    def submit(self, job):
        """Has a job done by the first thread that is free. job: callable without arguments."""
        self._lock.acquire()
        self._jobs.append(job)
        gate = self._idle.pop() if self._idle else None
        self._lock.release()
        if gate:
            gate.release()

    def stop(self):
        """Ends the threads, each when its job is done; jobs that wait are dropped. Returns at once."""
        self._lock.acquire()
        self._stopping = True
        self._jobs.clear()
        gates, self._idle = self._idle, []
        self._lock.release()
        for gate in gates:
            gate.release()

    def _run(self):
        gate = allocate_lock()
        gate.acquire()
        while not self._stopping:
            job = self._next(gate)
            if job:
                try:
                    job()
                except BaseException as error:
                    print_exception(error)
            else:
                gate.acquire()

    def _next(self, gate):
        """Takes a job, or registers the thread as idle. Returns the job or None."""
        self._lock.acquire()
        job = None
        if self._jobs:
            job = self._jobs.pop(0)
        elif not self._stopping:
            self._idle.append(gate)
        else:
            gate.release()
        self._lock.release()
        return job
