"""What stands in the place of things that can not work here.

asyncio: one thread, no network, and time is all that there is to wait for; Pyodide's own loop hands its work to JavaScript, which no
program here can reach. doctest: a `sys` that sets no tracer.
"""

import asyncio
import doctest
import sys
import time
import types


class Clock:
    """In place of a selector: nothing ever comes in from outside."""

    def __init__(self, sleep):
        self.sleep = sleep

    def select(self, timeout):
        if timeout is None:
            raise RuntimeError("Every task waits, and nothing is left that could wake one.")
        if timeout > 0:
            self.sleep(timeout)
        return []


class Loop(asyncio.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self._selector = Clock(time.sleep)

    def _process_events(self, events):
        pass

    def _write_to_self(self):
        pass

    def run_in_executor(self, executor, function, *arguments):
        """There are no threads: it is called at once."""
        future = self.create_future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


class Policy(asyncio.events._BaseDefaultEventLoopPolicy):
    _loop_factory = Loop

    def get_event_loop(self):
        """Makes one where there is none, as Python did until 3.13."""
        if self._local._loop is None:
            self.set_event_loop(self.new_event_loop())
        return super().get_event_loop()


class Untraced(types.ModuleType):
    """`sys` for doctest, which puts back a tracer that nobody has set."""

    def __getattr__(self, name):
        return getattr(sys, name)

    def __setattr__(self, name, value):
        setattr(sys, name, value)

    def settrace(self, function):
        pass


def install():
    """Puts all this, and Python's own functions, in the place of Pyodide's."""
    time.sleep = sys.modules["pyodide.webloop"]._orig_sleep
    asyncio.run = asyncio.runners.run
    asyncio._set_running_loop(None)
    asyncio.events._event_loop_policy = Policy()
    doctest.sys = Untraced("sys")
