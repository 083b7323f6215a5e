"""TimeLimit: real seconds that a test may take; when they are over, it is stopped, and says where everybody stood.

    with limit: block_on(...)           a thread waits beside it
      in time                           the thread is told, and ends
      time is up                        1. it takes down the stacks of all tasks
                                        2. it cancels the test at its await, which unwinds
                                        3. after a grace: the test blocks the thread, or its ``finally`` hangs. In the
                                           main thread it is interrupted, as by Ctrl-C, until it ends

Whatever the test then ends with, leaving the block raises ``TimeLimitExceeded`` with the stacks. The clock is the
system's: a test with a paused clock that hangs is caught too.
"""

from __future__ import annotations

import _thread
import signal
import threading
from typing import Any

from .stacks import stacks_of

GRACE = 1.0  # seconds that a cancelled test may unwind
_AGAIN = 0.1  # seconds between two interrupts: the first only cancels (runtime/interrupt.py)
_INTERRUPTS = 50  # then it is left alone


class TimeLimitExceeded(AssertionError):
    """A test took longer than it may; the message has the stacks of all tasks at that moment."""


class TimeLimit:
    """Context manager around one drive of a runtime.

    Args:
        seconds: above 0; None: no limit, and no thread.
        runtime: whose tasks are shown.
        what: what is limited, for the message.
    """

    def __init__(self, seconds: float | None, runtime: Any, what: str) -> None:
        if seconds is not None and not seconds > 0:
            raise ValueError(f"timeout must be a number of seconds above 0, not {seconds!r}")
        self._seconds = seconds
        self._runtime = runtime
        self._what = what
        self._ended = threading.Event()
        self._guard = threading.Lock()  # of _ended against an interrupt: none may come after the end
        self._thread: threading.Thread | None = None
        self._in_main = threading.current_thread() is threading.main_thread()
        self._stopped: Any = None
        self._test: Any = None
        self.report: str | None = None

    def stops(self, task: Any, test: Any) -> None:
        """Names the task to be cancelled when the time is up, and the one whose stack is that of the test."""
        self._stopped = task
        self._test = test

    def __enter__(self) -> TimeLimit:
        if self._seconds is not None:
            self._thread = threading.Thread(target=self._watch, name="mezame-time-limit", daemon=True)
            self._thread.start()
        return self

    def _watch(self) -> None:
        if self._ended.wait(self._seconds):
            return
        try:
            stacks = stacks_of(self._runtime.handle(), self._test)
        except Exception as error:  # a task that ended while we looked, say: the test must be stopped all the same
            stacks = f"(the stacks could not be taken: {error!r})"
        self.report = f"{self._what} took longer than {self._seconds:g} s; this is where everybody stood:\n\n{stacks}"
        task = self._stopped
        if task is not None:
            task.cancel()
        wait = GRACE
        for _ in range(_INTERRUPTS if self._in_main else 0):
            if self._ended.wait(wait):
                return
            wait = _AGAIN
            with self._guard:
                if not self._ended.is_set():
                    interrupt_main_thread()

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        __tracebackhide__ = True
        if self._thread is None:
            return
        while True:
            try:
                with self._guard:
                    self._ended.set()
                self._thread.join()
                break
            except KeyboardInterrupt:  # ours, that was on its way
                if self.report is None:
                    raise
        if self.report is not None:
            raise TimeLimitExceeded(self.report) from error


def interrupt_main_thread() -> None:
    """Ctrl-C for the main thread, also while it is in a call of the system."""
    ident = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and ident is not None:
        signal.pthread_kill(ident, signal.SIGINT)
    else:
        _thread.interrupt_main()
