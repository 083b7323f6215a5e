"""RecordSpawner: a ``mezame.task.Spawn`` that only notes what it was given."""

from __future__ import annotations

from typing import Any

from ..core.executor import Executor
from ..core.task import Task


class RecordSpawner:
    """Records what is spawned on it and runs nothing, until the test says so.

    >>> import mezame
    >>> from mezame.testing import RecordSpawner
    >>> async def job(): return 42
    >>> spawner = RecordSpawner()
    >>> handle = spawner.spawn(job(), name="a job")
    >>> [task.name for task in spawner.tasks], handle.is_finished()
    (['a job'], False)
    >>> spawner.run(); handle.result()
    42

    Source of the semantics: ``futures_test::task::RecordSpawner``.
    """

    def __init__(self) -> None:
        self._executor = Executor()
        self.tasks: list[Task] = []
        """The tasks that were spawned, in order."""

    def spawn(self, future: Any, *, name: str | None = None) -> Task:
        """Notes a task of ``future``; it does not run. Raises ``TypeError`` if ``future`` cannot be awaited."""
        task = self._executor.spawn(future, name=name)
        self.tasks.append(task)
        return task

    def run(self) -> None:
        """Runs what was spawned, until nothing of it can go on."""
        self._executor.run_until_stalled()

    def close(self) -> None:
        """Cancels and unwinds what has not finished. Idempotent."""
        self._executor.close()

    def __enter__(self) -> RecordSpawner:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()
