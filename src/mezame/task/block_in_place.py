"""block_in_place: a blocking call on this very thread, where the scheduler can do without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.current import current
from ..scheduler.worker import Worker


def block_in_place(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Calls ``function(*args, **kwargs)`` on this thread, which may then block.

    Outside of a runtime, and in a ``spawn_blocking`` job, it just calls. On the thread of a current-thread runtime
    nobody could take the other tasks over: ``RuntimeError``; use ``spawn_blocking`` there.

    >>> import mezame
    >>> mezame.task.block_in_place(sum, [1, 2])
    3

    Source of the semantics: ``tokio::task::block_in_place``.
    """
    slot = current()
    if isinstance(slot.executor, Worker):
        return slot.executor.block_in_place(function, args, kwargs)
    if slot.scheduler is not None:
        raise RuntimeError(
            "block_in_place would stop all tasks of this thread's runtime: await spawn_blocking(function) instead"
        )
    return function(*args, **kwargs)
