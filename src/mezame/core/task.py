"""Task: one future, owned by an executor, the unit of scheduling. What ``spawn`` returns.

Rust has the task cell and a ``JoinHandle`` that points to it; here one object is both (``JoinHandle`` is
another name for ``Task``). Its life, by the state word of ``state.py``:

    spawn -> SCHEDULED -> RUNNING -> IDLE -> (wake) SCHEDULED -> RUNNING -> ... -> COMPLETE

Who may touch what:

* the coroutine, its contextvars and ``_started``: the thread that took the task to RUNNING;
* ``_result``, ``_error``, ``_cancelled_out``: written by that thread before COMPLETE, read by others after;
* ``_waiters``, ``_callbacks``, ``_requests``: under the guard;
* ``_next`` (run queue) and ``_owned_at`` (list of live tasks): the queue's and the list's owner.

A live task is no garbage, so the collector need not look at it: from ``spawn`` to COMPLETE the task, its coroutine
and its contextvars are hidden from the collector (untracked; compiled only), and a million tasks cost it nothing.
Invariant: hidden implies live, and whoever lets go of the coroutine and the contextvars (``_finish``, ``__dealloc__``)
shows them first. The price: an executor that is dropped, never closed, while a pending coroutine of its refers
to it, stays in memory; in Rust the same cycle of ``Arc`` does.

A failure: what escapes the coroutine is stored and re-raised to whoever awaits. If nobody does, it is
reported with the task's name and the place where it was spawned: when the task ends if no handle is held,
else when the handle goes, at the latest when the runtime closes. (Interpreted, the failed frame refers to the
frames of the loop that called it, and these to the task: there the report waits for the next garbage
collection, or for the close.)
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Generator
from contextvars import copy_context
from typing import Any

from ..errors import CancelledError, JoinError
from .context import Context
from .current import Current, Scheduler, current
from .foreign import await_outside
from .future import step, to_coroutine
from .guard import Guard
from .poll import PENDING, make_ready
from .report import report_exception
from .state import TaskState
from .waitlist import Waiter, WaitList
from .waker import Waker, wake_all

try:
    import cython
except ImportError:
    from . import cython_shim as cython

# What _run answers to the loop.
REST = 0
AGAIN = 1
LATER = 2
DONE = 3


class Ids(Guard):
    """Numbers for tasks: unique in the process."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0

    def _take(self) -> int:
        self._lock()
        self._last += 1
        number = self._last
        self._unlock()
        return number


_ids = Ids()


def without_our_frames(error: Any) -> Any:
    """``error`` with a traceback that begins in the user's coroutine.

    The frames before it are ours, which tell the user nothing.
    """
    for _ in range(2):
        traceback = error.__traceback__
        if traceback is not None and traceback.tb_next is not None:
            error.__traceback__ = traceback.tb_next
    return error


def spawn_site() -> tuple[Any, int]:
    """(code, instruction) of the nearest caller outside of this package; the line is looked up when asked for."""
    frame: Any = sys._getframe(0)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("mezame."):
        frame = frame.f_back
    return (None, -1) if frame is None else (frame.f_code, frame.f_lasti)


