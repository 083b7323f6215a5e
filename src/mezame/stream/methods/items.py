"""ItemMethods: adapters that change items, or choose among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..peekable import Peekable
    from ..stream import Stream


class ItemMethods:
    """Mix-in of ``Stream``. Functions that are given see one item after the other, in order; if one raises, that item
    is lost and the stream may go on."""

    __slots__ = ()

    # --- changing them --------------------------------------------------------------------------------------------

    def map(self, function: Callable[[Any], Any]) -> Stream:
        """``function(item)`` of each.

        >>> import mezame
        >>> mezame.run(mezame.stream.iter([1, 2]).map(lambda n: n * 10).collect())
        [10, 20]

        Source of the semantics: ``tokio_stream::StreamExt::map``.
        """
        from ..each_item import Map

        return Map(self, function)

    def then(self, function: Callable[[Any], Any]) -> Stream:
        """``await function(item)`` of each, one after the other (``map(f).buffered(n)`` runs several at a time).

        A cancelled ``next()`` leaves the call running, and the next one goes on with it.

        Source of the semantics: ``tokio_stream::StreamExt::then``.
        """
        from ..then import Then

        return Then(self, function)

    def inspect(self, function: Callable[[Any], Any]) -> Stream:
        """The same items, each after ``function(item)`` has seen it. Source: ``futures::StreamExt::inspect``."""
        from ..each_item import Inspect

        return Inspect(self, function)

    def enumerate(self, start: int = 0) -> Stream:
        """``(number, item)``, counted from ``start``. Source: ``futures::StreamExt::enumerate``."""
        from ..each_item import Enumerate

        return Enumerate(self, start)

    def scan(self, initial: Any, function: Callable[[Any, Any], Any]) -> Stream:
        """``function(state, item)`` gives ``(new item, next state)``, or None, which ends the stream.

        >>> import mezame
        >>> mezame.run(mezame.stream.iter([1, 2, 3]).scan(0, lambda sum, n: (sum + n, sum + n)).collect())
        [1, 3, 6]

        Source of the semantics: ``futures::StreamExt::scan``.
        """
        from ..each_item import Scan

        return Scan(self, initial, function)

    def flatten(self) -> Stream:
        """The items of the items, which are Streams, or async or plain iterables: one after the other.

        >>> import mezame
        >>> mezame.run(mezame.stream.iter([[1, 2], [3]]).flatten().collect())
        [1, 2, 3]

        Source of the semantics: ``futures::StreamExt::flatten``.
        """
        from ..flatten import Flatten

        return Flatten(self)

    def flat_map(self, function: Callable[[Any], Any]) -> Stream:
        """``map(function).flatten()``. Source of the semantics: ``futures::StreamExt::flat_map``."""
        from ..flatten import Flatten

        return Flatten(self.map(function))

    # --- choosing -------------------------------------------------------------------------------------------------

    def filter(self, predicate: Callable[[Any], Any]) -> Stream:
        """Those for which ``predicate(item)`` is true. Source of the semantics: ``tokio_stream::StreamExt::filter``."""
        from ..each_item import Filter

        return Filter(self, predicate)

    def filter_map(self, function: Callable[[Any], Any]) -> Stream:
        """``function(item)`` of each, where that is not None.

        >>> import mezame
        >>> mezame.run(mezame.stream.iter("a1b2").filter_map(lambda c: int(c) if c.isdigit() else None).collect())
        [1, 2]

        Source of the semantics: ``tokio_stream::StreamExt::filter_map``.
        """
        from ..each_item import FilterMap

        return FilterMap(self, function)

    def take(self, count: int) -> Stream:
        """The first ``count``; the rest stays in this stream, which is not polled for more than that.

        >>> import mezame
        >>> async def main():
        ...     numbers = mezame.stream.iter(range(5))
        ...     return await numbers.take(2).collect(), await numbers.collect()
        >>> mezame.run(main())
        ([0, 1], [2, 3, 4])

        Source of the semantics: ``tokio_stream::StreamExt::take``.
        """
        from ..take import Take

        return Take(self, count)

    def take_while(self, predicate: Callable[[Any], Any]) -> Stream:
        """Those before the first for which ``predicate(item)`` is false; that one is lost.

        Source of the semantics: ``tokio_stream::StreamExt::take_while``.
        """
        from ..take import TakeWhile

        return TakeWhile(self, predicate)

    def map_while(self, function: Callable[[Any], Any]) -> Stream:
        """``function(item)`` of each, until that is None. Source: ``tokio_stream::StreamExt::map_while``."""
        from ..take import MapWhile

        return MapWhile(self, function)

    def skip(self, count: int) -> Stream:
        """Those after the first ``count``. Source of the semantics: ``tokio_stream::StreamExt::skip``."""
        from ..take import Skip

        return Skip(self, count)

    def skip_while(self, predicate: Callable[[Any], Any]) -> Stream:
        """Those from the first on for which ``predicate(item)`` is false.

        Source of the semantics: ``tokio_stream::StreamExt::skip_while``.
        """
        from ..take import SkipWhile

        return SkipWhile(self, predicate)

    def step_by(self, step: int) -> Stream:
        """The first and every ``step``-th after it. Source: ``async_std::stream::Stream::step_by``."""
        from ..take import StepBy

        return StepBy(self, step)

    def peekable(self) -> Peekable:
        """The same stream, with ``peek()``, ``next_if(f)`` and ``next_if_eq(value)``, which look at the next item.

        >>> import mezame
        >>> async def main():
        ...     numbers = mezame.stream.iter([1]).peekable()
        ...     return await numbers.peek(), await numbers.next(), await numbers.peek("none left")
        >>> mezame.run(main())
        (1, 1, 'none left')

        Source of the semantics: ``tokio_stream::StreamExt::peekable``.
        """
        from ..peekable import Peekable

        return Peekable(self)

    # --- in lists -------------------------------------------------------------------------------------------------

    def chunks(self, size: int) -> Stream:
        """Lists of ``size`` items; the last may be shorter. A failure between them loses none: they come later.

        >>> import mezame
        >>> mezame.run(mezame.stream.iter(range(5)).chunks(2).collect())
        [[0, 1], [2, 3], [4]]

        Source of the semantics: ``futures::StreamExt::chunks``, ``TryStreamExt::try_chunks``.
        """
        from ..chunks import Chunks

        return Chunks(self, size)

    def ready_chunks(self, size: int) -> Stream:
        """Lists of up to ``size`` items, those that are there: it waits for the first only.

        Source of the semantics: ``futures::StreamExt::ready_chunks``, ``TryStreamExt::try_ready_chunks``.
        """
        from ..chunks import ReadyChunks

        return ReadyChunks(self, size)

    # --- failures -------------------------------------------------------------------------------------------------

    def map_err(self, function: Callable[[Exception], BaseException]) -> Stream:
        """Where this raises ``error``, an ``Exception``, raises ``function(error)`` in its place.

        Source of the semantics: ``futures::TryStreamExt::map_err``.
        """
        from ..each_item import MapErr

        return MapErr(self, function)

    def or_else(self, function: Callable[[Exception], Any]) -> Stream:
        """Where this raises ``error``, an ``Exception``, the item is ``await function(error)``.

        Source of the semantics: ``futures::TryStreamExt::or_else``.
        """
        from ..then import OrElse

        return OrElse(self, function)
