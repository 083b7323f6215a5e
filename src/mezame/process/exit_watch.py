"""ExitWatch: tells when a process has ended. Two kinds with one interface:

* ``PidfdWatch``: a descriptor of the process, readable once it has ended, in the driver. Linux from 5.3 on.
* ``ThreadWatch``: a thread that waits for it. Everywhere else, where the system refuses a pidfd (a sandbox, no more
  descriptors), and for a process that outlives the runtime that it was started in. ``MEZAME_PIDFD=0`` forces it.

``wait()`` gives a future that is Ready once the process is reaped, by whomever. The kernel keeps an ended process until
it was waited for, so "it ended before anybody watched" needs no care: who looks, finds it.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed, refund
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..core.waker import wake_all
from ..driver.readiness import READ
from ..net.operations import CallOp
from ..net.pipe.descriptor import Descriptor
from ..net.register import register
from .running import Running


def pidfd_works() -> bool:
    """True where ``os.pidfd_open`` does, and ``MEZAME_PIDFD`` does not forbid it."""
    if not hasattr(os, "pidfd_open") or os.environ.get("MEZAME_PIDFD") == "0":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


class PidFd(Descriptor):
    """A descriptor of a process."""

    __slots__ = ()

    def setblocking(self, blocking: bool) -> None:
        """It is never read: nothing blocks."""


class PidfdWatch:
    """Watches a process through the driver."""

    __slots__ = ("_running", "_source")

    def __init__(self, running: Running) -> None:
        self._running = running
        descriptor = PidFd(os.pidfd_open(running.pid))
        try:
            self._source = register(descriptor)  # type: ignore[arg-type]
        except BaseException:
            descriptor.close()
            raise

    def wait(self) -> Future:
        """Ready when the process is reaped."""
        return CallOp(None, self._source, READ, _reap_or_block, (self._running,))

    def close(self) -> None:
        """Watches no more."""
        self._source.close()


def _reap_or_block(running: Running) -> None:
    if not running.try_reap():
        raise BlockingIOError


class ThreadWatch:
    """Watches a process from a thread of its own, started when somebody waits."""

    __slots__ = ("_lock", "_running", "_started", "_waiting")

    def __init__(self, running: Running) -> None:
        self._running = running
        self._lock = threading.RLock()  # re-entrant: a finaliser may come in between
        self._started = False
        self._waiting: dict[ThreadWait, Any] = {}

    def wait(self) -> Future:
        """Ready when the process is reaped."""
        return ThreadWait(self, self._running)

    def start(self) -> None:
        """Starts the thread, once. Raises ``RuntimeError`` if there can be none."""
        if sys.is_finalizing():  # a thread could be made, but would never run, and start() wait for it for ever
            raise RuntimeError("the interpreter is shutting down: there can be no thread to wait for a process")
        with self._lock:
            if not self._started:
                # A daemon: a program may end while its children run.
                name = f"mezame-process-{self._running.pid}"
                threading.Thread(target=self._watch, name=name, daemon=True).start()
                self._started = True

    def _watch(self) -> None:
        wait_for_exit(self._running)
        with self._lock:
            wakers = list(self._waiting.values())
            self._waiting.clear()
        wake_all(wakers)

    def close(self) -> None:
        """Nothing: the thread ends with the process."""


def wait_for_exit(running: Running) -> None:
    """Blocks until the process has ended, and reaps it."""
    while not running.try_reap():
        if hasattr(os, "waitid"):
            try:
                os.waitid(os.P_PID, running.pid, os.WEXITED | os.WNOWAIT)
            except ChildProcessError:
                pass
        else:  # macOS before Python 3.13
            threading.Event().wait(0.01)


class ThreadWait(Future):
    """The future of ``ThreadWatch.wait``."""

    __slots__ = ("_done", "_running", "_watch")

    def __init__(self, watch: ThreadWatch, running: Running) -> None:
        self._watch = watch
        self._running = running
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("polled after it completed: wait again")
        if not poll_proceed(cx):
            return PENDING
        watch = self._watch
        if not self._running.try_reap():
            waker = cx.waker
            watch.start()
            with watch._lock:
                watch._waiting[self] = waker
            if not self._running.try_reap():  # again: the thread may have been faster than we
                refund()
                return PENDING
        self.close()
        self._done = True
        return make_ready(None)

    def close(self) -> None:
        watch = self._watch
        with watch._lock:
            watch._waiting.pop(self, None)


def watch_exit(running: Running) -> PidfdWatch | ThreadWatch:
    """The best watch that there is here."""
    if USE_PIDFD:
        try:
            return PidfdWatch(running)
        except (OSError, RuntimeError):  # no more descriptors, say; or the runtime was closed in this moment
            pass
    return ThreadWatch(running)


USE_PIDFD = pidfd_works()