class Task(TaskState):
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

    __slots__ = (
        "__weakref__",
        "_callbacks",
        "_cancel_message",
        "_cancelled_out",
        "_coro",
        "_ctx",
        "_error",
        "_hidden",
        "_id",
        "_lasti",
        "_name",
        "_observed",
        "_owned_at",
        "_poll_join",
        "_requests",
        "_result",
        "_root",
        "_scheduler",
        "_site",
        "_started",
        "_waiters",
    )

    def __init__(self) -> None:
        raise TypeError("tasks are made by mezame.spawn and its relatives, not by hand")

    def _setup(self, coro: Any, scheduler: Scheduler, name: Any, context: Any) -> None:
        """What ``__init__`` would do: ``make_task`` calls it."""
        self._start_state()
        self._coro = coro
        self._scheduler = scheduler
        self._name = name
        self._id = _ids._take()
        self._lasti = -1
        self._owned_at = -1
        if not cython.compiled:  # compiled, a new object has None, 0 and False already
            self._site = None
            self._result = None
            self._error = None
            self._cancel_message = None
            self._callbacks = None
            self._poll_join = None
            self._waiters = None
            self._requests = 0
            self._started = False
            self._observed = False
            self._cancelled_out = False
            self._root = False
            self._hidden = False
        if context is None:
            self._ctx = copy_current()
            self._hide()
        else:  # the caller's, who may share it between tasks: nothing is hidden then
            self._ctx = context

    def _hide(self) -> None:
        """Takes the task, its coroutine and its contextvars out of the garbage collector's sight."""
        if cython.compiled:
            self._hidden = True
            gc_untrack(self)  # type: ignore  # noqa: F821 - C, from the .pxd
            gc_untrack(self._coro)  # type: ignore  # noqa: F821
            gc_untrack(self._ctx)  # type: ignore  # noqa: F821

    def _show(self, coro: Any, ctx: Any) -> None:
        """The end of ``_hide``; a task that cannot be in a cycle stays hidden itself for good.

        What it may refer to from here on: its outcome, a join of ``poll``, the message of a cancellation.
        """
        if cython.compiled and self._hidden:
            self._hidden = False
            gc_track(coro)  # type: ignore  # noqa: F821 - C, from the .pxd
            gc_track(ctx)  # type: ignore  # noqa: F821
            plain = self._error is None and not is_gc(self._result)  # type: ignore  # noqa: F821
            if not plain or self._poll_join is not None or self._cancel_message is not None:
                gc_track(self)  # type: ignore  # noqa: F821

    def __dealloc__(self) -> None:
        if self._coro is not None:
            self._show(self._coro, self._ctx)

    # --- the poll, called by the loop -------------------------------------------------------------

    def _run(self, cx: Context, cur: Current) -> int:
        """Polls the future once: REST, AGAIN, LATER or DONE. ``cx`` and ``cur`` are the loop's."""
        cancel = self._to_running()
        cur.deferred = False
        cx._source = self
        if cancel or not cython.compiled:
            return self._run_slowly(cx, cur, cancel, PENDING)
        # The short way, and what nearly every poll is: one call, and no exception on the way.
        self._started = True
        how = 0
        out = resume(self._coro, self._ctx, cython.address(how))  # type: ignore  # noqa: F821 - C, from the .pxd
        if how == PYGEN_NEXT:  # type: ignore  # noqa: F821
            if out is not PENDING:
                return self._run_slowly(cx, cur, False, out)
            cx._source = None  # what cx._leave() does, in line
            if cx._made is not None:
                cx._made = None
            return self._to_idle(cur.deferred)
        cx._leave()
        if how == PYGEN_RETURN:  # type: ignore  # noqa: F821
            self._finish(out, None)
        else:
            self._finish(None, out)
        return DONE

    def _run_slowly(self, cx: Context, cur: Current, cancel: bool, yielded: Any) -> int:
        """A poll that delivers a cancellation, or goes on after a foreign future was yielded, or is interpreted."""
        error: Any = None
        if cancel:
            error = self._make_cancelled()
            if not self._started:
                cx._leave()
                self._coro.close()
                self._finish(None, error)
                return DONE
        self._started = True
        try:
            done = self._ctx.run(step, self._coro, error, yielded, cx, cur)
        except BaseException as failure:
            cx._leave()
            self._finish(None, without_our_frames(failure))
            return DONE
        cx._leave()
        if done:
            value = cur.value
            cur.value = None
            self._finish(value, None)
            return DONE
        return self._to_idle(cur.deferred)

    def _refuse(self) -> None:
        """Ends a task that no executor takes: cancelled, before a line of it ran."""
        self.cancel()
        self._to_running()
        self._coro.close()
        self._finish(None, self._make_cancelled())

    def _make_cancelled(self) -> BaseException:
        if self._cancel_message is None:
            return CancelledError()
        return CancelledError(self._cancel_message)

    def _finish(self, value: Any, error: Any) -> None:
        """RUNNING -> COMPLETE: stores the outcome, cuts the waker, wakes whoever awaits."""
        if error is not None:
            if isinstance(error, CancelledError):
                self._cancelled_out = True
            self._error = error
        self._result = value
        self._cut_waker()
        wakers: list[Waker] = []
        self._to_complete()
        self._lock()
        # Under the guard, because other threads look (name, get_coro); dropped after it, for that runs code.
        coro = self._coro
        ctx = self._ctx
        self._coro = None
        self._ctx = None
        if self._waiters is not None:
            self._waiters._take_wakers(wakers)
        callbacks = self._callbacks
        self._callbacks = None
        self._unlock()
        self._show(coro, ctx)
        del coro, ctx
        if wakers:
            wake_all(wakers)
        if callbacks is not None:
            for callback in callbacks:
                self._call_back(callback)

    def _call_back(self, callback: Any) -> None:
        try:
            callback(self)
        except Exception as failure:
            report_exception(f"exception in a done callback of {self!r}", failure)

    def _wake(self) -> None:
        if self._to_notified():
            self._scheduler._schedule(self)

    def _fresh_waker(self) -> Waker:
        """The waker, for the loop's own use (while the task is being polled)."""
        return self._make_waker()

    def _set_site(self, code: Any, lasti: int) -> None:
        self._site = code
        self._lasti = lasti

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
        self._lock()
        self._requests += 1
        self._unlock()
        if msg is not None:
            self._cancel_message = msg
        answer = self._to_cancelled()
        if answer == 1:
            self._scheduler._schedule(self)
        return answer >= 0

    def uncancel(self) -> int:
        """``asyncio.Task.uncancel``: takes one cancellation request back; returns how many are left.

        At zero a request that was not delivered yet is forgotten.
        """
        self._lock()
        if self._requests > 0:
            self._requests -= 1
        left = self._requests
        self._unlock()
        if left == 0:
            self._forget_cancel()
        return left

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
        if self._is_complete():
            self._poll_join = None
            return make_ready(self._outcome())
        join = self._poll_join
        if join is None or join.is_finished():
            join = self._poll_join = JoinFuture(self)
        return join.poll(cx)

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
        return self._error

    def _outcome(self) -> Any:
        """After COMPLETE: returns the value or raises."""
        self._observed = True
        error = self._error
        if error is None:
            return self._result
        if self._cancelled_out:
            raise self._join_error() from error
        raise error

    def _join_error(self) -> JoinError:
        return JoinError(f"{self!r} was cancelled", id=self._id, cancelled=True)

    def add_done_callback(self, callback: Callable[[Any], Any], *, context: Any = None) -> None:
        """Calls ``callback(task)`` when the task ends, in the thread where it ends; at once if it has ended.

        What the callback raises is reported. ``context``: contextvars to run it in.
        """
        call = callback if context is None else _InContext(callback, context)
        fresh = [call]
        self._lock()
        complete = self._bits & 2 != 0
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
        found = [c for c in (self._callbacks or ()) if c == callback]
        for one in found:
            self._callbacks.remove(one)
        return len(found)

    # --- what it is ------------------------------------------------------------------------------------

    @property
    def id(self) -> int:
        """A number that no other task of this process has."""
        return self._id

    @property
    def name(self) -> str:
        """The name given at spawn, else one made of the coroutine's name and the id."""
        name = self._name
        if name is None:
            what = getattr(self.get_coro(), "__qualname__", None)
            if what is None:
                return f"task-{self._id}"
            name = f"{what}-{self._id}"
            self._name = name  # it is asked for again after the coroutine has gone
        return str(name)

    def get_name(self) -> str:
        """``asyncio.Task.get_name``."""
        return self.name

    def set_name(self, value: object) -> None:
        """``asyncio.Task.set_name``."""
        self._name = str(value)

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
        if self._site is None:
            return "unknown"
        line = self._site.co_firstlineno
        for start, end, number in self._site.co_lines():
            if start <= self._lasti < end and number is not None:
                line = number
        return f"{self._site.co_filename}:{line}"

    @property
    def is_root(self) -> bool:
        """True for the future that ``block_on`` was given, which is not a task to the outside."""
        return self._root

    def __repr__(self) -> str:
        kind = "root" if self._root else "Task"
        return f"<{kind} {self.name} {self.state} spawned at {self.spawned_at}>"

    def _report(self) -> None:
        """Reports a failure that nobody looked at, once."""
        if self._error is None or self._observed or self._cancelled_out or self._root:
            return
        self._observed = True
        name = self._name if self._name is not None else f"task-{self._id}"
        report_exception(
            f"task {name!r} (spawned at {self.spawned_at}) failed and nobody looked at its result", self._error
        )

    def __del__(self) -> None:
        if self._error is not None:
            self._report()

    def __class_getitem__(cls, item: object) -> type:
        return cls


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


