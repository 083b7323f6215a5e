"""A stream of futures, several of which run at a time: buffered (in order) and buffer_unordered (as they complete).

    source --at most n in the set--> FuturesOrdered / FuturesUnordered --> items

The futures that are in the set belong to the stream: they end when it does. A failed future raises, and the others and
the stream go on.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING
from ..future.end import END
from ..future.futures_ordered import FuturesOrdered
from ..future.futures_unordered import FuturesUnordered
from .adapter import Adapter, limit_of


class _Running(Adapter):
    """Base: ``_running`` is the set, ``_limit`` how many may be in it (None: no limit)."""

    __slots__ = ("_ended", "_limit", "_running")

    def __init__(self, source: Any, what: str, limit: int | None, running: Any) -> None:
        super().__init__(source)
        self._limit = limit_of(what, limit)
        self._running = running
        self._ended = False

    def _begin(self, future: Any) -> None:
        """Puts ``future`` into the set."""
        raise TypeError(f"{type(self).__name__} must define _begin(future)")

    def poll_next(self, cx: Context) -> Any:
        while not self._ended and (self._limit is None or len(self._running) < self._limit):
            answer = self._source.poll_next(cx)
            if answer is PENDING:
                break
            if answer.value is END:
                self._ended = True
            else:
                self._begin(answer.value)
        answer = self._running.poll_next(cx)
        if answer is PENDING or answer.value is not END or self._ended:
            return answer
        return PENDING

    def size_hint(self) -> tuple[int, int | None]:
        low, high = (0, 0) if self._ended else self._source.size_hint()
        begun = len(self._running)
        return low + begun, None if high is None else high + begun

    def drop(self) -> None:
        self._ended = True
        try:
            self._running.clear()
        finally:
            self._source.drop()

    async def aclose(self) -> None:
        self._ended = True
        try:
            await self._running.aclose()
        finally:
            await self._source.aclose()


class Buffered(_Running):
    """The stream of ``Stream.buffered``."""

    __slots__ = ()

    def __init__(self, source: Any, limit: int | None) -> None:
        super().__init__(source, "buffered", limit, FuturesOrdered())

    def _begin(self, future: Any) -> None:
        self._running.push_back(future)
        _own_newest(self._running._running)


class BufferUnordered(_Running):
    """The stream of ``Stream.buffer_unordered``."""

    __slots__ = ()

    def __init__(self, source: Any, limit: int | None) -> None:
        super().__init__(source, "buffer_unordered", limit, FuturesUnordered())

    def _begin(self, future: Any) -> None:
        self._running.push(future)
        _own_newest(self._running)


def _own_newest(members: FuturesUnordered) -> None:
    """A set only borrows Futures; these came out of the stream, nobody else has them."""
    next(reversed(members._members)).owned = True
