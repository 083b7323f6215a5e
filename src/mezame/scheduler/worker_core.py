"""WorkerCore: a worker's queues, and what its tasks refer to: the part that is handed over when the thread blocks.

    wake or spawn on this worker ----> LIFO slot ---its former occupant---> own queue (256) ---overflow---> injection
    wake on a thread that is no worker of ours -----------------------------------------------------------> injection
    yielded, or out of budget -------> deferred ---after a turn of the driver---> own queue, at the back, or, if it is
                                                                                  full or somebody waits: backlog

The LIFO slot makes a message and its answer quick: who was woken last runs next, while what it needs is in the cache.
It is used for at most 3 polls in a row, so that two tasks that wake each other cannot keep the others waiting, and
nobody steals from it.

A task refers to the core of the worker that spawned it (``_scheduler``) wherever it runs, and its wake asks for the
core of the thread that wakes. So the one object that all tasks of a program would otherwise count references on is one
per worker, and most counts are made by the thread that made the object, which free-threaded CPython does without an
atomic operation.

While somebody waits in the injection queue or in the backlog, those whom a turn of the driver wakes or puts back (the
*detour*) go to the end of the backlog, in one batch, and not to the own queue. So that runs dry, and then a batch
comes from behind, from the injection queue or from the backlog (``_choose_queue``): all move on at the same pace.
(tokio has only the look at each interval. While the own queue is kept full by its own tasks that starves the others:
with 1,000 busy connections on one worker the slowest waited a hundred times as long as most.) The backlog is the
worker's own, so that its tasks stay with it: a task that goes back and forth between two threads costs three times as
much on free-threaded Python. Whoever has nothing to do steals from it, as from the own queue.

Who may touch what: the slot, the deferred queue, the tick and the counters belong to the thread that has the core (a
core has one thread at a time; handing over is a transition of ``worker.py``). The own queue is the owner's to push to
and anybody's to steal from. The backlog and the list of live tasks are guarded.
"""

from __future__ import annotations

import random
import time
from typing import Any

from ..core.busy import BusyTime
from ..core.clock import monotonic_ns
from ..core.current import Scheduler, current
from ..core.hooks import CHANGING, HookSet
from ..core.owned import OwnedTasks
from ..core.queue import RunQueue
from ..core.shutdown import HELD_NS, try_drop
from ..core.task import Task
from ..core.waker import Wakeable, Waker, wake_all
from ..core.word import Word
from .idle import Idle
from .inject import Inject
from .steal_queue import StealQueue
from .worker_park import DriverSeat, WorkerPark

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

LIFO_POLLS = 3  # polls from the slot in a row; as in tokio
HALF = 128  # of the own queue: the rest is for what wakes meanwhile
PHASE = 8  # looks at the injection queue, in which one of the queues behind the own one goes first; but at most
PHASE_POLLS = 1024
BATCH = 32  # from the own backlog: so few that what they touch is still in the cache when they are polled

# The phases of a group's life.
RUNNING = 0
CLOSING = 1  # its tasks were cancelled; whoever waits for their end is told of each
STOPPING = 2  # the threads end


class WorkerGroup:
    """What the workers of one runtime share: the injection queue, who is idle, the seat in the driver, each other.

    ``cores`` is complete before the first worker looks for work, and does not change.
    """

    __slots__ = ("cores", "fatal", "hook_set", "hooks", "idle", "inject", "outside", "phase", "seat")

    def __init__(self, workers: int, seat: DriverSeat) -> None:
        self.cores: list[Any] = []
        self.idle = Idle(workers)
        self.inject = Inject()
        self.seat = seat
        self.hook_set = HookSet()
        self.hooks: Any = None  # or the set, if there is anybody in it
        self.phase = Word(RUNNING)
        self.fatal: Any = None
        self.outside: Any = Outside(self)

    def switch_hooks(self) -> None:
        """After a change of the set: asks for the hooks, or not. The set is never replaced (``core/hooks.py``)."""
        with CHANGING:
            self.hooks = self.hook_set if self.hook_set.told else None


class Outside(Scheduler):
    """The scheduler of tasks that were spawned by a thread that is no worker: to the injection queue."""

    __slots__ = ("_group", "_owned")

    def __init__(self, group: WorkerGroup) -> None:
        self._group = group
        self._owned = OwnedTasks()
        self._forced = 0

    def _schedule(self, item: Wakeable) -> None:
        try:
            if self._group.hooks is not None:
                call_hook(self._group, "on_wake", item)
        finally:
            schedule_in(self._group, item)

    def _defer(self, waker: Waker) -> None:
        waker.wake()