class JoinFuture(Waiter):
    """One await of a task: the future that waits for its end. Closing it leaves the task alone."""

    __slots__ = ("_finished", "_task")

    def __init__(self, task: Task) -> None:
        self._start_join(task)

    def _start_join(self, task: Task) -> None:
        self._start_waiter()
        self._task = task
        self._finished = False

    def poll(self, cx: Context) -> Any:
        if self._finished:
            raise RuntimeError("this await of a task was polled after it completed: await the task again")
        cur = current()
        if not cur._take_budget(cx):
            return PENDING
        task = self._task
        if not task._is_complete():
            waker = cx._get_waker()
            task._lock()
            if not task._bits & 2:
                if task._waiters is None:
                    task._waiters = WaitList()
                self._park_in(task._waiters, waker)
                task._unlock()
                cur._refund()
                return PENDING
            task._unlock()
        self._finished = True
        return make_ready(task._outcome())

    def is_finished(self) -> bool:
        """True once it gave its outcome."""
        return self._finished

    def close(self) -> None:
        task = self._task
        task._lock()
        if self._owner is not None:
            self._owner._remove(self)
        self._unlock_and_forget(task)

    def _unlock_and_forget(self, task: Task) -> None:
        parked = self._parked
        self._parked = None
        task._unlock()
        del parked


