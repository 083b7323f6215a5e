"""Unwinding what lost: an owned coroutine is cancelled at its await and driven until it has ended."""

from __future__ import annotations

from typing import Any

from ..core.future import CoroutineFuture, poll_fn
from ..errors import CancelledError


async def unwind(future: Any) -> None:
    """Drops ``future``: a leaf at once; a coroutine gets CancelledError, and its ``finally`` blocks may await.

    What it raises on its way out, other than the cancellation, is raised here. If this task is cancelled
    meanwhile the unwinding goes on (the coroutine is told again) and the cancellation is raised at its end.
    """
    if not isinstance(future, CoroutineFuture):
        future.close()
        return
    if not future.cancel():
        return
    cancelled: CancelledError | None = None
    while not future.is_finished():
        try:
            await poll_fn(future.poll)
        except CancelledError as error:
            if not future.is_finished():  # not its own: ours
                cancelled = error
                future.cancel()
    if cancelled is not None:
        raise cancelled
