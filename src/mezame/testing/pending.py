"""Pending on demand: an adapter's path for "not yet" is taken when its input says so; these make it say so."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import Future, into_future
from ..core.poll import PENDING
from ..stream.stream import Stream


class Interleaved(Future):
    """A future that is Pending, and wakes itself, before each poll of the inner one (or only the first)."""

    __slots__ = ("_always", "_inner", "_pended")

    def __init__(self, inner: Any, always: bool) -> None:
        self._inner = into_future(inner)
        self._always = always
        self._pended = False

    def poll(self, cx: Context) -> Any:
        if not self._pended:
            self._pended = True
            cx.waker.wake()
            return PENDING
        if self._always:
            self._pended = False
        return self._inner.poll(cx)

    def close(self) -> None:
        self._inner.close()


class InterleavedStream(Stream):
    """A stream that is Pending, and wakes itself, before each poll of the inner one."""

    __slots__ = ("_inner", "_pended")

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._pended = False

    def poll_next(self, cx: Context) -> Any:
        self._pended = not self._pended
        if self._pended:
            cx.waker.wake()
            return PENDING
        return self._inner.poll_next(cx)

    def drop(self) -> None:
        self._inner.drop()

    async def aclose(self) -> None:
        await self._inner.aclose()


def pending_once(future: Any) -> Future:
    """``future``, after one Pending that wakes itself. Cancel safe as far as ``future`` is.

    >>> import mezame
    >>> from mezame.testing import pending_once, task
    >>> late = task.spawn(pending_once(mezame.ready(1)))
    >>> late.poll(), late.is_woken(), late.poll()
    (Poll.Pending, True, Poll.Ready(1))

    Source of the semantics: ``futures_test::future::FutureTestExt::pending_once``.
    """
    return Interleaved(future, always=False)


def interleave_pending(future: Any) -> Any:
    """``future`` (or stream), with a Pending that wakes itself before each of its polls.

    Args:
        future: anything that ``into_future`` takes; or a stream, which becomes a ``Stream``.

    >>> import mezame
    >>> from mezame.testing import interleave_pending, task
    >>> async def two(): return [n async for n in interleave_pending(mezame.stream.iter([1, 2]))]
    >>> mezame.run(two())
    [1, 2]

    Source of the semantics: ``futures_test::future::FutureTestExt::interleave_pending``.
    """
    if hasattr(future, "poll_next"):
        return InterleavedStream(future)
    return Interleaved(future, always=True)
