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
from collections.abc import Callable
from typing import Any

from ..core.executor import Executor


class Watchdog:
    """Watches one executor.

    Args:
        executor: whose polls to watch.
        threshold: seconds that a poll may take; above 0.
        report: called with the message; default logs a warning (logger ``mezame``).
    """

    def __init__(
        self, executor: Executor, threshold: float, report: Callable[[str], Any] | None = None
    ) -> None:
        if not threshold > 0:
            raise ValueError(f"watchdog must be a number of seconds above 0, not {threshold!r}")
        self._executor = executor
        self._threshold = threshold
        self._report = report if report is not None else _log
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="mezame-watchdog", daemon=True)
        self.reports = 0
        self._thread.start()

    def _watch(self) -> None:
        seen = -1
        since = 0.0
        reported = -1
        while not self._stop.wait(self._threshold / 2):
            polls = self._executor.polls
            now = time.monotonic()
            if polls != seen or self._executor.is_parked:
                seen, since = polls, now
            elif now - since >= self._threshold and reported != polls:
                task = self._executor.polling
                if task is not None:
                    reported = polls
                    self.reports += 1
                    self._report(self._describe(task, now - since))

    def _describe(self, task: Any, seconds: float) -> str:
        frame = sys._current_frames().get(self._executor.thread)
        stack = "".join(traceback.format_stack(frame)) if frame is not None else "(no Python frame)\n"
        return (
            f"one poll of {task.name!r} (spawned at {task.spawned_at}) has blocked the runtime's thread for "
            f"{seconds:.3f} s; it is here:\n{stack}"
        )

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()


def _log(message: str) -> None:
    import logging

    logging.getLogger("mezame").warning("%s", message)
