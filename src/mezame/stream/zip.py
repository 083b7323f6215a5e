"""Zip: the items of two streams in pairs."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from ..future.end import END
from .ending import close_all, drop_all
from .into_stream import stream as to_stream
from .stream import Stream

_NOTHING: Any = object()


class Zip(Stream):
    """The stream of ``Stream.zip``. ``_one`` and ``_other``: an item that waits for its partner."""

    __slots__ = ("_ended", "_left", "_one", "_other", "_right")

    def __init__(self, left: Any, right: Any) -> None:
        self._left = left
        self._right = to_stream(right)
        self._one = self._other = _NOTHING
        self._ended = False

    def poll_next(self, cx: Context) -> Any:
        if self._ended:
            return make_ready(END)
        ended = False
        if self._one is _NOTHING:
            answer = self._left.poll_next(cx)
            if answer is not PENDING:
                ended = answer.value is END
                self._one = _NOTHING if ended else answer.value
        if self._other is _NOTHING:
            answer = self._right.poll_next(cx)
            if answer is not PENDING:
                over = answer.value is END
                self._other = _NOTHING if over else answer.value
                ended = ended or over
        if ended:
            self._ended = True
            return make_ready(END)
        if self._one is _NOTHING or self._other is _NOTHING:
            return PENDING
        pair = (self._one, self._other)
        self._one = self._other = _NOTHING
        return make_ready(pair)

    def into_remainder(self) -> list[Any]:
        """The item that had no partner, in a list, or ``[]``: what the longer stream had given when the other ended."""
        rest = [item for item in (self._one, self._other) if item is not _NOTHING]
        self._one = self._other = _NOTHING
        return rest

    def size_hint(self) -> tuple[int, int | None]:
        if self._ended:
            return 0, 0
        lows, highs = [], []
        for stream, waiting in ((self._left, self._one), (self._right, self._other)):
            low, high = stream.size_hint()
            more = int(waiting is not _NOTHING)
            lows.append(low + more)
            if high is not None:
                highs.append(high + more)
        return min(lows), min(highs, default=None)

    def drop(self) -> None:
        self._ended = True
        drop_all(self._left, self._right)

    async def aclose(self) -> None:
        self._ended = True
        await close_all(self._left, self._right)
