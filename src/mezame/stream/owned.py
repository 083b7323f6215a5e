"""Owned: a future that a stream runs and owns, and how it ends when the stream does.

    EMPTY --start--> RUNNING --poll: Ready, or it raised--> EMPTY
                     RUNNING --drop--> EMPTY: a leaf is closed; a coroutine gets CancelledError, and what of it has to
                                       wait goes on as a task of the current runtime (without one it is closed)
                     RUNNING --aclose--> EMPTY, when the coroutine has unwound

The last reference going away is a ``drop``, whose failure is reported.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from ..core.context import Context
from ..core.future import CoroutineFuture, into_future
from ..core.poll import PENDING
from ..core.report import report_exception
from ..future.unwind import unwind
from .finish import close_owned, finish


class Owned:
    """A place for one future. ``future`` is None while it is empty."""

    __slots__ = ("future",)

    def __init__(self) -> None:
        self.future = None

    def start(self, awaitable: Any) -> None:
        """Puts in what ``into_future`` makes of ``awaitable``. The place must be empty."""
        self.future = into_future(awaitable)

    def start_coroutine(self, coro: Any) -> None:
        """Puts in the future of a coroutine, or of what is stepped like one with ``send`` and ``throw``."""
        self.future = CoroutineFuture(coro)

    def poll(self, cx: Context) -> Any:
        """Polls the future; the place is empty when it has completed."""
        try:
            answer = self.future.poll(cx)
        except BaseException:
            self.future = None
            raise
        if answer is not PENDING:
            self.future = None
        return answer

    def drop(self) -> None:
        """Ends the future, if there is one."""
        future, self.future = self.future, None
        if future is not None:
            finish(unwind(future), repr(future))

    def aclose(self) -> Coroutine[Any, Any, None]:
        """Ends the future, if there is one, and waits until it has unwound."""
        return close_owned(self)

    def __del__(self) -> None:
        future = self.future
        if future is not None:
            try:
                self.drop()
            except BaseException as error:
                report_exception(f"{future!r} failed while it was dropped", error)
