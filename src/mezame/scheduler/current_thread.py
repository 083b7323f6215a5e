"""CurrentThread: the scheduler whose tasks run on the thread that is inside ``block_on``.

The loop is the Executor's; this adds the *core*: the right to drive, which one thread has at a time.

    thread A   block_on(a): takes the core, polls a and all tasks ................ a is Ready: gives it back
    thread B                 block_on(b): no core: polls b only, on its own thread ... poked: takes the core

So a second ``block_on`` makes progress with its own future, and when the first thread leaves, one of those who
wait goes on driving the tasks. The hand-over cannot lose a wake of ``b``: B first makes ``b`` SCHEDULED itself
(a wake that comes later is then a no-op), changes who schedules it, and polls it first thing as a root.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.block_on import ThreadLoop
from ..core.current import current
from ..core.executor import Executor, begin_root, report_root, root_outcome
from ..core.future import close_coroutine
from ..core.shutdown import drop_task
from ..core.task import Task, make_task
from ..errors import EnterError, RuntimeClosedError


class CurrentThread(Executor):
    """An ``Executor`` that several threads may call ``block_on`` on. Arguments as for ``Executor``."""

    __slots__ = ("_core_taken", "_forced_outside", "_waiting")

    def __init__(self, *args: Any, **options: Any) -> None:
        Executor.__init__(self, *args, **options)
        self._core_taken = False
        self._waiting = []
        self._forced_outside = 0  # of roots that were polled without the core

    def block_on(self, future: Any, attach: Callable[[Task], Any] | None = None) -> Any:
        """Drives ``future`` and, while this thread has the core, all tasks. Its value; raises what it raises.

        ``attach`` is called with the root before its first poll (Ctrl-C wants to know whom to cancel).
        """
        if current().scheduler is not None:
            close_coroutine(future)
            raise EnterError(
                "block_on inside a running task would stop the thread that drives the tasks: use await "
                "(from a sync function: mezame.spawn, or spawn_blocking to get off this thread)"
            )
        if self._closed:
            close_coroutine(future)
            raise RuntimeClosedError("this runtime was closed: make a new one")
        loop = ThreadLoop()
        root = begin_root(make_task(future, loop, "root", None))
        if attach is not None:
            attach(root)
        try:
            self._block_on(root, loop)
        except BaseException:
            if not root._is_complete():  # a failure of the loop, a second interrupt: the root goes with it
                drop_task(root)
            else:
                report_root(root)
            raise
        finally:
            self._count_forced(loop)
        return root_outcome(root)

    def _count_forced(self, loop: ThreadLoop) -> None:
        self._lock()
        self._forced_outside += loop.forced_yields()
        self._unlock()

    @property
    def forced_yields(self) -> int:
        """How often the budget made a task, or a root, give way."""
        return self._ready._forced + self._forced_outside  # type: ignore[no-any-return]

    def _block_on(self, root: Task, loop: ThreadLoop) -> None:
        while True:
            if self._take_core(loop):
                try:
                    self._drive_root(root, loop)
                finally:
                    self._give_core()
                return
            complete = True
            try:
                complete = loop._drive(root)
            finally:
                if complete:  # or it was interrupted
                    self._stop_waiting(loop)
            if complete:
                return

    def _drive_root(self, root: Task, loop: ThreadLoop) -> None:
        """With the core: the executor's loop, with ``root`` as its root."""
        if (interrupt := loop._take_interrupt()) is not None:  # the root unwinds; then we raise it
            self._leaving = True
            self._interrupt(interrupt)
        root._to_notified()  # a wake on its way to the old scheduler has been made, or is a no-op from here on
        root._scheduler = self._ready
        saved = self._enter_with_root(root)
        try:
            self._loop(0)  # until the root is complete
        finally:
            self._leave_root(saved)

    def _take_core(self, loop: ThreadLoop) -> bool:
        """True: this thread drives. False: ``loop`` is poked when the core is free."""
        self._lock()
        taken = not self._core_taken
        self._core_taken = True
        if not taken and loop not in self._waiting:
            self._waiting.append(loop)
        if taken and loop in self._waiting:
            self._waiting.remove(loop)
        self._unlock()
        return taken

    def _give_core(self) -> None:
        self._lock()
        self._core_taken = False
        following = self._waiting[0] if self._waiting else None
        self._unlock()
        if following is not None:
            following.poke()

    def poke_roots(self) -> None:
        """Has each thread that waits for the core look up: Python's signal handlers run then. Any thread."""
        index = 0
        while True:
            self._lock()
            loop = self._waiting[index] if index < len(self._waiting) else None
            self._unlock()
            if loop is None:
                return
            loop.poke()
            index += 1

    def _stop_waiting(self, loop: ThreadLoop) -> None:
        """``loop`` is done without the core; a poke that it got meanwhile goes to the next who waits."""
        following = None
        self._lock()
        if loop in self._waiting:
            self._waiting.remove(loop)
        if not self._core_taken and self._waiting:
            following = self._waiting[0]
        self._unlock()
        if following is not None:
            following.poke()
