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

from ..future.poll_next import PollNext
from .methods.consuming import ConsumingMethods
from .methods.ending import EndingMethods
from .methods.items import ItemMethods
from .methods.several import SeveralMethods
from .methods.timed import TimedMethods


class Stream(PollNext, ItemMethods, SeveralMethods, TimedMethods, ConsumingMethods, EndingMethods):
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

    def size_hint(self) -> tuple[int, int | None]:
        """(at least, at most) how many items are still to come; None: not known, or no limit."""
        return 0, None

    def __class_getitem__(cls, item: object) -> type:
        return cls
