"""Handle: a runtime as other threads and other code see it: spawn on it, enter it, block on its futures.

A handle does not keep the runtime open. After the runtime was closed, spawning gives tasks that are already
cancelled, and I/O and timers raise.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from ..core.block_on import block_on
from ..core.current import current
from ..core.task import Task
from ..driver.driver import Driver
from ..errors import TryCurrentError
from ..scheduler.blocking import BlockingPool
from .histogram import Histogram

if TYPE_CHECKING:
    from .metrics import RuntimeMetrics

_ids = itertools.count(1)


class RuntimeFlavor(Enum):
    """Which scheduler a runtime has."""

    CURRENT_THREAD = "current_thread"
    MULTI_THREAD = "multi_thread"


class Handle:
    """A runtime's handle. All methods may be called from any thread.

    Get it with ``Runtime.handle()``, or ``Handle.current()`` inside.

    >>> import mezame, threading
    >>> async def add(a, b): return a + b
    >>> async def main():
    ...     handle = mezame.runtime.Handle.current()
    ...     def from_a_plain_thread():
    ...         return handle.block_on(handle.spawn(add(1, 2)))
    ...     return await mezame.spawn_blocking(from_a_plain_thread)
    >>> mezame.run(main())
    3

    Source of the semantics: ``tokio::runtime::Handle``.
    """

    def __init__(
        self,
        executor: Any,
        driver: Driver,
        pool: BlockingPool,
        resolver: BlockingPool,
        *,
        name: str | None,
        io_enabled: bool,
        rng: Any,
        histogram: Histogram | None,
        latencies: Histogram | None,
        flavor: RuntimeFlavor = RuntimeFlavor.CURRENT_THREAD,
    ) -> None:
        self.id = next(_ids)
        self.name = name
        self.executor = executor
        self.driver = driver
        self.pool = pool
        self.resolver = resolver
        self.rng = rng
        self._histogram = histogram
        self._latencies = latencies
        self._flavor = flavor
        self._pid = os.getpid()
        self.is_local = False
        self.io = driver if io_enabled else None
        self.belongings: dict[str, Any] = {}  # what higher layers have once per runtime; closed after the drivers
        self.timers = driver.timers

    # --- finding it ---------------------------------------------------------------------------------------

    @staticmethod
    def current() -> Handle:
        """The runtime entered on this thread. Raises ``RuntimeError`` if there is none."""
        handle = current().handle
        if handle is None:
            raise TryCurrentError(
                "there is no runtime on this thread: call this inside mezame.run(main()), or enter a "
                "runtime first (with runtime.enter():)"
            )
        return handle

    @staticmethod
    def try_current() -> Handle:
        """The same; raises ``TryCurrentError`` (a ``RuntimeError``)."""
        return Handle.current()

    # --- using it -----------------------------------------------------------------------------------------

    def spawn(self, future: Any, *, name: str | None = None) -> Task:
        """Spawns a task on the runtime: ``mezame.spawn`` for other threads."""
        self._check_fork(future)
        return self.executor.spawn(future, name=name)  # type: ignore[no-any-return]

    def spawn_blocking(self, function: Callable[..., Any], *args: Any, name: str | None = None, **kwargs: Any) -> Task:
        """Runs a blocking call on the runtime's pool: ``mezame.spawn_blocking`` for other threads."""
        self._check_fork()
        return self.pool.submit(function, args, kwargs, name)

    def block_on(self, future: Any) -> Any:
        """Polls ``future`` on this thread until it is complete. It does not drive the runtime.

        Its timers and sockets belong to this runtime, which some thread must be driving. Returns the
        value, raises what the future raises; ``EnterError`` inside a task.
        """
        self._check_fork(future)
        with self.enter():
            return block_on(future)

    def enter(self) -> EnterGuard:
        """A context manager in which this is the current runtime of the thread: spawn and timers work."""
        return EnterGuard(self)

    def wrap(self, future: Any) -> Any:
        """``future`` with this as its runtime, for whoever else polls it: another runtime, asyncio, trio.

        Its timers, sockets and spawned tasks belong to this runtime, which some thread must be driving; it itself runs
        where it is awaited. Cancel safe as far as ``future`` is.

        >>> import asyncio, mezame, threading
        >>> async def work():  # needs a runtime
        ...     await mezame.sleep(0.001)
        ...     return "slept"
        >>> async def drive(stop): await stop.cancelled()
        >>> runtime, stop = mezame.Runtime(), mezame.sync.CancellationToken()
        >>> thread = threading.Thread(target=runtime.block_on, args=[drive(stop)])
        >>> thread.start()
        >>> async def main():  # asyncio's
        ...     return await runtime.handle().wrap(work())
        >>> asyncio.run(main())
        'slept'
        >>> stop.cancel(); thread.join(); _ = runtime.close()

        Source of the semantics: ``tokio_util::context::RuntimeExt::wrap``.
        """
        from .wrap import Wrap

        self._check_fork(future)
        return Wrap(self, future)

    def metrics(self) -> RuntimeMetrics:
        """A snapshot of the runtime's counters."""
        executor = self.executor
        pool = self.pool.stats()
        poller = self.driver.poller
        parks = executor.parks
        from .metrics import RuntimeMetrics, WorkerMetrics  # dataclasses: most programs never pay for them

        return RuntimeMetrics(
            num_workers=len(executor.worker_counters()),
            num_alive_tasks=len(executor),
            spawned_tasks_count=executor.spawned,
            global_queue_depth=executor.queue_depth,
            polls_count=executor.polls,
            wakes_count=executor.wakes + executor.remote_wakes,
            remote_schedule_count=executor.remote_wakes,
            worker_park_count=parks,
            worker_park_unpark_count=2 * parks - (1 if parks and executor.is_parked and executor.thread else 0),
            driver_turns_count=executor.turns,
            worker_total_busy_duration=executor.busy_ns / 1e9,
            budget_forced_yield_count=executor.forced_yields,
            io_driver_fd_registered_count=poller.added,
            io_driver_fd_deregistered_count=poller.removed,
            io_driver_ready_count=poller.events,
            worker_thread_id=executor.thread,
            num_blocking_threads=pool["threads"],
            num_idle_blocking_threads=pool["idle"],
            blocking_queue_depth=pool["queued"],
            workers=tuple(WorkerMetrics(*counters) for counters in executor.worker_counters()),
            poll_time_histogram=self._histogram.buckets() if self._histogram is not None else (),
            schedule_latency_histogram=self._latencies.buckets() if self._latencies is not None else (),
        )

    def runtime_flavor(self) -> RuntimeFlavor:
        """Which scheduler it has."""
        return self._flavor

    def tasks(self) -> list[Task]:
        """The unfinished tasks of this moment, oldest first."""
        return self.executor.tasks()  # type: ignore[no-any-return]

    def close_belongings(self) -> None:
        """Closes ``belongings``: the last step of closing the runtime."""
        while self.belongings:
            self.belongings.popitem()[1].close()

    def _check_fork(self, future: Any = None) -> None:
        if os.getpid() != self._pid:
            if hasattr(future, "close"):
                future.close()
            raise RuntimeError(
                f"this runtime was made in process {self._pid} and cannot be used in its forked child "
                f"{os.getpid()}: its threads and descriptors are the parent's; make a new Runtime in the child"
            )

    def __repr__(self) -> str:
        return f"<Handle of runtime {self.name or self.id} {self.executor!r}>"


class EnterGuard:
    """Makes a runtime the current one of this thread, between ``with`` and its end. Leave in reverse order."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._outer: Any = None

    def __enter__(self) -> Handle:
        slot: Any = current()
        self._outer = (slot.handle, slot.timers, slot.io)
        slot.handle = self._handle
        slot.timers = self._handle.timers
        slot.io = self._handle.io
        return self._handle

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        slot = current()
        if slot.handle is not self._handle:
            raise RuntimeError("enter() guards must be left in the reverse order, on the thread that entered")
        slot.handle, slot.timers, slot.io = self._outer
