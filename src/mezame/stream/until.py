"""Streams that something outside ends: take_until (a future) and abortable (a handle)."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from ..future.abortable import AbortHandle
from ..future.end import END
from .adapter import Adapter, at_most
from .ending import close_all, drop_all
from .into_stream import stream as to_stream
from .owned import Owned


class TakeUntil(Adapter):
    """The stream of ``Stream.take_until``. ``_stop`` is empty once the future has completed: then it has ended."""

    __slots__ = ("_result", "_stop")

    def __init__(self, source: Any, future: Any) -> None:
        super().__init__(source)
        self._stop = Owned()
        self._stop.start(future)
        self._result: Any = None

    def poll_next(self, cx: Context) -> Any:
        if self._stop.future is None:
            return make_ready(END)
        answer = self._stop.poll(cx)
        if answer is not PENDING:
            self._result = answer.value
            return make_ready(END)
        return self._source.poll_next(cx)

    def is_stopped(self) -> bool:
        """True once the future has completed."""
        return self._stop.future is None

    def take_result(self) -> Any:
        """The value of the future once it has completed, for the first who asks; else None."""
        result, self._result = self._result, None
        return result

    def size_hint(self) -> tuple[int, int | None]:
        return at_most(self._source.size_hint()[1] if self._stop.future is not None else 0)

    def drop(self) -> None:
        drop_all(self._stop, self._source)

    async def aclose(self) -> None:
        await close_all(self._stop, self._source)


class AbortableStream(Adapter):
    """The stream of ``abortable``. The handle is looked at before each poll."""

    __slots__ = ("_handle",)

    def __init__(self, source: Any, handle: AbortHandle) -> None:
        super().__init__(source)
        self._handle = handle

    def poll_next(self, cx: Context) -> Any:
        handle = self._handle
        if not handle.is_aborted():
            handle._waker.register(cx.waker)
        if handle.is_aborted():
            return make_ready(END)
        return self._source.poll_next(cx)

    def is_aborted(self) -> bool:
        """True once its handle was told to abort."""
        return self._handle.is_aborted()

    def drop(self) -> None:
        self._handle._waker.take()
        super().drop()


def abortable(stream: Any) -> tuple[AbortableStream, AbortHandle]:
    """(stream, handle): the same stream, which ends once ``handle.abort()`` was called, from any thread.

    What the stream had begun is not cancelled by that; close it for that.

    >>> import mezame
    >>> async def main():
    ...     numbers, handle = mezame.stream.abortable(mezame.stream.repeat(1))
    ...     seen = await numbers.next()
    ...     handle.abort()
    ...     return seen, await numbers.next("aborted")
    >>> mezame.run(main())
    (1, 'aborted')

    Source of the semantics: ``futures::stream::abortable``.
    """
    handle = AbortHandle()
    return AbortableStream(to_stream(stream), handle), handle
