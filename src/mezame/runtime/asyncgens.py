"""AsyncGens: the async generators of a runtime are closed, not left to the garbage collector.

The interpreter tells of each async generator at its first iteration, and asks for help when one is collected
half-way: its ``aclose`` must be awaited, so a task is spawned for it. What is alive at shutdown is closed then, and so
is what was collected so late that its task was cancelled before it ran: a generator is *dropped* from the moment it
was collected until its ``aclose`` is over, and held meanwhile.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any

from ..core.executor import Executor
from ..core.report import report_exception


class AsyncGens:
    """The generators of one executor."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._alive: weakref.WeakSet[Any] = weakref.WeakSet()
        self._dropped: set[Any] = set()

    def install(self) -> Any:
        """Hooks this thread; returns what ``restore`` needs."""
        old = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(self._first, self._finalize)
        return old

    def restore(self, old: Any) -> None:
        """Puts the thread's former hooks back."""
        sys.set_asyncgen_hooks(*old)

    def _first(self, generator: Any) -> None:
        self._alive.add(generator)

    def _finalize(self, generator: Any) -> None:
        self._alive.discard(generator)
        self._dropped.add(generator)
        task = self._executor.spawn(self._close(generator), name=f"aclose of {generator.__qualname__}")
        if task.is_finished():  # the executor is closed: there is nobody left to run it
            self._dropped.discard(generator)

    async def _close(self, generator: Any) -> None:
        try:
            await generator.aclose()
        finally:
            self._dropped.discard(generator)

    def closing(self) -> Any:
        """The coroutine that closes what is alive or dropped, or None if there is nothing."""
        return self.close_all() if self._alive or self._dropped else None

    async def close_all(self) -> None:
        """Closes them; what their ``finally`` blocks raise is reported."""
        for generator in [*self._alive, *self._dropped]:
            try:
                await generator.aclose()
            except Exception as error:
                report_exception(f"closing the async generator {generator!r} failed", error)
        self._alive.clear()
        self._dropped.clear()
