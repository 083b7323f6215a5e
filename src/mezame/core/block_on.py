"""block_on: one future, driven by the calling thread, with nothing but a thread park.

``ThreadLoop`` is the smallest loop there is: poll; if Pending, sleep until woken; again. The bigger loops
(``executor.py``) are this one with a queue.
"""

from __future__ import annotations

from threading import get_ident
from typing import Any

from ..errors import EnterError
from .cell import run_traced
from .context import loop_context
from .current import BUDGET, Scheduler, current
from .executor import begin_root, report_root, root_outcome
from .future import close_coroutine
from .hooks import SHARED, tell_shared
from .park import Parker
from .report import report_exception
from .shutdown import drop_task
from .task import Task, make_task
from .waker import Wakeable, Waker


class ThreadLoop(Scheduler):
    """The loop of ``block_on``: one root, this thread, a Parker.

    An interrupt (out of a callback; a runtime hands over that of a task) cancels the root, which unwinds; when it is
    complete ``_drive`` raises it.
    """

    __slots__ = ("_interrupted", "_leaving", "_parker", "_poked", "is_parked", "polls", "thread")

    def __init__(self) -> None:
        self._parker = Parker()
        self._poked = False
        self._interrupted = None  # what leaves this loop; only the thread that drives looks at it
        self._leaving = False  # so the root has been cancelled
        self.polls = 0  # for a watchdog
        self.is_parked = True
        self.thread = 0
        self._forced = 0

    def forced_yields(self) -> int:
        """How often the budget made the root give way."""
        return self._forced  # type: ignore[no-any-return]

    def _schedule(self, item: Wakeable) -> None:
        try:
            if SHARED.hooks is not None:
                tell_shared("on_wake", item)
        finally:
            self._parker.unpark()

    def _defer(self, waker: Waker) -> None:
        waker.wake()

    def _interrupt(self, error: BaseException) -> bool:
        if self._interrupted is None:
            self._interrupted = error
        else:
            report_exception("another failure, while one leaves the loop", error)
        return True

    def _take_interrupt(self) -> Any:
        """The interrupt that is to be raised, by whoever goes on with the root, which has been cancelled; or None."""
        error = self._interrupted
        self._interrupted = None
        self._leaving = False
        return error

    def poke(self) -> None:
        """Ends ``_drive`` with False at its next sleep: there is something better to do. Any thread."""
        self._lock()
        self._poked = True
        self._unlock()
        self._parker.unpark()

    def _take_poke(self) -> bool:
        self._lock()
        poked = self._poked
        self._poked = False
        self._unlock()
        return poked

    def give_up(self, root: Task) -> None:
        """``_drive`` has raised, and it is not for ``root`` to hear: that unwinds; what it raises is reported."""
        try:
            if not root._is_running():
                root.cancel()
                while not (root._is_complete() or self._drive(root)):
                    pass
        finally:
            if not root._is_complete():  # a second interrupt, or one in the middle of a poll
                drop_task(root)
        report_root(root)

    def _drive(self, root: Task) -> bool:
        """Polls ``root`` whenever it was woken. True: it is complete; False: poked while it waits."""
        cx = loop_context()
        cur = current()
        saved = (cur.scheduler, cur.context, cur.loop, cur.budget)
        cur.scheduler = self
        cur.context = cx
        cur.loop = cx
        self.thread = get_ident()
        self.is_parked = False
        try:
            while True:
                if self._interrupted is not None and not self._leaving:
                    self._leaving = True
                    root.cancel()
                if root._is_scheduled():
                    cur.budget = BUDGET
                    self.polls += 1
                    what = run_traced(root, cx, cur) if SHARED.hooks is not None else root._run(cx, cur)
                    if what == 3:  # DONE
                        if self._interrupted is not None:
                            raise self._take_interrupt()
                        return True
                elif self._take_poke():
                    return False
                else:
                    self.is_parked = True
                    self._parker.park(-1)
                    self.is_parked = False
        finally:
            self.is_parked = True
            cur.scheduler, cur.context, cur.loop, cur.budget = saved


def block_on(future: Any) -> Any:
    """Drives one future on this thread until it is complete; needs no runtime and no driver.

    Args:
        future: a coroutine, or anything that ``into_future`` takes. Timers and sockets in it need a
            runtime: use ``mezame.run`` for these.

    Returns its value, raises what it raises. ``EnterError`` if this thread is already driving futures. Ctrl-C cancels
    the future, which unwinds before ``KeyboardInterrupt`` is raised.

    >>> import mezame
    >>> async def seven(): return 7
    >>> mezame.block_on(seven())
    7

    Source of the semantics: ``futures::executor::block_on``.
    """
    if current().scheduler is not None:
        close_coroutine(future)
        raise EnterError("block_on inside a running task would stop its thread: use await")
    loop = ThreadLoop()
    root = begin_root(make_task(future, loop, "root", None))
    try:
        while not loop._drive(root):
            pass
    except BaseException:  # Ctrl-C while this thread slept: whoever waits in the future is not left behind
        loop.give_up(root)
        raise
    return root_outcome(root)
