"""FuturesUnordered and FuturesOrdered as streams: those of ``mezame.future``, with the adapters."""

from __future__ import annotations

from ..future import futures_ordered, futures_unordered
from .stream import Stream


class FuturesUnordered(futures_unordered.FuturesUnordered, Stream):
    """``mezame.future.FuturesUnordered`` that is a Stream: many futures in one task, values as they complete.

    >>> import mezame
    >>> async def main():
    ...     return await mezame.stream.FuturesUnordered([mezame.ready(1), mezame.ready(2)]).map(str).collect()
    >>> mezame.run(main())
    ['1', '2']

    Source of the semantics: ``futures::stream::FuturesUnordered``.
    """

    def drop(self) -> None:
        self.clear()

    def size_hint(self) -> tuple[int, int | None]:
        return len(self), len(self)


class FuturesOrdered(futures_ordered.FuturesOrdered, Stream):
    """``mezame.future.FuturesOrdered`` that is a Stream: many futures in one task, values in their order.

    >>> import mezame
    >>> async def main():
    ...     return await mezame.stream.FuturesOrdered([mezame.ready(1), mezame.ready(2)]).map(str).collect()
    >>> mezame.run(main())
    ['1', '2']

    Source of the semantics: ``futures::stream::FuturesOrdered``.
    """

    def drop(self) -> None:
        self.clear()

    def size_hint(self) -> tuple[int, int | None]:
        return len(self), len(self)
