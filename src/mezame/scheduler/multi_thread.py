"""MultiThread: the scheduler whose tasks run on N worker threads that steal from each other.

      thread in block_on          worker 0            worker 1        ...      any other thread
      polls its root only         Worker._loop        Worker._loop             wakes, spawns
                                   |       \\          /      |                      |
                                   |        steal half        |                      v
                                   +----- injection queue, idle, seat in the driver -+

On a free-threaded CPython the workers run Python code in parallel. With a GIL the semantics are the same, but one
thread runs Python at a time: what is gained there is that a call which releases the GIL blocks one worker and not all.

Reading order: ``worker.py`` (the loop), ``worker_core.py`` (the queues), ``steal_queue.py``, ``idle.py``,
``worker_park.py``. This file starts the threads, spawns from outside, drives roots, and ends it all:

    close    the lists of live tasks close; every task is cancelled; the workers unwind them
      |      until none is left or the time is up
      v
    stop     flag, unpark all; the threads end, unless one is stuck in a call: it is named in the report
      |
      v
    abandon  what did not unwind is dropped at its await, by the closing thread; not what a stuck thread polls
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from ..core.block_on import ThreadLoop
from ..core.cell import hold
from ..core.check import C_INT, check_int, check_time_limit
from ..core.current import current
from ..core.executor import begin_root, report_root, root_outcome, running_among
from ..core.frames import spawn_site
from ..core.future import close_coroutine
from ..core.hooks import CHANGING, Hooks, enrol, replace
from ..core.loop import EVENT_INTERVAL
from ..core.park import Park
from ..core.report import report_exception
from ..core.shutdown import drop_task, end_dropped
from ..core.task import Task, make_task
from ..errors import EnterError, RuntimeClosedError
from .worker import Worker
from .worker_core import (
    CLOSING,
    STOPPING,
    WorkerCore,
    WorkerGroup,
    call_hook,
    drop,
    drop_all,
    let_go,
    mark_observed,
    report,
    schedule_in,
    unpark,
)
from .worker_park import DriverSeat
from .worker_threads import WorkerThreads
from .worker_totals import WorkerTotals

MOST_WORKERS = 1024  # far beyond any use; a larger number is a mistake


class MultiThread(WorkerTotals):
    """The workers of one runtime.

    Args:
        park: the driver.
        workers: how many worker threads, at least 1.
        event_interval: ticks of a worker between two turns of the driver.
        global_queue_interval: ticks between two looks at the injection queue; None: tuned by what a poll takes.
        hooks: a ``Hooks`` whose methods may be called from all workers at once.
        lifo: False switches the LIFO slot off. seed: of the random choice of the first victim of a steal.
        thread_name: function of no arguments that names the next worker thread.
        on_start, on_stop: called in each worker thread, or None.
        stack_size: bytes of each worker's stack; 0: the system's size.
    """

    def __init__(
        self,
        park: Park,
        workers: int,
        *,
        event_interval: int = EVENT_INTERVAL,
        global_queue_interval: int | None = None,
        hooks: Hooks | None = None,
        lifo: bool = True,
        seed: int = 0,
        thread_name: Callable[[], str] | None = None,
        on_start: Callable[[], Any] | None = None,
        on_stop: Callable[[], Any] | None = None,
        stack_size: int = 0,
    ) -> None:
        workers = check_int("worker_threads", workers, 1, MOST_WORKERS)
        event_interval = check_int("event_interval", event_interval, 1, C_INT)
        if global_queue_interval is not None:
            global_queue_interval = check_int("global_queue_interval", global_queue_interval, 1, C_INT)
        self._park = park
        self._count = workers
        self._event_interval = event_interval
        self._global_interval = global_queue_interval or 0
        self._lifo = lifo
        self._seed = seed
        self._threads = WorkerThreads(thread_name, on_start, on_stop, self.poison, stack_size)
        WorkerTotals.__init__(self, WorkerGroup(workers, DriverSeat(park)), workers)
        self._histogram: Any = None
        self._condition = self._threads.changed  # guards the fields from here on
        self._handoffs: list[WorkerCore] = []
        self._roots: dict[ThreadLoop, Task] = {}
        self._made = 0
        self._left: set[int] = set()  # the numbers of the cores whose thread has ended
        self._abandoned: set[int] = set()  # of those whose thread ``close`` did not wait for any longer
        self._failures: set[Any] = set()
        self._closed = False
        self._forked = self._leaving = False  # see ``core/loop.py``
        enrol(self, hooks)

    # --- the threads ---------------------------------------------------------------------------------------

    def start(self, enter: Callable[[], Any] | None) -> None:
        """Starts the workers. ``enter`` is called in each thread first: it makes the runtime current there."""
        self._threads.enter = enter
        self._group.cores.extend([None] * self._count)
        go = threading.Event()
        try:
            for index in range(self._count):
                self._threads.start(lambda index=index: self._work_first(index, go))  # type: ignore[misc]
            self._threads.wait_for(lambda: self._made == self._count or self._group.fatal is not None)
            self._raise_fatal()
        except BaseException:
            self._group.phase._store(STOPPING)
            raise
        finally:
            go.set()

    def _work_first(self, index: int, go: threading.Event) -> None:
        """A core is made by the thread that will use it: see ``worker_core.py`` on reference counts."""
        core = WorkerCore(index, self._group, self._seed + index, self._lifo)
        self._group.cores[index] = core
        with self._condition:
            self._made += 1
            self._condition.notify_all()
        go.wait()
        if self._group.phase._load() < STOPPING:
            self._work_with(core)
        else:  # closed before this thread came so far
            self.leave(core)

    def _work_with(self, core: WorkerCore) -> None:
        worker = Worker(self._group, self, self._event_interval, self._global_interval)
        with CHANGING:  # a change of the hooks finds the worker, or has been made
            self._workers[core.index] = worker
            worker.observe(self._histogram, self._group.hooks is not None)  # guarded by CHANGING here
        worker._run_with(core)

    # --- block_in_place -----------------------------------------------------------------------------------

    def hand_over(self, core: WorkerCore) -> None:
        """Another thread is to go on with ``core``; until then ``take_back`` gives it. ``RuntimeError``: none will."""
        with self._condition:
            self._handoffs.append(core)
        try:
            self._threads.start(lambda: self._work_handed_over(core))
        except Exception as error:
            raise RuntimeError(
                f"block_in_place got no thread for the other tasks of worker {core.index} ({error!r}): "
                "await spawn_blocking(function) instead"
            ) from error

    def _work_handed_over(self, core: WorkerCore) -> None:
        if self.take_back(core) is not None:
            self._work_with(core)

    def take_back(self, core: WorkerCore) -> WorkerCore | None:
        """``core``, if no thread has taken it yet; else None."""
        with self._condition:
            if core not in self._handoffs:
                return None
            self._handoffs.remove(core)
            return core

    # --- spawning: any thread -----------------------------------------------------------------------------

    def spawn(self, future: Any, *, name: str | None = None, context: Any = None) -> Task:
        """Makes a task of ``future`` and queues it. See ``Executor.spawn``."""
        task = self._make(future, name, context)
        code, lasti = spawn_site()
        task._set_site(code, lasti)
        self._admit(task)
        return task

    def _here(self) -> WorkerCore | None:
        """The core of the worker that this thread is, or None."""
        found = current().executor
        if not isinstance(found, Worker):
            return None
        worker: Worker = found
        return worker._core if worker._group is self._group else None  # type: ignore[no-any-return]

    def _make(self, future: Any, name: Any, context: Any) -> Task:
        core = self._here()
        return make_task(future, self._group.outside if core is None else core, name, context)

    def _admit(self, task: Task) -> None:
        group = self._group
        core = self._here()
        owned = group.outside._owned if core is None else core._owned
        if not owned._add(task):
            task._refuse()
            return
        try:
            if group.hooks is not None:
                call_hook(group, "on_spawn", task)
        finally:
            schedule_in(group, task)

    # --- the roots ----------------------------------------------------------------------------------------

    def block_on(self, future: Any, attach: Callable[[Task], Any] | None = None) -> Any:
        """Polls ``future`` on this thread until it is complete; the tasks run on the workers.

        Its value; raises what it raises. ``attach`` is called with the root before its first poll.
        """
        if current().scheduler is not None:
            close_coroutine(future)
            raise EnterError(
                "block_on inside a running task would stop the thread that drives the tasks: use await "
                "(from a sync function: mezame.spawn, block_in_place, or spawn_blocking to get off this thread)"
            )
        loop = ThreadLoop()
        root: Task = make_task(future, loop, "root", None)
        with self._condition:  # ``close`` looks for roots and closes under it: it sees this one, or comes first
            closed = self._closed
            if not closed:
                self._roots[loop] = root
        if closed:
            root._refuse()
            raise RuntimeClosedError("this runtime was closed: make a new one")
        try:
            begin_root(root)
            if attach is not None:
                attach(root)
            self._drive(loop, root)
        except BaseException:
            if not root.is_finished():  # a failure of the runtime, a second interrupt: the root goes with it
                drop_task(root)
            else:
                report_root(root)
            raise
        finally:
            with self._condition:
                del self._roots[loop]
                self._leaving = False
                self._forced += loop.forced_yields()
        return root_outcome(root)

    def _drive(self, loop: ThreadLoop, root: Task) -> None:
        """Until the root is complete. A fatal error is raised after that: it cancels the root, which unwinds first."""
        while not loop._drive(root):
            if (fatal := self._take_fatal()) is not None:
                self._leaving = True
                if self._forked:
                    raise fatal
                loop._interrupt(fatal)  # which cancels the root, and raises when that is complete
        self._raise_fatal()

    def _take_fatal(self) -> Any:
        with self._condition:
            fatal, self._group.fatal = self._group.fatal, None
        return fatal

    def _raise_fatal(self) -> None:
        if (fatal := self._take_fatal()) is not None:
            raise fatal

    def poison(self, error: BaseException) -> None:
        """Has the first such error leave ``block_on``, or, without a root, ``close``; later ones are reported."""
        if not self._keep_fatal(error):
            report_exception("another failure, while one leaves block_on", error)

    def _keep_fatal(self, error: BaseException) -> bool:
        """False: another one leaves ``block_on`` already."""
        with self._condition:
            first = self._group.fatal is None and not self._leaving
            if first:
                self._group.fatal = error
        self.poke_roots()
        return first

    def forsake(self, error: BaseException) -> None:
        """See ``Executor.forsake``."""
        self._condition = self._threads.forsake()
        self._group.fatal = error
        self._forked = True
        for worker in self.workers:
            worker.forsake(error)
        for loop in self._roots:
            loop.poke()

    def poke_roots(self) -> None:
        """Has each thread that sleeps in ``block_on`` look up: Python's signal handlers run then. Any thread."""
        with self._condition:
            roots = list(self._roots)
        for loop in roots:
            loop.poke()

    def failed(self, task: Task, error: Any) -> None:
        """A task failed; see ``Executor``."""
        if isinstance(error, (KeyboardInterrupt, SystemExit)) and self._keep_fatal(error):
            mark_observed(task)
        else:
            failures = self._failures
            failures.add(weakref.ref(task, failures.discard))

    def report_failures(self) -> None:
        """Reports the failed tasks whose handles are still held and that nobody looked at."""
        for reference in list(self._failures):
            report(reference())
        self._failures.clear()

    # --- the end ------------------------------------------------------------------------------------------

    def close(self, timeout: float | None = None, last: Callable[[], Any] | None = None) -> list[Task]:
        """Cancels every task at its await, lets the workers unwind them, and ends the workers.

        Args, result and errors as of ``Executor.close``. Raises ``EnterError`` while a thread is in ``block_on``.
        """
        timeout = check_time_limit("timeout", timeout)
        with self._condition:
            if self._closed:
                return []
            if self._roots:
                raise EnterError("another thread is in block_on of this runtime")
            self._closed = True
            if self._group.phase._load() < CLOSING:  # else a start that failed: its threads end where they are
                self._group.phase._store(CLOSING)
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            self._unwind(deadline, last)
            self._stop(deadline)
        except BaseException as error:  # Ctrl-C, in the middle of a wait: there is no time left
            self.poison(error)
            self._stop(time.monotonic())
        with self._condition:
            self._abandoned = set(range(self._count)) - self._left
        left_over = self.tasks()
        if self._abandoned:
            self._drop_idle(left_over)
        else:
            self._drop_all(left_over)
        self.report_failures()
        self._raise_fatal()
        return left_over

    def _unwind(self, deadline: Any, last: Any) -> None:
        for owned in self._lists():
            owned._close()
        for task in self.tasks():
            task.cancel()
        self._wait_until_empty(deadline)
        final = None if last is None else last()
        if final is not None:
            closing = make_task(final, self._group.outside, "closing", None)
            self._group.outside._owned._reopen_for(closing)
            schedule_in(self._group, closing)
            self._wait_until_empty(deadline)

    def leave(self, core: WorkerCore) -> None:
        """A worker's thread ends. The last that ``close`` did not wait for drops what ``close`` had to leave."""
        with self._condition:
            self._left.add(core.index)
            last = bool(self._abandoned) and self._abandoned <= self._left
        if last:
            self._drop_all(self.tasks())

    def _drop_all(self, tasks: list[Task]) -> None:
        """All workers have ended: empties the queues, whose links are no references, then drops the tasks."""
        self._group.inject._close()
        for item in self._group.cores:
            core: WorkerCore = item
            core._clear()
        drop_all(tasks)

    def _drop_idle(self, tasks: list[Task]) -> None:
        """A worker is still at work: whom it may have in its queue, or may just be taking out of it, is not ours."""
        queued = self._group.inject._close()
        while queued._length > 0:  # but these are
            drop(queued._pop())
        for task in tasks:
            if hold(task):
                end_dropped(task)
                let_go(task)

    def _wait_until_empty(self, deadline: float | None) -> None:
        self._threads.wait_for(lambda: len(self) == 0 or self._threads.are_over(), deadline)

    def one_ended(self) -> None:
        """Called by the workers during ``close``, after each task that ended."""
        self._threads.notify()

    def _stop(self, deadline: float | None) -> None:
        """Ends the threads; waits for them until the deadline, and a moment at least."""
        self._group.phase._store(STOPPING)
        for index in range(len(self._group.cores)):  # none, if the runtime refused an option before the start
            if self._group.cores[index] is not None:
                unpark(self._group, index)
        if deadline is not None:
            deadline = max(deadline, time.monotonic() + 0.1)  # they only have to see the flag
        self._threads.wait_for(self._threads.are_over, deadline)

    def stuck_threads(self) -> list[str]:
        """Names of the worker threads that have not ended: after ``close``, those that a task blocks."""
        return self._threads.names()

    # --- looking at it -------------------------------------------------------------------------------------

    def tasks(self) -> list[Task]:
        """The unfinished tasks of this moment, in the order of their ids."""
        found: list[Task] = []
        for owned in self._lists():
            found.extend(owned._all())
        found.sort(key=lambda task: task.id)
        return found

    def __len__(self) -> int:
        """The number of unfinished tasks."""
        return sum(owned._count() for owned in self._lists())

    @property
    def hooks(self) -> Hooks | None:
        """The installed hooks; assign to install, None to remove. From any thread."""
        return self._group.hook_set.own  # type: ignore[no-any-return]

    @hooks.setter
    def hooks(self, value: Hooks | None) -> None:
        replace(self, self._group.hook_set, value)

    def rehook(self) -> None:
        """The hooks of this runtime, or of the whole process, are others now."""
        with CHANGING:
            self._group.hook_set.refresh()
            self._group.switch_hooks()
            for worker in self.workers:
                worker.observe(self._histogram, self._group.hooks is not None)

    @property
    def histogram(self) -> Any:
        """What records the duration of each poll (``record(ns)``; from all workers), or None."""
        with CHANGING:
            return self._histogram

    @histogram.setter
    def histogram(self, value: Any) -> None:
        with CHANGING:
            old = self._histogram
            self._histogram = value
            self.rehook()
        del old

    def drop_histogram(self, histogram: Any) -> None:
        """It raised in a worker: it is asked no more."""
        with CHANGING:
            if self._histogram is histogram:
                self.histogram = None

    @property
    def park(self) -> Park:
        """The driver."""
        return self._park

    @property
    def polling(self) -> list[Task]:
        """The tasks (and roots) that are being polled right now, at the cost of a walk over all."""
        return running_among(self.roots + self.tasks())

    @property
    def roots(self) -> list[Task]:
        """What threads are in ``block_on`` for."""
        with self._condition:
            return list(self._roots.values())

    @property
    def loops(self) -> list[Any]:
        """What a watchdog watches: the workers, and the threads in ``block_on``."""
        with self._condition:
            return [*self.workers, *self._roots]

    @property
    def thread(self) -> int:
        """Not 0 while some thread is in ``block_on``."""
        with self._condition:
            return len(self._roots)

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<MultiThread {state} workers={self._count} tasks={len(self)} queued={self.queue_depth}>"
