"""Peekable: a stream whose next item can be looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..future.end import END
from .adapter import Adapter
from .callables import callable_for

_NOTHING: Any = object()


class Peekable(Adapter):
    """The stream of ``Stream.peekable``. ``_peeked`` is the item (or END) that was looked at."""

    __slots__ = ("_peeked",)

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self._peeked = _NOTHING

    def poll_next(self, cx: Context) -> Any:
        if self._peeked is _NOTHING:
            return self._source.poll_next(cx)
        item, self._peeked = self._peeked, _NOTHING
        return make_ready(item)

    def poll_peek(self, cx: Context) -> Any:
        """``Poll.Ready(item)``, which stays the next one; ``Poll.Ready(END)``; or Pending."""
        if self._peeked is _NOTHING:
            answer = self._source.poll_next(cx)
            if answer is PENDING:
                return PENDING
            self._peeked = answer.value
        return make_ready(self._peeked)

    def peek(self, default: Any = None) -> Peek:
        """Awaits to the next item, which stays the next one; ``default`` at the end. Cancel safe."""
        return Peek(self, default)

    def next_if(self, predicate: Callable[[Any], Any], default: Any = None) -> Peek:
        """Awaits to the next item if ``predicate(item)`` is true; else it stays: then ``default``. Cancel safe.

        >>> import mezame
        >>> async def main():
        ...     numbers = mezame.stream.iter([1, 2]).peekable()
        ...     return await numbers.next_if(lambda n: n > 1), await numbers.next_if_eq(1), await numbers.peek()
        >>> mezame.run(main())
        (None, 1, 2)

        Source of the semantics: ``futures::stream::Peekable::next_if``.
        """
        return Peek(self, default, callable_for("next_if", predicate))

    def next_if_eq(self, value: Any, default: Any = None) -> Peek:
        """Awaits to the next item if it equals ``value``; else it stays, and this gives ``default``. Cancel safe."""
        return Peek(self, default, lambda item: item == value)

    def size_hint(self) -> tuple[int, int | None]:
        if self._peeked is END:
            return 0, 0
        low, high = self._source.size_hint()
        more = int(self._peeked is not _NOTHING)
        return low + more, None if high is None else high + more

    def drop(self) -> None:
        self._peeked = _NOTHING
        super().drop()

    async def aclose(self) -> None:
        self._peeked = _NOTHING
        await super().aclose()


class Peek(Future):
    """The future of ``peek``, ``next_if`` and ``next_if_eq``."""

    __slots__ = ("_accept", "_default", "_done", "_stream")

    def __init__(self, stream: Peekable, default: Any, accept: Callable[[Any], Any] | None = None) -> None:
        self._stream = stream
        self._default = default
        self._accept = accept
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("peek() was polled after it completed: call it again")
        answer = self._stream.poll_peek(cx)
        if answer is PENDING:
            return PENDING
        self._done = True
        if answer.value is END:
            return make_ready(self._default)
        if self._accept is not None:
            if not self._accept(answer.value):
                return make_ready(self._default)
            self._stream._peeked = _NOTHING
        return answer
