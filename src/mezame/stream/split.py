"""split: an object that is a Stream and a Sink, in two halves that two tasks may use at a time.

Both halves poll one object, and never at once: whoever polls holds ``_Both.lock``, without waiting for it.

    half                                               other half, done with its poll
    ------------------------------------------         ------------------------------
    lock taken? poll, unlock, wake the other           unlock
    else register the waker; lock taken now? poll      wake the half
    else Pending

If the unlock comes before the second try, that takes the lock; if after, the wake finds the waker.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..core.atomic_waker import AtomicWaker
from ..core.context import Context
from ..core.poll import PENDING, make_ready
from .sink import Sink
from .stream import Stream

_NOTHING: Any = object()


class ReuniteError(Exception):
    """The halves do not belong together. Attributes: ``sink`` and ``stream``, the halves."""

    def __init__(self, sink: SplitSink, stream: SplitStream) -> None:
        super().__init__("these two halves were not split from one object")
        self.sink = sink
        self.stream = stream


class _Both:
    """What the halves share."""

    __slots__ = ("inner", "lock", "wakers")

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.lock = threading.Lock()
        self.wakers = (AtomicWaker(), AtomicWaker())

    def poll(self, half: int, cx: Context, poll: Callable[[Context], Any]) -> Any:
        """``poll(cx)``, alone with the object; or Pending until that is possible."""
        if not self.lock.acquire(blocking=False):
            self.wakers[half].register(cx.waker)
            if not self.lock.acquire(blocking=False):
                return PENDING
        try:
            return poll(cx)
        finally:
            self.lock.release()
            self.wakers[1 - half].wake()


class SplitStream(Stream):
    """The half of ``Stream.split`` that receives."""

    __slots__ = ("_both",)

    def __init__(self, both: _Both) -> None:
        self._both = both

    def poll_next(self, cx: Context) -> Any:
        both = self._both
        return both.poll(0, cx, both.inner.poll_next)

    def is_pair_of(self, sink: Any) -> bool:
        """True if ``sink`` is the other half of the same object."""
        return isinstance(sink, SplitSink) and sink._both is self._both

    def reunite(self, sink: SplitSink) -> Any:
        """The object that both halves are of. Raises ``ReuniteError`` for the half of another one."""
        return sink.reunite(self)


class SplitSink(Sink):
    """The half of ``Stream.split`` that sends. ``_item`` is an item on its way into the object's own ``start_send``."""

    __slots__ = ("_both", "_item")

    def __init__(self, both: _Both) -> None:
        self._both = both
        self._item = _NOTHING

    def _poll_item(self, cx: Context) -> Any:
        """Under the lock: the item goes into the object."""
        if self._item is not _NOTHING:
            inner = self._both.inner
            if inner.poll_ready(cx) is PENDING:
                return PENDING
            item, self._item = self._item, _NOTHING
            inner.start_send(item)
        return make_ready(None)

    def poll_ready(self, cx: Context) -> Any:
        return make_ready(None) if self._item is _NOTHING else self._both.poll(1, cx, self._poll_item)

    def start_send(self, item: Any) -> None:
        if self._item is not _NOTHING:
            raise RuntimeError("start_send was called with no room: poll_ready must answer Ready before each")
        self._item = item

    def poll_flush(self, cx: Context) -> Any:
        return self._both.poll(1, cx, self._flush)

    def _flush(self, cx: Context) -> Any:
        return PENDING if self._poll_item(cx) is PENDING else self._both.inner.poll_flush(cx)

    def poll_close(self, cx: Context) -> Any:
        return self._both.poll(1, cx, self._close)

    def _close(self, cx: Context) -> Any:
        return PENDING if self._poll_item(cx) is PENDING else self._both.inner.poll_close(cx)

    def is_pair_of(self, stream: Any) -> bool:
        """True if ``stream`` is the other half of the same object."""
        return isinstance(stream, SplitStream) and stream._both is self._both

    def reunite(self, stream: SplitStream) -> Any:
        """The object that both halves are of. Raises ``ReuniteError`` for the half of another one."""
        if not self.is_pair_of(stream):
            raise ReuniteError(self, stream)
        return self._both.inner


def split(both: Any) -> tuple[SplitSink, SplitStream]:
    """(sink, stream) of an object that is both."""
    for name in ("poll_next", "poll_ready", "start_send", "poll_flush", "poll_close"):
        if not hasattr(both, name):
            raise TypeError(f"split needs an object that is a Stream and a Sink; {both!r} has no {name}")
    shared = _Both(both)
    return SplitSink(shared), SplitStream(shared)
