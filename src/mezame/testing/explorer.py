"""explore: runs one async program in every order in which its tasks may be polled.

A program with tasks on one thread is decided by one thing only: which of the ready tasks is polled next. ``choose``,
the scheduler's seam, asks for that each time two or more are ready. Here the answers are tried one after the other,
depth first: a run follows the *schedule* that it is given and goes on with the first ready task (answer 0) behind its
end, noting how many there were each time; the next run takes the last answer that can still be raised, plus one.
The program itself is one of the tasks, and the driver has its turn after each poll (``event_interval=1``), so that a
task that yielded is ready again at once: no order is left out because the usual loop would not come to it.

    run 1    0 0 0        2 ready at each of three choices
    run 2    0 0 1
    run 3    0 1          (and what comes then)
    ...
    run n    1 1 1        no answer can be raised any more: all orders were tried

A run fails if the program raises, or a task whose failure nobody looks at; if all tasks wait and nothing can wake
one; if it takes too many polls. Its schedule leads there again: ``replay``. Time is paused: it passes when nothing is
ready, to the next deadline. What else may differ between two runs of the same schedule (real sockets, threads,
random, the order of a set) makes the program unfit; the explorer says so when it sees it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from ..core.current import current
from ..core.hooks import Hooks
from ..errors import CancelledError, EnterError
from ..runtime.runtime import Runtime
from ..runtime.spawn import spawn
from .stacks import stacks_of

MOST_POLLS = 100_000  # of one run: a program that polls more does not end
_SEED = 0  # of select's first branch and the like: the same in every run


class ScheduleFailed(AssertionError):
    """An order of the tasks in which the program fails; ``__cause__`` is what it raised.

    ``schedule``: the choices that lead there, for ``replay``. ``runs``: how many orders were tried.
    """

    def __init__(self, message: str, schedule: tuple[int, ...], runs: int) -> None:
        super().__init__(message)
        self.schedule = schedule
        self.runs = runs

    def __reduce__(self) -> Any:
        return ScheduleFailed, (self.args[0], self.schedule, self.runs)


class Deadlock(AssertionError):
    """Every task waits, and nothing is left that could wake one."""


class TooManyPolls(AssertionError):
    """A run did not end within its polls."""


class _Reports(logging.Handler):
    """Collects the failures that are reported because nobody looked at them."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        """A line of the library's log."""
        if record.exc_info and record.exc_info[1] is not None:
            self.errors.append(record.exc_info[1])

    def __enter__(self) -> _Reports:
        logger = logging.getLogger("mezame")
        logger.addHandler(self)
        self._propagated, logger.propagate = logger.propagate, False
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        logger = logging.getLogger("mezame")
        logger.removeHandler(self)
        logger.propagate = self._propagated


class _Run(Hooks):
    """One run: answers the choices, and sees when nothing can go on."""

    def __init__(self, schedule: Sequence[int], ready: Sequence[int], most_choices: int, most_polls: int) -> None:
        self.schedule = schedule
        self.ready = ready  # how many were ready at the first choices of an earlier run
        self.most_choices = most_choices
        self.most_polls = most_polls
        self.made: list[tuple[int, int]] = []  # (answer, how many were ready)
        self.polls = 0
        self.runtime: Any = None
        self.root: Any = None
        self.verdict: AssertionError | None = None

    def choose(self, ready: int) -> int:
        """The scheduler's choice."""
        at = len(self.made)
        if at >= self.most_choices or self.verdict is not None:
            return 0
        answer = self.schedule[at] if at < len(self.schedule) else 0
        before = self.ready[at] if at < len(self.ready) else ready
        if answer >= ready or ready != before:
            self._end(
                AssertionError(
                    f"at choice {at} of the schedule {ready} tasks are ready, and it was made for more or less: the "
                    "program does not do the same in each run (threads, sockets, random, sets?), or it has changed"
                )
            )
            return 0
        self.made.append((answer, ready))
        return answer

    def on_poll(self, task: Any) -> None:
        """Counts."""
        self.polls += 1
        if self.polls > self.most_polls:
            self._end(TooManyPolls(f"the program did not end within {self.most_polls} polls"))

    def on_park(self) -> None:
        """Nothing is ready: if no timer and no blocking call is on its way, nothing ever will be."""
        handle = self.runtime.handle()
        if self.root is None or handle.timers.next_deadline_ns() >= 0 or handle.driver.poller.sources():
            return
        pool = handle.pool.stats()
        # In this order: a job that ends wakes its task before its thread is idle.
        if pool["threads"] == pool["idle"] and not pool["queued"] and not handle.executor.queue_depth:
            stacks = stacks_of(handle, None)
            self._end(Deadlock(f"every task waits, and nothing is left that could wake one:\n\n{stacks}"))

    def _end(self, verdict: AssertionError) -> None:
        if self.verdict is None and self.root is not None:
            self.verdict = verdict
            self.root.cancel()
            self.runtime.handle().driver.unpark()

    async def main(self, program: Callable[[], Any]) -> None:
        """The root, which does nothing but wait: what the program does is in a task, so that it takes part."""
        self.root = current().task
        try:
            await spawn(program(), name="program")
        finally:
            self.root = None

    def go(self, program: Callable[[], Any]) -> BaseException | None:
        """Runs it; what it failed with, or None."""
        failure: BaseException | None = None
        with _Reports() as reports:
            with Runtime(
                event_interval=1, start_paused=True, rng_seed=_SEED, hooks=self, choose=self.choose
            ) as self.runtime:
                try:
                    self.runtime.block_on(self.main(program))
                except (CancelledError, Exception) as error:
                    failure = error
        return self.verdict or failure or next(iter(reports.errors), None)


