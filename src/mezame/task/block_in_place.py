"""block_in_place: a blocking call on this very thread, where the scheduler can do without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.block_on import ThreadLoop
from ..core.current import current
from ..scheduler.worker import Worker
from .local_set import drives_here


def block_in_place(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Calls ``function(*args, **kwargs)`` on this thread, which may then block.

    In a task on a worker of a multi-thread runtime, another thread goes on with the worker's other tasks; if there is
    none to be had, ``RuntimeError``, and ``function`` was not called. Where no other task waits for this thread, it
    just calls: in what a multi-thread ``block_on`` was given, in a ``spawn_blocking`` job, outside of a runtime; and
    where no poll is in progress (a park hook, a done callback, a waker that the driver calls). ``function`` may drive
    futures with ``block_on``.

    On the thread of a current-thread runtime, and inside of a ``LocalSet``, nobody could take the other tasks over:
    ``RuntimeError``; use ``spawn_blocking`` there.

    >>> import mezame
    >>> mezame.task.block_in_place(sum, [1, 2])
    3

    Source of the semantics: ``tokio::task::block_in_place``.
    """
    slot = current()
    if slot.scheduler is None:
        return function(*args, **kwargs)
    if drives_here():
        raise RuntimeError(
            "block_in_place would stop the other tasks of this LocalSet: await spawn_blocking(function) instead"
        )
    if isinstance(slot.executor, Worker):
        return slot.executor.block_in_place(function, args, kwargs)
    if not isinstance(slot.scheduler, ThreadLoop):  # that one drives nobody but its root
        raise RuntimeError(
            "block_in_place would stop all tasks of this thread's runtime: await spawn_blocking(function) instead"
        )
    saved = slot.set_aside()
    try:
        return function(*args, **kwargs)
    finally:
        slot.put_back(saved)
