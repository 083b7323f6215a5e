"""worker_index: which worker of a multi-thread runtime this thread is."""

from __future__ import annotations

import sys

from ..core.current import current


def worker_index() -> int | None:
    """The number of the worker that this thread is, from 0 on; None in any other thread.

    It is the worker's place in ``RuntimeMetrics.workers``. A task may move: it holds until the next ``await``. None,
    too, inside ``block_in_place``, where the thread has given its worker away.

    >>> import mezame
    >>> async def main():
    ...     async def index(): return mezame.runtime.worker_index()
    ...     return await mezame.spawn(index())
    >>> mezame.run(main(), flavor="multi_thread", worker_threads=1)
    0

    Source of the semantics: ``tokio::runtime::worker_index``.
    """
    found = sys.modules.get("mezame.scheduler.worker")  # never imported: there are no workers
    executor = current().executor
    if found is None or not isinstance(executor, found.Worker):
        return None
    return executor.index()  # type: ignore[no-any-return]
