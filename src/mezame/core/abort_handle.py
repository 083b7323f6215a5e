"""AbortHandle: the right to end a task, and no more of it."""

from __future__ import annotations

import weakref
from typing import Any


class AbortHandle:
    """Aborts a task; cannot await it, and keeps neither the task nor its result alive.

    From ``Task.abort_handle()``, ``JoinSet.spawn``. Dropping it does nothing.

    Source of the semantics: ``tokio::task::AbortHandle``.
    """

    __slots__ = ("_reference", "id")

    def __init__(self, task: Any) -> None:
        self._reference = weakref.ref(task)
        self.id = task.id

    def abort(self) -> None:
        """``Task.abort``; does nothing if the task has ended."""
        task = self._reference()
        if task is not None:
            task.abort()

    def is_finished(self) -> bool:
        """True when the task has ended."""
        task = self._reference()
        return task is None or task.is_finished()

    def clone(self) -> AbortHandle:
        """A handle of the same task: this object, for it can be shared and kept."""
        return self

    def __repr__(self) -> str:
        return f"<AbortHandle of {self._reference()!r}>"
