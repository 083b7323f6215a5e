"""Adapters about the end of a stream: fuse, chain, cycle, and by_ref, whose own end is not that of its source."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from ..future.end import END
from .adapter import Adapter
from .ending import close_all, drop_all
from .into_stream import stream as to_stream
from .stream import Stream


class Fuse(Adapter):
    """The stream of ``Stream.fuse``."""

    __slots__ = ("_ended",)

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self._ended = False

    def poll_next(self, cx: Context) -> Any:
        if self._ended:
            return make_ready(END)
        answer = self._source.poll_next(cx)
        if answer is not PENDING and answer.value is END:
            self._ended = True
        return answer

    def is_terminated(self) -> bool:
        """True once it has ended."""
        return self._ended

    def size_hint(self) -> tuple[int, int | None]:
        return (0, 0) if self._ended else self._source.size_hint()


class Chain(Stream):
    """The stream of ``Stream.chain``. ``_first`` is None once it has ended."""

    __slots__ = ("_first", "_second")

    def __init__(self, first: Any, second: Any) -> None:
        self._first: Any = first
        self._second = to_stream(second)

    def poll_next(self, cx: Context) -> Any:
        if self._first is not None:
            answer = self._first.poll_next(cx)
            if answer is PENDING or answer.value is not END:
                return answer
            self._first = None
        return self._second.poll_next(cx)

    def size_hint(self) -> tuple[int, int | None]:
        return self._second.size_hint() if self._first is None else sum_of(self._first, self._second)

    def drop(self) -> None:
        drop_all(self._first, self._second)

    async def aclose(self) -> None:
        await close_all(self._first, self._second)


class Cycle(Adapter):
    """The stream of ``Stream.cycle``. ``_rest`` is what comes once the source has ended, else None."""

    __slots__ = ("_items", "_rest")

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self._items: list[Any] = []
        self._rest: Any = None

    def poll_next(self, cx: Context) -> Any:
        if self._rest is None:
            answer = self._source.poll_next(cx)
            if answer is PENDING:
                return PENDING
            if answer.value is not END:
                self._items.append(answer.value)
                return answer
            if not self._items:
                return answer
            from itertools import cycle

            from .iterable import iter

            self._rest = iter(cycle(self._items))
        return self._rest.poll_next(cx)

    def drop(self) -> None:
        self._items.clear()
        if self._rest is not None:
            self._rest.drop()
        super().drop()

    async def aclose(self) -> None:
        self._items.clear()
        if self._rest is not None:
            self._rest.drop()
        await super().aclose()


class ByRef(Adapter):
    """The stream of ``Stream.by_ref``."""

    __slots__ = ()

    def poll_next(self, cx: Context) -> Any:
        return self._source.poll_next(cx)

    def size_hint(self) -> tuple[int, int | None]:
        return self._source.size_hint()  # type: ignore[no-any-return]

    def drop(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


def sum_of(first: Any, second: Any) -> tuple[int, int | None]:
    """The size hint of both together."""
    low, high = first.size_hint()
    other_low, other_high = second.size_hint()
    return low + other_low, None if high is None or other_high is None else high + other_high
