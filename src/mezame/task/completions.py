"""Completions: how a collection of tasks (JoinSet, JoinQueue) learns that one of them ended.

    task ends, in any thread                     join_next
    ---------------------------------------      ------------------------------------------------
    is complete                                  take a finished task: there is one? Ready
    done callback: append to ``done``            poll a Notified of ``notify``: Pending, or again
                   notify_one

A task that ends between the two steps on the right leaves a permit, so no end is missed. Each end costs a constant
time, however many tasks there are. The callbacks refer to ``Completions``, not to the collection: so a collection
that nobody holds goes at once, and aborts its tasks, while they still run.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..core.task import Task
from ..sync.notify import Notify


class Completions:
    """The finished tasks of one collection, in the order in which they ended."""

    __slots__ = ("done", "notify", "open")

    def __init__(self) -> None:
        self.done = deque()
        self.notify = Notify()
        self.open = True

    def on_done(self, task: Task) -> None:
        """The done callback of each task; in the thread where it ended."""
        if self.open:
            self.done.append(task)
            self.notify.notify_one()

    def close(self) -> None:
        """The collection lets go: what ends from now on is not its own, and whoever waits has nothing to wait for."""
        self.open = False
        self.done.clear()
        self.notify.notify_waiters()


class JoinNext(Future):
    """The future of ``join_next``. Holds no task, so that dropping it loses none."""

    __slots__ = ("_finished", "_notified", "_owner", "_source")

    def __init__(self, owner: Any) -> None:
        self._owner = owner
        self._notified = None
        self._source = None
        self._finished = False

    def poll(self, cx: Context) -> Any:
        if self._finished:
            raise RuntimeError("join_next() was polled after it completed: call it again for the next task")
        cur = current()
        if not cur._take_budget(cx):
            return PENDING
        owner = self._owner
        while True:
            task = owner._take()
            if task is not None or len(owner) == 0:
                self._finished = True
                self.close()
                return make_ready(task)
            if self._notified is None or self._source is not owner._completions:
                self.close()
                self._source = owner._completions
                self._notified = self._source.notify.notified()
            if self._notified.poll(cx) is PENDING:
                cur._refund()
                return PENDING
            self._notified = None

    def is_finished(self) -> bool:
        """True once it gave its answer."""
        return self._finished

    def close(self) -> None:
        notified, self._notified = self._notified, None
        if notified is not None:
            notified.close()  # a notification that came for us goes on to the next who waits
