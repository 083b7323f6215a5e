"""What the collections of tasks have in common: JoinSet and JoinQueue are this, JoinMap has one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..core.abort_handle import AbortHandle
from ..core.context import Context
from ..core.future import close_coroutine
from ..core.given import make_each
from ..core.task import Task
from ..errors import CancelledError, JoinError
from ..runtime.blocking import spawn_blocking
from ..runtime.spawn_through import spawn_through
from .completions import Completions, JoinNext
from .local_set import LocalSet, spawn_local
from .spawner import spawn_on
from .spawning import Spawning


def value_with_id(task: Task) -> tuple[int, Any]:
    """(id, value) of a finished task; ``JoinError`` with the id if it has none."""
    try:
        return task.id, task.result()
    except (JoinError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise JoinError(f"{task!r} failed with {error!r}", id=task.id, cancelled=False) from error


class TaskCollection(Spawning):
    """Base of the collections: spawning into it, joining out of it, ending it.

    A subclass defines ``_admit(task)``, ``_take()`` (a finished task, removed, or None) and ``_members()``.
    """

    def __init__(self) -> None:
        self._completions = Completions()
        self._polling: JoinNext | None = None

    # --- what a subclass defines --------------------------------------------------------------------------

    def _admit(self, task: Task) -> None:
        """Takes a new task in, before its done callback is added."""
        raise TypeError(f"{type(self).__name__} must define _admit(task)")

    def _take(self) -> Task | None:
        """Removes the finished task that is next, or None."""
        raise TypeError(f"{type(self).__name__} must define _take()")

    def _members(self) -> list[Task]:
        """The tasks that are in it."""
        raise TypeError(f"{type(self).__name__} must define _members()")

    def _forget(self) -> None:
        """Removes all tasks, as they are."""
        raise TypeError(f"{type(self).__name__} must define _forget()")

    def __len__(self) -> int:
        """How many tasks are in it: running, and finished but not joined."""
        raise TypeError(f"{type(self).__name__} must define __len__()")

    # --- spawning -----------------------------------------------------------------------------------------

    def _spawn_all(self, futures: Iterable[Any]) -> None:
        """What the constructor was given. If one is refused, the coroutines behind it are closed."""
        left = make_each(lambda future: future, futures)
        left.reverse()
        try:
            while left:
                self._adopt(spawn_through(left.pop(), None, type(self).__name__))
        finally:
            for future in left:
                close_coroutine(future)

    def _adopt(self, task: Task) -> AbortHandle:
        self._admit(task)
        task.add_done_callback(self._completions.on_done)
        return AbortHandle(task)

    def spawn_on(self, future: Any, handle: Any, *, name: str | None = None) -> AbortHandle:
        """``spawn`` on another runtime: ``handle`` is a ``Handle``, ``Runtime`` or ``Executor``. From any thread."""
        return self._adopt(spawn_on(future, handle, name))

    def spawn_local(self, future: Any, *, name: str | None = None) -> AbortHandle:
        """``spawn`` into the ``LocalSet`` that is being driven here. Raises ``RuntimeError`` where there is none."""
        return self._adopt(spawn_local(future, name=name))

    def spawn_local_on(self, future: Any, local_set: LocalSet, *, name: str | None = None) -> AbortHandle:
        """``spawn`` into ``local_set``."""
        return self._adopt(local_set.spawn_local(future, name=name))

    def spawn_blocking(
        self, function: Callable[..., Any], *args: Any, name: str | None = None, **kwargs: Any
    ) -> AbortHandle:
        """Runs ``function(*args, **kwargs)`` on the blocking pool of the current runtime.

        Aborting has an effect only before it starts. Raises ``RuntimeError`` outside of a runtime.
        """
        return self._adopt(spawn_blocking(function, *args, name=name, **kwargs))

    def spawn_blocking_on(
        self, handle: Any, function: Callable[..., Any], *args: Any, name: str | None = None, **kwargs: Any
    ) -> AbortHandle:
        """``spawn_blocking`` on another runtime: ``handle`` is a ``Handle`` or ``Runtime``."""
        return self._adopt(handle.spawn_blocking(function, *args, name=name, **kwargs))

    # --- joining ------------------------------------------------------------------------------------------

    def join_next(self) -> JoinNext:
        """Waits for the next finished task; awaits to its ``Task``, or None when the collection is empty.

        The task has ended: ``result()`` gives its value or raises its failure, ``exception()`` the failure,
        ``id`` and ``name`` say which it is. Raises nothing by itself. A failure that is not looked at is
        reported when the task goes. Cancel safe: no task is lost. Takes a unit of the budget.
        """
        return JoinNext(self)

    async def join_next_with_id(self) -> tuple[int, Any] | None:
        """``(id, value)`` of the next finished task, or None when the collection is empty. Cancel safe.

        Raises ``JoinError``, whose ``id`` tells the task, if that one has no value: ``is_cancelled()``, or
        ``is_panic()`` and the exception that escaped as ``__cause__``.
        """
        task = await self.join_next()
        return None if task is None else value_with_id(task)

    def try_join_next(self) -> Task | None:
        """A finished task now, or None if none has ended (or there is none). Leaves the budget alone."""
        return self._take()

    def try_join_next_with_id(self) -> tuple[int, Any] | None:
        """``join_next_with_id`` that does not wait: None if none has ended (or there is none)."""
        task = self._take()
        return None if task is None else value_with_id(task)

    def poll_join_next(self, cx: Context) -> Any:
        """``Poll.Ready(task)``, ``Poll.Ready(None)`` when empty, or Pending: the waker is woken at the next end."""
        if self._polling is None or self._polling.is_finished():
            self._polling = JoinNext(self)
        return self._polling.poll(cx)

    async def join_all(self) -> list[Any]:
        """Waits for all; their values.

        The first that has no value ends it: the rest are aborted and unwound, then its failure is raised
        (``JoinError`` if it was aborted). So too if this await is cancelled. Not cancel safe.
        """
        values: list[Any] = []
        try:
            while True:
                task = await self.join_next()
                if task is None:
                    return values
                values.append(task.result())
        except BaseException:
            await self._end()
            raise

    def __aiter__(self) -> TaskCollection:
        return self

    async def __anext__(self) -> Task:
        task = await self.join_next()
        if task is None:
            raise StopAsyncIteration
        return task  # type: ignore[no-any-return]

    # --- ending it ----------------------------------------------------------------------------------------

    def abort_all(self) -> None:
        """Aborts every task; they stay in the collection, to be joined."""
        for task in self._members():
            task.abort()

    def detach_all(self) -> None:
        """Lets every task go: they run on, and the collection is empty."""
        self._forget()
        old, self._completions = self._completions, Completions()
        old.close()

    async def shutdown(self) -> None:
        """Aborts every task and waits until all have ended. Their failures are swallowed: you asked for their end.

        If this is cancelled, the aborted tasks stay to be joined.
        """
        self.abort_all()
        while True:
            task = await self.join_next()
            if task is None:
                return
            try:
                task.exception()
            except JoinError:
                pass

    async def _end(self) -> None:
        """Aborts every task and waits until all have unwound, however often we are cancelled meanwhile.

        Failures are not swallowed: a task that failed and goes unjoined is reported.
        """
        cancelled: CancelledError | None = None
        self.abort_all()
        while True:
            try:
                if await self.join_next() is None:
                    break
            except CancelledError as error:
                cancelled = error
                self.abort_all()
        if cancelled is not None:
            raise cancelled

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        await self._end()

    def __del__(self) -> None:
        if hasattr(self, "_completions"):  # not if __init__ failed
            self.abort_all()
            self._forget()
            self._completions.close()

    # --- looking at it ------------------------------------------------------------------------------------

    def is_empty(self) -> bool:
        """True if there is no task in it."""
        return len(self) == 0

    def __bool__(self) -> bool:
        return True  # ``if tasks:`` asks whether there is a collection; ``is_empty`` tells the rest

    def __iter__(self) -> Iterator[Task]:
        """The tasks that are in it."""
        return iter(self._members())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} tasks, {len(self._completions.done)} to be joined>"
