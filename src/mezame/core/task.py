"""Task: one future, owned by an executor, the unit of scheduling. What ``spawn`` returns.

Rust has the task cell and a ``JoinHandle`` that points to it; here one object is both (``JoinHandle`` is
another name for ``Task``). This file has the handle: awaiting the task, ending it, looking at it. The cell,
which the loop polls, is in ``cell.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from ..errors import JoinError
from .abort_handle import AbortHandle
from .cell import TaskCell
from .context import Context
from .current import Scheduler, current
from .foreign import await_outside
from .future import Future, to_coroutine
from .poll import PENDING, make_ready
from .waitlist import Place, WaitList, make_place

try:
    import cython
except ImportError:
    from . import cython_shim as cython


class Task(TaskCell):
    """One spawned future: await it for its result, or abort it.

    Made by ``spawn``, ``Runtime.spawn``, ``TaskGroup``, ``JoinSet``; not by hand. Awaiting returns the
    value, re-raises the task's own exception, or raises ``JoinError`` if the task was aborted. The await is
    cancel safe: cancelling it leaves the task and its result intact; any number of tasks and threads may
    await one task, on any event loop. Dropping the handle detaches the task: it runs on.

    >>> import mezame
    >>> async def main():
    ...     async def double(n): return 2 * n
    ...     return await mezame.spawn(double(21))
    >>> mezame.run(main())
    42

    Source of the semantics: ``tokio::task::JoinHandle``.
    """

    __slots__ = ()

    def __init__(self) -> None:
        raise TypeError("tasks are made by mezame.spawn and its relatives, not by hand")

    # --- cancellation --------------------------------------------------------------------------------

    def abort(self) -> None:
        """Asks the task to stop, and returns at once.

        ``CancelledError`` is raised at the task's await; its ``finally`` blocks run and may await. A task
        that was never polled is closed without running a line; one that is running is cancelled when it
        next waits, and may finish first. Repeated or late calls do nothing. From any thread.

        Source of the semantics: ``tokio::task::JoinHandle::abort``.
        """
        self.cancel()

    def cancel(self, msg: Any = None) -> bool:
        """``asyncio.Task.cancel``: the same as ``abort``, counted (see ``uncancel``).

        Args:
            msg: becomes the argument of the CancelledError.

        Returns False if the task had already finished.
        """
        return self._request_cancel(msg)

    def uncancel(self) -> int:
        """``asyncio.Task.uncancel``: takes one cancellation request back; returns how many are left.

        At zero a request that was not delivered yet is forgotten.
        """
        return self._take_back_cancel()  # type: ignore[no-any-return]

    def cancelling(self) -> int:
        """``asyncio.Task.cancelling``: how many cancellation requests are pending."""
        return self._requests

    def abort_handle(self) -> AbortHandle:
        """A handle that can abort the task but not await it. It does not keep the result alive."""
        return AbortHandle(self)

    # --- the join handle -------------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, Any, Any]:
        return await_task(self)

    def join_future(self) -> JoinFuture:
        """A new Future of this task's outcome: what ``into_future(task)`` gives."""
        return JoinFuture(self)

    def poll(self, cx: Context) -> Any:
        """``Poll.Ready(value)`` if the task is done, else Pending: the waker of ``cx`` is woken then.

        Raises what awaiting would raise.
        """
        complete = self._is_complete()
        if complete and not current()._take_budget(cx):
            return PENDING
        fresh = None
        self._lock()
        join = self._poll_join
        if complete:
            self._poll_join = None  # not the last reference
        self._unlock()
        if complete:
            return make_ready(self._outcome())
        if join is None:
            fresh = JoinFuture(self)
            self._lock()
            if self._poll_join is None:  # else another thread was quicker: the waker of the latest poll counts
                self._poll_join = fresh
            join = self._poll_join
            self._unlock()
        return join._wait_for_end(cx)

    def is_finished(self) -> bool:
        """True when the task has ended; right after ``abort`` still False, until it has unwound."""
        return self._is_complete()

    def done(self) -> bool:
        """``asyncio.Task.done``: the same as ``is_finished``."""
        return self._is_complete()

    def cancelled(self) -> bool:
        """``asyncio.Task.cancelled``: True if the task ended by cancellation."""
        return self._is_complete() and self._cancelled_out

    def result(self) -> Any:
        """The value of a finished task; raises what awaiting it would raise.

        Raises ``RuntimeError`` if the task has not finished.
        """
        if not self._is_complete():
            raise RuntimeError(f"{self!r} has not finished: await it, or ask is_finished() first")
        return self._outcome()

    def exception(self) -> BaseException | None:
        """The exception that a finished task ended with, or None; ``JoinError`` is raised if it was aborted.

        Raises ``RuntimeError`` if the task has not finished.
        """
        if not self._is_complete():
            raise RuntimeError(f"{self!r} has not finished: await it, or ask is_finished() first")
        self._observed = True
        if self._cancelled_out:
            raise self._join_error()
        return None if self._error is None else self._failure()

    def _outcome(self) -> Any:
        """After COMPLETE: returns the value or raises."""
        self._observed = True
        error = self._error
        if error is None:
            return self._result
        if self._cancelled_out:
            raise self._join_error() from error
        raise self._failure()

    def _join_error(self) -> JoinError:
        return JoinError(f"{self!r} was cancelled", id=self._id, cancelled=True)

    def add_done_callback(self, callback: Callable[[Any], Any], *, context: Any = None) -> None:
        """Calls ``callback(task)`` when the task ends, in the thread where it ends; at once if it has ended.

        What the callback raises is reported. ``context``: contextvars to run it in.
        """
        call = callback if context is None else _InContext(callback, context)
        fresh = [call]
        self._lock()
        complete = self._is_complete()
        if not complete:
            if self._callbacks is None:
                self._callbacks = fresh
            else:
                self._callbacks.append(call)
        self._unlock()
        if complete:
            self._call_back(call)

    def remove_done_callback(self, callback: Callable[[Any], Any]) -> int:
        """Removes all equal callbacks; returns how many they were."""
        while True:
            self._lock()
            before = self._callbacks
            known = 0 if before is None else len(before)
            self._unlock()
            if before is None:
                return 0
            kept = [one for one in before[:known] if one != callback]  # runs foreign code
            self._lock()
            done = self._callbacks is before and len(before) == known
            if done:
                self._callbacks = kept
            self._unlock()
            if done:
                return known - len(kept)

    # --- what it is ------------------------------------------------------------------------------------

    @property
    def id(self) -> int:
        """A number that no other task of this process has."""
        return self._id

    @property
    def name(self) -> str:
        """The name given at spawn, else one made of the coroutine's name and the id."""
        name = self._given_name()
        if name is None:
            what = getattr(self.get_coro(), "__qualname__", None)
            if what is None:
                return f"task-{self._id}"
            name = f"{what}-{self._id}"
            self._lock()
            if self._name is None:
                self._name = name  # it is asked for again after the coroutine has gone
            self._unlock()
        return str(name)

    def get_name(self) -> str:
        """``asyncio.Task.get_name``."""
        return self.name

    def set_name(self, value: object) -> None:
        """``asyncio.Task.set_name``."""
        self._swap_name(str(value))

    def get_coro(self) -> Any:
        """``asyncio.Task.get_coro``: the coroutine, or None once the task has ended."""
        self._lock()
        coro = self._coro
        self._unlock()
        return coro

    def get_context(self) -> Any:
        """``asyncio.Task.get_context``: the contextvars of the task, or None once it has ended."""
        self._lock()
        ctx = self._ctx
        self._unlock()
        return ctx

    @property
    def spawned_at(self) -> str:
        """``file:line`` of the call that spawned it, or "unknown"."""
        return self._where()

    @property
    def kind(self) -> str:
        """ "task", "local" (of a ``LocalSet``), "blocking" (``spawn_blocking`` and the like) or "block_on" (a root)."""
        return "block_on" if self._root else self._scheduler._kind()

    @property
    def is_root(self) -> bool:
        """True for the future that ``block_on`` was given, which is not a task to the outside."""
        return self._root

    def __repr__(self) -> str:
        kind = "root" if self._root else "Task"
        return f"<{kind} {self.name} {self.state} spawned at {self.spawned_at}>"

    def __class_getitem__(cls, item: object) -> type:
        return cls


