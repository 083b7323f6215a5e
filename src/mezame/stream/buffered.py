"""A stream of futures, several of which run at a time: buffered (in order) and buffer_unordered (as they complete).

    source --at most n in the set--> OrderedMembers / Members --> items

The futures that are in the set belong to the stream: they end when it does, as in ``owned.py``. A failed future raises,
and the others and the stream go on.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, Ready
from ..core.report import report_exception
from ..future.end import END
from ..future.members import Members
from ..future.ordered_members import OrderedMembers
from .adapter import Adapter, limit_of
from .ending import close_all
from .finish import finish_all

_END: Any = END  # as a C variable


class _Running(Adapter):
    """Base: ``_running`` is the set, ``_limit`` how many may be in it (0: no limit)."""

    __slots__ = ("_ended", "_limit", "_running")

    def __init__(self, source: Any, what: str, limit: int | None, running: Members) -> None:
        super().__init__(source)
        self._running = running
        self._ended = False
        self._limit = limit_of(what, limit) or 0

    def poll_next(self, cx: Context) -> Any:
        while not self._ended and (self._limit == 0 or len(self._running) < self._limit):
            answer = self._source.poll_next(cx)
            if answer is PENDING:
                break
            ready: Ready = answer
            if ready.value is _END:
                self._ended = True
            else:
                self._running.push(ready.value, True)  # nobody else has it: the set owns it, also if it is a Future
        answer = self._running.poll_next(cx)
        if answer is PENDING:
            return PENDING
        ready = answer
        return ready if ready.value is not _END or self._ended else PENDING

    def size_hint(self) -> tuple[int, int | None]:
        low, high = (0, 0) if self._ended else self._source.size_hint()
        begun = len(self._running)
        return low + begun, None if high is None else high + begun

    def drop(self) -> None:
        self._ended = True
        try:
            finish_all(self._running.take())
        finally:
            self._source.drop()

    def aclose(self) -> Coroutine[Any, Any, None]:
        """As that of every stream."""
        self._ended = True
        return close_all(self._running, self._source)

    def __del__(self) -> None:
        if not self._running._members:  # nothing to end: also when the interpreter ends, and takes the names below away
            return
        try:
            finish_all(self._running.take())
        except BaseException as error:
            report_exception(f"one of {self._running!r} failed while it was dropped", error)


class Buffered(_Running):
    """The stream of ``Stream.buffered``."""

    __slots__ = ()

    def __init__(self, source: Any, limit: int | None) -> None:
        super().__init__(source, "buffered", limit, OrderedMembers())


class BufferUnordered(_Running):
    """The stream of ``Stream.buffer_unordered``."""

    __slots__ = ()

    def __init__(self, source: Any, limit: int | None) -> None:
        super().__init__(source, "buffer_unordered", limit, Members())