class WorkerCore(Scheduler):
    """See above. Made by the thread that will be the worker."""

    __slots__ = (
        "_alone_until",
        "_backlog",
        "_backlog_first",
        "_busy",
        "_chosen_at",
        "_deferred",
        "_deferred_wakers",
        "_detour",
        "_drowsy",
        "_group",
        "_idle",
        "_inject",
        "_lifo",
        "_lifo_left",
        "_lifo_on",
        "_mean_poll",
        "_overflow",
        "_owned",
        "_park",
        "_parked",
        "_phase_polls",
        "_queue",
        "_rng",
        "_searching",
        "_to_inject",
        "_workers",
        "index",
        "local_schedules",
        "noops",
        "overflows",
        "parks",
        "polls",
        "steal_operations",
        "stolen",
        "turns",
    )

    def __init__(self, index: int, group: WorkerGroup, seed: int, lifo: bool) -> None:
        self.index = index
        self._group = group
        self._inject = group.inject
        self._idle = group.idle
        self._queue = StealQueue(len(group.cores) == 1)
        self._workers = len(group.cores)
        self._lifo = cython.NULL
        self._lifo_on = lifo
        self._lifo_left = LIFO_POLLS if lifo else 0
        self._overflow = RunQueue()  # empty between two calls, but for a detour
        self._detour = False
        self._backlog = Inject()
        self._backlog_first = False
        self._chosen_at = 0  # polls
        self._phase_polls = 0
        self._alone_until = 0  # polls; until then a sole worker takes from its backlog, one by one
        self._deferred = RunQueue()
        self._deferred_wakers = []
        self._owned = OwnedTasks()
        self._park = WorkerPark(group.seat)
        self._parked = False
        self._drowsy = False
        self._searching = False
        self._rng = random.Random(seed)
        self._to_inject = 1
        self._mean_poll = 0.0  # nanoseconds
        self._busy = BusyTime()
        self.turns = 0
        self.polls = 0
        self.parks = 0
        self.noops = 0
        self.stolen = 0
        self.steal_operations = 0
        self.overflows = 0
        self.local_schedules = 0
        self._forced = 0

    # --- in: any thread ----------------------------------------------------------------------------------

    def _schedule(self, item: Wakeable) -> None:
        try:
            if self._group.hooks is not None:
                call_hook(self._group, "on_wake", item)
        finally:  # also if a thread that is no worker is interrupted in the hook
            if current().scheduler is self:
                self._push_here(item)
            else:
                schedule_in(self._group, item)

    def _defer(self, waker: Waker) -> None:
        self._deferred_wakers.append(waker)

    # --- in: the worker's thread -------------------------------------------------------------------------

    @cython.nonecheck(False)
    def _push_here(self, item: Wakeable) -> None:
        """Woken or spawned by this worker: it runs next."""
        self.local_schedules = self.local_schedules + 1
        link = cython.cast("PyObject *", item)
        if self._lifo_left > 0:
            before = self._lifo
            self._lifo = link
            link = before
        if link is not cython.NULL:
            self._push_back(cython.cast(Wakeable, link))
            if not self._parked:  # in a turn of the driver the worker counts its tasks afterwards
                self._notify()
        if self._drowsy and (not self._parked or not cython.compiled):
            self._park._unpark()  # a finaliser woke this: nobody would look at the queue again (see Worker._sleep)

    @cython.nonecheck(False)
    def _push_back(self, item: Wakeable) -> None:
        """To the back of the own queue, or, if it is full, with half of it to the injection queue."""
        if self._detour:
            self._overflow._push(item)
        elif not self._queue._push(item, self._overflow):
            self.overflows += 1
            self._inject._push_all(self._overflow)

    @cython.nonecheck(False)
    def _notify(self) -> None:
        """There is work for others: wakes one of them, if all who are awake are busy."""
        index = self._idle._worker_to_notify()
        if index >= 0:
            unpark(self._group, index)

    @cython.nonecheck(False)
    def _begin_detour(self) -> None:
        """A turn begins: does somebody wait behind the own queue?"""
        self._detour = self._has_behind()

    @cython.nonecheck(False)
    def _end_detour(self) -> None:
        if self._detour:
            self._detour = False
            if self._overflow._length > 0:
                self._backlog._push_all(self._overflow)

    def _flush_lifo(self) -> None:
        """What is in the slot goes to the back of the queue."""
        link = self._lifo
        if link is not cython.NULL:
            self._lifo = cython.NULL
            self._push_back(cython.cast(Wakeable, link))

    # --- out: the worker's thread ------------------------------------------------------------------------

    @cython.nonecheck(False)
    def _next_task(self, global_interval: int) -> Task | None:
        """The slot, the own queue, what waits behind it; at each ``global_interval``-th tick one of the latter."""
        self._to_inject = self._to_inject - 1
        if self._to_inject <= 0:
            self._to_inject = global_interval
            self._phase_polls = min(PHASE * global_interval, PHASE_POLLS)
            if self._has_behind():
                return self._from_behind()
        link = self._lifo
        if link is not cython.NULL:
            self._lifo = cython.NULL
            return cython.cast(Task, link)
        if not self._queue._is_empty():
            link = self._queue._pop_link()
            if link is not cython.NULL:  # no thief was quicker
                return cython.cast(Task, link)
        if self.polls < self._alone_until:
            link = self._backlog._pop_alone()  # no batch: nobody would steal from it
            if link is not cython.NULL:
                return cython.cast(Task, link)
        return cython.cast(Task, self._refill())

    @cython.nonecheck(False)
    def _has_behind(self) -> bool:
        """Somebody waits in the injection queue or in the backlog."""
        return not (self._inject._is_empty() and self._backlog._is_empty())

    def _from_behind(self) -> Task | None:
        """One of those, from the injection queue if it has one; if a thief was quicker, the next of the others."""
        item = self._inject._pop()
        if item is None:
            item = self._backlog._pop()
        if item is None:
            return self._next_task(self._to_inject)
        return cython.cast(Task, item)

    def _choose_queue(self) -> None:
        """Which of the two the next batch is from: if both have somebody, each goes first for ``PHASE`` intervals.

        Not in turn: a task that gives way while it joins what it spawned would be back at once, and each of them would
        wake it. Half of the polls for each, if both have enough. (An interval is so many polls as take 0.2 ms, so a
        phase is short for tasks that compute, too.)
        """
        first = self._backlog if self._backlog_first else self._inject
        if self.polls - self._chosen_at >= self._phase_polls or first._is_empty():
            self._chosen_at = self.polls
            if not (self._inject if self._backlog_first else self._backlog)._is_empty():
                self._backlog_first = not self._backlog_first
            if self._workers == 1:
                self._alone_until = self._chosen_at + self._phase_polls if self._backlog_first else 0

    @cython.nonecheck(False)
    def _refill(self) -> Wakeable | None:
        """The own queue is empty: a batch of those for it, and the first of it."""
        self._choose_queue()
        batch = BATCH if self._workers > 1 else 0
        if self._backlog_first:
            item = self._backlog._pop_into(self._queue, 1, batch)
            if item is not None:
                return item  # type: ignore[no-any-return]
        item = self._inject._pop_into(self._queue, self._workers, HALF)
        if item is None and not self._backlog_first:
            item = self._backlog._pop_into(self._queue, 1, batch)
        return item  # type: ignore[no-any-return]

    @cython.nonecheck(False)
    def _take_lifo(self) -> Wakeable | None:
        link = self._lifo
        if link is cython.NULL:
            return None
        self._lifo = cython.NULL
        return cython.cast(Wakeable, link)

    def _steal(self) -> Task | None:
        """Half of the queue of another worker, begun at a random one; else the injection queue. None: no luck."""
        if not self._searching:
            self._searching = self._idle._start_searching()
            if not self._searching:
                return None
        cores = self._group.cores
        count = len(cores)
        start = self._rng.randrange(count)
        for step in range(count):
            victim: WorkerCore = cores[(start + step) % count]
            if victim is self:
                continue
            taken = victim._queue._steal_into(self._queue)
            if taken > 0:
                self.steal_operations += 1
                self.stolen += taken
                return self._queue._pop()  # type: ignore[return-value]
            item = victim._backlog._pop_into(self._queue, 2, HALF)
            if item is not None:
                self.steal_operations += 1
                self.stolen += 1 + self._queue._length()
                return item  # type: ignore[return-value]
        return self._inject._pop()  # type: ignore[return-value]

    def _found(self) -> None:
        """A searcher has found something: another may be needed for what is left."""
        self._searching = False
        if self._idle._stop_searching():
            self._notify()

    @cython.nonecheck(False)
    def _wake_deferred(self) -> None:
        """After a turn of the driver: whoever gave way is ready again, in order."""
        if self._deferred._length > 0:
            if not self._has_behind():
                self._queue._fill_from(self._deferred, self._deferred._length)
                if self._deferred._length > 0:
                    self.overflows += 1
            if self._deferred._length > 0:
                self._backlog._push_all(self._deferred)
        if self._deferred_wakers:
            wakers = self._deferred_wakers
            self._deferred_wakers = []
            wake_all(wakers)

    @cython.nonecheck(False)
    def _nothing_deferred(self) -> bool:
        return self._deferred._length == 0 and not self._deferred_wakers

    @cython.nonecheck(False)
    def _has_tasks(self) -> bool:
        """Something to poll in the slot, the own queue or the backlog."""
        return self._lifo is not cython.NULL or self._queue._length() > 0 or not self._backlog._is_empty()

    @cython.nonecheck(False)
    def _has_work_for_others(self) -> bool:
        more = self._queue._length()
        return more > 1 or (more == 1 and self._lifo is not cython.NULL) or self._has_behind()

    def _clear(self) -> None:
        """The runtime is closed and its workers have ended: no link may stay."""
        self._lifo = cython.NULL
        while self._queue._pop() is not None:
            pass
        self._backlog._close()
        self._deferred._clear()
        self._deferred_wakers.clear()

    def _length(self) -> int:
        """How many tasks wait for a poll here."""
        waiting = self._queue._length() + self._backlog._length._load() + self._deferred._length
        return waiting + 1 if self._lifo is not cython.NULL else waiting


