"""TaskCell: the running half of a task: its future, the poll of it, and what is left when it has ended.

``Task`` (``task.py``) is a cell with the face of a handle on it. Its life, by the state word of ``state.py``:

    spawn -> SCHEDULED -> RUNNING -> IDLE -> (wake) SCHEDULED -> RUNNING -> ... -> COMPLETE

Who may touch what:

* the coroutine, its contextvars and ``_started``: the thread that took the task to RUNNING;
* ``_result``, ``_error``, ``_cancelled_out``: written by that thread before COMPLETE, read by others after; of a
  task that failed, ``_result`` is the traceback of ``_error`` at its end (no field of its own: most tasks do not fail);
* ``_waiters``, ``_callbacks``, ``_requests``, ``_name``, ``_cancel_message``, ``_poll_join``: under the guard, which
  any thread takes to read or replace them. What is replaced is let go of after the unlock. The list in ``_callbacks``
  only grows; who takes something out of it puts another list there, so that whoever holds one may walk through it;
* ``_requests`` and the CANCEL bit: changed together under the guard, so that no ``uncancel`` forgets a cancellation
  that another thread has just counted;
* ``_site``, ``_scheduler``: whoever makes the task, before others know it (a root's scheduler changes once: see
  ``current_thread.py``);
* ``_next`` (run queue) and ``_owned_at`` (list of live tasks): the queue's and the list's owner.

A live task is no garbage, so the collector need not look at it: from ``spawn`` to COMPLETE the task, its coroutine
and its contextvars are hidden from the collector (untracked; if compiled, with a GIL): a million tasks cost it nothing.
Invariant: hidden implies live, and whoever lets go of the coroutine and the contextvars (``_finish``, ``__dealloc__``)
shows them first. The price: an executor that is dropped, never closed, while a pending coroutine of its refers
to it, stays in memory; in Rust the same cycle of ``Arc`` does. Free-threaded, nothing is hidden: that collector starts
when a quarter as many objects as it found tracked the last time have been allocated, and looks at every object, tracked
or not. So tasks that it did not count would have it start at a fixed small number, again and again over all of them.

A failure: what escapes the coroutine is stored and re-raised to whoever awaits. If nobody does, it is
reported with the task's name and the place where it was spawned: when the task ends if no handle is held,
else when the handle goes, at the latest when the runtime closes or Python ends (``failures.py``). (Interpreted,
the failed frame refers to the frames of the loop that called it, and these to the task: there the report waits
for the next garbage collection, or for the close.)
"""

from __future__ import annotations

from contextvars import copy_context
from typing import Any

from ..errors import CancelledError
from .context import Context
from .current import Current, Scheduler
from .failures import hold_failure
from .frames import spawn_site, without_our_frames
from .future import step
from .guard import Guard
from .hooks import AFTER, tell_shared
from .poll import PENDING
from .report import pass_interrupt, report_exception
from .state import TaskState
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


_BLOCK = 256 if cython.compiled else 1  # numbers