if cython.compiled:
    reuse(JoinFuture)  # type: ignore  # noqa: F821 - C, from the .pxd


class AbortHandle:
    """Aborts a task; cannot await it, and keeps neither the task nor its result alive.

    From ``Task.abort_handle()``, ``JoinSet.spawn``. Dropping it does nothing.

    Source of the semantics: ``tokio::task::AbortHandle``.
    """

    __slots__ = ("_reference", "id")

    def __init__(self, task: Task) -> None:
        self._reference = weakref.ref(task)
        self.id = task.id

    def abort(self) -> None:
        """``Task.abort``; does nothing if the task has ended."""
        task = self._reference()
        if task is not None:
            task.abort()

    def is_finished(self) -> bool:
        """True when the task has ended."""
        task = self._reference()
        return task is None or task.is_finished()

    def clone(self) -> AbortHandle:
        """A handle of the same task: this object, for it can be shared and kept."""
        return self

    def __repr__(self) -> str:
        return f"<AbortHandle of {self._reference()!r}>"


def make_task(future: Any, scheduler: Scheduler, name: Any, context: Any) -> Task:
    """A task in SCHEDULED, in no queue yet. Raises ``TypeError`` if ``future`` cannot be awaited."""
    coro = to_coroutine(future)  # first: a task is whole or does not exist
    task = Task.__new__(Task)
    task._setup(coro, scheduler, name, context)
    return task


def await_task(task: Task) -> Any:
    """The iterator of ``await task``."""
    join = JoinFuture.__new__(JoinFuture)
    join._start_join(task)
    return await_outside(join) if current().context is None else join


def copy_current() -> Any:
    """The contextvars of here, copied, as asyncio does at spawn."""
    if cython.compiled:
        return context_copy()  # type: ignore  # noqa: F821 - C, from the .pxd
    return copy_context()


def set_caller_site(task: Task) -> None:
    """Notes in ``task`` where the innermost Python frame stands."""
    if cython.compiled:
        task._site = caller_code(cython.address(task._lasti))  # type: ignore  # noqa: F821 - C, from the .pxd
    else:
        task._site, task._lasti = spawn_site()


JoinHandle = Task
