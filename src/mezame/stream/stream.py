"""Stream: items that come one after the other, each of which may have to be waited for.

``poll_next`` is to a stream what ``poll`` is to a future: it never blocks, and answers

    Poll.Ready(item)    the next item
    Poll.Ready(END)     there is no more: final only if the stream is fused, or says so
    Poll.Pending        not yet; the waker of this poll will be woken
    an exception        passes through to whoever awaits; the stream itself may go on (an item failed, not the stream)

One task at a time polls a stream. What keeps it alive and what ends it:

1. A stream owns what it began (a coroutine, an iteration of a generator) until that is done. ``next()`` owns nothing:
   cancelled, it loses no item.
2. An adapter (``stream.map(f)``) takes from its source only what it needs, and leaves the rest there. A source that
   somebody still holds may go on to be used when the adapter is gone.
3. ``drop()`` ends a stream and its sources at once, ``aclose()`` (and ``async with``) also waits until all that it
   began has unwound. The last reference of a stream going away is a ``drop()`` of what it began.
4. A consumer (``collect``, ``fold``, ``for_each`` ...) owns the stream: if it fails or is cancelled it closes it.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..future.end import END
from .methods.consuming import ConsumingMethods
from .methods.items import ItemMethods
from .methods.several import SeveralMethods
from .methods.timed import TimedMethods
from .next import STOP, Next


class Stream(ItemMethods, SeveralMethods, TimedMethods, ConsumingMethods):
    """A sequence of items that come later. Subclass it and define ``poll_next``; iterate with ``async for``.

    ``poll_next(cx)`` returns ``Poll.Ready(item)``, ``Poll.Ready(END)`` when there is no more, or it arranges that
    ``cx.waker.wake()`` will be called and returns ``Poll.Pending``.

    ``drop()`` ends it: override it to unregister what ``poll_next`` registered. It must be idempotent.

    >>> import mezame
    >>> from mezame.stream import END, Stream
    >>> class Countdown(Stream):
    ...     def __init__(self, n): self.n = n
    ...     def poll_next(self, cx):
    ...         if self.n == 0:
    ...             return mezame.Poll.Ready(END)
    ...         self.n -= 1
    ...         return mezame.Poll.Ready(self.n + 1)
    >>> async def main():
    ...     return [n async for n in Countdown(3)]
    >>> mezame.run(main())
    [3, 2, 1]

    Source of the semantics: ``futures::Stream``.
    """

    __slots__ = ()

    END = END
    """What ``poll_next`` answers at the end: ``Poll.Ready(Stream.END)``. The same as ``mezame.stream.END``."""

    def poll_next(self, cx: Context) -> Any:
        """Goes on as far as is possible now; never blocks.

        Args:
            cx: valid during this call only; its ``waker`` may be kept, and the one of the latest poll is to be woken.

        Returns ``Poll.Ready(item)``, ``Poll.Ready(END)`` or ``Poll.Pending``.
        """
        raise TypeError(f"{type(self).__name__} is a Stream without a poll_next(cx) method: define one")

    def size_hint(self) -> tuple[int, int | None]:
        """(at least, at most) how many items are still to come; None: not known, or no limit."""
        return 0, None

    def next(self, default: Any = None) -> Next:
        """Awaits to the next item; ``default`` at the end. Raises what the stream raises. Cancel safe: nothing is lost.

        Args:
            default: what tells the end apart from an item that is None.

        >>> import mezame
        >>> async def main():
        ...     numbers = mezame.stream.iter([1])
        ...     return await numbers.next(), await numbers.next("over")
        >>> mezame.run(main())
        (1, 'over')

        Source of the semantics: ``tokio_stream::StreamExt::next``.
        """
        return Next(self, default)

    def __aiter__(self) -> Any:
        return self

    def __anext__(self) -> Next:
        return Next(self, STOP)

    def drop(self) -> None:
        """Ends the stream and its sources at once. Idempotent.

        What it began is closed: a coroutine or generator whose ``finally`` blocks await goes on, as a task of the
        current runtime, until it has unwound. ``aclose`` waits for that. (A stream has no ``close()``: that is what
        sinks and channels have.)
        """

    async def aclose(self) -> None:
        """``drop``, and waits until all that the stream began has unwound; raises what that raises."""
        self.drop()

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        await self.aclose()

    def __class_getitem__(cls, item: object) -> type:
        return cls
