"""Unwinding what lost: an owned coroutine is cancelled at its await and driven until it has ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.context import Context
from ..core.future import poll_fn
from ..core.poll import PENDING, Poll
from ..core.wrapper import cancel_inner
from ..errors import CancelledError


async def unwind(future: Any) -> None:
    """Drops ``future``: a leaf at once; a coroutine gets CancelledError, and its ``finally`` blocks may await.

    What it raises on its way out, other than the cancellation, is raised here. If this task is cancelled
    meanwhile the unwinding goes on (the coroutine is told again) and the cancellation is raised at its end.
    """
    unwinding = Unwinding(future)
    if unwinding.is_finished():
        return
    cancelled: CancelledError | None = None
    while not unwinding.is_finished():
        try:
            await poll_fn(unwinding.poll)
        except CancelledError as error:
            cancelled = error  # ours: that of the future ends in ``poll``
            cancel_inner(future)
    if cancelled is not None:
        raise cancelled


async def unwind_all(futures: Iterable[Any]) -> None:
    """``unwind`` of each, one after the other; then the first error is raised."""
    first: BaseException | None = None
    for future in futures:
        try:
            await unwind(future)
        except BaseException as error:
            first = first or error
    if first is not None:
        raise first


class Unwinding:
    """The same for whoever polls by hand: ``poll(cx)`` until it is Ready."""

    __slots__ = ("_finished", "_future")

    def __init__(self, future: Any) -> None:
        self._future = future
        self._finished = not cancel_inner(future)
        if self._finished:
            future.close()

    def is_finished(self) -> bool:
        """True once the future has ended."""
        return self._finished

    def poll(self, cx: Context) -> Any:
        """``Poll.Ready(None)`` when it has ended; raises what it raised, other than the cancellation."""
        if self._finished:
            return Poll.Ready(None)
        try:
            if self._future.poll(cx) is PENDING:
                return PENDING
        except CancelledError:
            pass
        except BaseException:
            self._finished = True
            raise
        self._finished = True
        return Poll.Ready(None)
