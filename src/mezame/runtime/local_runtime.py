"""LocalRuntime: a runtime that belongs to the thread that made it."""

from __future__ import annotations

import threading
from typing import Any

from ..core.future import close_coroutine
from ..core.task import Task
from .runtime import Runtime


class LocalRuntime(Runtime):
    """A current-thread runtime that only the thread that made it may drive.

    Its tasks never change threads, so ``mezame.task.spawn_local`` works inside without a ``LocalSet``. The options are
    those of ``Runtime``, but for ``flavor`` and ``worker_threads``.

    >>> import mezame
    >>> async def main():
    ...     return await mezame.task.spawn_local(answer())
    >>> async def answer():
    ...     return 42
    >>> with mezame.runtime.LocalRuntime() as runtime:
    ...     runtime.block_on(main())
    42

    Source of the semantics: ``tokio::runtime::LocalRuntime``.
    """

    def __init__(self, **options: Any) -> None:
        self._thread = threading.get_ident()
        if options.pop("flavor", "current_thread") != "current_thread":
            raise ValueError("a LocalRuntime has one thread: flavor must be 'current_thread'")
        super().__init__("current_thread", **options)
        self._handle.is_local = True

    def block_on(self, future: Any) -> Any:
        """``Runtime.block_on``; ``RuntimeError`` in another thread than the one that made the runtime."""
        self._check_thread("block_on", future)
        return super().block_on(future)

    def spawn_local(self, future: Any, *, name: str | None = None) -> Task:
        """Spawns a task. ``RuntimeError`` in another thread: ``spawn`` is for those."""
        self._check_thread("spawn_local", future)
        return self._handle.spawn(future, name=name)

    def _check_thread(self, what: str, future: Any) -> None:
        if threading.get_ident() != self._thread:
            close_coroutine(future)
            raise RuntimeError(
                f"{what} of a LocalRuntime was called in another thread than the one that made it: "
                "make the runtime there, or hand the future over with runtime.handle().spawn(future)"
            )
