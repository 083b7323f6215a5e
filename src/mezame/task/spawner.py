"""Spawn: whatever tasks can be spawned on: a runtime, its handle, an executor."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from ..core.future import close_coroutine
from ..core.task import Task


@runtime_checkable
class Spawn(Protocol):
    """What has ``spawn``: write code that is given one, and it works on each of them.

    >>> import mezame
    >>> isinstance(mezame.Executor(), mezame.task.Spawn)
    True

    Source of the semantics: ``futures::task::Spawn``.
    """

    def spawn(self, future: Any, *, name: str | None = None) -> Task:
        """Makes a task of ``future`` and queues it. On a closed one the task is already cancelled."""
        ...


def spawn_on(future: Any, spawner: Any, name: str | None) -> Task:
    """``spawner.spawn(future)``. ``TypeError`` for what has no ``spawn``; the coroutine is closed then."""
    if not hasattr(spawner, "spawn"):
        close_coroutine(future)
        raise TypeError(f"spawn_on needs a Handle, Runtime or Executor to spawn on, not {spawner!r}")
    return spawner.spawn(future, name=name)  # type: ignore[no-any-return]
