"""Watchdog: reports the stack that blocks the runtime's thread, while it blocks it, from outside that thread.

A thread of its own looks at the loop twice per threshold: the same poll (by the poll counter) in progress at
two looks that are a threshold apart is a poll that blocks. The stack is taken from the interpreter
(``sys._current_frames``), so the blocked code need not cooperate. The loop pays nothing for it.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from ..core.check import FOREVER, check_seconds


class Watchdog:
    """Watches the threads of one executor that poll.

    Args:
        executor: whose polls to watch: an ``Executor``, or a ``MultiThread`` with its workers.
        threshold: seconds that a poll may take; above 0.
        report: called with the message; default logs a warning (logger ``mezame``).
    """

    def __init__(
        self, executor: Any, threshold: float, report: Callable[[str], Any] | None = None
    ) -> None:
        self._executor = executor
        self._threshold = min(check_seconds("watchdog", threshold, above_zero=True), FOREVER)
        self._report = report if report is not None else _log
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="mezame-watchdog", daemon=True)
        self.reports = 0
        self._thread.start()

    def _loops(self) -> Iterable[Any]:
        return getattr(self._executor, "loops", (self._executor,))

    def _watch(self) -> None:
        watched: dict[Any, _Watched] = {}
        while not self._stop.wait(self._threshold / 2):
            now = time.monotonic()
            loops = list(self._loops())
            for loop in loops:
                blocked = watched.setdefault(loop, _Watched()).look(loop, now)
                if blocked >= self._threshold:
                    self._look_closer(loop, watched[loop], blocked)
            for gone in watched.keys() - set(loops):
                del watched[gone]

    def _look_closer(self, loop: Any, watched: _Watched, seconds: float) -> None:
        tasks = self._executor.polling
        if tasks:
            watched.reported = watched.polls
            self.reports += 1
            self._report(self._describe(loop, tasks, seconds))

    def _describe(self, loop: Any, tasks: list[Any], seconds: float) -> str:
        stack = stack_of(loop.thread)
        names = ", or of ".join(f"{task.name!r} (spawned at {task.spawned_at})" for task in tasks)
        return f"one poll of {names} has blocked the runtime's thread for {seconds:.3f} s; it is here:\n{stack}"

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()


class _Watched:
    """What is remembered of one loop between two looks."""

    def __init__(self) -> None:
        self.polls = -1
        self.since = 0.0
        self.reported = -1

    def look(self, loop: Any, now: float) -> float:
        """Seconds for which the same poll is seen in progress; 0 if it is not, or was reported."""
        polls = loop.polls
        if polls != self.polls or loop.is_parked:
            self.polls, self.since = polls, now
        return 0.0 if self.reported == polls else now - self.since


def stack_of(thread: int) -> str:
    """The stack of the thread of that ident, as in a traceback."""
    frame = sys._current_frames().get(thread)
    return "".join(traceback.format_stack(frame)) if frame is not None else "(no Python frame)\n"


def _log(message: str) -> None:
    import logging

    logging.getLogger("mezame").warning("%s", message)
