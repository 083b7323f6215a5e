"""Adapters that keep a part of a stream: take, take_while, skip, skip_while, map_while, step_by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from ..future.end import END
from .adapter import Adapter, at_most, count_of
from .callables import callable_for


class Take(Adapter):
    """The stream of ``Stream.take``. The source is not polled again once the last item came."""

    __slots__ = ("_left",)

    def __init__(self, source: Any, count: int) -> None:
        super().__init__(source)
        self._left = count_of("take", count)

    def poll_next(self, cx: Context) -> Any:
        if self._left == 0:
            return make_ready(END)
        answer = self._source.poll_next(cx)
        if answer is not PENDING:
            self._left = 0 if answer.value is END else self._left - 1
        return answer

    def size_hint(self) -> tuple[int, int | None]:
        if self._left == 0:
            return 0, 0
        low, high = self._source.size_hint()
        return min(low, self._left), self._left if high is None else min(high, self._left)


class TakeWhile(Adapter):
    """The stream of ``Stream.take_while``. ``_predicate`` is None once an item was refused."""

    __slots__ = ("_predicate",)

    def __init__(self, source: Any, predicate: Callable[[Any], Any]) -> None:
        super().__init__(source)
        self._predicate: Any = callable_for("take_while", predicate)

    def poll_next(self, cx: Context) -> Any:
        if self._predicate is None:
            return make_ready(END)
        answer = self._source.poll_next(cx)
        if answer is PENDING or answer.value is END or self._predicate(answer.value):
            return answer
        self._predicate = None
        return make_ready(END)

    def size_hint(self) -> tuple[int, int | None]:
        return at_most(self._source.size_hint()[1] if self._predicate is not None else 0)


class MapWhile(Adapter):
    """The stream of ``Stream.map_while``. ``_function`` is None once it has ended."""

    __slots__ = ("_function",)

    def __init__(self, source: Any, function: Callable[[Any], Any]) -> None:
        super().__init__(source)
        self._function: Any = callable_for("map_while", function)

    def poll_next(self, cx: Context) -> Any:
        if self._function is None:
            return make_ready(END)
        answer = self._source.poll_next(cx)
        if answer is PENDING or answer.value is END:
            return answer
        item = self._function(answer.value)
        if item is None:
            self._function = None
            return make_ready(END)
        return make_ready(item)

    def size_hint(self) -> tuple[int, int | None]:
        return at_most(self._source.size_hint()[1] if self._function is not None else 0)


class Skip(Adapter):
    """The stream of ``Stream.skip``."""

    __slots__ = ("_left",)

    def __init__(self, source: Any, count: int) -> None:
        super().__init__(source)
        self._left = count_of("skip", count)

    def poll_next(self, cx: Context) -> Any:
        while True:
            answer = self._source.poll_next(cx)
            if self._left == 0 or answer is PENDING or answer.value is END:
                return answer
            self._left -= 1

    def size_hint(self) -> tuple[int, int | None]:
        low, high = self._source.size_hint()
        return max(low - self._left, 0), None if high is None else max(high - self._left, 0)


class SkipWhile(Adapter):
    """The stream of ``Stream.skip_while``. ``_predicate`` is None once an item was let through."""

    __slots__ = ("_predicate",)

    def __init__(self, source: Any, predicate: Callable[[Any], Any]) -> None:
        super().__init__(source)
        self._predicate: Any = callable_for("skip_while", predicate)

    def poll_next(self, cx: Context) -> Any:
        while True:
            answer = self._source.poll_next(cx)
            if self._predicate is None or answer is PENDING or answer.value is END:
                return answer
            if not self._predicate(answer.value):
                self._predicate = None
                return answer

    def size_hint(self) -> tuple[int, int | None]:
        if self._predicate is None:
            return self._source.size_hint()  # type: ignore[no-any-return]
        return at_most(self._source.size_hint()[1])


class StepBy(Adapter):
    """The stream of ``Stream.step_by``. ``_skip`` items are passed over before the next."""

    __slots__ = ("_skip", "_step")

    def __init__(self, source: Any, step: int) -> None:
        super().__init__(source)
        self._step = count_of("step_by", step, 1)
        self._skip = 0

    def poll_next(self, cx: Context) -> Any:
        while True:
            answer = self._source.poll_next(cx)
            if answer is PENDING or answer.value is END:
                return answer
            if self._skip == 0:
                self._skip = self._step - 1
                return answer
            self._skip -= 1
