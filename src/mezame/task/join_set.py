"""JoinSet: tasks that belong together, joined in the order in which they end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.task import Task
from .collection import TaskCollection


class JoinSet(TaskCollection):
    """A set of tasks that does not outlive its owner.

    Args:
        futures: what to spawn at once, if anything.

    Dropping the set aborts the tasks that are still in it; leaving ``async with`` aborts them and waits until
    they have unwound. ``detach_all`` first, if they are to run on. A failed task that was never joined is reported.
    Spawn and join from the thread of its owner; the tasks may end in any.

    >>> import mezame
    >>> async def work(n):
    ...     await mezame.sleep(n / 1000)
    ...     return n
    >>> async def main():
    ...     async with mezame.task.JoinSet() as tasks:
    ...         for n in (3, 1, 2):
    ...             tasks.spawn(work(n))
    ...         return [task.result() async for task in tasks]
    >>> mezame.run(main(), start_paused=True)
    [1, 2, 3]

    Source of the semantics: ``tokio::task::JoinSet``.
    """

    def __init__(self, futures: Iterable[Any] = ()) -> None:
        super().__init__()
        self._tasks: dict[int, Task] = {}
        self._spawn_all(futures)

    def _admit(self, task: Task) -> None:
        self._tasks[task.id] = task

    def _take(self) -> Task | None:
        done = self._completions.done
        while done:
            task: Task = done.popleft()
            if self._release(task):
                return task
        return None

    def _release(self, task: Task) -> bool:
        """Lets one task go, finished or not. False if it is not in the set."""
        return self._tasks.pop(task.id, None) is not None

    def _members(self) -> list[Task]:
        return list(self._tasks.values())

    def _forget(self) -> None:
        self._tasks.clear()

    def __len__(self) -> int:
        """How many tasks are in it: running, and finished but not joined."""
        return len(self._tasks)

    def __contains__(self, task: object) -> bool:
        return isinstance(task, Task) and task.id in self._tasks
