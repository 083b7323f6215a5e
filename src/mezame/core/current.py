"""Current: what the running thread is doing, as far as futures must know: its *current slot*.

The loop writes it (above this layer), leaves read it (below): which Context the poll in progress
has, which task is polled, how much of the cooperative budget is left, which runtime was entered.
There is one per thread, reached in a few nanoseconds.

Budget (``semantics.md`` 6): a poll of a task starts with 128 units; each leaf of the library takes
one before it works, and gives it back if it then has to wait. At zero it answers Pending and the task
is *deferred*: it is polled again after the driver had a turn. Without a loop (-1) there is no limit.
"""

from __future__ import annotations

import threading
from typing import Any

from .context import Context
from .guard import Guard
from .report import SEAM
from .waker import Wakeable, Waker

try:
    import cython
except ImportError:
    from . import cython_shim as cython

UNLIMITED = -1
BUDGET = 128  # units per poll, as in tokio; enough to amortise a poll, few enough to keep 61 polls short


class Scheduler(Guard):
    """What a task needs of the loop that owns it. ``Executor`` is one.

    ``_forced`` counts how often the budget made a task give way on the thread that has it as its ``scheduler``.
    """

    __slots__ = ("_forced",)

    def _schedule(self, item: Wakeable) -> None:
        """Queues ``item``, whose state just became SCHEDULED. Called from any thread."""
        raise TypeError(f"{type(self).__name__} must define _schedule()")

    def _defer(self, waker: Waker) -> None:
        """Wakes ``waker`` after the next turn of the driver. Called from the loop's own thread."""
        raise TypeError(f"{type(self).__name__} must define _defer()")

    def _interrupt(self, error: BaseException) -> bool:
        """A callback raised ``error`` on the thread that this drives: True if it will be raised to whoever drives."""
        return False

    def _kind(self) -> str:
        """What its tasks are called in traces: see ``Task.kind``."""
        return "task"


class Spawner(Guard):
    """Who drives tasks on a thread, as far as ``mezame.spawn`` must know."""

    __slots__ = ()

    def _spawn(self, future: Any, name: Any) -> Any:
        """Makes a task of ``future`` and queues it. Called from the thread that it drives."""
        raise TypeError(f"{type(self).__name__} must define _spawn()")

    def _interrupt(self, error: BaseException) -> bool:
        """As that of a ``Scheduler``."""
        return False


class Current:
    """The slot of one thread."""

    __slots__ = (
        "budget",
        "context",
        "deferred",
        "dropping",
        "executor",
        "forked",
        "handle",
        "io",
        "loop",
        "scheduler",
        "timers",
        "value",
    )

    def __init__(self) -> None:
        self.context = None
        self.scheduler = None  # where wakes on this thread go
        self.executor = None  # the executor (or worker) that drives tasks on this thread
        self.loop = None  # the context of the loop that drives: its source is the task in progress
        self.handle = None  # the runtime that was entered, and its drivers (None: entered without)
        self.timers = None
        self.io = None
        self.value = None
        self.budget = UNLIMITED
        self.deferred = False
        self.dropping = 0  # coroutines that are being closed on this thread: nothing is awaited there any more
        self.forked = False  # the thread forked inside of a loop, and this is the child

    def forsake(self) -> None:
        """In the child of a fork: the loop that this thread was in is the parent's, and nothing is awaited in it."""
        self.forked = self.forked or self.loop is not None
        self.context = self.scheduler = self.executor = self.loop = None
        self.budget = UNLIMITED

    def __dealloc__(self) -> None:
        """The thread, or the state that Python made of a foreign one for one call, is gone: so is its slot."""
        if cython.compiled:
            tls_forget(cython.cast("PyObject *", self))  # type: ignore  # noqa: F821 - C, from the .pxd

    @property
    def task(self) -> Wakeable | None:
        """The task (or root) that is being polled on this thread, or None."""
        loop = self.loop
        return None if loop is None else loop._source  # type: ignore[no-any-return]

    if not cython.compiled:  # compiled, they are in the .pxd, so that they are inlined

        def _take_budget(self, cx: Context) -> bool:
            """Takes one unit; False means: answer Pending, the task has been deferred."""
            if self.budget > 0:
                self.budget -= 1
                return True
            return self.budget < 0 or self._give_way(cx)

        def _refund(self) -> None:
            """Gives back the unit of a leaf that has to wait after all."""
            if self.budget >= 0:
                self.budget += 1

    def _give_way(self, cx: Context) -> bool:
        """The budget is gone: False, and the task is deferred."""
        if self.scheduler is not None:
            self.scheduler._forced += 1
        self._defer(cx)
        return False

    def _defer(self, cx: Context) -> None:
        """Has the task of ``cx`` polled again once the others and the driver had their turn."""
        if self.scheduler is None:
            cx._get_waker().wake()
        elif cx is self.loop:
            self.deferred = True  # the loop itself moves the task; no waker is made
        else:
            self.scheduler._defer(cx._get_waker())

    def set_aside(self) -> Any:
        """Leaves the loop for a call that may block, and may drive a loop itself; returns what ``put_back`` needs."""
        saved = (self.scheduler, self.executor, self.context, self.loop, self.budget, self.deferred)
        self.scheduler = None
        self.executor = None
        self.context = self.loop = None
        self.budget = UNLIMITED
        return saved

    def put_back(self, saved: Any) -> None:
        """The end of ``set_aside``."""
        self.scheduler, self.executor, self.context, self.loop, self.budget, self.deferred = saved

    def defer(self, cx: Context) -> None:
        """``_defer`` for modules that are not compiled."""
        self._defer(cx)


class _Slots(threading.local):
    slot: Current | None = None


_slots = _Slots()


def current() -> Current:
    """The slot of this thread."""
    if cython.compiled:
        found = tls_slot()  # type: ignore  # noqa: F821 - C, from the .pxd
        if found is not cython.NULL:  # type: ignore
            return cython.cast(Current, found)
    return _first_slot()


def distance() -> int:
    """Where the slot lies in every thread's storage: see the .pxd. 0: not to be used."""
    if cython.compiled:
        return slot_distance()  # type: ignore  # noqa: F821 - C, from the .pxd
    return 0


def _first_slot() -> Current:
    """The long way to the slot; apart from ``current``, so that the short way is a dozen instructions."""
    slot: Any = _slots.slot
    if slot is None:
        slot = _slots.slot = Current()  # threading.local owns it: it goes when the thread ends
    if cython.compiled:
        tls_set_slot(cython.cast("PyObject *", slot))  # type: ignore  # noqa: F821
    return slot


def keep_interrupt(error: BaseException) -> bool:
    """Has whoever drives tasks on this thread raise ``error`` (``report.py``); False if nobody does."""
    cur = current()
    if cur.executor is not None:
        return cur.executor._interrupt(error)  # type: ignore[no-any-return]
    return cur.scheduler is not None and cur.scheduler._interrupt(error)


SEAM.keep = keep_interrupt
