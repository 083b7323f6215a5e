"""Wrapper: a future around one other: what map, fuse, abortable and the like have in common.

The point of it is cancellation. A coroutine that is cancelled must be driven on, for its ``finally`` blocks may
await; so a wrapper passes the exception inwards (``throw``, ``cancel``) and is polled until the inner future ended.
"""

from __future__ import annotations

from typing import Any

from .context import Context
from .future import CoroutineFuture, Future, into_future
from .poll import PENDING, Poll


class Wrapper(Future):
    """Base class. A subclass defines ``_answer(value)`` (and ``_failed(error)``), or ``poll`` itself."""

    __slots__ = ("_done", "_future")

    def __init__(self, future: Any) -> None:
        self._future = into_future(future)
        self._done = False

    def poll(self, cx: Context) -> Any:
        """Polls the inner future; gives ``_answer`` its value, ``_failed`` the exception that escapes from it."""
        if self._done:
            raise RuntimeError(f"{type(self).__name__} was polled after it completed: make a new one")
        try:
            answer = self._future.poll(cx)
        except Exception as error:
            self._done = True
            return self._failed(error)
        if answer is PENDING:
            return PENDING
        self._done = True
        return Poll.Ready(self._answer(answer.value))

    def _answer(self, value: Any) -> Any:
        """The value of this future, from that of the inner one."""
        return value

    def _failed(self, error: Exception) -> Any:
        """What poll answers when the inner future failed. Called in the ``except`` block."""
        raise error

    def cancel(self, error: BaseException | None = None) -> bool:
        """Has the next poll throw ``error`` (default CancelledError) into the coroutine inside.

        False if there is no coroutine that could unwind: then ``close`` drops the future at once.
        """
        return cancel_inner(self._future, error)

    def throw(self, kind: Any, value: Any = None, traceback: Any = None) -> Any:
        """The await protocol: passes the exception on inwards, where it may await on its way out."""
        if value is None:
            value = kind() if isinstance(kind, type) else kind
        if not self.cancel(value):
            self.close()
            raise value
        return self._advance()

    def close(self) -> None:
        """Drops the inner future. Idempotent."""
        self._future.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._future!r}>"


def cancel_inner(future: Any, error: BaseException | None = None) -> bool:
    """``future.cancel(error)`` of what can unwind: a coroutine, or a wrapper with one inside; False for a leaf."""
    if isinstance(future, (CoroutineFuture, Wrapper)):
        return future.cancel(error)
    return False
