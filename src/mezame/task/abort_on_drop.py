"""AbortOnDropHandle: a join handle whose going ends the task: smol's rule, where ``spawn`` alone has tokio's."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ..core.abort_handle import AbortHandle
from ..core.future import close_coroutine
from ..core.task import JoinFuture, Task
from ..errors import CancelledError, JoinError
from ..sync.notify import Notify


class AbortOnDropHandle:
    """Owns a task: when this handle goes, or its ``with`` block is left, the task is aborted.

    Args:
        task: the ``Task`` that ``spawn`` returned.

    ``with`` aborts at the end of the block; ``async with`` aborts and waits until the task has unwound. Await it
    for the result, as the task; if that await is cancelled and the handle goes with it, so does the task.

    >>> import mezame
    >>> async def main():
    ...     task = mezame.spawn(mezame.pending())
    ...     with mezame.task.AbortOnDropHandle(task):
    ...         await mezame.yield_now()
    ...     await mezame.yield_now()
    ...     return task.cancelled()
    >>> mezame.run(main())
    True

    Source of the semantics: ``tokio_util::task::AbortOnDropHandle``, ``smol::Task``.
    """

    __slots__ = ("__weakref__", "_task")

    def __init__(self, task: Task) -> None:
        if not isinstance(task, Task):
            close_coroutine(task)
            raise TypeError(f"AbortOnDropHandle needs the Task that spawn returned, not {task!r}")
        self._task: Task | None = task

    def _held(self) -> Task:
        if self._task is None:
            raise RuntimeError("this AbortOnDropHandle was detached: use the task that detach() returned")
        return self._task

    def __await__(self) -> Generator[Any, Any, Any]:
        # A generator, so that the handle lives as long as the await does; and no longer: a cancellation's traceback
        # keeps this frame.
        task = self._held()
        try:
            return (yield from task.__await__())
        finally:
            del self

    def join_future(self) -> JoinFuture:
        """A Future of the task's outcome: what ``into_future(handle)`` gives. It does not own the task."""
        return self._held().join_future()

    def abort(self) -> None:
        """Aborts the task now."""
        self._held().abort()

    def abort_handle(self) -> AbortHandle:
        """A handle that can abort the task and does nothing when it goes."""
        return self._held().abort_handle()

    def is_finished(self) -> bool:
        """True when the task has ended."""
        return self._held().is_finished()

    @property
    def id(self) -> int:
        """The id of the task."""
        return self._held().id

    async def cancel(self) -> Any:
        """Aborts the task and waits until it has unwound. Its value if it finished first, else None.

        Raises the task's own failure. Cancel safe. Source of the semantics: ``smol::Task::cancel``.
        """
        task = self._held()
        task.abort()
        try:
            return await task
        except JoinError as error:
            if error.id != task.id:
                raise  # what the task itself raised
            return None

    def detach(self) -> Task:
        """Gives the task back: it runs on when this handle goes."""
        task = self._held()
        self._task = None
        return task

    def __enter__(self) -> AbortOnDropHandle:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if self._task is not None:
            self._task.abort()

    async def __aenter__(self) -> AbortOnDropHandle:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        """Aborts and waits. A failure of the task is left to whoever looks at it, or to the report."""
        cancelled: CancelledError | None = None
        while self._task is not None and not self._task.is_finished():
            self._task.abort()
            try:
                await _ended(self._task)
            except CancelledError as again:
                cancelled = again
        if cancelled is not None:
            raise cancelled

    def __del__(self) -> None:
        task = getattr(self, "_task", None)
        if task is not None:
            task.abort()

    def __repr__(self) -> str:
        return f"<AbortOnDropHandle of {self._task!r}>"


async def _ended(task: Task) -> None:
    """Waits for the end of the task without looking at its outcome."""
    notify = Notify()
    task.add_done_callback(lambda _: notify.notify_one())
    await notify.notified()