def explore(
    program: Callable[[], Any],
    *,
    most_runs: int = 10_000,
    most_choices: int = 1_000,
    most_polls: int = MOST_POLLS,
) -> int:
    """Runs ``program()`` in every order of its tasks; raises ``ScheduleFailed`` at the first in which it fails.

    Args:
        program: an ``async def`` function without arguments. It is called for each run, on a fresh runtime with a
            paused clock, and has to do the same each time: it makes what it needs, spawns tasks, and asserts.
        most_runs: after so many orders it stops.
        most_choices: behind so many choices of a run the order is not varied any more.
        most_polls: a run that takes more polls has failed.

    Returns how many orders were tried: fewer than ``most_runs`` means all of them.

    The number of orders grows fast: three tasks that wait three times each have some hundred. Keep the program small.

    >>> import mezame
    >>> from mezame.testing import ScheduleFailed, explore, replay
    >>> async def program():
    ...     balance = 0
    ...     async def deposit():
    ...         nonlocal balance
    ...         read = balance
    ...         await mezame.yield_now()         # another task may run here
    ...         balance = read + 1
    ...     await mezame.join_all([mezame.spawn(deposit()), mezame.spawn(deposit())])
    ...     assert balance == 2, f"a deposit was lost: {balance}"
    >>> try:
    ...     explore(program)
    ... except ScheduleFailed as failure:
    ...     print(failure.__cause__)
    a deposit was lost: 1

    Source of the semantics: ``loom::model``, for tasks in place of threads.
    """
    for name, value in (("most_runs", most_runs), ("most_choices", most_choices), ("most_polls", most_polls)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value!r}")
    _check_outside()
    made: list[tuple[int, int]] = []
    runs = 0
    while True:
        run = _Run([answer for answer, _ in made], [ready for _, ready in made], most_choices, most_polls)
        error = run.go(program)
        runs += 1
        if error is not None:
            _fail(run, error, runs)
        made = run.made
        while made and made[-1][0] + 1 >= made[-1][1]:
            made.pop()
        if not made or runs >= most_runs:
            return runs
        answer, ready = made.pop()
        made.append((answer + 1, ready))


def replay(program: Callable[[], Any], schedule: Sequence[int], *, most_polls: int = MOST_POLLS) -> None:
    """Runs ``program()`` once, in the order that ``ScheduleFailed.schedule`` names; raises as ``explore`` does.

    Args:
        program: as for ``explore``.
        schedule: the choices; behind their end always the first task that is ready.
        most_polls: a run that takes more polls has failed.

    >>> from mezame.testing import replay
    >>> async def fine(): pass
    >>> replay(fine, (0, 1))
    """
    _check_outside()
    run = _Run(tuple(schedule), (), max(1, len(schedule)), most_polls)
    error = run.go(program)
    if error is not None:
        _fail(run, error, 1)


def _check_outside() -> None:
    if current().scheduler is not None:
        raise EnterError("explore() and replay() make runtimes of their own: call them in a plain test, not in a task")


def _fail(run: _Run, error: BaseException, runs: int) -> None:
    __tracebackhide__ = True
    answers = [answer for answer, _ in run.made]
    while answers and answers[-1] == 0:
        answers.pop()
    schedule = tuple(answers)
    message = f"in order {runs} of its tasks the program failed: {error!r}; replay(program, {schedule}) leads there"
    raise ScheduleFailed(message, schedule, runs) from error
