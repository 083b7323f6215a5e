"""SeveralMethods: adapters for several streams, or for several futures of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..split import SplitSink, SplitStream
    from ..stream import Stream
    from ..until import TakeUntil
    from ..zip import Zip


class SeveralMethods:
    """Mix-in of ``Stream``. ``other`` is a Stream, or any async or plain iterable."""

    __slots__ = ()

    # --- with another stream --------------------------------------------------------------------------------------

    def chain(self, other: Any) -> Stream:
        """The items of this stream, then those of ``other``. Source: ``tokio_stream::StreamExt::chain``."""
        from ..chain import Chain

        return Chain(self, other)

    def merge(self, other: Any) -> Stream:
        """The items of both as they come; when both have some, in turn. Ends when both have ended.

        For more than two use ``select_all``: nested merges are unfair.

        >>> import mezame
        >>> mezame.run(mezame.stream.iter([1, 3]).merge([2, 4, 5]).collect())
        [1, 2, 3, 4, 5]

        Source of the semantics: ``tokio_stream::StreamExt::merge``.
        """
        from ..merge import Merge

        return Merge(self, other)

    def or_(self, other: Any) -> Stream:
        """The items of both as they come; when both have some, those of this stream first.

        Source of the semantics: ``futures_lite::stream::or``.
        """
        from ..merge import Or

        return Or(self, other)

    def race(self, other: Any) -> Stream:
        """The items of both as they come; when both have some, of either at random.

        Source of the semantics: ``futures_lite::stream::race``.
        """
        from ..merge import Race

        return Race(self, other)

    def zip(self, other: Any) -> Zip:
        """Pairs of an item of each. Ends with the shorter; ``into_remainder()`` has the item without a partner.

        >>> import mezame
        >>> mezame.run(mezame.stream.iter("ab").zip([1, 2, 3]).collect())
        [('a', 1), ('b', 2)]

        Source of the semantics: ``futures::StreamExt::zip``.
        """
        from ..zip import Zip

        return Zip(self, other)

    # --- about the end --------------------------------------------------------------------------------------------

    def fuse(self) -> Stream:
        """The same stream, which stays ended once it has ended. Source: ``tokio_stream::StreamExt::fuse``."""
        from ..chain import Fuse

        return Fuse(self)

    def cycle(self) -> Stream:
        """The items again and again; they are remembered. Ends if there are none. Source: ``futures``.

        >>> import mezame
        >>> mezame.run(mezame.stream.iter("ab").cycle().take(5).concat())
        'ababa'
        """
        from ..chain import Cycle

        return Cycle(self)

    def take_until(self, future: Any) -> TakeUntil:
        """The items until ``future`` is complete, which is looked at first. What it raises is raised, and ends it too.

        Args:
            future: a coroutine or Future; it belongs to the stream and ends with it.

        >>> import mezame
        >>> async def main():
        ...     ticks = mezame.stream.wrappers.IntervalStream(mezame.time.interval(1))
        ...     return await ticks.take_until(mezame.sleep(2.5)).count()
        >>> mezame.run(main(), start_paused=True)
        3

        Source of the semantics: ``futures::StreamExt::take_until``.
        """
        from ..until import TakeUntil

        return TakeUntil(self, future)

    def by_ref(self) -> Stream:
        """The same stream, borrowed: consumers and adapters that close it leave this one open.

        Source of the semantics: ``futures::StreamExt::by_ref``.
        """
        from ..chain import ByRef

        return ByRef(self)

    def split(self) -> tuple[SplitSink, SplitStream]:
        """(sink, stream): two halves of an object that is a Stream and a Sink, for two tasks; also in two threads.

        ``sink.reunite(stream)`` gives it back. Raises ``TypeError`` if this is no Sink.

        Source of the semantics: ``futures::StreamExt::split``.
        """
        from ..split import split

        return split(self)

    # --- several at a time ----------------------------------------------------------------------------------------

    def buffered(self, limit: int | None) -> Stream:
        """For a stream of futures: runs up to ``limit`` of them at a time; their values in the order of the futures.

        Args:
            limit: None or 0 for no limit. The stream is not read further while that many run or wait for their turn.

        They run in the task that awaits the stream; coroutines that are cut off are unwound by ``aclose``.

        >>> import mezame
        >>> async def fetch(n):
        ...     await mezame.sleep(1 / n)
        ...     return n
        >>> async def main():
        ...     one = await mezame.stream.iter([1, 2, 4]).map(fetch).buffered(3).collect()
        ...     return one, await mezame.stream.iter([1, 2, 4]).map(fetch).buffer_unordered(3).collect()
        >>> mezame.run(main(), start_paused=True)
        ([1, 2, 4], [4, 2, 1])

        Source of the semantics: ``futures::StreamExt::buffered``.
        """
        from ..buffered import Buffered

        return Buffered(self, limit)

    def buffer_unordered(self, limit: int | None) -> Stream:
        """As ``buffered``, but the values come as the futures complete.

        Source of the semantics: ``futures::StreamExt::buffer_unordered``.
        """
        from ..buffered import BufferUnordered

        return BufferUnordered(self, limit)

    def flatten_unordered(self, limit: int | None) -> Stream:
        """The items of the items as they come: up to ``limit`` of the streams are read at a time (None, 0: all).

        Source of the semantics: ``futures::StreamExt::flatten_unordered``.
        """
        from ..flatten import FlattenUnordered

        return FlattenUnordered(self, limit)

    def flat_map_unordered(self, limit: int | None, function: Callable[[Any], Any]) -> Stream:
        """``map(function).flatten_unordered(limit)``. Source: ``futures::StreamExt::flat_map_unordered``."""
        from ..each_item import Map
        from ..flatten import FlattenUnordered

        return FlattenUnordered(Map(self, function), limit)
