"""Slow polls: a poll that takes longer than a limit is reported once, with the stack that keeps it.

A thread of its own looks at the polls in progress twice per limit, and takes the stack of one that is over it, while it
is over it, from the interpreter: the code that blocks need not cooperate. A poll that ended between two looks is
reported at its end, without a stack.

The runtime's own ``watchdog`` option (``runtime/watchdog.py``) does this for one runtime and at no cost per poll, but
does not see every slow poll, and does not know which task it is if several are polled at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple

from ..core.hooks import CHANGING
from ..runtime.watchdog import stack_of
from .subscription import Subscribers, Subscription
from .tracer import POLLS, TRACER, PollInProgress

_LEAST = 0.001  # seconds between two looks


class SlowPoll(NamedTuple):
    """A poll over the limit."""

    task_id: int
    """The task."""
    task_name: str
    """Its name."""
    kind: str
    """Its kind: see ``on_spawn``."""
    spawned_at: str
    """Where it was spawned: "file:line"."""
    seconds: float
    """What the poll has taken so far; if it has ended, in all."""
    ended: bool
    """True if it ended before it was seen: then there is no stack."""
    first: bool
    """True: its first poll, so the task has not given way since it was spawned."""
    stack: str
    """Where the thread was, as in a traceback."""

    def __str__(self) -> str:
        head = f"one poll of {self.task_name!r} (spawned at {self.spawned_at})"
        begun = ", which has not given way since it was spawned," if self.first else ""
        if self.ended:
            return f"{head}{begun} took {self.seconds:.3f} s"
        return f"{head}{begun} has blocked its thread for {self.seconds:.3f} s; it is here:\n{self.stack}"


class _Watch:
    """The limit, and the thread that looks; both None while there is no limit. Under ``CHANGING``."""

    def __init__(self) -> None:
        self.limit: float | None = None
        self.stop: threading.Event | None = None
        self.subscription: Subscription | None = None

    def set(self, limit: float | None) -> None:
        with CHANGING:
            if self.stop is not None:
                self.stop.set()
                self.stop = None
            self.limit = limit
            if limit is None:
                if self.subscription is not None:
                    self.subscription.remove()
                    self.subscription = None
                return
            if self.subscription is None:
                self.subscription = POLLS.add(self._ended)
            self.stop = threading.Event()
            threading.Thread(
                target=_look, args=(self.stop, limit), name="mezame-slow-polls", daemon=True
            ).start()

    def _ended(self, poll: PollInProgress, seconds: float, outcome: str) -> None:
        limit = self.limit
        if limit is not None and seconds >= limit and poll.task.kind != "blocking" and poll.take_report():
            _report(poll, seconds, None)


def _look(stop: threading.Event, limit: float) -> None:
    """The thread."""
    while not stop.wait(max(limit / 2, _LEAST)):
        _look_once(limit)


def _look_once(limit: float) -> None:
    """A function of its own: while the thread waits it keeps no poll, and so no task, that it saw last."""
    for key, poll in _in_progress():
        seconds = perf_counter() - poll.began
        if seconds < limit or poll.task.kind == "blocking":
            continue
        stack = stack_of(poll.thread)
        if TRACER.polls.get(key) is poll and poll.take_report():
            _report(poll, seconds, stack)


def _in_progress() -> list[tuple[tuple[int, int], PollInProgress]]:
    while True:
        try:
            return list(TRACER.polls.items())
        except RuntimeError:  # it changed while we copied it
            continue


def _report(poll: PollInProgress, seconds: float, stack: str | None) -> None:
    task = poll.task
    slow = SlowPoll(
        task.id, task.name, task.kind, task.spawned_at, seconds, stack is None, poll.first, stack or ""
    )
    if not SLOW_POLLS.tell(slow):
        import logging

        logging.getLogger("mezame").warning("%s", slow)


_watch = _Watch()
SLOW_POLLS = Subscribers("on_slow_poll", lambda: None)


def slow_poll_threshold(seconds: float | None) -> float | None:
    """Has each poll that takes ``seconds`` or longer reported, in every runtime and executor of the process.

    Args:
        seconds: above 0 (0.1 is a good begin); None: no reports any more.

    Returns the limit that was set before. Raises ``ValueError`` for a bad limit. The reports go to ``on_slow_poll``; if
    nobody is there, as warnings to the log ``mezame``. Blocking calls (``spawn_blocking``) may take as long as they
    like. From any thread, before and while runtimes run. While a limit is set, each poll costs two readings of the
    clock.

    >>> import mezame, time
    >>> async def main(): time.sleep(0.05)  # not await mezame.sleep: nobody else gets a turn
    >>> before = mezame.trace.slow_poll_threshold(0.02)
    >>> with mezame.trace.on_slow_poll(lambda slow: print(slow.task_name, slow.seconds >= 0.02)):
    ...     mezame.run(main())
    root True
    >>> mezame.trace.slow_poll_threshold(before)
    0.02
    """
    if seconds is not None and not 0 < seconds < float("inf"):
        raise ValueError(f"slow_poll_threshold must be a number of seconds above 0, or None, not {seconds!r}")
    with CHANGING:
        before = _watch.limit
        _watch.set(seconds)
    return before


def on_slow_poll(callback: Callable[[SlowPoll], Any]) -> Subscription:
    """Calls ``callback(slow_poll)`` once for each poll over the ``slow_poll_threshold``, instead of a line in the log.

    Mostly in a thread that watches, while the poll is still in progress; if the poll ended before it was seen, in the
    thread that polled. ``str(slow_poll)`` is the whole report.

    Returns the ``Subscription``. Raises ``TypeError`` if ``callback`` cannot be called.
    """
    return SLOW_POLLS.add(callback)
