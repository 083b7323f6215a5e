"""AsyncGens: the async generators of a runtime are closed, not left to the garbage collector.

The interpreter tells of each async generator at its first iteration, and asks for help when one is collected
half-way: its ``aclose`` must be awaited, so a task is spawned for it. What is alive at shutdown is closed then.
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
        self._executor.spawn(generator.aclose(), name=f"aclose of {generator.__qualname__}")

    def closing(self) -> Any:
        """The coroutine that closes what is alive, or None if there is nothing."""
        return self.close_all() if self._alive else None

    async def close_all(self) -> None:
        """Closes those that are alive; what their ``finally`` blocks raise is reported."""
        for generator in list(self._alive):
            try:
                await generator.aclose()
            except Exception as error:
                report_exception(f"closing the async generator {generator!r} failed", error)
        self._alive.clear()
