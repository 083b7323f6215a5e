"""The task that is running: which one, and what it is called."""

from __future__ import annotations

from typing import Any

from ..core.current import current as slot
from ..core.task import Task

Id = int
"""The type of a task's id: a number that no other task of this process has; its order promises nothing."""

_OUTSIDE = "there is no running task here: call this inside a spawned task, not in the future given to run or block_on"


def try_current() -> Task | None:
    """The task that this thread is polling: an object with ``id`` and ``name``. None outside of a task.

    The future that ``run`` or ``block_on`` was given is not a task: there it is None too.

    >>> import mezame
    >>> async def who(): return mezame.task.try_current().name
    >>> async def main():
    ...     return mezame.task.try_current(), await mezame.spawn(who(), name="worker")
    >>> mezame.run(main())
    (None, 'worker')

    Source of the semantics: ``async_std::task::try_current``.
    """
    task: Any = slot().task
    return None if task is None or task.is_root else task


def current() -> Task:
    """``try_current()``, but raises ``RuntimeError`` outside of a task.

    Source of the semantics: ``async_std::task::current``.
    """
    task = try_current()
    if task is None:
        raise RuntimeError(_OUTSIDE)
    return task


def try_id() -> int | None:
    """The id of the running task, or None outside of a task.

    Source of the semantics: ``tokio::task::try_id``.
    """
    task = try_current()
    return None if task is None else task.id


def id() -> int:
    """The id of the running task. Raises ``RuntimeError`` outside of a task.

    >>> import mezame
    >>> async def number(): return mezame.task.id()
    >>> async def main():
    ...     handle = mezame.spawn(number())
    ...     return await handle == handle.id
    >>> mezame.run(main())
    True

    Source of the semantics: ``tokio::task::id``.
    """
    return current().id
