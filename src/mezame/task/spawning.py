"""Spawning: ``spawn`` of the collections, compiled so that it costs what ``mezame.spawn`` does.

Compiled it leaves no frame of its own: the place of the spawn is then the innermost frame, and nobody has to walk up.
"""

from __future__ import annotations

from typing import Any

from ..core.executor import spawn_here
from ..runtime.spawn_through import spawn_through


class Spawning:
    """Base class. A subclass defines ``_adopt(task)``, which takes the task in and gives its AbortHandle."""

    __slots__ = ()

    def _adopt(self, task: Any) -> Any:
        raise TypeError(f"{type(self).__name__} must define _adopt(task)")

    def spawn(self, future: Any, *, name: str | None = None) -> Any:
        """Spawns a task of the current runtime into the collection.

        Args:
            future: a coroutine, or anything that ``into_future`` takes.
            name: shown in reports and traces.

        Returns its ``AbortHandle``; its outcome comes out of ``join_next``. Raises as ``mezame.spawn``.
        """
        task = spawn_here(future, name)
        if task is None:
            task = spawn_through(future, name, f"{type(self).__name__}.spawn")
        return self._adopt(task)
