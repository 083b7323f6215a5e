"""OwnedTasks: every live task of one executor, so that a running task is never garbage-collected.

Doubly linked through the tasks: joining and leaving are O(1) and allocate nothing. Once closed (shutdown)
it takes no more: a late spawn is born cancelled.
"""

from __future__ import annotations

from .guard import Guard
from .task import Task


class OwnedTasks(Guard):
    """The list; guarded, for spawns come from any thread."""

    __slots__ = ("_closed", "_first", "_length", "_total")

    def __init__(self) -> None:
        self._first = None
        self._length = 0
        self._total = 0
        self._closed = False

    def _add(self, task: Task) -> bool:
        """Takes the task in; False if the list is closed."""
        self._lock()
        taken = not self._closed
        if taken:
            first = self._first
            task._owned_after = first
            if first is not None:
                first._owned_before = task
            self._first = task
            task._owned_by = self
            self._length += 1
            self._total += 1
        self._unlock()
        return taken

    def _discard(self, task: Task) -> None:
        """Lets the task go. The caller holds a reference of its own."""
        self._lock()
        if task._owned_by is self:
            before = task._owned_before
            after = task._owned_after
            if before is None:
                self._first = after
            else:
                before._owned_after = after
            if after is not None:
                after._owned_before = before
            task._owned_before = None
            task._owned_after = None
            task._owned_by = None
            self._length -= 1
        self._unlock()

    def _close(self) -> None:
        """From now on ``_add`` refuses."""
        self._lock()
        self._closed = True
        self._unlock()

    def _reopen_for(self, task: Task) -> None:
        """Takes one more in after the closing: the shutdown's own last task."""
        self._lock()
        self._closed = False
        self._unlock()
        self._add(task)
        self._close()

    def _count(self) -> int:
        self._lock()
        length = self._length
        self._unlock()
        return length

    def _all(self) -> list[Task]:
        """The live tasks of this moment, newest first."""
        tasks: list[Task] = []
        self._lock()
        task = self._first
        while task is not None:
            tasks.append(task)
            task = task._owned_after
        self._unlock()
        return tasks