if cython.compiled:
    free_as_base(Task)  # type: ignore  # noqa: F821 - C, from the .pxd


class _InContext:
    """A callback to be run in given contextvars; equal to the bare callback, so that it can be removed."""

    __slots__ = ("callback", "context")

    def __init__(self, callback: Callable[[Any], Any], context: Any) -> None:
        self.callback = callback
        self.context = context

    def __call__(self, task: Any) -> Any:
        return self.context.run(self.callback, task)

    def __eq__(self, other: object) -> bool:
        return other is self or other == self.callback

    def __hash__(self) -> int:
        return hash(self.callback)


class JoinFuture(Future):
    """One await of a task: the future that waits for its end. Closing or dropping it leaves the task alone."""

    __slots__ = ("_finished", "_place", "_task")

    def __init__(self, task: Task) -> None:
        self._start_join(task)

    def _start_join(self, task: Task) -> None:
        self._task = task
        self._finished = False
        if not cython.compiled:
            self._place = None

    def poll(self, cx: Context) -> Any:
        if self._finished:
            raise RuntimeError("this await of a task was polled after it completed: await the task again")
        return self._wait_for_end(cx)

    def _wait_for_end(self, cx: Context) -> Any:
        cur = current()
        if not cur._take_budget(cx):
            return PENDING
        task = self._task
        if not task._is_complete():
            waker = cx._get_waker()
            fresh = make_place(0) if self._place is None else None
            task._lock()
            if not task._is_complete():
                if self._place is None:  # set once, under the guard: ``Task.poll`` may be here from several threads
                    self._place = fresh
                if task._waiters is None:
                    task._waiters = WaitList()
                old = self._place._parked
                self._place._park_in(task._waiters, waker)
                task._unlock()
                del old
                cur._refund()
                return PENDING
            task._unlock()
        self._finished = True
        return make_ready(task._outcome())

    def is_finished(self) -> bool:
        """True once it gave its outcome."""
        return self._finished

    def close(self) -> None:
        if self._place is not None:
            self._leave(self._task, self._place)

    def _leave(self, task: Task, place: Place) -> None:
        task._lock()
        if place._owner is not None:
            place._owner._remove(place)
        parked = place._parked
        place._parked = None
        task._unlock()
        del parked

    def __dealloc__(self) -> None:
        """Dropped. (A cycle that is collected may have cleared the fields already; nobody waits then.)"""
        if self._place is not None and self._place._owner is not None and self._task is not None:
            self._leave(self._task, self._place)


if not cython.compiled:
    JoinFuture.__del__ = JoinFuture.__dealloc__  # type: ignore[attr-defined]


def _drop_join(raw: Any) -> Any:
    """What ``__dealloc__`` does, for one that goes on the shelf."""
    join = cython.cast(JoinFuture, raw)
    if join._place is not None and join._place._owner is not None and join._task is not None:
        join._leave(join._task, join._place)
    return 0


if cython.compiled:
    shelve_after(JoinFuture, _drop_join)  # type: ignore  # noqa: F821 - C, from the .pxd


def make_task(future: Any, scheduler: Scheduler, name: Any, context: Any) -> Task:
    """A task in SCHEDULED, in no queue yet. Raises ``TypeError`` if ``future`` cannot be awaited."""
    coro = to_coroutine(future)  # first: a task is whole or does not exist
    task = Task.__new__(Task)
    task._setup(coro, scheduler, name, context)
    return task


def await_task(task: Task) -> Any:
    """The iterator of ``await task``."""
    join = cython.cast(JoinFuture, unshelve(0, JoinFuture)) if cython.compiled else JoinFuture.__new__(JoinFuture)  # type: ignore  # noqa: F821
    join._start_join(task)
    return await_outside(join) if current().context is None else join


JoinHandle = Task
