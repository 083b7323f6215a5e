"""OwnedTasks: every live task of one executor, so that a running task is never garbage-collected.

A list in no order; each task knows its place in it (``_owned_at``, -1 outside). Joining appends; leaving moves
the last task into the gap: both O(1), and neither touches a neighbour's memory. Once closed (shutdown) it
takes no more: a late spawn is born cancelled.
"""

from __future__ import annotations

from .guard import Guard
from .task import Task


class OwnedTasks(Guard):
    """The list; guarded, for spawns come from any thread."""

    __slots__ = ("_closed", "_tasks", "_total")

    def __init__(self) -> None:
        self._tasks = []
        self._total = 0
        self._closed = False

    def _add(self, task: Task) -> bool:
        """Takes the task in; False if the list is closed."""
        self._lock()
        taken = not self._closed
        if taken:
            task._owned_at = len(self._tasks)
            self._tasks.append(task)
            self._total += 1
        self._unlock()
        return taken

    def _add_all(self, tasks: list[Task]) -> bool:
        """``_add`` of many, with one lock."""
        self._lock()
        taken = not self._closed
        if taken:
            for item in tasks:
                task: Task = item
                task._owned_at = len(self._tasks)
                self._tasks.append(task)
            self._total += len(tasks)
        self._unlock()
        return taken

    def _discard(self, task: Task) -> None:
        """Lets the task go. The caller holds a reference of its own."""
        self._lock()
        at = task._owned_at
        if at >= 0:
            last = self._tasks.pop()
            if last is not task:
                self._tasks[at] = last
                last._owned_at = at
            task._owned_at = -1
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
        length = len(self._tasks)
        self._unlock()
        return length

    def total(self) -> int:
        """How many tasks were taken in so far."""
        return self._total  # type: ignore[no-any-return]

    def _all(self) -> list[Task]:
        """The live tasks of this moment, oldest first."""
        self._lock()
        tasks = list(self._tasks)
        self._unlock()
        tasks.sort(key=_by_id)
        return tasks


def _by_id(task: Task) -> int:
    return task.id
