"""Sink: the other end of a stream: a place into which items are sent, each of which may have to wait for room.

The order of calls, which every sink may rely on and ``send`` keeps:

    poll_ready -> Pending                there is no room: the waker is woken when there is
    poll_ready -> Ready, start_send(x)   x is taken, maybe only into a buffer; one start_send for each Ready
    poll_flush -> Ready                  all that was taken has gone out
    poll_close -> Ready                  flushed, and closed: nothing more can be sent

An exception out of any of these means that the sink is broken: nothing more can be sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..future.end import END
from .callables import callable_for
from .sending import Closing, Feed, Flush, Send, SendAll


class Sink:
    """A place that items are sent into. Subclass it and define the four methods; send with ``await sink.send(item)``.

    >>> import mezame
    >>> from mezame import Poll
    >>> class Log(mezame.stream.Sink):
    ...     def __init__(self): self.lines = []
    ...     def poll_ready(self, cx): return Poll.Ready(None)
    ...     def start_send(self, item): self.lines.append(item)
    ...     def poll_flush(self, cx): return Poll.Ready(None)
    ...     def poll_close(self, cx): return Poll.Ready(None)
    >>> log = Log()
    >>> mezame.run(log.send("hello"))
    >>> log.lines
    ['hello']

    Source of the semantics: ``futures::Sink``.
    """

    __slots__ = ()

    def poll_ready(self, cx: Context) -> Any:
        """``Poll.Ready(None)`` when ``start_send`` may be called, or Pending. Raises if it is closed or broken."""
        raise TypeError(f"{type(self).__name__} is a Sink without a poll_ready(cx) method: define one")

    def start_send(self, item: Any) -> None:
        """Takes ``item``. Only after ``poll_ready`` answered Ready, once for each; otherwise it raises RuntimeError."""
        raise TypeError(f"{type(self).__name__} is a Sink without a start_send(item) method: define one")

    def poll_flush(self, cx: Context) -> Any:
        """``Poll.Ready(None)`` when all that was taken has gone out, or Pending."""
        raise TypeError(f"{type(self).__name__} is a Sink without a poll_flush(cx) method: define one")

    def poll_close(self, cx: Context) -> Any:
        """``Poll.Ready(None)`` when the sink is flushed and closed, or Pending."""
        raise TypeError(f"{type(self).__name__} is a Sink without a poll_close(cx) method: define one")

    # --- sending --------------------------------------------------------------------------------------------------

    def send(self, item: Any) -> Send:
        """Sends ``item`` and flushes. Cancelled before there was room, ``item`` is not sent; it is never sent in part.

        Source of the semantics: ``futures::SinkExt::send``.
        """
        return Send(self, item)

    def feed(self, item: Any) -> Feed:
        """Sends ``item`` without flushing, for several in a row. Cancelled, ``item`` is not sent.

        Source of the semantics: ``futures::SinkExt::feed``.
        """
        return Feed(self, item)

    def flush(self) -> Flush:
        """Waits until all that was sent has gone out. Cancel safe."""
        return Flush(self)

    def close(self) -> Closing:
        """Flushes and closes the sink: to be awaited. Cancel safe: call it again to go on."""
        return Closing(self)

    def send_all(self, stream: Any) -> SendAll:
        """Sends every item of ``stream`` and flushes; does not close the sink (``stream.forward(sink)`` does).

        It flushes also whenever ``stream`` has nothing for the moment. Raises what ``stream`` raises. Not cancel safe:
        an item that waits for room is lost.

        Args:
            stream: a Stream, or any async iterable.

        >>> import mezame
        >>> async def main():
        ...     tx, rx = mezame.sync.mpsc.channel(8)
        ...     await mezame.stream.PollSender(tx).send_all(mezame.stream.iter("ab"))
        ...     return await rx.recv_many(8)
        >>> mezame.run(main())
        ['a', 'b']

        Source of the semantics: ``futures::SinkExt::send_all``.
        """
        return SendAll(self, stream)

    # --- in front of it (sink_adapters.py): each consumes this sink and gives another --------------------------------

    def with_(self, function: Callable[[Any], Any]) -> Sink:
        """A sink whose items go through an async function first: ``await function(item)`` is sent here.

        >>> import mezame
        >>> async def double(n): return 2 * n
        >>> async def main():
        ...     tx, rx = mezame.sync.mpsc.channel(4)
        ...     await mezame.stream.PollSender(tx).with_(double).send(21)
        ...     return await rx.recv()
        >>> mezame.run(main())
        42

        Source of the semantics: ``futures::SinkExt::with``.
        """
        from .sink_adapters import With

        return With(self, function)

    def with_map(self, function: Callable[[Any], Any]) -> Sink:
        """A sink whose items go through a plain function first: ``function(item)`` is sent here."""
        from .sink_adapters import WithMap

        return WithMap(self, callable_for("with_map", function))

    def with_filter(self, predicate: Callable[[Any], Any]) -> Sink:
        """A sink that sends here only the items for which ``predicate(item)`` is true."""
        from .sink_adapters import WithMap

        callable_for("with_filter", predicate)
        return WithMap(self, lambda item: item if predicate(item) else END)

    def with_filter_map(self, function: Callable[[Any], Any]) -> Sink:
        """A sink that sends ``function(item)`` here, unless that is None."""
        from .sink_adapters import WithMap

        callable_for("with_filter_map", function)

        def mapped(item: Any) -> Any:
            value = function(item)
            return END if value is None else value

        return WithMap(self, mapped)

    def with_flat_map(self, function: Callable[[Any], Any]) -> Sink:
        """A sink that sends here every item of ``function(item)``, a Stream, or any async or plain iterable.

        Source of the semantics: ``futures::SinkExt::with_flat_map``.
        """
        from .sink_adapters import WithFlatMap

        return WithFlatMap(self, function)

    def buffer(self, capacity: int) -> Sink:
        """A sink that takes up to ``capacity`` items while this one has no room. ``flush`` empties the buffer.

        Source of the semantics: ``futures::SinkExt::buffer``.
        """
        from .sink_adapters import Buffer

        return Buffer(self, capacity)

    def fanout(self, other: Sink) -> Sink:
        """A sink that sends each item here and into ``other``: the same object. There is room when both have room.

        >>> import mezame
        >>> async def main():
        ...     (a, ra), (b, rb) = mezame.sync.mpsc.channel(1), mezame.sync.mpsc.channel(1)
        ...     await mezame.stream.PollSender(a).fanout(mezame.stream.PollSender(b)).send("both")
        ...     return await ra.recv(), await rb.recv()
        >>> mezame.run(main())
        ('both', 'both')

        Source of the semantics: ``futures::SinkExt::fanout``.
        """
        from .sink_adapters import Fanout

        return Fanout(self, other)

    def sink_map_err(self, function: Callable[[Exception], BaseException]) -> Sink:
        """A sink that raises ``function(error)`` where this one raises ``error``."""
        from .sink_adapters import SinkMapErr

        return SinkMapErr(self, function)
