"""Orphans: processes whose ``Child`` was dropped while they ran. They are reaped when they end: no zombie stays.

    adopt --ended--> reaped
          --runs---> a waker is left with its watch: it calls ``step`` when the process ends, or the driver goes
    step  --ended--> reaped
          --runs---> the driver goes on: leave the waker again;  it is gone: a thread waits

No task is needed: reaping never blocks, so the waker itself does it.
"""

from __future__ import annotations

import threading
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING
from ..core.waker import Waker
from .exit_watch import ThreadWatch
from .running import Running

_lock = threading.RLock()
_orphans: set[Orphan] = set()


class Orphan:
    """One of them."""

    __slots__ = ("_context", "_running", "_wait", "_watch")

    def __init__(self, running: Running, watch: Any) -> None:
        self._running = running
        self._watch = watch
        self._wait = watch.wait()
        self._context = Context.from_waker(Waker.from_callable(self.step))

    def step(self) -> None:
        """Reaps it, or sees to it that this is called again."""
        if not self._running.try_reap():
            try:
                if self._wait.poll(self._context) is PENDING:
                    return
            except (OSError, RuntimeError):  # the driver is gone
                self._watch.close()
                self._watch = ThreadWatch(self._running)
                self._wait = self._watch.wait()
                try:
                    if self._wait.poll(self._context) is PENDING:
                        return
                except RuntimeError:  # the interpreter ends: the process becomes the system's orphan
                    pass
        self._wait.close()
        self._watch.close()
        with _lock:
            _orphans.discard(self)


def adopt(running: Running, watch: Any) -> None:
    """Has the process reaped when it ends."""
    if running.try_reap():
        watch.close()
        return
    orphan = Orphan(running, watch)
    with _lock:
        _orphans.add(orphan)
    orphan.step()


def count() -> int:
    """How many there are now."""
    with _lock:
        return len(_orphans)
