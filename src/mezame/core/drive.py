"""Drive: an executor inside a task: the future of ``Executor.drive``."""

from __future__ import annotations

from typing import Any

from .context import Context
from .current import current
from .executor import Executor
from .future import Future, into_future
from .poll import PENDING

DRIVE_BATCH = 200  # polls of one poll: the task that we are inside of must let its peers run


class Drive(Future):
    """The future of ``Executor.drive``."""

    __slots__ = ("_executor", "_future")

    def __init__(self, executor: Executor, future: Any) -> None:
        self._executor = executor
        self._future = into_future(future)

    def poll(self, cx: Context) -> Any:
        executor = self._executor
        waker = cx._get_waker()
        ready = executor._ready
        ready._swap_drive_waker(waker)
        answer = self._future.poll(cx)
        if answer is not PENDING:
            self.close()
            return answer
        outer = current()
        saved = (outer.scheduler, outer.executor, outer.context, outer.loop, outer.budget, outer.deferred)
        outer.scheduler = None
        polled = 0
        try:
            while polled < DRIVE_BATCH and executor.try_tick():
                polled += 1
        finally:
            outer.scheduler, outer.executor, outer.context, outer.loop, outer.budget, outer.deferred = saved
        if ready._has_work():
            waker.wake()
        return PENDING

    def close(self) -> None:
        self._executor._ready._swap_drive_waker(None)
        self._future.close()


