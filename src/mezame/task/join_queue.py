"""JoinQueue: tasks that belong together, joined in the order in which they were spawned."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from ..core.task import Task
from .collection import TaskCollection


class JoinQueue(TaskCollection):
    """A ``JoinSet`` whose tasks come out in the order in which they were spawned.

    Args:
        futures: what to spawn at once, if anything.

    >>> import mezame
    >>> async def work(n):
    ...     await mezame.sleep(n / 1000)
    ...     return n
    >>> async def main():
    ...     async with mezame.task.JoinQueue(work(n) for n in (3, 1, 2)) as tasks:
    ...         return await tasks.join_all()
    >>> mezame.run(main(), start_paused=True)
    [3, 1, 2]

    Source of the semantics: ``tokio_util::task::JoinQueue``.
    """

    def __init__(self, futures: Iterable[Any] = ()) -> None:
        super().__init__()
        self._queue: deque[Task] = deque()
        self._spawn_all(futures)

    def _admit(self, task: Task) -> None:
        self._queue.append(task)

    def _take(self) -> Task | None:
        # The order of the ends does not matter here, their notifications do: one for each, and whoever takes a task
        # passes on the one that it got, so that the next looks whether the new front has ended before.
        self._completions.done.clear()
        queue = self._queue
        if not queue or not queue[0].is_finished():
            return None
        return queue.popleft()

    def _members(self) -> list[Task]:
        return list(self._queue)

    def _forget(self) -> None:
        self._queue.clear()

    def __len__(self) -> int:
        """How many tasks are in it: running, and finished but not joined."""
        return len(self._queue)
