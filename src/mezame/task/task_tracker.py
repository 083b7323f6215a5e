"""TaskTracker: counts tasks, and waits until the last has ended: one half of a graceful shutdown.

The other half is ``CancellationToken``: the token tells everybody to stop, the tracker waits until they have.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, Poll
from ..core.task import Task
from ..core.wrapper import Wrapper
from ..runtime.blocking import spawn_blocking
from ..runtime.spawn_through import spawn_through
from ..sync.notify import Notified, Notify
from .local_set import LocalSet, spawn_local
from .spawner import spawn_on


class TaskTracker:
    """Counts what was spawned through it. All methods may be called from any thread.

    A task is forgotten when it ends, so that a tracker of a long-running server does not grow; dropping the tracker
    aborts nothing; results are not kept (a failure that nobody looks at is reported as that of any task).

    >>> import mezame
    >>> async def main():
    ...     tracker = mezame.task.TaskTracker()
    ...     for n in range(3):
    ...         tracker.spawn(mezame.sleep(n / 1000))
    ...     tracker.close()
    ...     await tracker.wait()
    ...     return len(tracker)
    >>> mezame.run(main(), start_paused=True)
    0

    Source of the semantics: ``tokio_util::task::TaskTracker``.
    """

    __slots__ = ("__weakref__", "_closed", "_count", "_lock", "_notify")

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a finaliser may drop a token while we hold it
        self._notify = Notify()
        self._count = 0
        self._closed = False

    # --- what is counted ----------------------------------------------------------------------------------

    def _enter(self) -> None:
        with self._lock:
            self._count += 1

    def _exit(self, task: Any = None) -> None:
        with self._lock:
            self._count -= 1
            over = self._closed and self._count == 0
        if over:
            self._notify.notify_waiters()

    def _track(self, spawn: Callable[[], Task]) -> Task:
        self._enter()  # first: it must not look empty between the spawn and the count
        try:
            task = spawn()
        except BaseException:
            self._exit()
            raise
        task.add_done_callback(self._exit)
        return task

    def spawn(self, future: Any, *, name: str | None = None) -> Task:
        """Spawns a task and counts it until it ends; also after ``close``. Returns the ``Task``."""
        return self._track(lambda: spawn_through(future, name, "TaskTracker.spawn"))

    def spawn_on(self, future: Any, handle: Any, *, name: str | None = None) -> Task:
        """``spawn`` on another runtime: ``handle`` is a ``Handle``, ``Runtime`` or ``Executor``."""
        return self._track(lambda: spawn_on(future, handle, name))

    def spawn_local(self, future: Any, *, name: str | None = None) -> Task:
        """``spawn`` into the ``LocalSet`` that is being driven here. Raises ``RuntimeError`` where there is none."""
        return self._track(lambda: spawn_local(future, name=name))

    def spawn_local_on(self, future: Any, local_set: LocalSet, *, name: str | None = None) -> Task:
        """``spawn`` into ``local_set``."""
        return self._track(lambda: local_set.spawn_local(future, name=name))

    def spawn_blocking(self, function: Callable[..., Any], *args: Any, name: str | None = None, **kwargs: Any) -> Task:
        """``mezame.spawn_blocking``, counted until the call returns."""
        return self._track(lambda: spawn_blocking(function, *args, name=name, **kwargs))

    def spawn_blocking_on(
        self, handle: Any, function: Callable[..., Any], *args: Any, name: str | None = None, **kwargs: Any
    ) -> Task:
        """``spawn_blocking`` on another runtime: ``handle`` is a ``Handle`` or ``Runtime``."""
        return self._track(lambda: handle.spawn_blocking(function, *args, name=name, **kwargs))

    def track_future(self, future: Any) -> Tracked:
        """``future``, counted from now until it completed or was dropped; spawn it as you like."""
        return Tracked(future, self.token())

    def token(self) -> TaskTrackerToken:
        """Counts as a task until it is released or dropped: for work that is no task."""
        return TaskTrackerToken(self)

    # --- waiting for the end ------------------------------------------------------------------------------

    def close(self) -> bool:
        """Lets ``wait`` end once nothing is counted. Spawning stays allowed. False if it was closed before."""
        with self._lock:
            changed = not self._closed
            self._closed = True
            over = self._count == 0
        if over:
            self._notify.notify_waiters()
        return changed

    def reopen(self) -> bool:
        """Takes ``close`` back. False if it was not closed."""
        with self._lock:
            changed = self._closed
            self._closed = False
        return changed

    def wait(self) -> TrackerWait:
        """Waits until the tracker is closed and empty at the same moment; one such since this call is enough.

        Cancel safe. Without ``close`` it does not end.
        """
        return TrackerWait(self)

    def is_closed(self) -> bool:
        """True after ``close``."""
        return self._closed

    def is_empty(self) -> bool:
        """True if nothing is counted."""
        return self._count == 0

    def __len__(self) -> int:
        """How many tasks, tracked futures and tokens have not ended."""
        return self._count

    def __bool__(self) -> bool:
        return True

    def _is_over(self) -> bool:
        with self._lock:
            return self._closed and self._count == 0

    def __repr__(self) -> str:
        return f"<TaskTracker {'closed' if self._closed else 'open'}, {self._count} tasks>"


class TrackerWait(Future):
    """The future of ``TaskTracker.wait``."""

    __slots__ = ("_done", "_notified", "_tracker")

    def __init__(self, tracker: TaskTracker) -> None:
        self._tracker = tracker
        self._notified: Notified = tracker._notify.notified()  # from here on no moment is missed
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("wait() was polled after it completed: call it again")
        if not self._tracker._is_over() and self._notified.poll(cx) is PENDING:
            return PENDING
        self._done = True
        self._notified.close()
        return Poll.Ready(None)

    def close(self) -> None:
        self._notified.close()


class TaskTrackerToken:
    """What ``TaskTracker.token`` gives; a context manager."""

    __slots__ = ("_held", "_tracker")

    def __init__(self, tracker: TaskTracker) -> None:
        self._tracker = tracker
        tracker._enter()
        self._held = True

    def task_tracker(self) -> TaskTracker:
        """The tracker that counts it."""
        return self._tracker

    def release(self) -> None:
        """Ends it. Idempotent."""
        with self._tracker._lock:
            held, self._held = self._held, False
        if held:
            self._tracker._exit()

    def __enter__(self) -> TaskTrackerToken:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.release()

    def __del__(self) -> None:
        if getattr(self, "_held", False):
            self.release()


class Tracked(Wrapper):
    """The future of ``TaskTracker.track_future``."""

    __slots__ = ("_token",)

    def __init__(self, future: Any, token: TaskTrackerToken) -> None:
        self._token = token
        super().__init__(future)

    def poll(self, cx: Context) -> Any:
        try:
            answer = super().poll(cx)
        except BaseException:
            self._token.release()
            raise
        if answer is not PENDING:
            self._token.release()
        return answer

    def close(self) -> None:
        super().close()
        self._token.release()
