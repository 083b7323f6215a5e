"""ConsumingMethods: what is awaited to take a stream to its end, or until it has seen enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class ConsumingMethods:
    """Mix-in of ``Stream``. Two kinds:

    * ``collect``, ``fold``, ``for_each`` and the like own the stream: if they fail or are cancelled, they close it
      (``aclose``), so that all that it began has unwound;
    * ``all``, ``any``, ``find``, ``find_map``, ``position``, ``nth`` may stop early, and leave the rest to be read.
    """

    __slots__ = ()

    # --- to the end -----------------------------------------------------------------------------------------------

    async def collect(self, into: Callable[[list[Any]], Any] = list) -> Any:
        """All items, in ``into``: ``list``, ``set``, ``dict``, ``"".join``, or any function of the list of them.

        Not cancel safe: what was taken is lost.

        >>> import mezame
        >>> mezame.run(mezame.stream.iter([("a", 1), ("b", 2)]).collect(dict))
        {'a': 1, 'b': 2}

        Source of the semantics: ``tokio_stream::StreamExt::collect``.
        """
        from ..callables import callable_for
        from ..consume import every_item

        callable_for("collect", into)
        items: list[Any] = []
        await every_item(self, items.append)
        return items if into is list else into(items)

    async def fold(self, initial: Any, function: Callable[[Any, Any], Any]) -> Any:
        """``function(function(initial, first), second)`` and so on. Not cancel safe.

        >>> import mezame
        >>> mezame.run(mezame.stream.iter([1, 2, 3]).fold(10, lambda sum, n: sum + n))
        16

        Source of the semantics: ``tokio_stream::StreamExt::fold``.
        """
        from ..callables import callable_for
        from ..consume import every_item

        callable_for("fold", function)
        value = initial

        def step(item: Any) -> None:
            nonlocal value
            value = function(value, item)

        await every_item(self, step)
        return value

    async def for_each(self, function: Callable[[Any], Any]) -> None:
        """``await function(item)`` of each, one after the other. (A plain function that returns None will do.)

        The first failure ends it and closes the stream. Not cancel safe.

        Source of the semantics: ``futures::StreamExt::for_each``, ``TryStreamExt::try_for_each``.
        """
        await self.for_each_concurrent(1, function)

    async def for_each_concurrent(self, limit: int | None, function: Callable[[Any], Any]) -> None:
        """``await function(item)`` of each, up to ``limit`` at a time (None, 0: no limit), in this task.

        The first failure cancels the others, which have unwound when it is raised, and closes the stream; so does
        cancelling this.

        >>> import mezame
        >>> async def main():
        ...     done = []
        ...     async def work(n):
        ...         await mezame.sleep(1 / n)
        ...         done.append(n)
        ...     await mezame.stream.iter([1, 2, 3]).for_each_concurrent(2, work)
        ...     return done
        >>> mezame.run(main(), start_paused=True)
        [2, 3, 1]

        Source of the semantics: ``futures::StreamExt::for_each_concurrent``, ``TryStreamExt::try_for_each_concurrent``.
        """
        from ...core.future import ready
        from ..buffered import BufferUnordered
        from ..callables import callable_for
        from ..consume import every_item
        from ..each_item import Map

        callable_for("for_each", function)

        def call(item: Any) -> Any:
            made = function(item)
            return ready(None) if made is None else made

        await every_item(BufferUnordered(Map(self, call), limit), lambda _: None)

    async def forward(self, sink: Any) -> None:
        """Sends every item into ``sink``, then flushes and closes that. Not cancel safe: an item may be lost.

        >>> import mezame
        >>> async def main():
        ...     tx, rx = mezame.sync.mpsc.channel(8)
        ...     await mezame.stream.iter([1, 2]).forward(mezame.stream.PollSender(tx))
        ...     return [n async for n in rx]
        >>> mezame.run(main())
        [1, 2]

        Source of the semantics: ``futures::StreamExt::forward``.
        """
        from ..sending import SendAll

        try:
            await SendAll(sink, self)
        except BaseException:
            await self.aclose()  # type: ignore[attr-defined]
            raise
        await sink.close()

    async def count(self) -> int:
        """How many items there were. Source of the semantics: ``futures::StreamExt::count``."""
        return await self.fold(0, lambda count, _: count + 1)  # type: ignore[no-any-return]

    async def last(self, default: Any = None) -> Any:
        """The last item; ``default`` if there was none. Source: ``async_std::stream::Stream::last``."""
        return await self.fold(default, lambda _, item: item)

    async def concat(self, default: Any = None) -> Any:
        """The items, which are strings, bytes, lists or tuples, one behind the other; ``default`` if there was none.

        >>> import mezame
        >>> mezame.run(mezame.stream.iter([b"wake", b"up"]).concat())
        b'wakeup'

        Source of the semantics: ``futures::StreamExt::concat``.
        """
        items = await self.collect()
        if not items:
            return default
        first = items[0]
        if isinstance(first, (str, bytes, bytearray)):
            return first[:0].join(items)
        if isinstance(first, (list, tuple)):
            return type(first)(part for item in items for part in item)
        for item in items[1:]:
            first = first + item
        return first

    async def unzip(self) -> tuple[list[Any], list[Any]]:
        """A stream of pairs as a pair of lists. Source of the semantics: ``futures::StreamExt::unzip``."""
        pairs = await self.collect()
        return [one for one, _ in pairs], [other for _, other in pairs]

    async def partition(self, predicate: Callable[[Any], Any]) -> tuple[list[Any], list[Any]]:
        """(those for which ``predicate(item)`` is true, the others). Source: ``async_std``."""
        from ..callables import callable_for
        from ..consume import every_item

        callable_for("partition", predicate)
        yes: list[Any] = []
        no: list[Any] = []
        await every_item(self, lambda item: (yes if predicate(item) else no).append(item))
        return yes, no

    async def sum(self, start: Any = 0) -> Any:
        """``start`` and all items, added. Source of the semantics: ``async_std::stream::Stream::sum``."""
        return await self.fold(start, lambda sum, item: sum + item)

    async def min(self, *, key: Callable[[Any], Any] | None = None, default: Any = None) -> Any:
        """The least item, by ``key(item)``; the first of equals; ``default`` if there was none.

        Source of the semantics: ``async_std::stream::Stream::min``, ``min_by_key``.
        """
        return min(await self.collect(), key=key, default=default)

    async def max(self, *, key: Callable[[Any], Any] | None = None, default: Any = None) -> Any:
        """The greatest item, by ``key(item)``; the first of equals; ``default`` if there was none.

        Source of the semantics: ``async_std::stream::Stream::max``, ``max_by_key``.
        """
        return max(await self.collect(), key=key, default=default)

    # --- as far as needed -----------------------------------------------------------------------------------------

    async def all(self, predicate: Callable[[Any], Any]) -> bool:
        """False at the first item for which ``predicate(item)`` is false (the rest is left); True if there was none.

        >>> import mezame
        >>> async def main():
        ...     numbers = mezame.stream.iter([1, 2, -1, 3])
        ...     return await numbers.all(lambda n: n > 0), await numbers.next()
        >>> mezame.run(main())
        (False, 3)

        Source of the semantics: ``tokio_stream::StreamExt::all``.
        """
        from ..callables import callable_for
        from ..each import Each

        callable_for("all", predicate)
        return not await Each(self, lambda item: not predicate(item))

    async def any(self, predicate: Callable[[Any], Any]) -> bool:
        """True at the first item for which ``predicate(item)`` is true (the rest is left); False if there was none.

        Source of the semantics: ``tokio_stream::StreamExt::any``.
        """
        from ..callables import callable_for
        from ..each import Each

        return bool(await Each(self, callable_for("any", predicate)))

    async def find(self, predicate: Callable[[Any], Any], default: Any = None) -> Any:
        """The first item for which ``predicate(item)`` is true (the rest is left); else ``default``.

        Source of the semantics: ``async_std::stream::Stream::find``.
        """
        from ..callables import callable_for
        from ..consume import NOTHING, first_that

        callable_for("find", predicate)
        return await first_that(self, lambda item: item if predicate(item) else NOTHING, default)

    async def find_map(self, function: Callable[[Any], Any], default: Any = None) -> Any:
        """The first ``function(item)`` that is not None (the rest is left); else ``default``.

        Source of the semantics: ``async_std::stream::Stream::find_map``.
        """
        from ..callables import callable_for
        from ..consume import NOTHING, first_that

        callable_for("find_map", function)

        def look(item: Any) -> Any:
            value = function(item)
            return NOTHING if value is None else value

        return await first_that(self, look, default)

    async def position(self, predicate: Callable[[Any], Any]) -> int | None:
        """The number, from 0, of the first item for which ``predicate(item)`` is true (the rest is left); or None.

        Source of the semantics: ``async_std::stream::Stream::position``.
        """
        from ..callables import callable_for
        from ..consume import NOTHING, first_that

        callable_for("position", predicate)
        at = -1

        def look(item: Any) -> Any:
            nonlocal at
            at += 1
            return at if predicate(item) else NOTHING

        return await first_that(self, look, None)  # type: ignore[no-any-return]

    async def nth(self, n: int, default: Any = None) -> Any:
        """The item after ``n`` others (the rest is left); ``default`` if there are not that many.

        Source of the semantics: ``async_std::stream::Stream::nth``.
        """
        from ..adapter import count_of
        from ..consume import NOTHING, first_that

        left = count_of("nth", n)

        def look(item: Any) -> Any:
            nonlocal left
            left -= 1
            return item if left < 0 else NOTHING

        return await first_that(self, look, default)
