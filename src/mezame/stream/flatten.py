"""A stream of streams as one stream: flatten (one after the other) and flatten_unordered (several at a time)."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING
from ..future.end import END
from .adapter import Adapter, limit_of
from .ending import close_all, drop_all
from .into_stream import stream as to_stream
from .select_all import SelectAll


class Flatten(Adapter):
    """The stream of ``Stream.flatten`` and ``flat_map``. ``_inner`` is the stream whose turn it is, or None."""

    __slots__ = ("_inner",)

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self._inner: Any = None

    def poll_next(self, cx: Context) -> Any:
        while True:
            if self._inner is None:
                answer = self._source.poll_next(cx)
                if answer is PENDING or answer.value is END:
                    return answer
                self._inner = to_stream(answer.value)
            answer = self._inner.poll_next(cx)
            if answer is PENDING or answer.value is not END:
                return answer
            self._inner = None

    def drop(self) -> None:
        drop_all(self._inner, self._source)

    async def aclose(self) -> None:
        await close_all(self._inner, self._source)


class FlattenUnordered(Adapter):
    """The stream of ``Stream.flatten_unordered`` and ``flat_map_unordered``: at most ``_limit`` streams at a time."""

    __slots__ = ("_ended", "_inner", "_limit")

    def __init__(self, source: Any, limit: int | None) -> None:
        super().__init__(source)
        self._limit = limit_of("flatten_unordered", limit)
        self._inner = SelectAll()
        self._ended = False

    def poll_next(self, cx: Context) -> Any:
        is_pending = False  # the source, in this poll
        while True:
            while self._has_room() and not is_pending:
                answer = self._source.poll_next(cx)
                if answer is PENDING:
                    is_pending = True
                elif answer.value is END:
                    self._ended = True
                else:
                    self._inner.push(answer.value)
            answer = self._inner.poll_next(cx)
            if answer is not PENDING and answer.value is not END:
                return answer
            if self._has_room() and not is_pending:
                continue  # a stream has ended
            return answer if answer is PENDING or self._ended else PENDING

    def _has_room(self) -> bool:
        return not self._ended and (self._limit is None or len(self._inner) < self._limit)

    def drop(self) -> None:
        self._ended = True
        drop_all(self._inner, self._source)

    async def aclose(self) -> None:
        self._ended = True
        await close_all(self._inner, self._source)