def schedule_in(group: Any, item: Wakeable) -> bool:
    """Queues ``item`` with the worker of ``group`` that runs on this thread; on any other thread, for all.

    False: the runtime is closed, and ``item`` is not queued. Whoever has its task, or finds it at rest, is to drop it.
    """
    found = current().scheduler
    core: WorkerCore | None = found if isinstance(found, WorkerCore) else None
    if core is not None and core._group is group:
        core._push_here(item)
        return True
    if not group.inject._push(item):
        return False
    index = group.idle._worker_to_notify()
    if index >= 0:
        unpark(group, index)
    return True


def let_go(task: Task) -> None:
    """Takes a task that is complete from the list of live tasks that it is in."""
    scheduler = task._scheduler
    if isinstance(scheduler, WorkerCore):
        core: WorkerCore = scheduler
        core._owned._discard(task)
    else:
        outside: Outside = scheduler
        outside._owned._discard(task)


def drop_all(tasks: list[Task]) -> None:
    """Drops them, for no worker will poll them; but not whom a thread that has given its core away polls just now.

    That one ends its task itself (``Worker._put_coreless``). One that is held by a dump looks the same, for a moment.
    """
    deadline = monotonic_ns() + HELD_NS
    while True:
        busy = [task for task in tasks if not drop(task)]
        if not busy or monotonic_ns() >= deadline:
            return
        tasks = busy
        time.sleep(0.001)


def drop(task: Task) -> bool:
    """Drops a task and takes it from the list of live tasks. False: somebody has it right now."""
    if not try_drop(task):
        return False
    let_go(task)
    return True


def unpark(group: Any, index: int) -> None:
    """Wakes the worker of that number."""
    core: WorkerCore = group.cores[index]
    core._park._unpark()


def notify_if_work(group: Any) -> None:
    """The last searcher's second look, after it has been counted as asleep (``idle.py``)."""
    shared: WorkerGroup = group
    work = not shared.inject._is_empty()
    for item in shared.cores:
        core: WorkerCore = item
        if core._queue._length() > 0 or not core._backlog._is_empty():
            work = True
    if work:
        index = shared.idle._worker_to_notify()
        if index >= 0:
            unpark(shared, index)


def call_hook(group: Any, name: str, subject: Any) -> None:
    """Calls the hooks; one that raises is removed, and reported."""
    hooks = group.hooks
    if hooks is not None and not hooks.tell(name, subject):
        group.switch_hooks()


def report(task: Task | None) -> None:
    """Reports a failed task that nobody looked at."""
    if task is not None:
        task._report()


def mark_observed(task: Task) -> None:
    """Its failure is raised elsewhere: nothing to report."""
    task._observed = True
