"""Executor: a queue of tasks and the loop that polls them. THE LOOP is ``Executor._loop``: read it first.

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

Two halves: ``ReadyTasks`` (``ready.py``) has the queues, and is what tasks and wakers refer to; the Executor has
the loop and holds the tasks (``OwnedTasks``). Nothing refers back to the Executor: dropped, it goes at once.

Threads: one thread drives at a time, and the counters belong to it. The list of live tasks is guarded; all
else is immutable or belongs to a task.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

from ..errors import EnterError, RuntimeClosedError, ShutdownError
from .clock import monotonic_ns
from .context import Context, loop_context
from .current import BUDGET, Current, Spawner, current
from .frames import spawn_site
from .future import Future, close_coroutine
from .hooks import Hooks
from .owned import OwnedTasks
from .park import Park, Parker
from .ready import ReadyTasks, RootAgain
from .task import Task, make_task

EVENT_INTERVAL = 61  # polls between two looks at the driver; prime, so that it does not beat with batches
GLOBAL_QUEUE_INTERVAL = 31  # ticks between two looks at the remote queue while the local one is busy

# What the loop stops at.
_ROOT = 0  # the root future is complete
_EMPTY = 1  # no task is left
_STALLED = 2  # no task can go on


class Executor(Spawner):
    """A queue of tasks and the loop that polls them; usable alone, with no I/O and no timers.

    Args:
        park: where the loop sleeps when there is nothing to poll; default a ``Parker``.
        event_interval: polls between two looks at ``park``; at least 1.
        global_queue_interval: polls between two looks at what other threads queued; at least 1.
        hooks: a ``mezame.core.hooks.Hooks`` that is told what happens, or None.
        choose: the scheduler's choice, for simulation: called with the number of queued tasks (at least
            2), returns the index of the one to poll next. None: first in, first out.
        shutdown_on_failure: a task that fails ends the run (``ShutdownError``) instead of being reported.

    >>> import mezame
    >>> executor = mezame.Executor()
    >>> log = []
    >>> async def say(word): log.append(word)
    >>> handles = [executor.spawn(say("a")), executor.spawn(say("b"))]
    >>> executor.run()
    >>> log
    ['a', 'b']

    Source of the semantics: ``async_executor::LocalExecutor``, ``futures::executor::LocalPool``.
    """

    __slots__ = (
        "_closed",
        "_cur",
        "_cx",
        "_event_interval",
        "_failures",
        "_fatal",
        "_histogram",
        "_last_unpark",
        "_observed",
        "_owned",
        "_park",
        "_ready",
        "_shutdown_on_failure",
        "_thread",
        "busy_ns",
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
        for name, value in (
            ("event_interval", event_interval),
            ("global_queue_interval", global_queue_interval),
        ):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value!r}")
        self._park = Parker() if park is None else park
        self._event_interval = event_interval
        self._shutdown_on_failure = shutdown_on_failure
        self._ready = ReadyTasks(self._park, global_queue_interval, hooks, choose)
        self._owned = OwnedTasks()
        self._failures = set()
        self._cx = loop_context()
        self._cur = None
        self._fatal = None
        self._histogram = None
        self._observed = hooks is not None
        self._closed = False
        self._thread = 0
        self._last_unpark = 0
        self.busy_ns = 0
        self.parks = 0
        self.polls = 0
        self.turns = 0

    # --- spawning and waking: any thread ----------------------------------------------------------------

    def spawn(self, future: Any, *, name: str | None = None, context: Any = None) -> Task:
        """Makes a task of ``future`` and queues it. From any thread.

        Args:
            future: a coroutine, or anything that ``into_future`` takes.
            name: shown in reports and traces.
            context: the contextvars to run in; default a copy of the caller's.

        Returns the ``Task``, which is also its join handle. Raises ``TypeError`` if ``future`` cannot be
        awaited. Spawning on a closed executor gives a task that is already cancelled.
        """
        task = make_task(future, self._ready, name, context)
        code, lasti = spawn_site()
        task._set_site(code, lasti)
        self._admit(task)
        return task

    def _spawn(self, future: Any, name: Any) -> Task:
        """``spawn`` for the compiled caller that user code calls directly."""
        task = make_task(future, self._ready, name, None)
        task._set_caller_site()
        self._admit(task)
        return task

    def _admit(self, task: Task) -> None:
        if not self._owned._add(task):
            task._refuse()
            return
        if self._ready._hooks is not None:
            self._ready._hook("on_spawn", task)
        self._ready._enqueue(task)

    # --- the loop ---------------------------------------------------------------------------------------

    def _loop(self, until: int) -> None:
        """Polls until ``until`` (_ROOT, _EMPTY, _STALLED) is so. The heart of the library."""
        ready = self._ready
        cx = self._cx
        cur = self._cur
        while True:
            if ready._take_root_wake() and self._poll_root():
                return
            left = self._event_interval
            while left > 0:
                task = ready._next_task()
                if task is None:
                    break
                left -= 1
                self._poll_task(task, cx, cur)
                if self._fatal is not None:
                    self._raise_fatal()
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

    def _poll_task(self, task: Task, cx: Context, cur: Current) -> None:
        """Polls one task and puts it where its answer says."""
        cur.budget = BUDGET
        self.polls += 1
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
            self._histogram.record(monotonic_ns() - started)
        if self._ready._hooks is not None:
            self._ready._hook("on_complete" if what == 3 else "on_pending", task)
        return what

    def _poll_root(self) -> bool:
        """Polls the root future; True when it is complete."""
        root = self._ready._root
        cur = self._cur
        cur.budget = BUDGET
        self.polls += 1
        what = self._run_observed(root, cur) if self._observed else root._run(self._cx, cur)
        if what == 1:
            self._ready._root_woken = True
        elif what == 2:
            self._ready._defer(RootAgain(self._ready))
        return what == 3

    def _let_go(self, task: Task) -> None:
        """A task is complete: from now on only handles hold it."""
        self._owned._discard(task)
        error = task._error
        if error is not None and not task._cancelled_out:
            self._failed(task, error)

    def _failed(self, task: Task, error: Any) -> None:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            task._observed = True
            self._fatal = error
        elif self._shutdown_on_failure and not self._closed:
            task._observed = True
            shutdown = ShutdownError(f"{task!r} failed, and the runtime shuts down on a failure")
            shutdown.__cause__ = error
            self._fatal = shutdown
        else:
            # Until somebody looks at it or the last handle goes (Task.__del__ reports); at the latest when
            # the executor closes. A weak reference, so that we are not the handle that keeps it.
            failures = self._failures
            failures.add(weakref.ref(task, failures.discard))

    def _raise_fatal(self) -> None:
        fatal = self._fatal
        self._fatal = None
        raise fatal

    def _turn(self, timeout_ns: int) -> None:
        """A turn of the driver: its events wake tasks; then whoever was deferred is woken.

        0 only looks; -1 sleeps until there is something to do.
        """
        self.turns += 1
        if timeout_ns == 0:
            self._park.park(0)
        else:
            if self._ready._hooks is not None:
                self._ready._hook("on_park", None)
            self.parks += 1
            now = monotonic_ns()
            self.busy_ns += now - self._last_unpark
            self._last_unpark = 0
            self._park.park(timeout_ns)
            self._last_unpark = monotonic_ns()
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
        cur.scheduler = self._ready
        cur.executor = self
        cur.context = self._cx
        cur.loop = self._cx
        self._cur = cur
        self._last_unpark = monotonic_ns()
        return saved

    def _leave(self, saved: Any) -> None:
        cur = self._cur
        if self._last_unpark:
            self.busy_ns += monotonic_ns() - self._last_unpark
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

    # --- running: the public ways -------------------------------------------------------------------------

    def run(self) -> None:
        """Polls until no task is left. Raises ``EnterError`` inside another executor's loop."""
        self._guarded_loop(_EMPTY)

    def run_until(self, future: Any) -> Any:
        """Polls until ``future`` is complete and returns its value; other tasks stay where they are.

        The future is the *root*: polled in place, not a task. Raises what it raises.

        >>> import mezame
        >>> async def three(): return 3
        >>> mezame.Executor().run_until(three())
        3
        """
        root = self._make_root(future)
        saved = self._enter_with_root(root)
        try:
            self._loop(_ROOT)
        finally:
            self._leave_root(saved)
        return root_outcome(root)

    def _make_root(self, future: Any) -> Task:
        if self._closed:
            close_coroutine(future)
            raise RuntimeClosedError("this executor is closed: make a new one")
        root = make_task(future, self._ready, "root", None)
        root._root = True
        return root

    def _enter_with_root(self, root: Task) -> Any:
        try:
            saved = self._enter()
        except EnterError:
            root._coro.close()
            raise
        self._ready._set_root(root)
        return saved

    def _leave_root(self, saved: Any) -> None:
        self._ready._clear_root()
        self._leave(saved)

    def run_until_stalled(self) -> None:
        """Polls until no task can go on without a wake from outside."""
        self._guarded_loop(_STALLED)

    def try_tick(self) -> bool:
        """Polls at most one task. False if there was none to poll."""
        saved = self._enter()
        try:
            if not self._ready._local._length and not self._ready._nothing_deferred():
                self._turn(0)
            task = self._ready._next_task()
            if task is None:
                return False
            self._poll_task(task, self._cx, self._cur)
            if self._fatal is not None:
                self._raise_fatal()
            return True
        finally:
            self._leave(saved)

    def tick(self) -> None:
        """Polls one task, sleeping until there is one."""
        while not self.try_tick():
            self._park.park(-1)

    def drive(self, future: Any) -> Future:
        """A future that polls ``future`` and this executor's tasks: an executor inside a task.

        Each poll polls at most 200 tasks, then lets the surrounding tasks run. Completes with the value
        of ``future``.

        Source of the semantics: ``async_executor::Executor::run``.
        """
        from .drive import Drive

        return Drive(self, future)

    def is_empty(self) -> bool:
        """True if there is no unfinished task."""
        return self._owned._count() == 0

    def __len__(self) -> int:
        """The number of unfinished tasks."""
        return self._owned._count()

    # --- shutdown -----------------------------------------------------------------------------------------

    def close(self, timeout: float | None = None, last: Callable[[], Any] | None = None) -> list[Task]:
        """Cancels every task at its await, drives their unwinding, and closes the executor.

        Args:
            timeout: seconds that ``finally`` blocks may take in all; None: no limit.
            last: called when the tasks have unwound; the awaitable it returns (or None) is driven too, then dropped
                if the time is up.

        Returns the tasks that refused to stop in time: they are dropped where they stand. Idempotent.
        """
        from .shutdown import close_executor

        return close_executor(self, timeout, last)

    def poison(self, error: BaseException) -> None:
        """Has the loop raise ``error`` after the poll in progress (a fork, a fatal condition)."""
        self._fatal = error

    def report_failures(self) -> None:
        """Reports the failed tasks whose handles are still held and that nobody looked at."""
        for reference in list(self._failures):
            task = reference()
            if task is not None:
                task._report()
        self._failures.clear()

    # --- looking at it ------------------------------------------------------------------------------------

    def tasks(self) -> list[Task]:
        """The unfinished tasks of this moment, oldest first."""
        return self._owned._all()  # type: ignore[no-any-return]

    @property
    def hooks(self) -> Hooks | None:
        """The installed hooks. Assign to install, None to remove; takes effect at the next event."""
        return self._ready._hooks  # type: ignore[no-any-return]

    @hooks.setter
    def hooks(self, value: Hooks | None) -> None:
        self._ready._hooks = value
        self._observed = value is not None or self._histogram is not None

    @property
    def histogram(self) -> Any:
        """What records the duration of each poll (``record(ns)``), or None."""
        return self._histogram

    @histogram.setter
    def histogram(self, value: Any) -> None:
        self._histogram = value
        self._observed = value is not None or self._ready._hooks is not None

    @property
    def park(self) -> Park:
        """Where the loop sleeps."""
        return self._park  # type: ignore[no-any-return]

    @property
    def spawned(self) -> int:
        """How many tasks were spawned so far."""
        return self._owned._total  # type: ignore[no-any-return]

    @property
    def queue_depth(self) -> int:
        """How many tasks wait for a poll right now."""
        return self._ready._length()  # type: ignore[no-any-return]

    @property
    def wakes(self) -> int:
        """How many wakes queued a task, from the driving thread."""
        return self._ready._wakes  # type: ignore[no-any-return]

    @property
    def remote_wakes(self) -> int:
        """How many wakes queued a task, from other threads."""
        return self._ready._remote_wakes  # type: ignore[no-any-return]

    def worker_counters(self) -> list[tuple[Any, ...]]:
        """For the metrics, per worker: here there is one. The order is that of ``WorkerMetrics``."""
        busy = self.busy_ns / 1e9
        return [(self._thread, self.polls, self.parks, 0, 0, 0, self.wakes, 0, self.queue_depth, 0.0, busy)]

    @property
    def is_parked(self) -> bool:
        """True while the driving thread sleeps in the driver, or nobody drives."""
        return self._last_unpark == 0

    @property
    def polling(self) -> list[Task]:
        """The task that is being polled right now, if there is one; any thread, at the cost of a walk over all."""
        root = self._ready._get_root()
        found = running_among(self._owned._all())
        return [root, *found] if root is not None and running_among([root]) else found

    @property
    def thread(self) -> int:
        """The ident of the thread that drives, or 0."""
        return self._thread  # type: ignore[no-any-return]

    def __del__(self) -> None:
        # Dropped without a close: the tasks go with it, and no queue may keep a link to one.
        try:
            self._ready._close()
        except AttributeError:  # __init__ refused its arguments
            pass

    def __repr__(self) -> str:
        state = "closed" if self._closed else "parked" if self.is_parked else "running"
        return f"<{type(self).__name__} {state} tasks={len(self)} queued={self.queue_depth}>"


def root_outcome(root: Task) -> Any:
    """The root's value; raises what it raised. Its frames are the user's: no JoinError around them."""
    root._observed = True
    if root._error is not None:
        raise root._error
    return root._result


def running_among(tasks: list[Task]) -> list[Task]:
    """Those of ``tasks`` that are being polled right now."""
    found = []
    for item in tasks:
        task: Task = item
        if task._is_running():
            found.append(task)
    return found


def spawn_here(future: Any, name: Any) -> Task | None:
    """Spawns with whoever drives tasks on this thread; None if nobody does."""
    spawner = current().executor
    return None if spawner is None else spawner._spawn(future, name)

