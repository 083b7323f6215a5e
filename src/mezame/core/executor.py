"""Executor: a queue of tasks and the loop that polls them, as people use it.

The loop is ``loop.py``: read it first. Here is what is called from outside: spawning, the ways to run it (to the end
of a future, until nothing is left, or nothing can go on, a task at a time), its end (``shutdown.py``), and what it
shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..errors import EnterError, RuntimeClosedError
from .check import check_time_limit
from .current import current
from .frames import spawn_site
from .future import Future, close_coroutine
from .given import make_each
from .hooks import CHANGING, SHARED, Hooks, replace, tell_shared
from .loop import EMPTY, ROOT, STALLED, Loop
from .park import Park
from .report import report_exception
from .task import Task, make_task


class Executor(Loop):
    """A queue of tasks and the loop that polls them; usable alone, with no I/O and no timers.

    Args:
        park: where the loop sleeps when there is nothing to poll; default a ``Parker``.
        event_interval: polls between two looks at ``park``; at least 1.
        global_queue_interval: polls between two looks at what other threads queued; at least 1.
        hooks: a ``mezame.Hooks`` that is told what happens, or None.
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

    __slots__ = ()

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

    def spawn_many(self, futures: Iterable[Any], *, name: str | None = None) -> list[Task]:
        """``spawn`` of each of ``futures``, queued together, in order: one lock for all. From any thread.

        Args:
            futures: coroutines, or whatever else ``into_future`` takes.
            name: of each task, in reports and traces.

        Returns the tasks. Raises ``TypeError`` if one of ``futures`` cannot be awaited: then none is spawned, and the
        coroutines among them are closed. On a closed executor all are already cancelled.

        >>> import mezame
        >>> executor = mezame.Executor()
        >>> async def square(n): return n * n
        >>> tasks = executor.spawn_many(square(n) for n in range(4))
        >>> executor.run()
        >>> [task.result() for task in tasks]
        [0, 1, 4, 9]

        Source of the semantics: ``smol::Executor::spawn_many``.
        """
        batch = make_each(lambda future: future, futures)
        tasks = self._make_many(batch, name)
        if not self._owned._add_all(tasks):
            refuse_all(tasks)
            return tasks
        try:
            if self._ready._hooks is not None:
                for task in tasks:
                    self._ready._hook("on_spawn", task)
        finally:
            self._ready._enqueue_new(tasks)
        return tasks

    def _make_many(self, batch: list[Any], name: Any) -> list[Task]:
        """A task for each of ``batch``, or an error and none."""
        code, lasti = spawn_site()
        tasks: list[Task] = []
        try:
            for future in batch:
                task = make_task(future, self._ready, name, None)
                task._set_site(code, lasti)
                tasks.append(task)
        except BaseException:
            refuse_all(tasks)
            for future in batch:
                close_coroutine(future)
            raise
        return tasks

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
        try:
            if self._ready._hooks is not None:
                self._ready._hook("on_spawn", task)
        finally:
            self._ready._enqueue(task)

    # --- running: the public ways -------------------------------------------------------------------------

    def run(self) -> None:
        """Polls until no task is left. Raises ``EnterError`` inside another executor's loop."""
        self._guarded_loop(EMPTY)

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
            self._loop(ROOT)
        except BaseException:
            report_root(root)
            raise
        finally:
            self._leave_root(saved)
        return root_outcome(root)

    def _make_root(self, future: Any) -> Task:
        if self._closed:
            close_coroutine(future)
            raise RuntimeClosedError("this executor is closed: make a new one")
        return begin_root(make_task(future, self._ready, "root", None))

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
        self._guarded_loop(STALLED)

    def try_tick(self) -> bool:
        """Polls at most one task. False if there was none to poll."""
        saved = self._enter()
        try:
            if not self._ready._local._length and not self._ready._nothing_deferred():
                self._turn(0)
            task = self._ready._next_task()
            if task is not None:
                self._poll_task(task, self._cx, self._cur)
            if self._fatal is not None:
                self._raise_fatal()
            return task is not None
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
            timeout: seconds that ``finally`` blocks may take in all; None or infinite: no limit.
            last: called when the tasks have unwound; the awaitable it returns (or None) is driven too, then dropped
                if the time is up.

        Returns the tasks that refused to stop in time: they are dropped where they stand. Idempotent. Raises
        ``ValueError`` or ``TypeError`` for a timeout that is no number of seconds from 0 on; nothing is closed then.
        """
        from .shutdown import close_executor

        return close_executor(self, check_time_limit("timeout", timeout), last)

    def forsake(self, error: BaseException) -> None:
        """This is the child of a fork: the loop raises ``error`` after the poll in progress, and polls nothing more."""
        self._fatal = error
        self._forked = True

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
        """The installed hooks. Assign to install, None to remove, from any thread; takes effect at the next event."""
        return self._ready._hook_set.own  # type: ignore[no-any-return]

    @hooks.setter
    def hooks(self, value: Hooks | None) -> None:
        replace(self, self._ready._hook_set, value)

    def rehook(self) -> None:
        """The hooks of this executor, or of the whole process, are others now."""
        with CHANGING:
            self._ready._hook_set.refresh()
            self._ready._switch_hooks()
            self._observed = self._ready._hooks is not None or self._histogram is not None

    @property
    def histogram(self) -> Any:
        """What records the duration of each poll (``record(ns)``), or None."""
        return self._get_histogram()

    @histogram.setter
    def histogram(self, value: Any) -> None:
        self._measure_with(value)

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

    @property
    def forced_yields(self) -> int:
        """How often the budget made a task give way."""
        return self._ready._forced  # type: ignore[no-any-return]

    @property
    def busy_ns(self) -> int:
        """Nanoseconds in which the driving thread did not sleep."""
        return self._busy._total_ns()

    def worker_counters(self) -> list[tuple[Any, ...]]:
        """For the metrics, per worker: here there is one. The order is that of ``WorkerMetrics``."""
        busy = self.busy_ns / 1e9
        return [(self._thread, self.polls, self.parks, 0, 0, 0, self.wakes, 0, self.queue_depth, 0.0, busy)]

    @property
    def is_parked(self) -> bool:
        """True while the driving thread sleeps in the driver, or nobody drives."""
        return not self._busy._is_awake()

    @property
    def roots(self) -> list[Task]:
        """What ``block_on`` is driving, or nothing."""
        root = self._ready._get_root()
        return [] if root is None else [root]

    @property
    def polling(self) -> list[Task]:
        """The task that is being polled right now, if there is one; any thread, at the cost of a walk over all."""
        return running_among(self.roots + self._owned._all())  # type: ignore[no-any-return]

    @property
    def thread(self) -> int:
        """The ident of the thread that drives, or 0."""
        return self._thread  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        state = "closed" if self._closed else "parked" if self.is_parked else "running"
        return f"<{type(self).__name__} {state} tasks={len(self)} queued={self.queue_depth}>"


def begin_root(root: Task) -> Task:
    """Makes ``root`` what ``block_on`` drives. Whoever traces the process hears of it as of a task that is spawned."""
    root._root = True
    if SHARED.hooks is not None:
        code, lasti = spawn_site()
        root._set_site(code, lasti)
        tell_shared("on_spawn", root)
    return root


def root_outcome(root: Task) -> Any:
    """The root's value; raises what it raised. Its frames are the user's: no JoinError around them."""
    root._observed = True
    if root._error is not None:
        raise root._error
    return root._result


def report_root(root: Task) -> None:
    """Another error than the root's leaves the loop: what that raised meanwhile, but a cancellation, is reported."""
    if root._error is not None and not root._cancelled_out:
        report_exception(f"{root!r} failed while another failure ended it", root._error)


def refuse_all(tasks: list[Task]) -> None:
    """They will not run: each is cancelled, and its coroutine closed."""
    for item in tasks:
        task: Task = item
        task._refuse()


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

