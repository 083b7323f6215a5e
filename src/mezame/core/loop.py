"""Loop: the loop that polls the tasks of an executor. THE LOOP is ``Loop._loop``: read it first.

                     spawn, wakes from this thread              wakes from other threads
                                  |                                       |
                                  v                                       v  guard + unpark
      +--------------------> local queue <------ every 31st tick -- remote queue
      |                           |              or when local is empty
      |                           v
      |                      poll a task  -- Pending --> nothing: a leaf holds its waker
      |                           |       -- woken meanwhile --> back to the local queue
      |                           |       -- yielded, out of budget --> deferred queue
      |                           |       -- Ready --> wakes whoever awaits; the task is let go
      |                           v
      |          after 61 polls, or with nothing left to poll
      |                           v
      +-- deferred <-- turn: park(0), or sleep in park: I/O events, timers (the driver's wakes)

Fairness: an event interval of 61 polls bounds how long the driver waits, the budget of 128 leaf operations
bounds one poll, FIFO queues bound everything else. So every woken task is polled within a bounded delay.

The executor alone has no I/O: it parks in a ``Parker``. A runtime gives it a driver to park in
(``scheduler/current_thread.py``); the loop is the same. How it ends is in ``shutdown.py``.

Two halves: ``ReadyTasks`` (``ready.py``) has the queues, and is what tasks and wakers refer to; this one has the
loop and holds the tasks (``OwnedTasks``). Nothing refers back to it: dropped, it goes at once. What people call is
``Executor`` (``executor.py``), which is a Loop with ways in.

Threads: one thread drives at a time, and the counters belong to it. The list of live tasks is guarded; so are
``_fatal`` and ``_histogram``, which any thread may replace (what was there is let go of after the unlock); all else is
immutable or belongs to a task.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

from ..errors import EnterError, ShutdownError
from .busy import BusyTime
from .check import C_INT, check_callables, check_int
from .clock import monotonic_ns
from .context import Context, loop_context
from .current import BUDGET, Current, Spawner, current
from .hooks import AFTER, Hooks, enrol, record_poll
from .owned import OwnedTasks
from .park import Park, Parker
from .ready import ReadyTasks, RootAgain
from .report import report_exception
from .task import Task

try:
    import cython
except ImportError:
    from . import cython_shim as cython

EVENT_INTERVAL = 61  # polls between two looks at the driver; prime, so that it does not beat with batches
GLOBAL_QUEUE_INTERVAL = 31  # ticks between two looks at the remote queue while the local one is busy

# What the loop stops at.
ROOT = 0  # the root future is complete
EMPTY = 1  # no task is left
STALLED = 2  # no task can go on
_EMPTY, _STALLED = EMPTY, STALLED  # as C numbers


class Loop(Spawner):
    """See above. The arguments are those of ``Executor``."""

    __slots__ = (
        "__weakref__",
        "_busy",
        "_closed",
        "_cur",
        "_cx",
        "_event_interval",
        "_failures",
        "_fatal",
        "_forked",
        "_histogram",
        "_leaving",
        "_observed",
        "_owned",
        "_park",
        "_ready",
        "_shutdown_on_failure",
        "_thread",
        "parks",
        "polls",
        "turns",
    )

    def __init__(
        self,
        park: Park | None = None,
        *,
        event_interval: int = EVENT_INTERVAL,
        global_queue_interval: int = GLOBAL_QUEUE_INTERVAL,
        hooks: Hooks | None = None,
        choose: Callable[[int], int] | None = None,
        shutdown_on_failure: bool = False,
    ) -> None:
        event_interval = check_int("event_interval", event_interval, 1, C_INT)
        global_queue_interval = check_int("global_queue_interval", global_queue_interval, 1, C_INT)
        check_callables(choose=choose)
        self._park = Parker() if park is None else park
        self._event_interval = event_interval
        self._shutdown_on_failure = shutdown_on_failure
        self._ready = ReadyTasks(self._park, global_queue_interval, choose)
        self._owned = OwnedTasks()
        self._failures = set()
        self._cx = loop_context()
        self._cur = None
        self._fatal = None
        self._leaving = False  # there is a fatal error, and the root has been cancelled
        self._forked = False  # this is the child of a fork, and the executor is the parent's
        self._histogram = None
        self._observed = False
        self._closed = False
        self._thread = 0
        self._busy = BusyTime()
        self.parks = 0
        self.polls = 0
        self.turns = 0
        enrol(self, hooks)

    # --- the loop ---------------------------------------------------------------------------------------

    @cython.nonecheck(False)
    def _loop(self, until: int) -> None:
        """Polls until ``until`` (ROOT, EMPTY, STALLED) is so. The heart of the library."""
        ready = self._ready
        cx = self._cx
        cur = self._cur
        while True:
            if self._fatal is not None:  # from a turn, from another thread
                self._unwind_root()
            if ready._take_root_wake():
                if self._poll_root():
                    if self._fatal is not None:
                        self._raise_fatal()
                    return
                if self._fatal is not None:
                    self._unwind_root()
            left = self._event_interval
            while left > 0:
                task = ready._next_task()
                if task is None:
                    break
                left -= 1
                self._poll_task(task, cx, cur)
                if self._fatal is not None:
                    self._unwind_root()
            if left > 0:  # nothing left to poll
                if until == _EMPTY and self._owned._count() == 0:
                    return
                if not ready._root_woken and ready._nothing_deferred():
                    if until == _STALLED:
                        self._turn(0)
                        if not ready._has_work():
                            return
                    else:
                        self._turn(-1)
                    continue
            self._turn(0)

    @cython.nonecheck(False)
    def _poll_task(self, task: Task, cx: Context, cur: Current) -> None:
        """Polls one task and puts it where its answer says."""
        cur.budget = BUDGET
        self.polls = self.polls + 1
        what = self._run_observed(task, cur) if self._observed else task._run(cx, cur)
        # 0, REST: a leaf holds its waker; another thread may have it queued by now
        if what == 2:  # LATER
            self._ready._deferred._push(task)
        elif what == 1:  # AGAIN
            self._ready._local._push(task)
        elif what == 3:  # DONE
            self._let_go(task)

    def _run_observed(self, task: Task, cur: Current) -> int:
        """``task._run`` with what hooks and the histogram want to know around it."""
        if self._ready._hooks is not None:
            self._ready._hook("on_poll", task)
        started = monotonic_ns()
        what = task._run(self._cx, cur)
        if self._histogram is not None:
            elapsed = monotonic_ns() - started
            histogram = self._get_histogram()
            if histogram is not None and not record_poll(histogram, elapsed):
                self._measure_with(None)
        if self._ready._hooks is not None:
            self._ready._hook(AFTER[what], task)
        return what

    def _get_histogram(self) -> Any:
        self._lock()
        histogram = self._histogram
        self._unlock()
        return histogram

    def _measure_with(self, histogram: Any) -> None:
        """What records the polls from now on; None: nothing. Any thread."""
        self._lock()
        old = self._histogram
        self._histogram = histogram
        self._unlock()
        del old
        self._observed = histogram is not None or self._ready._hooks is not None

    def _poll_root(self) -> bool:
        """Polls the root future; True when it is complete."""
        root = self._ready._root
        cur = self._cur
        cur.budget = BUDGET
        self.polls = self.polls + 1
        what = self._run_observed(root, cur) if self._observed else root._run(self._cx, cur)
        if what == 1:
            self._ready._root_woken = True
        elif what == 2:
            self._ready._defer(RootAgain(self._ready))
        return what == 3

    def _interrupt(self, error: BaseException) -> bool:
        if not self._keep_fatal(error):
            report_exception("another failure, while one leaves the loop", error)
        self._park.unpark()  # if a sleep comes next it ends at once
        return True

    def _let_go(self, task: Task) -> None:
        """A task is complete: from now on only handles hold it."""
        self._owned._discard(task)
        error = task._error
        if error is not None and not task._cancelled_out:
            self._failed(task, error)

    def _failed(self, task: Task, error: Any) -> None:
        fatal: Any = None
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            fatal = error
        elif self._shutdown_on_failure and not self._closed:
            fatal = ShutdownError(f"{task!r} failed, and the runtime shuts down on a failure")
            fatal.__cause__ = error
        if fatal is not None and self._keep_fatal(fatal):
            task._observed = True
        else:
            # Until somebody looks at it or the last handle goes (Task.__del__ reports); at the latest when
            # the executor closes. A weak reference, so that we are not the handle that keeps it.
            failures = self._failures
            failures.add(weakref.ref(task, failures.discard))

    def _unwind_root(self) -> None:
        """There is a fatal error: it is raised at once if there is no root; else that is cancelled, and unwinds first.

        (It may await on its way, so the loop goes on until the root is complete.) In a forked child nothing goes on.
        """
        root = self._ready._root
        if root is None or self._forked:
            self._raise_fatal()
        elif not self._leaving:
            self._leaving = True
            root._request_cancel(None)

    def _raise_fatal(self) -> None:
        self._lock()
        fatal = self._fatal
        self._fatal = None
        self._unlock()
        self._leaving = False
        raise fatal

    def _keep_fatal(self, error: Any) -> bool:
        """``error`` is to leave the loop. False: another one is already; this is to be reported. Any thread."""
        self._lock()
        first = self._fatal is None
        if first:
            self._fatal = error
        self._unlock()
        return first  # type: ignore[no-any-return]

    @cython.nonecheck(False)
    def _turn(self, timeout_ns: int) -> None:
        """A turn of the driver: its events wake tasks; then whoever was deferred is woken.

        0 only looks; -1 sleeps until there is something to do.
        """
        self.turns = self.turns + 1
        if timeout_ns == 0:
            self._park.park(0)
        else:
            if self._ready._hooks is not None:
                self._ready._hook("on_park", None)
            self.parks = self.parks + 1
            self._busy._stop(monotonic_ns())
            self._park.park(timeout_ns)
            self._busy._start(monotonic_ns())
            if self._ready._hooks is not None:
                self._ready._hook("on_unpark", None)
        self._ready._wake_deferred()

    # --- entering and leaving ---------------------------------------------------------------------------

    def _enter(self) -> Any:
        """Makes this thread the driving one; returns what ``_leave`` needs to put back."""
        cur = current()
        if cur.scheduler is not None:
            raise EnterError(
                "this thread is already driving an executor: inside a task use await, not a blocking call "
                "(from a sync function use mezame.spawn, or spawn_blocking to get off this thread)"
            )
        self._lock()
        taken = self._thread == 0
        if taken:
            self._thread = 1
        self._unlock()
        if not taken:
            raise EnterError("another thread is driving this executor")
        self._thread = threading.get_ident()
        saved = (cur.context, cur.loop, cur.budget)
        self._cx._adopt()
        cur.scheduler = self._ready
        cur.executor = self
        cur.context = self._cx
        cur.loop = self._cx
        self._cur = cur
        self._busy._start(monotonic_ns())
        return saved

    def _leave(self, saved: Any) -> None:
        cur = self._cur
        self._busy._stop(monotonic_ns())
        self._cur = None
        cur.scheduler = None
        cur.executor = None
        cur.context, cur.loop, cur.budget = saved
        self._ready._hand_over()
        self._lock()
        self._thread = 0
        self._unlock()

    def _guarded_loop(self, until: int) -> None:
        saved = self._enter()
        try:
            self._loop(until)
        finally:
            self._leave(saved)

    def __del__(self) -> None:
        # Dropped without a close: the tasks go with it, and no queue may keep a link to one.
        try:
            self._ready._close()
        except AttributeError:  # __init__ refused its arguments
            pass
