"""WorkerTotals: what the workers of a runtime counted, in all and one by one.

Each counter has one writer, the thread that has the core (or the worker); nothing is stopped to read them.
"""

from __future__ import annotations

from typing import Any

from .worker import Worker, counters_of
from .worker_core import WorkerCore, WorkerGroup


class WorkerTotals:
    """The looking half of ``MultiThread``, which fills the fields."""

    def __init__(self, group: WorkerGroup, workers: int) -> None:
        self._group = group
        self._workers: list[Worker | None] = [None] * workers
        self._forced = 0  # times that the budget made a root give way that is complete

    @property
    def workers(self) -> list[Worker]:
        """The loops, in the order of their numbers."""
        return [worker for worker in self._workers if worker is not None]

    @property
    def cores(self) -> list[WorkerCore]:
        """The queues, in the order of their numbers."""
        return [core for core in self._group.cores if core is not None]

    def _lists(self) -> list[Any]:
        """The lists of live tasks: one per core, and one for what was spawned from outside."""
        lists = [self._group.outside._owned]
        for item in self._group.cores:
            if item is not None:
                core: WorkerCore = item
                lists.append(core._owned)
        return lists

    @property
    def spawned(self) -> int:
        """How many tasks were spawned so far."""
        return sum(owned.total() for owned in self._lists())

    @property
    def queue_depth(self) -> int:
        """How many tasks wait in the injection queue."""
        return self._queued()  # type: ignore[no-any-return]

    def _queued(self) -> Any:
        return self._group.inject._length._load()

    @property
    def polls(self) -> int:
        """Polls of all workers."""
        return sum(core.polls for core in self.cores)

    @property
    def parks(self) -> int:
        """How often a worker went to sleep."""
        return sum(core.parks for core in self.cores)

    @property
    def turns(self) -> int:
        """How often a worker looked at the driver."""
        return sum(core.turns for core in self.cores)

    @property
    def busy_ns(self) -> int:
        """Nanoseconds in which the workers did not sleep, in all."""
        return self._busy_time()

    def _busy_time(self) -> int:
        total = 0
        for item in self.cores:
            core: WorkerCore = item
            total += core._busy._total_ns()
        return total

    @property
    def wakes(self) -> int:
        """How many wakes and spawns queued a task with the worker that made them."""
        return sum(core.local_schedules for core in self.cores)

    @property
    def remote_wakes(self) -> int:
        """How many went through the injection queue."""
        return self._group.inject.pushed  # type: ignore[no-any-return]

    def worker_counters(self) -> list[tuple[Any, ...]]:
        """For the metrics, per worker, in the order of ``WorkerMetrics``."""
        return [counters_of(core, self._workers[core.index]) for core in self.cores]

    @property
    def is_parked(self) -> bool:
        """True while every worker sleeps."""
        return self._all_asleep()

    def _all_asleep(self) -> bool:
        for item in self.cores:
            core: WorkerCore = item
            if core._busy._is_awake():
                return False
        return True

    @property
    def forced_yields(self) -> int:
        """How often the budget made a task give way."""
        return self._count_forced()

    def _count_forced(self) -> int:
        total: int = self._forced + self._group.outside._forced
        for item in self.cores:
            core: WorkerCore = item
            total += core._forced
        return total
