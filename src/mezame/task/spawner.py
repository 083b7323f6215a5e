"""Spawn: whatever tasks can be spawned on: a runtime, its handle, an executor."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

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
