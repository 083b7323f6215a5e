"""Worker: the loop of the multi-thread scheduler, as one thread runs it. THE LOOP is ``Worker._loop``: read it first.

      +--> next task: LIFO slot, own queue, injection queue ----------------------------------+
      |       | none                                                                          |
      |       v                                                                               v
      |    yielded tasks? --yes--> turn: look at the driver, then wake them             poll it, then
      |       | no                                                                      what it put in
      |       v                                                                         the LIFO slot
      |    search: steal half of another's queue, or the injection queue -----found---------> |
      |       | none                                                                          |
      |       v                                                                               |
      |    sleep: in the driver if it is free, else on the own semaphore                      |
      |       | woken by another worker (-> search), or by an event or a timer (-> poll)      |
      +-------+--------------------------------- after 61 ticks: a turn of the driver <-------+

The loop is the current-thread one (``core/loop.py``) with a search before the sleep; the poll of a task is the
same code. What makes it right with many threads is written where it is: the task's state word (``core/state.py``: one
thread polls, a wake queues once), the queue (``steal_queue.py``), no wake is lost between search and sleep
(``idle.py``), no notification between decision and sleep (``worker_park.py``).

Invariant of the poll: once ``task._run`` has answered REST the task is no longer ours: another thread may be polling
it already. Nothing of it is touched after that.

``_histogram`` is replaced by any thread: under the guard, to read it too. ``_core`` is this thread's; others read it,
and no core goes away before the runtime does (``WorkerGroup.cores``).

``block_in_place`` hands the core to another thread, which goes on with this same loop; the thread that blocks finishes
its poll without a core (what it wakes goes to the injection queue), and ends. Invariants of the hand-over:

1. A core has one thread, and a core is a thread's ``cur.scheduler`` only while that thread has it: this is how a wake
   knows that the queues are its own. So the slot is set aside before the core goes; and who changes it in the middle of
   a poll (``Runnable.run``, ``Drive``) puts back what it has changed itself, and nothing else.
2. A core goes from inside of a poll of this loop and from nowhere else: only ``_poll`` looks whether it is still there.
   In a turn, a park hook or a finaliser between two polls ``block_in_place`` just calls, and the worker waits.
3. A core that no thread takes stays where it is: if none can be had, the worker has it again when the error is raised.
4. What is counted of a worker, and what it has learnt of its polls, is in the core, and goes on with it.
5. Whoever polls without a core when the runtime has been closed ends the task itself: nobody else will look at it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import sleep
from typing import Any

from ..core.clock import monotonic_ns
from ..core.context import Context, loop_context
from ..core.current import BUDGET, UNLIMITED, Current, Spawner, current
from ..core.hooks import AFTER, record_poll
from ..core.task import Task, make_task
from .worker_core import (
    LIFO_POLLS,
    RUNNING,
    STOPPING,
    WorkerCore,
    WorkerGroup,
    call_hook,
    drop_all,
    let_go,
    notify_if_work,
    schedule_in,
)

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

_GLOBAL_START = 61  # ticks between two looks at the injection queue, before there is a measurement
_GLOBAL_TARGET_NS = 200_000  # what the self-tuned interval aims at, as in tokio
_GLOBAL_MOST = 127
FAILED = 0.01  # seconds


class Worker(Spawner):
    """The loop half of a worker; the thread runs ``_main``.

    Args:
        group: what all workers share.
        pool: the ``MultiThread``, which is told of failures and ends.
        event_interval: ticks between two turns of the driver.
        global_interval: ticks between two looks at the injection queue; 0: tuned by what a poll takes.
    """

    __slots__ = (
        "_batch_polls",
        "_batch_started",
        "_core",
        "_cur",
        "_cx",
        "_event_interval",
        "_forsaken",
        "_global_interval",
        "_group",
        "_histogram",
        "_observed",
        "_pool",
        "_tuned",
        "thread",
    )

    def __init__(self, group: WorkerGroup, pool: Any, event_interval: int, global_interval: int) -> None:
        self._group = group
        self._pool = pool
        self._event_interval = event_interval
        self._tuned = global_interval == 0
        self._global_interval = global_interval or _GLOBAL_START
        self._core = None
        self._cx = loop_context()
        self._cur = None
        self._histogram = None
        self._observed = False
        self._forsaken = None
        self._batch_polls = 0
        self._batch_started = 0
        self.thread = 0

    def index(self) -> int | None:
        """The number of its core; None if it has given that away."""
        core = self._core
        return None if core is None else core.index

    # --- the thread --------------------------------------------------------------------------------------

    def _run_with(self, core: WorkerCore) -> None:
        """The life of a worker's thread: the loop, with ``core``, until the runtime stops or the core is given away."""
        cur = current()
        self._cur = cur
        self._core = core
        self._cx._adopt()
        self.thread = threading.get_ident()
        cur.scheduler = core
        cur.executor = self
        cur.context = cur.loop = self._cx
        core._lifo_left = LIFO_POLLS if core._lifo_on else 0  # who had the core may have been in the last of these
        self._start_batch(core)
        if core._mean_poll > 0 and self._tuned:
            self._global_interval = interval_for(core._mean_poll)
        try:
            self._loop_on()
            if self._forsaken is not None:
                raise self._forsaken
        finally:
            cur.scheduler = None
            cur.executor = None
            cur.context = cur.loop = None
            cur.budget = UNLIMITED
            self.thread = 0
            if self._core is not None:
                core._busy._stop(monotonic_ns())
                self._pool.leave(core)

    def _start_batch(self, core: WorkerCore) -> None:
        """From here on the worker is awake, and its polls are measured."""
        self._batch_polls = core.polls
        self._batch_started = monotonic_ns()
        core._busy._start(self._batch_started)

    def _loop_on(self) -> None:
        """``_loop``; what escapes (out of a waker of the user, in a turn) leaves ``block_on``, and it goes on."""
        polls = -1
        while True:
            try:
                self._loop()
                return
            except BaseException as error:
                self._pool.poison(error)
            core = self._core
            if core is None or self._group.phase._load() == STOPPING:
                return
            if core.polls == polls:
                sleep(FAILED)  # again, with nothing done in between: this may go on for ever
            polls = core.polls
            self._tidy(core)

    def _tidy(self, core: WorkerCore) -> None:
        """After a failure: awake, searching no more, and the others know of what is queued here."""
        core._end_detour()
        core._busy._start(monotonic_ns())
        if core._searching:
            core._found()
        if core._has_work_for_others():
            core._notify()

    def _interrupt(self, error: BaseException) -> bool:
        self._pool.poison(error)
        return True

    @cython.nonecheck(False)
    def _loop(self) -> None:
        """Polls tasks until the runtime stops or the core is handed over. The heart of the multi-thread runtime."""
        core = self._core
        cx = self._cx  # handed down: an attribute read is a reference counted, which costs without a GIL
        cur = self._cur
        left = self._event_interval
        while True:
            left -= 1
            if left == 0:
                left = self._event_interval
                self._turn()
                if self._group.phase._load() == STOPPING:
                    return
            task = core._next_task(self._global_interval)
            if task is None and core._nothing_deferred():
                task = core._steal()
            if task is not None:
                if core._searching:
                    core._found()
                cur.budget = BUDGET
                if not self._poll(core, task, cx, cur):
                    return
                if core._lifo is not cython.NULL and not self._poll_lifo(core, cx, cur):
                    return
            elif not core._nothing_deferred():
                self._turn()
            else:
                self._sleep()
                if self._group.phase._load() == STOPPING:
                    return

    @cython.nonecheck(False)
    def _poll_lifo(self, core: WorkerCore, cx: Context, cur: Current) -> bool:
        """Polls whom the last poll put in the LIFO slot, and so on. False: the core was handed over meanwhile."""
        while core._lifo is not cython.NULL:
            following = core._take_lifo()
            if cur.budget == 0:  # the chain shares one budget, so that it ends
                core._push_back(following)
                break
            if core._lifo_left > 0:
                core._lifo_left = core._lifo_left - 1
            if not self._poll(core, following, cx, cur):
                return False
        core._lifo_left = LIFO_POLLS if core._lifo_on else 0
        return True

    @cython.nonecheck(False)
    def _poll(self, core: WorkerCore, task: Task, cx: Context, cur: Current) -> bool:
        """Polls one task and puts it where its answer says. False: this thread has no core any more."""
        core.polls = core.polls + 1
        what = self._run_observed(task) if self._observed else task._run(cx, cur)
        if self._core is not core:  # it called block_in_place
            return self._put_coreless(task, what)
        # 0, REST: a leaf holds its waker; another thread may be polling it by now
        if what == 2:  # LATER
            core._deferred._push(task)
        elif what == 1:  # AGAIN
            core._push_back(task)
            core._notify()
        elif what == 3:  # DONE
            self._let_go(task)
        return True

    def _put_coreless(self, task: Task, what: int) -> bool:
        """A poll has ended on this thread, which has no core: the task is for the others, if they still work."""
        if what == 3:
            self._let_go(task)
        elif self._group.inject._is_closed() if what == 0 else not schedule_in(self._group, task):
            drop_all([task])  # also one at rest: ``close`` found it polled, and left it to us
        return False

    def _run_observed(self, task: Task) -> int:
        """``task._run`` with what hooks and the histogram want to know around it."""
        if self._group.hooks is not None:
            call_hook(self._group, "on_poll", task)
        started = monotonic_ns()
        what = task._run(self._cx, self._cur)
        if self._histogram is not None:
            elapsed = monotonic_ns() - started
            histogram = self._get_histogram()
            if histogram is not None and not record_poll(histogram, elapsed):
                self._pool.drop_histogram(histogram)
        if self._group.hooks is not None:
            # After Pending another thread may have the task; the hook gets it to read its name, not its state.
            call_hook(self._group, AFTER[what], task)
        return what

    def _get_histogram(self) -> Any:
        self._lock()
        histogram = self._histogram
        self._unlock()
        return histogram

    def _let_go(self, task: Task) -> None:
        """A task is complete: from now on only handles hold it."""
        let_go(task)
        if task._error is not None and not task._cancelled_out:
            self._pool.failed(task, task._error)
        if self._group.phase._load() > RUNNING:
            self._pool.one_ended()

    # --- the driver, the sleep -----------------------------------------------------------------------------

    @cython.nonecheck(False)
    def _turn(self) -> None:
        """A look at the driver, if no other worker is in it; then whoever was deferred is woken."""
        core = self._core
        core.turns = core.turns + 1
        core._parked = True  # the wakes of the events notify nobody: we count afterwards
        core._begin_detour()
        try:
            self._group.seat._look()
        finally:
            core._parked = False
            core._end_detour()
        core._wake_deferred()
        if self._tuned:
            self._tune()
        if core._has_work_for_others():
            core._notify()

    def _sleep(self) -> None:
        """Nothing to poll and nothing to steal.

        Since the last look at the own queue, and until the thread blocks, finalisers may run here (the collector's, or
        of objects that another thread let go), and wake tasks: these land in the own queue, of which the others hear
        nothing if it is the slot. So from here on the core is *drowsy*: what is queued ends the sleep before it begins.
        """
        core = self._core
        group = self._group
        core._drowsy = True
        try:
            if not core._has_tasks():
                self._fall_asleep(core, group)
        finally:
            core._drowsy = False

    def _fall_asleep(self, core: WorkerCore, group: WorkerGroup) -> None:
        if group.hooks is not None:
            call_hook(group, "on_park", None)
            if core._has_tasks():  # the hook made work: the driver is looked at, but nobody sleeps
                self._turn()
                call_hook(group, "on_unpark", None)
                return
        core._busy._stop(monotonic_ns())
        searching = core._searching
        core._searching = False
        core.parks += 1
        if group.idle._go_to_sleep(core.index, searching):
            notify_if_work(group)
        while True:
            core._parked = True
            try:
                core._park._park()
            except BaseException:
                core._searching = not group.idle._wake_up(core.index)
                raise
            finally:
                core._parked = False
            core.turns += 1
            if group.phase._load() == STOPPING or core._has_tasks():
                core._searching = not group.idle._wake_up(core.index)
                break
            if not group.idle._is_asleep(core.index):
                core._searching = True
                break
            core.noops += 1
        self._start_batch(core)
        if core._has_work_for_others():
            core._notify()
        if group.hooks is not None:
            call_hook(group, "on_unpark", None)

    def _tune(self) -> None:
        """The global queue interval from the mean time of a poll (an average in which the last batch counts 0.1)."""
        core = self._core
        polls = core.polls - self._batch_polls
        if polls <= 0:
            return
        now = monotonic_ns()
        mean = (now - self._batch_started) / polls
        core._mean_poll = mean if core._mean_poll == 0.0 else 0.9 * core._mean_poll + 0.1 * mean
        self._global_interval = interval_for(core._mean_poll)
        self._batch_started = now
        self._batch_polls = core.polls

    # --- spawning, blocking: called by user code on this thread -------------------------------------------

    def _spawn(self, future: Any, name: Any) -> Task:
        if self._core is None:
            return self._pool.spawn(future, name=name)  # type: ignore[no-any-return]
        return self._spawn_in(self._core, future, name)

    def _spawn_in(self, core: WorkerCore, future: Any, name: Any) -> Task:
        task = make_task(future, core, name, None)
        task._set_caller_site()
        if not core._owned._add(task):
            task._refuse()
            return task
        if self._group.hooks is not None:
            call_hook(self._group, "on_spawn", task)  # raises nothing: we drive
        core._push_here(task)
        return task

    def forsake(self, error: BaseException) -> None:
        """This is the child of a fork. If it was this worker's thread that forked, its loop ends after the poll."""
        self._core = None
        self._forsaken = error

    def block_in_place(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Calls ``function`` here, while another thread goes on with this worker's tasks.

        Outside of a poll (in a park hook, in a waker that the driver calls) nobody takes over. Raises ``RuntimeError``
        if there is no thread to be had; then ``function`` was not called.
        """
        core = self._core if self._cx._source is not None else None
        cur = self._cur
        saved = cur.set_aside()
        try:
            if core is not None:
                core._flush_lifo()  # nobody steals from the slot: whoever takes over finds the task in the queue
                self._core = None
                self._pool.hand_over(core)
            return function(*args, **kwargs)
        finally:
            if core is not None:
                self._core = self._pool.take_back(core)
            cur.put_back(saved)
            if core is not None and self._core is None:
                cur.scheduler = self._group.outside  # still inside of a poll, but without queues of our own

    # --- looking at it -------------------------------------------------------------------------------------

    @property
    def polls(self) -> int:
        """Polls of the core that it has; -1 while it has none."""
        core = self._core
        return -1 if core is None else core.polls  # type: ignore[no-any-return]

    @property
    def is_parked(self) -> bool:
        """True while the thread sleeps, and while it has no core: then what it does keeps nobody waiting."""
        core = self._core
        return core is None or not core._busy._is_awake()

    def observe(self, histogram: Any, hooked: bool) -> None:
        """Has polls measured, or hooks called."""
        self._lock()
        old = self._histogram
        self._histogram = histogram
        self._unlock()
        del old
        self._observed = hooked or histogram is not None


def interval_for(mean_poll: float) -> int:
    """Ticks between two looks at the injection queue, where a poll takes ``mean_poll`` nanoseconds."""
    interval = int(_GLOBAL_TARGET_NS / mean_poll) if mean_poll > 0 else _GLOBAL_MOST
    return min(max(interval, 2), _GLOBAL_MOST)


def counters_of(core: WorkerCore, worker: Worker | None) -> tuple[Any, ...]:
    """A row of ``worker_counters``."""
    return (
        0 if worker is None else worker.thread,
        core.polls,
        core.parks,
        core.noops,
        core.stolen,
        core.steal_operations,
        core.local_schedules,
        core.overflows,
        core._length(),
        core._mean_poll / 1e9,
        core._busy._total_ns() / 1e9,
    )
