"""Inject: the injection queue: tasks that were queued from outside of the workers, or that a full worker gave away.

A FIFO without a bound, under a guard. Workers look at it at every tick of their global queue interval and when their
own queue is empty; ``_length`` is a Word, so that looking at an empty one costs no lock. A worker's backlog is one as
well; where there is no other worker it needs no guard.
"""

from __future__ import annotations

from typing import Any

from ..core.guard import Guard
from ..core.queue import RunQueue
from ..core.waker import Wakeable
from ..core.word import Word
from .steal_queue import StealQueue

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython


class Inject(Guard):
    """The queue; any thread."""

    __slots__ = ("_closed", "_length", "_queue", "pushed")

    def __init__(self) -> None:
        self._queue = RunQueue()
        self._length = Word()
        self._closed = False
        self.pushed = 0

    def _push(self, item: Wakeable) -> bool:
        """Queues ``item``; False if the queue is closed: then its task is being dropped, and no link may stay."""
        self._lock()
        taken = not self._closed
        if taken:
            self._queue._push(item)
            self.pushed += 1
            self._length._store(self._queue._length)
        self._unlock()
        return taken

    def _push_all(self, items: RunQueue) -> None:
        """Queues all of ``items``, in order, in constant time."""
        self._lock()
        if self._closed:
            items._clear()
        else:
            self._queue._append_all(items)
            self._length._store(self._queue._length)
        self._unlock()

    def _is_closed(self) -> bool:
        self._lock()
        closed = self._closed
        self._unlock()
        return closed  # type: ignore[no-any-return]

    def _is_empty(self) -> bool:
        return self._length._load() == 0

    if not cython.compiled:  # compiled, it is in the .pxd, so that it is inlined

        def _pop_alone(self) -> Any:
            """``_pop`` of the only worker from its backlog, where no other thread comes: no guard, a bare link."""
            link = self._queue._pop_link()
            self._length._store(self._queue._length)
            return link

    def _pop(self) -> Wakeable | None:
        """The oldest, or None."""
        if self._length._load() == 0:
            return None
        self._lock()
        item = self._queue._pop()
        self._length._store(self._queue._length)
        self._unlock()
        return item

    def _pop_into(self, target: StealQueue, workers: int, most: int) -> Wakeable | None:
        """The oldest, or None; and a worker's share of the rest, at most ``most``, is moved to its own queue."""
        if self._length._load() == 0:
            return None
        self._lock()
        item = self._queue._pop()
        target._fill_from(self._queue, min(self._queue._length // workers, most))
        self._length._store(self._queue._length)
        self._unlock()
        return item

    def _close(self) -> RunQueue:
        """Takes nothing more. What was in it is the caller's."""
        empty = RunQueue()
        self._lock()
        self._closed = True
        taken = self._queue
        self._queue = empty
        self._length._store(0)
        self._unlock()
        return taken
