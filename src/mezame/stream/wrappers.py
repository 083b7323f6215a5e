"""Wrappers: receivers, intervals, listeners and the like as streams, with the adapters (``tokio_stream::wrappers``).

Each holds what it wraps in ``inner``; ``into_inner`` gives it back, and nothing is lost by that. Most of these are
async iterators by themselves: a wrapper is for ``map``, ``merge``, ``StreamMap`` and so on.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from ..future.end import END
from ..sync.broadcast.errors import RecvError as BroadcastRecvError
from ..sync.watch import RecvError as WatchRecvError
from .owned import Owned
from .stream import Stream

__all__ = [
    "BroadcastStream",
    "IntervalStream",
    "JoinSetStream",
    "LinesStream",
    "ReadDirStream",
    "ReceiverStream",
    "SignalStream",
    "SplitStream",
    "TcpListenerStream",
    "UnboundedReceiverStream",
    "UnixListenerStream",
    "WatchStream",
]


class _Wrapper(Stream):
    """Base. ``_wait`` is the wait for an item that is in progress: a cancelled ``next()`` leaves it there.

    A subclass may define ``_begin`` (a new wait; ``StopAsyncIteration`` out of it is the end) and ``_item``.
    """

    __slots__ = ("_inner", "_wait")

    _NEEDS: ClassVar[str] = "__anext__"

    def __init__(self, inner: Any) -> None:
        if not hasattr(inner, self._NEEDS):
            raise TypeError(f"{type(self).__name__} wraps an object with {self._NEEDS}(), not {inner!r}")
        self._inner = inner
        self._wait = Owned()

    def _begin(self) -> Any:
        return self._inner.__anext__()

    def _item(self, value: Any) -> Any:
        return value

    def poll_next(self, cx: Context) -> Any:
        wait = self._wait
        try:
            if wait.future is None:
                if self._inner is None:
                    return make_ready(END)
                wait.start(self._begin())
            answer = wait.poll(cx)
        except StopAsyncIteration:
            return make_ready(END)
        return PENDING if answer is PENDING else make_ready(self._item(answer.value))

    @property
    def inner(self) -> Any:
        """What it wraps; None once it was taken out or dropped."""
        return self._inner

    def into_inner(self) -> Any:
        """Gives back what it wraps. The stream has ended then. Raises ``RuntimeError`` if it is gone already."""
        if self._inner is None:
            raise RuntimeError(f"this {type(self).__name__} has no inner object any more: it was taken out or dropped")
        self._wait.drop()
        inner, self._inner = self._inner, None
        return inner

    def drop(self) -> None:
        self._inner = None
        self._wait.drop()

    async def aclose(self) -> None:
        self._inner = None
        await self._wait.aclose()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._inner!r}>"


class ReceiverStream(_Wrapper):
    """The messages of a bounded channel (``mpsc`` or ``mpmc``); ends when it is closed and empty.

    >>> import mezame
    >>> from mezame.stream.wrappers import ReceiverStream
    >>> async def main():
    ...     tx, rx = mezame.sync.mpsc.channel(4)
    ...     for n in (1, 2):
    ...         await tx.send(n)
    ...     tx.close()
    ...     return await ReceiverStream(rx).map(lambda n: n * 10).collect()
    >>> mezame.run(main())
    [10, 20]

    Source of the semantics: ``tokio_stream::wrappers::ReceiverStream``.
    """

    __slots__ = ()
    _NEEDS = "recv"

    def close(self) -> None:
        """Closes the channel: no new messages; those that were sent still arrive. Idempotent."""
        if self._inner is not None:
            self._inner.close()

    def size_hint(self) -> tuple[int, int | None]:
        if self._inner is None:
            return 0, 0
        return len(self._inner), None


class UnboundedReceiverStream(ReceiverStream):
    """The messages of an unbounded channel. Source: ``tokio_stream::wrappers::UnboundedReceiverStream``.

    >>> import mezame
    >>> from mezame.stream.wrappers import UnboundedReceiverStream
    >>> tx, rx = mezame.sync.mpsc.unbounded_channel()
    >>> tx.send("hello"); tx.close()
    >>> mezame.run(UnboundedReceiverStream(rx).collect())
    ['hello']
    """

    __slots__ = ()


class BroadcastStream(_Wrapper):
    """What is sent into a broadcast channel; ends when every sender was closed.

    A receiver that was too slow raises ``RecvError.Lagged`` (``skipped``) from ``next()``; the stream goes on after
    what was lost.

    >>> import mezame
    >>> from mezame.stream.wrappers import BroadcastStream
    >>> async def main():
    ...     tx, rx = mezame.sync.broadcast.channel(2)
    ...     numbers = BroadcastStream(rx)
    ...     for n in (10, 20, 30):
    ...         tx.send(n)
    ...     try:
    ...         await numbers.next()
    ...     except mezame.sync.broadcast.RecvError.Lagged as error:
    ...         return error.skipped, await numbers.next(), await numbers.next()
    >>> mezame.run(main())
    (1, 20, 30)

    Source of the semantics: ``tokio_stream::wrappers::BroadcastStream``.
    """

    __slots__ = ()
    _NEEDS = "recv"

    def _begin(self) -> Any:
        return self._inner.recv()

    def poll_next(self, cx: Context) -> Any:
        try:
            return super().poll_next(cx)
        except BroadcastRecvError.Closed:
            return make_ready(END)


class WatchStream(_Wrapper):
    """The values of a watch channel: the present one first, then each that was not seen; ends with the last sender.

    ``WatchStream.from_changes(rx)`` leaves out the present one. Values in between may be skipped.

    >>> import mezame
    >>> from mezame.stream.wrappers import WatchStream
    >>> async def main():
    ...     tx, rx = mezame.sync.watch.channel("starting")
    ...     states = WatchStream(rx)
    ...     first = await states.next()
    ...     tx.send("running"); tx.close()
    ...     return first, await states.collect()
    >>> mezame.run(main())
    ('starting', ['running'])

    Source of the semantics: ``tokio_stream::wrappers::WatchStream``.
    """

    __slots__ = ("_first",)
    _NEEDS = "changed"

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self._first = True

    @classmethod
    def from_changes(cls, inner: Any) -> WatchStream:
        """Only values that come later, and the present one if it was not seen."""
        stream = cls(inner)
        stream._first = False
        return stream

    def _begin(self) -> Any:
        return self._inner.changed()

    def _item(self, value: Any) -> Any:
        return self._inner.borrow_and_update()

    def poll_next(self, cx: Context) -> Any:
        if self._first and self._inner is not None:
            self._first = False
            return make_ready(self._inner.borrow_and_update())
        try:
            return super().poll_next(cx)
        except WatchRecvError:
            return make_ready(END)


class IntervalStream(_Wrapper):
    """The ticks of an ``Interval``: the ``Instant`` for which each was scheduled. Never ends.

    >>> import mezame
    >>> from mezame.stream.wrappers import IntervalStream
    >>> async def main():
    ...     ticks = IntervalStream(mezame.time.interval(1)).take(3)
    ...     return [round(at - mezame.time.now()) async for at in ticks]
    >>> mezame.run(main(), start_paused=True)
    [0, 0, 0]

    Source of the semantics: ``tokio_stream::wrappers::IntervalStream``.
    """

    __slots__ = ()
    _NEEDS = "tick"

    def _begin(self) -> Any:
        return self._inner.tick()


class SignalStream(_Wrapper):
    """The deliveries of a ``mezame.signal.Signal``. Source: ``tokio_stream::wrappers::SignalStream``."""

    __slots__ = ()


class TcpListenerStream(_Wrapper):
    """The connections of a ``TcpListener``, without the peers' addresses (``stream.peer_addr()``). Never ends.

    >>> import mezame
    >>> from mezame.net import TcpListener, TcpStream
    >>> from mezame.stream.wrappers import TcpListenerStream
    >>> async def main():
    ...     connections = TcpListenerStream(await TcpListener.bind("127.0.0.1:0"))
    ...     async with await TcpStream.connect(connections.inner.local_addr()) as client:
    ...         async with await connections.next() as served:
    ...             return served.peer_addr() == client.local_addr()
    >>> mezame.run(main())
    True

    Source of the semantics: ``tokio_stream::wrappers::TcpListenerStream``.
    """

    __slots__ = ()
    _NEEDS = "accept"

    def _begin(self) -> Any:
        return self._inner.accept()

    def _item(self, value: Any) -> Any:
        return value[0]


class UnixListenerStream(TcpListenerStream):
    """The connections of a ``UnixListener``. Source: ``tokio_stream::wrappers::UnixListenerStream``."""

    __slots__ = ()


class LinesStream(_Wrapper):
    """The lines of a reader: wraps ``reader.lines()``. Source: ``tokio_stream::wrappers::LinesStream``."""

    __slots__ = ()


class SplitStream(_Wrapper):
    """The pieces of a reader: wraps ``reader.split(byte)``. Source: ``tokio_stream::wrappers::SplitStream``."""

    __slots__ = ()


class ReadDirStream(_Wrapper):
    """The entries of a directory: wraps ``fs.read_dir(path)``. Source: ``tokio_stream::wrappers::ReadDirStream``."""

    __slots__ = ()


class JoinSetStream(_Wrapper):
    """The tasks of a ``JoinSet`` as they end: ``task.result()`` is the value. Ends when the set is empty.

    >>> import mezame
    >>> from mezame.stream.wrappers import JoinSetStream
    >>> async def main():
    ...     tasks = mezame.task.JoinSet(mezame.ready(n) for n in range(3))
    ...     return sorted(await JoinSetStream(tasks).map(mezame.Task.result).collect())
    >>> mezame.run(main())
    [0, 1, 2]

    Source of the semantics: ``tokio_stream::wrappers::JoinSetStream``.
    """

    __slots__ = ()
    _NEEDS = "join_next"

    def _begin(self) -> Any:
        return self._inner.join_next()

    def poll_next(self, cx: Context) -> Any:
        answer = super().poll_next(cx)
        return make_ready(END) if answer is not PENDING and answer.value is None else answer
