"""Runnable: a task without an executor: the parts from which you build your own.

``raw_spawn(future, schedule)`` gives a ``Runnable`` and the ``Task`` that is its join handle. A Runnable is one
permission to poll: whoever has it runs it, once. Each wake of the idle task makes a new one and hands it to
``schedule``; never while the task is being polled, so there is at most one at any time:

    raw_spawn --> Runnable --run()--> Pending --wake--> schedule(Runnable) --run()--> ... --> Ready
                     |
                     +--dropped: the task is cancelled: its coroutine is closed at its await, at once
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import CancelledError
from .cell import run_traced
from .context import loop_context
from .current import BUDGET, Scheduler, current
from .frames import spawn_site
from .guard import Guard
from .hooks import SHARED, tell_shared
from .report import report_exception
from .task import Task, make_task
from .waker import Wakeable, Waker

_RAN = "this Runnable was run or scheduled already: the next wake makes a new one"


class RawScheduler(Scheduler):
    """The scheduler of a task that ``raw_spawn`` made: the user's function."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[Runnable], Any]) -> None:
        self._function = function
        self._forced = 0

    def _schedule(self, item: Wakeable) -> None:
        try:
            if SHARED.hooks is not None:
                tell_shared("on_wake", item)
        finally:
            self._hand_over(make_runnable(item))

    def _kind(self) -> str:
        return getattr(getattr(self._function, "__self__", None), "task_kind", "task")

    def _hand_over(self, runnable: Runnable) -> None:
        try:
            self._function(runnable)
        except Exception as error:
            # A wake never raises; and nobody is going to run this.
            report_exception(f"the schedule function {self._function!r} raised, its task is cancelled", error)
            if not runnable._used:
                runnable._used = True
                runnable._abandon()

    def _defer(self, waker: Waker) -> None:
        waker.wake()


class Runnable(Guard):
    """A task that is to be polled: ``run()`` polls it once.

    Made by ``raw_spawn``. Dropping it, unrun, cancels the task.

    Source of the semantics: ``async_task::Runnable``.
    """

    __slots__ = ("_task", "_used")

    def __init__(self) -> None:
        self._used = True
        raise TypeError("a Runnable is made by mezame.task.raw_spawn, not by hand")

    def run(self) -> bool:
        """Polls the task once, on this thread.

        Returns True if the task was woken while it was polled: a new Runnable has been handed to ``schedule``.
        Raises ``RuntimeError`` if it was run or scheduled before. What the task raises goes to its handle;
        ``KeyboardInterrupt`` and ``SystemExit`` are raised here too.
        """
        self._use()
        task = self._task
        cur = current()
        saved = (cur.context, cur.loop, cur.budget, cur.deferred)
        outermost = cur.scheduler is None  # else we are inside of a loop: what is spawned or woken there is that loop's
        cx = loop_context()
        if outermost:
            cur.scheduler = task._scheduler
        cur.context = cur.loop = cx
        cur.budget = BUDGET
        try:
            what = run_traced(task, cx, cur) if SHARED.hooks is not None else task._run(cx, cur)
        finally:
            cur.context, cur.loop, cur.budget, cur.deferred = saved
            if outermost:  # else it stays as it is: the poll may have given a worker's core away (block_in_place)
                cur.scheduler = None
        if what == 1 or what == 2:  # AGAIN, LATER: there is no driver to wait for
            hand_over(task)
            return True
        if what == 3 and isinstance(task._error, (KeyboardInterrupt, SystemExit)):
            task._observed = True
            raise task._error
        return False

    def schedule(self) -> None:
        """Hands the task to the ``schedule`` function (as a new Runnable). Raises like ``run``."""
        self._use()
        hand_over(self._task)

    def waker(self) -> Waker:
        """The waker of the task. Raises ``RuntimeError`` after ``run`` and ``schedule``."""
        if self._used:
            raise RuntimeError(_RAN)
        return self._task._make_waker()

    @property
    def task(self) -> Task:
        """The task that it polls."""
        return self._task

    def _use(self) -> None:
        self._lock()
        used = self._used
        self._used = True
        self._unlock()
        if used:
            raise RuntimeError(_RAN)

    def __del__(self) -> None:
        if not self._used:
            self._used = True
            self._abandon()

    def _abandon(self) -> None:
        """Nobody can poll the task any more: it ends here."""
        task = self._task
        task._to_running()
        try:
            task._ctx.run(drop_coroutine, task._coro, task._started)
        except BaseException as error:
            report_exception(f"{task!r} failed while it was dropped", error)
        task._finish(None, CancelledError("its Runnable was dropped"))

    def __repr__(self) -> str:
        return f"<Runnable of {self._task!r}>"


def drop_coroutine(coro: Any, started: bool) -> None:
    """CancelledError at its await, if it has one; if it awaits again, GeneratorExit."""
    if started:
        try:
            coro.throw(CancelledError())
        except (StopIteration, CancelledError):
            return
    coro.close()


def hand_over(task: Any) -> None:
    """To the ``schedule`` function of a task that ``raw_spawn`` made, with no wake."""
    scheduler: RawScheduler = task._scheduler
    scheduler._hand_over(make_runnable(task))


def make_runnable(task: Any) -> Runnable:
    """The permission to poll ``task``, whose state is SCHEDULED."""
    runnable = Runnable.__new__(Runnable)
    runnable._task = task
    runnable._used = False
    return runnable


def raw_spawn(
    future: Any, schedule: Callable[[Runnable], Any], *, name: str | None = None
) -> tuple[Runnable, Task]:
    """A task that no executor owns: the first ``Runnable`` and the ``Task``.

    Args:
        future: a coroutine, or anything that ``into_future`` takes.
        schedule: called with a ``Runnable`` once per wake of the idle task, in the thread that wakes; has
            to have it run, soon, on any thread.
        name: shown in reports and traces.

    Nothing runs until the returned Runnable is run or scheduled. What keeps the task alive between its polls is
    the waker that its leaf holds. Raises ``TypeError`` if ``future`` cannot be awaited or ``schedule`` called.

    >>> import mezame
    >>> from collections import deque
    >>> queue = deque()                          # the whole of an executor
    >>> async def answer():
    ...     await mezame.yield_now()
    ...     return 42
    >>> runnable, task = mezame.task.raw_spawn(answer(), queue.append)
    >>> runnable.schedule()
    >>> while queue:
    ...     print(queue.popleft().run())
    True
    False
    >>> task.result()
    42

    Source of the semantics: ``async_task::spawn``.
    """
    if not callable(schedule):
        raise TypeError(f"raw_spawn needs a function that takes a Runnable, not {schedule!r}")
    task = make_task(future, RawScheduler(schedule), name, None)
    code, lasti = spawn_site()
    task._set_site(code, lasti)
    if SHARED.hooks is not None:
        tell_shared("on_spawn", task)
    return make_runnable(task), task
