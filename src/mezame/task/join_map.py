"""JoinMap: tasks by key: at most one for each, joined in the order in which they end."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from ..core.abort_handle import AbortHandle
from ..core.future import close_coroutine
from ..core.task import Task
from ..runtime.blocking import spawn_blocking
from ..runtime.spawn_through import spawn_through
from .join_set import JoinSet
from .local_set import LocalSet, spawn_local
from .spawner import spawn_on


class JoinMap:
    """Tasks by key. Spawning under a key that is taken aborts the old task, which never comes out of ``join_next``.

    Dropping the map aborts its tasks; leaving ``async with`` aborts them and waits until they have unwound.

    >>> import mezame
    >>> async def fetch(n): return n * n
    >>> async def main():
    ...     async with mezame.task.JoinMap() as tasks:
    ...         for n in (1, 2):
    ...             tasks.spawn(f"number {n}", fetch(n))
    ...         return {key: task.result() async for key, task in tasks}
    >>> mezame.run(main())
    {'number 1': 1, 'number 2': 4}

    Source of the semantics: ``tokio_util::task::JoinMap``.
    """

    def __init__(self) -> None:
        self._set = JoinSet()
        self._by_key: dict[Hashable, Task] = {}
        self._keys: dict[int, Hashable] = {}

    # --- spawning -----------------------------------------------------------------------------------------

    def _adopt(self, key: Hashable, task: Task) -> AbortHandle:
        old = self._by_key.get(key)
        self._by_key[key] = task
        self._keys[task.id] = key
        handle = self._set._adopt(task)
        if old is not None:  # after the new one is in: the map must not look empty in between
            del self._keys[old.id]
            self._set._release(old)
            old.abort()
        return handle

    def spawn(self, key: Hashable, future: Any, *, name: str | None = None) -> AbortHandle:
        """Spawns ``future`` under ``key``. Returns its ``AbortHandle``. Raises as ``mezame.spawn``.

        A task that is there already is aborted and never reported by ``join_next``; a failure of it is logged.
        """
        _check_key(key, future)
        return self._adopt(key, spawn_through(future, name, "JoinMap.spawn"))

    def spawn_on(self, key: Hashable, future: Any, handle: Any, *, name: str | None = None) -> AbortHandle:
        """``spawn`` on another runtime: ``handle`` is a ``Handle``, ``Runtime`` or ``Executor``."""
        _check_key(key, future)
        return self._adopt(key, spawn_on(future, handle, name))

    def spawn_local(self, key: Hashable, future: Any, *, name: str | None = None) -> AbortHandle:
        """``spawn`` into the ``LocalSet`` that is being driven here."""
        _check_key(key, future)
        return self._adopt(key, spawn_local(future, name=name))

    def spawn_local_on(
        self, key: Hashable, future: Any, local_set: LocalSet, *, name: str | None = None
    ) -> AbortHandle:
        """``spawn`` into ``local_set``."""
        _check_key(key, future)
        return self._adopt(key, local_set.spawn_local(future, name=name))

    def spawn_blocking(
        self, key: Hashable, function: Callable[..., Any], *args: Any, name: str | None = None, **kwargs: Any
    ) -> AbortHandle:
        """Runs ``function(*args, **kwargs)`` on the current runtime's blocking pool, under ``key``."""
        hash(key)
        return self._adopt(key, spawn_blocking(function, *args, name=name, **kwargs))

    def spawn_blocking_on(
        self,
        key: Hashable,
        handle: Any,
        function: Callable[..., Any],
        *args: Any,
        name: str | None = None,
        **kwargs: Any,
    ) -> AbortHandle:
        """``spawn_blocking`` on another runtime: ``handle`` is a ``Handle`` or ``Runtime``."""
        hash(key)
        return self._adopt(key, handle.spawn_blocking(function, *args, name=name, **kwargs))

    # --- joining ------------------------------------------------------------------------------------------

    async def join_next(self) -> tuple[Any, Task] | None:
        """``(key, finished task)`` of the next task that ends; None when the map is empty. Cancel safe."""
        task = await self._set.join_next()
        return None if task is None else (self._let_go(task), task)

    def try_join_next(self) -> tuple[Any, Task] | None:
        """``(key, finished task)`` now, or None if none has ended (or there is none)."""
        task = self._set.try_join_next()
        return None if task is None else (self._let_go(task), task)

    def _let_go(self, task: Task) -> Any:
        key = self._keys.pop(task.id)
        if self._by_key.get(key) is task:
            del self._by_key[key]
        return key

    def __aiter__(self) -> JoinMap:
        return self

    async def __anext__(self) -> tuple[Any, Task]:
        found = await self.join_next()
        if found is None:
            raise StopAsyncIteration
        return found

    # --- ending -------------------------------------------------------------------------------------------

    def abort(self, key: Hashable) -> bool:
        """Aborts the task of ``key``; it stays to be joined. False if there is none."""
        task = self._by_key.get(key)
        if task is None:
            return False
        task.abort()
        return True

    def abort_matching(self, predicate: Callable[[Any], Any]) -> None:
        """Aborts the tasks whose key pleases ``predicate``."""
        for key, task in list(self._by_key.items()):
            if predicate(key):
                task.abort()

    def abort_all(self) -> None:
        """Aborts every task; they stay to be joined."""
        self._set.abort_all()

    def detach_all(self) -> None:
        """Lets every task go: they run on, and the map is empty."""
        self._by_key.clear()
        self._keys.clear()
        self._set.detach_all()

    async def shutdown(self) -> None:
        """Aborts every task and waits until all have ended; their failures are swallowed."""
        self.abort_all()
        while True:
            found = await self.join_next()
            if found is None:
                return
            if not found[1].cancelled():
                found[1].exception()

    async def __aenter__(self) -> JoinMap:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        try:
            await self._set._end()
        finally:
            self._by_key.clear()
            self._keys.clear()

    # --- looking at it ------------------------------------------------------------------------------------

    def keys(self) -> list[Any]:
        """The keys of the tasks that are in it, running or finished but not joined."""
        return list(self._by_key)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._by_key

    def contains_task(self, id: int) -> bool:
        """True if the task with this id is in it."""
        return id in self._keys

    def is_empty(self) -> bool:
        """True if there is no task in it."""
        return not self._by_key

    def __len__(self) -> int:
        return len(self._by_key)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<JoinMap of {len(self)} tasks>"


def _check_key(key: Hashable, future: Any) -> None:
    """A key that cannot be one must not leave a task behind."""
    try:
        hash(key)
    except BaseException:
        close_coroutine(future)
        raise
