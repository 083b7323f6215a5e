"""StreamMap: streams by key, as one stream of (key, item); and StreamNotifyClose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..core.atomic_waker import AtomicWaker
from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..future.end import END
from .adapter import Adapter, count_of
from .ending import close_all, drop_all
from .into_stream import stream as to_stream
from .merge import generator
from .stream import Stream


class StreamMap(Stream):
    """Streams that come and go, each under a key; as a stream, ``(key, item)`` of all of them.

    Each poll asks all of them, from a random one on, so its cost grows with their number (``SelectAll`` polls only
    what was woken). A stream that has ended is taken out without a word (see ``StreamNotifyClose``). When it is empty
    it ends, and goes on after the next ``insert``, which wakes who waits.

    >>> import mezame
    >>> async def main():
    ...     streams = mezame.stream.StreamMap()
    ...     streams.insert("odd", mezame.stream.iter([1, 3]))
    ...     streams.insert("even", mezame.stream.iter([2]))
    ...     return sorted(await streams.collect())
    >>> mezame.run(main())
    [('even', 2), ('odd', 1), ('odd', 3)]

    Source of the semantics: ``tokio_stream::StreamMap``.
    """

    __slots__ = ("_streams", "_waker")

    def __init__(self) -> None:
        self._streams: dict[Any, Stream] = {}
        self._waker = AtomicWaker()

    def insert(self, key: Any, stream: Any) -> Stream | None:
        """Puts ``stream`` (or an async or plain iterable) under ``key``; returns the one that was there, or None."""
        old = self._streams.pop(key, None)
        self._streams[key] = to_stream(stream)
        self._waker.wake()
        return old

    def remove(self, key: Any) -> Stream | None:
        """Takes the stream under ``key`` out and returns it, or None."""
        stream = self._streams.pop(key, None)
        if not self._streams:
            self._waker.wake()
        return stream

    def contains_key(self, key: Any) -> bool:
        """True if there is a stream under ``key`` that has not ended."""
        return key in self._streams

    def keys(self) -> list[Any]:
        """The keys."""
        return list(self._streams)

    def values(self) -> list[Stream]:
        """The streams."""
        return list(self._streams.values())

    def clear(self) -> None:
        """Takes all streams out. They are not dropped by that, unless nobody else holds them."""
        self._streams.clear()
        self._waker.wake()

    def poll_next(self, cx: Context) -> Any:
        self._waker.register(cx.waker)
        keys = list(self._streams)
        start = generator().randrange(len(keys)) if len(keys) > 1 else 0
        for key in keys[start:] + keys[:start]:
            stream = self._streams.get(key)
            if stream is None:
                continue  # a stream that was polled before has taken it out
            answer = stream.poll_next(cx)
            if answer is PENDING:
                continue
            if answer.value is not END:
                return make_ready((key, answer.value))
            if self._streams.get(key) is stream:
                del self._streams[key]
        return PENDING if self._streams else make_ready(END)

    def poll_next_many(self, cx: Context, limit: int) -> Any:
        """``Poll.Ready(list)`` of 1 to ``limit`` pairs (``[]`` if it is empty, or ``limit`` is 0), or Pending."""
        got: list[Any] = []
        while len(got) < limit:
            answer = self.poll_next(cx)
            if answer is PENDING:
                return make_ready(got) if got else PENDING
            if answer.value is END:
                break
            got.append(answer.value)
        return make_ready(got)

    def next_many(self, limit: int) -> NextMany:
        """Awaits to a list of 1 to ``limit`` pairs ``(key, item)``, those that are there; ``[]`` if it is empty.

        Cancel safe: nothing is lost.
        """
        return NextMany(self, count_of("next_many", limit))

    def size_hint(self) -> tuple[int, int | None]:
        low, high = 0, 0
        for stream in self._streams.values():
            least, most = stream.size_hint()
            low += least
            if most is None:
                return sum(one.size_hint()[0] for one in self._streams.values()), None
            high += most
        return low, high

    def drop(self) -> None:
        streams = self.values()
        self.clear()
        drop_all(*streams)

    async def aclose(self) -> None:
        streams = self.values()
        self.clear()
        await close_all(*streams)

    def is_empty(self) -> bool:
        """True if there is no stream in it."""
        return not self._streams

    def __len__(self) -> int:
        """How many streams have not ended."""
        return len(self._streams)

    def __bool__(self) -> bool:
        return True

    def __contains__(self, key: object) -> bool:
        return key in self._streams

    def __getitem__(self, key: Any) -> Stream:
        return self._streams[key]

    def items(self) -> Iterator[tuple[Any, Stream]]:
        """(key, stream) of each."""
        return iter(list(self._streams.items()))

    def __repr__(self) -> str:
        return f"<StreamMap of {len(self)} streams>"


class NextMany(Future):
    """The future of ``StreamMap.next_many``."""

    __slots__ = ("_done", "_limit", "_map")

    def __init__(self, map: StreamMap, limit: int) -> None:
        self._map = map
        self._limit = limit
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("next_many() was polled after it completed: call it again")
        answer = self._map.poll_next_many(cx, self._limit)
        self._done = answer is not PENDING
        return answer


class StreamNotifyClose(Adapter):
    """A stream with one more item at its end, ``marker``: so a ``StreamMap`` tells which of its streams has ended.

    Args:
        stream: a Stream, or any async or plain iterable.
        marker: the item that tells of the end.

    >>> import mezame
    >>> async def main():
    ...     streams = mezame.stream.StreamMap()
    ...     streams.insert("a", mezame.stream.StreamNotifyClose([1]))
    ...     return await streams.collect()
    >>> mezame.run(main())
    [('a', 1), ('a', None)]

    Source of the semantics: ``tokio_stream::StreamNotifyClose``.
    """

    __slots__ = ("_marker", "_told")

    def __init__(self, stream: Any, marker: Any = None) -> None:
        super().__init__(to_stream(stream))
        self._marker = marker
        self._told = False

    def poll_next(self, cx: Context) -> Any:
        if self._told:
            return make_ready(END)
        answer = self._source.poll_next(cx)
        if answer is not PENDING and answer.value is END:
            self._told = True
            return make_ready(self._marker)
        return answer

    def into_inner(self) -> Stream:
        """The stream inside."""
        return self._source  # type: ignore[no-any-return]
