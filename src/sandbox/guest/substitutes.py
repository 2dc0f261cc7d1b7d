"""Replacements for what cannot work in the sandbox.

asyncio: there is one thread and no network, so only timers can be waited for; Pyodide's own loop hands its work to JavaScript, which
programs cannot reach. doctest: a `sys` that sets no tracer. Sockets and processes: Pyodide stops inside JavaScript where Python raises an
OSError, which a program may expect. hashlib: PBKDF2 (RFC 8018, 5.2), which it lacks without OpenSSL.
"""

import asyncio
import doctest
import errno
import hashlib
import os
import socket
import sys
import time
import types


class Clock:
    """Replaces a selector: no event ever comes from outside."""

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

    async def create_server(self, *arguments, **named):
        no_network()

    async def create_connection(self, *arguments, **named):
        no_network()

    def run_in_executor(self, executor, function, *arguments):
        """There are no threads, so the function is called immediately."""
        future = self.create_future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


class Policy(asyncio.events._BaseDefaultEventLoopPolicy):
    _loop_factory = Loop

    def get_event_loop(self):
        """Creates a loop if there is none, as Python did until 3.13."""
        if self._local._loop is None:
            self.set_event_loop(self.new_event_loop())
        return super().get_event_loop()


class Untraced(types.ModuleType):
    """`sys` for doctest, which restores a tracer that was never set."""

    def __getattr__(self, name):
        return getattr(sys, name)

    def __setattr__(self, name, value):
        setattr(sys, name, value)

    def settrace(self, function):
        pass


def no_network(*arguments, **named):
    raise OSError(errno.ENETUNREACH, "There is no network here")


def no_processes(*arguments, **named):
    raise OSError(errno.ENOTSUP, "There are no processes here")


def pbkdf2_hmac(hash_name, password, salt, iterations, dklen=None):
    if iterations < 1 or (dklen is not None and dklen < 1):
        raise ValueError("iterations and key length must be at least 1")
    inner, outer = hashlib.new(hash_name), hashlib.new(hash_name)
    key = bytes(password) if len(password) <= inner.block_size else hashlib.new(hash_name, password).digest()
    key = key.ljust(inner.block_size, b"\0")
    inner.update(key.translate(bytes(byte ^ 0x36 for byte in range(256))))
    outer.update(key.translate(bytes(byte ^ 0x5C for byte in range(256))))

    def keyed(message):
        first, second = inner.copy(), outer.copy()
        first.update(message)
        second.update(first.digest())
        return second.digest()

    wanted = inner.digest_size if dklen is None else dklen
    derived = b""
    while len(derived) < wanted:
        block = keyed(bytes(salt) + (len(derived) // inner.digest_size + 1).to_bytes(4, "big"))
        total = int.from_bytes(block, "big")
        for _ in range(iterations - 1):
            block = keyed(block)
            total ^= int.from_bytes(block, "big")
        derived += total.to_bytes(inner.digest_size, "big")
    return derived[:wanted]


def install():
    """Installs these replacements, and Python's own functions instead of Pyodide's."""
    time.sleep = sys.modules["pyodide.webloop"]._orig_sleep
    asyncio.run = asyncio.runners.run
    asyncio._set_running_loop(None)
    asyncio.events._event_loop_policy = Policy()
    doctest.sys = Untraced("sys")
    for name in ("bind", "connect", "connect_ex", "listen", "sendto"):
        setattr(socket.socket, name, no_network)
    for name in ("system", "fork", "posix_spawn", "execv", "execve"):
        setattr(os, name, no_processes)
    hashlib.pbkdf2_hmac = pbkdf2_hmac
