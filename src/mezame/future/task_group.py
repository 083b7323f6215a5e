"""TaskGroup: tasks that do not outlive their parent's block.

Leaving the block waits for all. The first failure cancels the siblings and the block; when everybody has
unwound, the failures are raised together as an ``ExceptionGroup``. The contract is asyncio's, counts of
``cancelling()`` included, so that a cancellation from outside (a timeout around the group) passes through:

    child fails     group aborting; siblings cancelled; parent.cancel() if it is inside the block
    parent cancelled from outside     siblings cancelled, awaited; CancelledError goes on
    both            the group's own request is taken back (uncancel); more than that is left: CancelledError wins
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.future import close_coroutine, poll_fn
from ..core.poll import PENDING, Poll
from ..core.task import Task
from ..core.waker import Waker
from ..errors import CancelledError
from ..runtime.spawn_through import spawn_through


class TaskGroup:
    """A scope that owns its tasks.

    >>> import mezame
    >>> async def square(n): return n * n
    >>> async def main():
    ...     async with mezame.TaskGroup() as group:
    ...         tasks = [group.spawn(square(n)) for n in range(3)]
    ...     return [task.result() for task in tasks]
    >>> mezame.run(main())
    [0, 1, 4]
    """

    def __init__(self) -> None:
        self._tasks: set[Task] = set()
        self._errors: list[BaseException] = []
        self._fatal: BaseException | None = None
        self._parent: Any = None
        self._entered = False
        self._exiting = False
        self._aborting = False
        self._requested = False
        self._closed = False
        self._waker: Waker = Waker.noop()

    async def __aenter__(self) -> TaskGroup:
        if self._entered:
            raise RuntimeError("a TaskGroup is entered once: make a new one")
        self._parent = current().task
        if self._parent is None:
            raise RuntimeError("a TaskGroup needs a task of mezame around it")
        self._entered = True
        return self

    def spawn(self, future: Any, *, name: str | None = None) -> Task:
        """Spawns a task into the group. Raises ``RuntimeError`` before the block, after it, and while aborting."""
        if not self._entered or self._closed or (self._exiting and not self._tasks) or self._aborting:
            close_coroutine(future)
            state = (
                "has not been entered"
                if not self._entered
                else "is shutting down after a failure"
                if self._aborting and not self._closed
                else "is finished"
            )
            raise RuntimeError(f"this TaskGroup {state}: it takes no task")
        task = spawn_through(future, name, "TaskGroup.spawn")
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return task

    create_task = spawn

    def _on_done(self, task: Task) -> None:
        self._tasks.discard(task)
        if not self._tasks:
            self._waker.wake()
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        self._errors.append(error)
        if isinstance(error, (KeyboardInterrupt, SystemExit)) and self._fatal is None:
            self._fatal = error
        if not self._aborting:
            self._abort()
            if not self._exiting and not self._requested:
                self._requested = True
                self._parent.cancel()

    def _abort(self) -> None:
        self._aborting = True
        for task in list(self._tasks):
            task.abort()

    def _poll_empty(self, cx: Context) -> Any:
        self._waker = cx.waker
        return PENDING if self._tasks else Poll.Ready(None)

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> bool:
        self._exiting = True
        cancelled = error if isinstance(error, CancelledError) else None
        if self._requested and self._parent.uncancel() == 0:
            cancelled = None  # it was our own request that came out, and no other is left
        if error is not None and not self._aborting:
            self._abort()
        while self._tasks:
            try:
                await poll_fn(self._poll_empty)
            except CancelledError as again:
                cancelled = again
                if not self._aborting:
                    self._abort()
        self._closed = True
        if self._fatal is not None:
            raise self._fatal
        if cancelled is not None and not self._errors:
            raise cancelled
        if error is not None and not isinstance(error, CancelledError):
            self._errors.append(error)
        if self._errors:
            if self._parent.cancelling() and cancelled is not None:
                self._parent.cancel()  # the outside's cancellation goes on at the next await
                self._parent.uncancel()
            try:
                raise BaseExceptionGroup("unhandled errors in a TaskGroup", self._errors)
            finally:
                self._errors = []
        return kind is not None and isinstance(error, CancelledError)
