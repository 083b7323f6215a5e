"""SelectAll: any number of streams as one; polls only those that were woken.

A member is a ``Turn`` in a ``FuturesUnordered``: the future of one item of its stream, pushed again after each item. So
the streams take turns, and the one that has just given an item comes last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..future.end import END
from ..future.futures_unordered import FuturesUnordered
from .ending import close_all, drop_all
from .into_stream import stream as to_stream
from .stream import Stream


class Turn(Future):
    """The next item of ``stream``: awaits to (the stream, the item or END, None), or (the stream, END, the failure)."""

    __slots__ = ("stream",)

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def poll(self, cx: Context) -> Any:
        try:
            answer = self.stream.poll_next(cx)
        except Exception as error:
            return make_ready((self.stream, END, error))
        return answer if answer is PENDING else make_ready((self.stream, answer.value, None))


class SelectAll(Stream):
    """The stream of ``select_all``. Streams may be pushed while it is iterated.

    When it is empty it ends, and goes on after the next ``push``.

    Source of the semantics: ``futures::stream::SelectAll``.
    """

    __slots__ = ("_turns",)

    def __init__(self, streams: Iterable[Any] = ()) -> None:
        self._turns = FuturesUnordered()
        for one in streams:
            self.push(one)

    def push(self, stream: Any) -> None:
        """Adds a stream (or any async or plain iterable); wakes who waits."""
        self._turns.push(Turn(to_stream(stream)))

    def poll_next(self, cx: Context) -> Any:
        while True:
            answer = self._turns.poll_next(cx)
            if answer is PENDING or answer.value is END:
                return answer
            stream, item, error = answer.value
            if error is not None:
                self._turns.push(Turn(stream))
                raise error
            if item is not END:
                self._turns.push(Turn(stream))
                return make_ready(item)

    def _take(self) -> list[Any]:
        streams = list(self)
        self._turns.clear()
        return streams

    def clear(self) -> None:
        """Takes all streams out. They are not dropped by that, unless nobody else holds them."""
        self._turns.clear()

    def drop(self) -> None:
        drop_all(*self._take())

    async def aclose(self) -> None:
        await close_all(*self._take())

    def is_empty(self) -> bool:
        """True if there is no stream in it."""
        return self._turns.is_empty()

    def __len__(self) -> int:
        """How many streams have not ended."""
        return len(self._turns)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Stream]:
        """The streams that have not ended."""
        return iter([turn.stream for turn in self._turns])  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return f"<SelectAll of {len(self)} streams>"


def select_all(streams: Iterable[Any] = ()) -> SelectAll:
    """Any number of streams as one: their items as they come, in turns. Ends when all have ended.

    Args:
        streams: Streams, or any async or plain iterables.

    A failure of one is raised, and the stream goes on.

    >>> import mezame
    >>> mezame.run(mezame.stream.select_all([[1, 4], [2, 5], [3]]).collect())
    [1, 2, 3, 4, 5]

    Source of the semantics: ``futures::stream::select_all``.
    """
    return SelectAll(streams)
