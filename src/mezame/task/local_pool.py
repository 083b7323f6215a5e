"""LocalPoolHandle: a few threads, each with a runtime and a LocalSet; a task stays on the thread that it was given to.

    spawn_pinned --> the worker with the fewest tasks --> function() makes the coroutine there, and it runs there
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..core.check import check_int
from ..core.task import Task
from ..runtime.runtime import Runtime
from ..sync.notify import Notify
from .local_set import LocalSet


class _Worker:
    """One thread. ``load`` is under the pool's lock."""

    def __init__(self, name: str) -> None:
        self.load = 0
        self.stop = Notify()
        self.local_set = LocalSet()
        self.runtime = Runtime(name=name)
        self.thread = threading.Thread(target=self.run, name=name, daemon=True)
        self.thread.start()

    def run(self) -> None:
        with self.runtime:
            self.runtime.block_on(self.work())

    async def work(self) -> None:
        await self.local_set.run_until(self.stop.notified())
        await self.local_set.shutdown()

    async def pinned(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        async def body() -> Any:  # so that the function is called inside of the set
            return await function(*args, **kwargs)

        return await self.local_set.run_until(body())


class LocalPoolHandle:
    """A pool of threads for tasks that must not move.

    Args:
        size: how many threads, at least 1.

    Use it as a context manager, or ``close`` it; dropping it lets its threads end by themselves. All methods may be
    called from any thread.

    >>> import mezame, threading
    >>> async def where(): return threading.current_thread().name
    >>> with mezame.task.LocalPoolHandle(1) as pool:
    ...     async def main():
    ...         return [await pool.spawn_pinned(where) for _ in range(2)]
    ...     mezame.run(main())
    ['mezame-local-0', 'mezame-local-0']

    Source of the semantics: ``tokio_util::task::LocalPoolHandle``.
    """

    def __init__(self, size: int) -> None:
        self._workers: list[_Worker] = []
        size = check_int("size", size, 1)
        self._lock = threading.RLock()
        for index in range(size):
            self._workers.append(_Worker(f"mezame-local-{index}"))

    def spawn_pinned(self, function: Callable[..., Any], *args: Any, name: str | None = None, **kwargs: Any) -> Task:
        """Spawns on the thread with the fewest tasks (the first of equals).

        Args:
            function: called with ``args`` and ``kwargs`` on that thread; returns the coroutine (or future) to run.
            name: shown in reports and traces.

        Returns the ``Task``, which may be awaited and aborted anywhere. ``spawn_local`` works inside. After ``close``
        the task is already cancelled.
        """
        with self._lock:
            worker = min(self._workers, key=lambda worker: worker.load)
            worker.load += 1
        return self._spawn(worker, function, args, kwargs, name)

    def spawn_pinned_by_idx(
        self, index: int, function: Callable[..., Any], *args: Any, name: str | None = None, **kwargs: Any
    ) -> Task:
        """``spawn_pinned`` on the thread with this index. Raises ``IndexError`` if there is none."""
        if not 0 <= index < len(self._workers):
            raise IndexError(f"there is no thread {index!r}: the pool has {len(self._workers)}, counted from 0")
        worker = self._workers[index]
        with self._lock:
            worker.load += 1
        return self._spawn(worker, function, args, kwargs, name)

    def _spawn(
        self,
        worker: _Worker,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        name: str | None,
    ) -> Task:
        lock = self._lock

        def ended(_: Task) -> None:
            with lock:
                worker.load -= 1

        label = name or getattr(function, "__qualname__", None)
        task = worker.runtime.spawn(worker.pinned(function, args, kwargs), name=label)
        task.add_done_callback(ended)
        return task

    def num_threads(self) -> int:
        """How many threads it has."""
        return len(self._workers)

    def get_task_loads_for_each_worker(self) -> list[int]:
        """How many tasks have not ended, for each thread."""
        with self._lock:
            return [worker.load for worker in self._workers]

    def close(self) -> None:
        """Cancels all tasks and waits until they have unwound and the threads have ended. Blocks; idempotent.

        Not inside of one of its own tasks (``RuntimeError``); in a task of another runtime use ``spawn_blocking``.
        """
        mine = threading.current_thread()
        if any(worker.thread is mine for worker in self._workers):
            raise RuntimeError("a LocalPoolHandle cannot be closed by one of its own threads: it would wait for itself")
        for worker in self._workers:
            worker.stop.notify_one()
        for worker in self._workers:
            worker.thread.join()

    def __enter__(self) -> LocalPoolHandle:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __del__(self) -> None:
        for worker in self._workers:
            worker.stop.notify_one()

    def __repr__(self) -> str:
        return f"<LocalPoolHandle of {len(self._workers)} threads>"
