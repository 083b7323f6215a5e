"""LocalSet: tasks that are polled only while somebody drives the set, and only on its thread.

A set is an executor inside of a future: ``run_until`` and ``await`` poll its tasks within the poll of the task they
are in. A wake of a local task, from any thread, queues it in the set and wakes whoever drives that.

    wake, any thread --> queue --poll, at most 61 a turn--> Pending
                           ^                                  |
                           +---- yielded, self-woken <--------+    after the surrounding tasks and the driver ran
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import deque
from collections.abc import Generator
from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.future import close_coroutine, into_future, poll_fn
from ..core.poll import PENDING, Poll
from ..core.runnable import Runnable, raw_spawn
from ..core.task import Task
from ..core.waker import Waker, wake_all
from ..errors import CancelledError, ShutdownError
from ..future.unwind import unwind
from ..scheduler.worker import Worker

TURN = 61  # polls before the surrounding tasks have their turn: as many as tokio's LocalSet

_ids = itertools.count(1)
_live: weakref.WeakSet[LocalSet] = weakref.WeakSet()


class _Here(threading.local):
    local_set: LocalSet | None = None
    drives = False  # a set is being polled here, and not only entered


_here = _Here()


class _Queue:
    """The part that the tasks refer to. It does not refer to the set, which may go before them."""

    __slots__ = ("closed", "drivers", "fatal", "running", "woken", "yielded")

    task_kind = "local"  # see RawScheduler

    def __init__(self) -> None:
        self.woken: deque[Runnable] = deque()
        self.yielded: deque[Runnable] = deque()
        self.drivers: dict[object, Waker] = {}
        self.running: Task | None = None
        self.fatal: Task | None = None
        self.closed = False

    def schedule(self, runnable: Runnable) -> None:
        """Called by wakes, from any thread; for the running task by its own ``run``, when that has ended."""
        if self.closed:
            return  # the Runnable goes, which ends its task
        if runnable.task is self.running:
            self.yielded.append(runnable)
        else:
            self.woken.append(runnable)
            wake_all(list(self.drivers.values()))  # all who drive: one may be cancelled before it comes to it


class LocalSet:
    """A set of tasks bound to one thread. They make progress only while the set is driven.

    Args:
        unhandled_panic: "ignore" (a failed task is reported when nobody looks at it) or "shutdown_runtime" (it ends
            the set: ``run_until`` and ``await`` raise ``ShutdownError``).

    Bound to the thread that first uses it; its tasks may be woken, awaited and aborted from any. ``await`` waits until
    every task has ended; it is cancel safe. Dropping the set ends its tasks at their awaits at once; ``await
    shutdown()`` lets their ``finally`` blocks await.

    Who drives it has to stay on the thread, too: a task on a worker of a multi-thread runtime gets ``RuntimeError``.
    Drive it in ``block_on``, or in a ``LocalRuntime``, or let a ``LocalPoolHandle`` do all this.

    >>> import mezame
    >>> async def work(n): return n * n
    >>> async def main():
    ...     local = mezame.task.LocalSet()
    ...     async def inside():
    ...         return await mezame.task.spawn_local(work(3))
    ...     return await local.run_until(inside())
    >>> mezame.run(main())
    9

    Source of the semantics: ``tokio::task::LocalSet``.
    """

    def __init__(self, *, unhandled_panic: str = "ignore") -> None:
        if unhandled_panic not in ("ignore", "shutdown_runtime"):
            raise ValueError(f"unhandled_panic must be 'ignore' or 'shutdown_runtime', not {unhandled_panic!r}")
        self.id = next(_ids)
        self._queue = _Queue()
        self._tasks: dict[int, Task] = {}
        self._thread = 0
        self._fails = unhandled_panic == "shutdown_runtime"
        _live.add(self)

    # --- spawning -----------------------------------------------------------------------------------------

    def spawn_local(self, future: Any, *, name: str | None = None) -> Task:
        """Spawns a task into the set; from outside it wakes whoever drives. Returns the ``Task``.

        Raises ``RuntimeError`` on another thread than the set's (the coroutine is closed).
        """
        try:
            self._check_thread()
        except RuntimeError:
            close_coroutine(future)
            raise
        queue = self._queue
        runnable, task = raw_spawn(future, queue.schedule, name=name)
        tasks = self._tasks
        tasks[task.id] = task
        fails = self._fails

        def ended(task: Task) -> None:  # it must not refer to the set
            tasks.pop(task.id, None)
            if fails and queue.fatal is None and not task.cancelled() and task.exception() is not None:
                queue.fatal = task

        task.add_done_callback(ended)
        runnable.schedule()
        return task

    def _check_thread(self) -> None:
        mine = threading.get_ident()
        if self._thread == 0:
            self._thread = mine
        elif self._thread != mine:
            raise RuntimeError(
                "a LocalSet belongs to the thread that used it first: spawn on it there, or use mezame.spawn"
            )

    def _check_driver(self) -> None:
        """Who drives the set may not move to another thread."""
        if isinstance(current().executor, Worker):
            raise RuntimeError(
                "a task on a worker of a multi-thread runtime may move to another thread, and cannot drive a LocalSet: "
                "drive it in block_on or in a LocalRuntime, or use a LocalPoolHandle"
            )

    def enter(self) -> LocalEnterGuard:
        """A context manager in which ``mezame.task.spawn_local`` spawns into this set."""
        self._check_thread()
        return LocalEnterGuard(self)

    # --- driving ------------------------------------------------------------------------------------------

    async def run_until(self, future: Any) -> Any:
        """Drives the set until ``future`` is complete; awaits to its value, raises what it raises.

        The other tasks stay, and go on when the set is driven again. The future is polled inside of the set:
        ``spawn_local`` works there. Cancel safe as far as ``future`` is.
        """
        try:
            self._check_driver()
        except RuntimeError:
            close_coroutine(future)
            raise
        inner = into_future(future)
        key = object()

        def poll(cx: Context) -> Any:
            self._check_thread()
            with LocalEnterGuard(self, drives=True):
                answer = inner.poll(cx)
            if answer is PENDING:
                self._turn(cx, key)
            return answer

        try:
            return await poll_fn(poll)
        finally:
            self._queue.drivers.pop(key, None)
            if inner is not future:
                if self._thread == threading.get_ident():
                    with self.enter():
                        await unwind(inner)
                else:  # dropped by another thread, at the end of a runtime
                    await unwind(inner)

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._all().__await__()

    async def _all(self) -> None:
        self._check_driver()
        key = object()

        def poll(cx: Context) -> Any:
            self._turn(cx, key)
            return PENDING if self._tasks else Poll.Ready(None)

        try:
            await poll_fn(poll)
        finally:
            self._queue.drivers.pop(key, None)

    def block_on(self, runtime: Any, future: Any) -> Any:
        """``runtime.block_on`` of ``run_until(future)``."""
        return runtime.block_on(self.run_until(future))

    def _turn(self, cx: Context, key: object) -> None:
        """Polls at most 61 of the tasks that can go on; arranges the wake for the rest and for later."""
        self._check_thread()
        queue = self._queue
        queue.drivers[key] = cx.waker
        with LocalEnterGuard(self, drives=True):
            for _ in range(TURN):
                try:
                    runnable = queue.woken.popleft()
                except IndexError:
                    break
                queue.running = runnable.task
                try:
                    runnable.run()
                finally:
                    queue.running = None
        self._raise_fatal()
        if queue.woken:
            cx.waker.wake()
        elif queue.yielded:
            queue.woken.extend(queue.yielded)
            queue.yielded.clear()
            current().defer(cx)

    def _raise_fatal(self) -> None:
        failed, self._queue.fatal = self._queue.fatal, None
        if failed is not None:
            for task in list(self._tasks.values()):
                task.abort()
            raise ShutdownError(f"{failed!r} failed, and its LocalSet ends on a failure") from failed.exception()

    async def shutdown(self) -> None:
        """Aborts every task and drives the set until all have unwound, however often this is cancelled."""
        cancelled: CancelledError | None = None
        while self._tasks:
            for task in list(self._tasks.values()):
                task.abort()
            try:
                await self._all()
            except CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled

    # --- looking at it, and its end -----------------------------------------------------------------------

    @property
    def thread(self) -> int:
        """The ident of the thread that it belongs to; 0 before its first use."""
        return self._thread

    def tasks(self) -> list[Task]:
        """The tasks of this moment that have not ended, oldest first. From any thread."""
        return list(self._tasks.copy().values())

    def __len__(self) -> int:
        """How many tasks have not ended."""
        return len(self._tasks)

    def __bool__(self) -> bool:
        return True

    def __del__(self) -> None:
        queue = getattr(self, "_queue", None)
        if queue is not None:
            queue.closed = True
            queue.woken.clear()  # each Runnable that goes ends its task
            queue.yielded.clear()
            for task in list(self._tasks.values()):
                task.abort()

    def __repr__(self) -> str:
        return f"<LocalSet {self.id} of {len(self._tasks)} tasks>"


class LocalEnterGuard:
    """What ``LocalSet.enter`` gives."""

    __slots__ = ("_drives", "_local_set", "_outer")

    def __init__(self, local_set: LocalSet, *, drives: bool = False) -> None:
        self._local_set = local_set
        self._drives = drives
        self._outer: tuple[LocalSet | None, bool] = (None, False)

    def __enter__(self) -> LocalSet:
        self._outer = (_here.local_set, _here.drives)
        _here.local_set, _here.drives = self._local_set, self._drives or _here.drives
        return self._local_set

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        _here.local_set, _here.drives = self._outer


def drives_here() -> bool:
    """True inside of the poll of a set: its other tasks wait for this thread."""
    return _here.drives


def live_local_sets() -> list[LocalSet]:
    """The sets of the process."""
    while True:
        try:
            return sorted(_live, key=lambda local_set: local_set.id)
        except RuntimeError:  # one was made or went while we looked
            continue


def spawn_local(future: Any, *, name: str | None = None) -> Task:
    """Spawns a task into the ``LocalSet`` that is driven (or was entered) on this thread, or the ``LocalRuntime``.

    Args:
        future: a coroutine, or anything that ``into_future`` takes.
        name: shown in reports and traces.

    Raises ``RuntimeError`` where there is none; the coroutine is closed then.

    Source of the semantics: ``tokio::task::spawn_local``.
    """
    local_set = _here.local_set
    if local_set is not None:
        return local_set.spawn_local(future, name=name)
    slot = current()
    if slot.executor is not None and slot.handle is not None and slot.handle.is_local:
        return slot.handle.spawn(future, name=name)
    close_coroutine(future)
    raise RuntimeError(
        "spawn_local needs a LocalSet or a LocalRuntime: call it inside LocalSet.run_until(...), or enter a LocalSet"
    )