class Ids(Guard):
    """Numbers for tasks: unique in the process, and rising in each thread.

    Compiled, a thread takes a block at a time: threads that spawn at once do not meet at one counter.
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0

    def _take(self) -> int:
        if cython.compiled:
            number = next_of_block()  # type: ignore  # noqa: F821 - C, from the .pxd
            if number > 0:
                return number  # type: ignore[no-any-return]
        self._lock()
        number = self._last + 1
        self._last += _BLOCK
        self._unlock()
        if cython.compiled:
            use_block(number, number + _BLOCK - 1)  # type: ignore  # noqa: F821
        return number  # type: ignore[no-any-return]


_ids = Ids()


class TaskCell(TaskState):
    """What a loop polls. All the fields of a task are here, so that freeing one is one step."""

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
        if cython.compiled and HIDES:  # type: ignore  # noqa: F821 - C, from the .pxd
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

    @cython.nonecheck(False)
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
        coro = cython.cast("PyObject *", self._coro)  # borrowed: only who has the task RUNNING takes them out of it
        out = resume(coro, cython.cast("PyObject *", self._ctx), cython.address(how))  # type: ignore  # noqa: F821
        if how == PYGEN_NEXT:  # type: ignore  # noqa: F821
            if out is not PENDING:
                return self._run_slowly(cx, cur, False, out)
            cx._source = None  # what cx._leave() does, in line
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
                self._finish(None, self._close_unstarted(error))
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
        self._request_cancel(None)
        self._to_running()
        self._finish(None, self._close_unstarted(self._make_cancelled()))

    def _close_unstarted(self, error: BaseException) -> BaseException:
        """``error``, or what closing raised: a coroutine has nothing to run yet, but an object of another kind may."""
        try:
            self._coro.close()
        except BaseException as failure:
            return failure
        return error

    def _make_cancelled(self) -> BaseException:
        self._lock()
        message = self._cancel_message
        self._unlock()
        return CancelledError() if message is None else CancelledError(message)

    def _finish(self, value: Any, error: Any) -> None:
        """RUNNING -> COMPLETE: stores the outcome, cuts the waker, wakes whoever awaits."""
        if error is not None:
            if isinstance(error, CancelledError):
                self._cancelled_out = True
                # Or the handle of an aborted task would keep its frames, and the guards and sockets in them.
                error.__traceback__ = error.__context__ = None
            elif not self._root:
                hold_failure(self)
            self._error = error
            value = error.__traceback__  # each await appends to the exception's own: see _failure
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
        try:
            if wakers:
                wake_all(wakers)
        finally:  # an interrupt, where no loop raises it
            if callbacks is not None:
                self._call_all(callbacks)

    def _call_all(self, callbacks: list[Any]) -> None:
        interrupt = None
        for callback in callbacks:
            try:
                self._call_back(callback)
            except BaseException as error:
                interrupt = error
        if interrupt is not None:
            pass_interrupt(interrupt)

    def _call_back(self, callback: Any) -> None:
        try:
            callback(self)
        except Exception as failure:
            report_exception(f"exception in a done callback of {self!r}", failure)

    @cython.nonecheck(False)
    def _wake(self) -> None:
        if self._to_notified():
            self._scheduler._schedule(self)

    def _fresh_waker(self) -> Waker:
        """The waker, for the loop's own use (while the task is being polled)."""
        return self._make_waker()

    def _request_cancel(self, message: Any) -> bool:
        """From any thread: has the next poll raise ``CancelledError``. False if the task has ended."""
        old = None
        self._lock()
        self._requests += 1
        answer = self._to_cancelled()
        if message is not None and answer >= 0:
            old = self._cancel_message
            self._cancel_message = message
        self._unlock()
        del old
        if answer == 1:
            self._scheduler._schedule(self)
        return answer >= 0

    def _take_back_cancel(self) -> int:
        """``uncancel``: one request less, and at zero none that is still to be delivered. How many are left."""
        self._lock()
        if self._requests > 0:
            self._requests -= 1
        left = self._requests
        if left == 0:
            self._forget_cancel()
        self._unlock()
        return left  # type: ignore[no-any-return]

    # --- its name -------------------------------------------------------------------------------------

    def _given_name(self) -> Any:
        """The name that it has, or None."""
        self._lock()
        name = self._name
        self._unlock()
        return name

    def _swap_name(self, name: Any) -> Any:
        """The name that it had."""
        self._lock()
        old = self._name
        self._name = name
        self._unlock()
        return old

    # --- where it was spawned --------------------------------------------------------------------------

    def _set_site(self, code: Any, lasti: int) -> None:
        self._site = code
        self._lasti = lasti

    def _set_caller_site(self) -> None:
        """``_set_site`` of where the innermost Python frame stands."""
        if cython.compiled:
            self._site = caller_code(cython.address(self._lasti))  # type: ignore  # noqa: F821 - C, from the .pxd
        else:
            self._site, self._lasti = spawn_site()

    def _where(self) -> str:
        """``file:line`` of the call that spawned it."""
        if self._site is None:
            return "unknown"
        line = self._site.co_firstlineno
        for start, end, number in self._site.co_lines():
            if start <= self._lasti < end and number is not None:
                line = number
        return f"{self._site.co_filename}:{line}"

    # --- its failure -----------------------------------------------------------------------------------

    def _failure(self) -> Any:
        """The exception of a failed task, with the traceback that it had at the end: no earlier await is in it."""
        return self._error.with_traceback(self._result)

    def _report(self) -> None:
        """Reports a failure that nobody looked at, once."""
        if self._error is None or self._observed or self._cancelled_out or self._root:
            return
        self._observed = True
        given = self._given_name()
        name = given if given is not None else f"task-{self._id}"
        where = self._where()
        report_exception(
            f"task {name!r} (spawned at {where}) failed and nobody looked at its result",
            self._error,
            (self._id, name, where),
        )

    def __del__(self) -> None:
        if self._error is not None:
            self._report()


def run_traced(task: TaskCell, cx: Context, cur: Current) -> int:
    """``task._run`` where there are no hooks of an executor: tells those of the whole process."""
    tell_shared("on_poll", task)
    what = task._run(cx, cur)
    tell_shared(AFTER[what], task)
    return what  # type: ignore[no-any-return]


def ending_of(task: TaskCell) -> str:
    """How a complete task ended, "ready", "failed" or "cancelled", without looking at its outcome."""
    if task._error is None:
        return "ready"
    return "cancelled" if task._cancelled_out else "failed"


def hold(task: TaskCell) -> bool:
    """Takes an IDLE task to RUNNING for somebody who only looks at it: nobody polls it until ``release``."""
    return task._to_held()  # type: ignore[no-any-return]


def release(task: TaskCell) -> None:
    """The end of ``hold``: the wakes that came meanwhile count now."""
    if task._to_idle(False):
        task._scheduler._schedule(task)


def copy_current() -> Any:
    """The contextvars of here, copied, as asyncio does at spawn."""
    if cython.compiled:
        return context_copy()  # type: ignore  # noqa: F821 - C, from the .pxd
    return copy_context()
