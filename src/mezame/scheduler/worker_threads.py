"""WorkerThreads: the operating system's threads of a multi-thread runtime, from their begin to their end.

Which thread does what is not said here: ``start`` is given the work. A thread is in the set from before it runs until
its work and its hooks are over, so that whoever waits for the set to be empty (``close``) waits for the hooks too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from ..core.report import report_exception
from .thread_start import start_thread


class WorkerThreads:
    """Threads with a name, hooks at begin and end, and a condition that is notified when one ends.

    ``changed`` guards ``threads`` and, for brevity, whatever else its owner waits for.
    """

    def __init__(
        self,
        name: Callable[[], str] | None,
        on_start: Callable[[], Any] | None,
        on_stop: Callable[[], Any] | None,
        on_failure: Callable[[BaseException], Any],
        stack_size: int,
    ) -> None:
        self.changed = threading.Condition()
        self.threads: set[threading.Thread] = set()
        self.enter: Callable[[], Any] | None = None
        self._name = name
        self._on_start = on_start
        self._on_stop = on_stop
        self._on_failure = on_failure
        self._stack_size = stack_size
        self._forsaken = False

    def forsake(self) -> threading.Condition:
        """In the child of a fork: no thread is here but, perhaps, the one that forked. Gives the new ``changed``."""
        self._forsaken = True
        self.changed = threading.Condition()  # one of the others may have held it
        return self.changed

    def start(self, work: Callable[[], Any]) -> None:
        """Runs ``work()`` in a new thread. Raises ``RuntimeError`` if the system gives no thread."""
        name = self._name() if self._name is not None else None
        thread = threading.Thread(target=self._live, args=(work,), name=name, daemon=True)
        with self.changed:
            self.threads.add(thread)
        try:
            start_thread(thread, self._stack_size)
        except BaseException:
            with self.changed:
                self.threads.discard(thread)
            raise

    def _live(self, work: Callable[[], Any]) -> None:
        try:
            if self.enter is not None:
                self.enter()
            self._call(self._on_start)
            work()
            self._call(self._on_stop)
        except BaseException as error:  # not a task's failure: these are kept in the tasks
            if self._forsaken:
                raise
            self._on_failure(error)
        finally:
            with self.changed:
                self.threads.discard(threading.current_thread())
                self.changed.notify_all()

    def _call(self, hook: Callable[[], Any] | None) -> None:
        if hook is not None:
            try:
                hook()
            except Exception as error:
                report_exception(f"thread hook {hook!r} raised", error)
            except BaseException as error:
                self._on_failure(error)  # it leaves block_on; the thread is needed all the same

    def notify(self) -> None:
        """Has ``wait_for`` look again."""
        with self.changed:
            self.changed.notify_all()

    def wait_for(self, condition: Callable[[], bool], deadline: float | None = None) -> bool:
        """Blocks until ``condition()``, asked under ``changed``. False: the deadline (monotonic) came first."""
        with self.changed:
            left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            return self.changed.wait_for(condition, left)

    def are_over(self) -> bool:
        """True if no thread but the calling one is left. Under ``changed``."""
        return not self.threads - {threading.current_thread()}

    def names(self) -> list[str]:
        """The names of those that have not ended."""
        with self.changed:
            return sorted(thread.name for thread in self.threads)
