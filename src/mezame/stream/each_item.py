"""Adapters with a plain function that sees each item: map, filter, filter_map, inspect, enumerate, scan, map_err.

If the function raises, that item is lost and the stream may go on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, Ready, make_ready
from ..future.end import END
from .adapter import Adapter, at_most
from .callables import callable_for

_END: Any = END  # as a C variable


class Map(Adapter):
    """The stream of ``Stream.map``."""

    __slots__ = ("_function",)

    def __init__(self, source: Any, function: Callable[[Any], Any]) -> None:
        super().__init__(source)
        self._function = callable_for("map", function)

    def poll_next(self, cx: Context) -> Any:
        answer = self._source.poll_next(cx)
        if answer is PENDING:
            return PENDING
        ready: Ready = answer
        if ready.value is _END:
            return ready
        return make_ready(self._function(ready.value))

    def size_hint(self) -> tuple[int, int | None]:
        return self._source.size_hint()  # type: ignore[no-any-return]


class Filter(Adapter):
    """The stream of ``Stream.filter``."""

    __slots__ = ("_predicate",)

    def __init__(self, source: Any, predicate: Callable[[Any], Any]) -> None:
        super().__init__(source)
        self._predicate = callable_for("filter", predicate)

    def poll_next(self, cx: Context) -> Any:
        while True:
            answer = self._source.poll_next(cx)
            if answer is PENDING:
                return PENDING
            ready: Ready = answer
            if ready.value is _END or self._predicate(ready.value):
                return ready

    def size_hint(self) -> tuple[int, int | None]:
        return at_most(self._source.size_hint()[1])


class FilterMap(Adapter):
    """The stream of ``Stream.filter_map``."""

    __slots__ = ("_function",)

    def __init__(self, source: Any, function: Callable[[Any], Any]) -> None:
        super().__init__(source)
        self._function = callable_for("filter_map", function)

    def poll_next(self, cx: Context) -> Any:
        while True:
            answer = self._source.poll_next(cx)
            if answer is PENDING:
                return PENDING
            ready: Ready = answer
            if ready.value is _END:
                return ready
            item = self._function(ready.value)
            if item is not None:
                return make_ready(item)

    def size_hint(self) -> tuple[int, int | None]:
        return at_most(self._source.size_hint()[1])


class Inspect(Adapter):
    """The stream of ``Stream.inspect``."""

    __slots__ = ("_function",)

    def __init__(self, source: Any, function: Callable[[Any], Any]) -> None:
        super().__init__(source)
        self._function = callable_for("inspect", function)

    def poll_next(self, cx: Context) -> Any:
        answer = self._source.poll_next(cx)
        if answer is PENDING:
            return PENDING
        ready: Ready = answer
        if ready.value is not _END:
            self._function(ready.value)
        return ready

    def size_hint(self) -> tuple[int, int | None]:
        return self._source.size_hint()  # type: ignore[no-any-return]


class Enumerate(Adapter):
    """The stream of ``Stream.enumerate``."""

    __slots__ = ("_count",)

    def __init__(self, source: Any, start: int) -> None:
        super().__init__(source)
        self._count = start

    def poll_next(self, cx: Context) -> Any:
        answer = self._source.poll_next(cx)
        if answer is PENDING:
            return PENDING
        ready: Ready = answer
        if ready.value is _END:
            return ready
        index = self._count
        self._count += 1
        return make_ready((index, ready.value))

    def size_hint(self) -> tuple[int, int | None]:
        return self._source.size_hint()  # type: ignore[no-any-return]


class Scan(Adapter):
    """The stream of ``Stream.scan``. ``_function`` is None once it has ended."""

    __slots__ = ("_function", "_state")

    def __init__(self, source: Any, initial: Any, function: Callable[[Any, Any], Any]) -> None:
        super().__init__(source)
        self._state = initial
        self._function: Any = callable_for("scan", function)

    def poll_next(self, cx: Context) -> Any:
        if self._function is None:
            return make_ready(_END)
        answer = self._source.poll_next(cx)
        if answer is PENDING:
            return PENDING
        ready: Ready = answer
        if ready.value is _END:
            return ready
        result = self._function(self._state, ready.value)
        if result is None:
            self._function = None
            return make_ready(_END)
        item, self._state = result
        return make_ready(item)

    def size_hint(self) -> tuple[int, int | None]:
        return at_most(self._source.size_hint()[1] if self._function is not None else 0)


class MapErr(Adapter):
    """The stream of ``Stream.map_err``."""

    __slots__ = ("_function",)

    def __init__(self, source: Any, function: Callable[[Exception], BaseException]) -> None:
        super().__init__(source)
        self._function = callable_for("map_err", function)

    def poll_next(self, cx: Context) -> Any:
        try:
            return self._source.poll_next(cx)
        except Exception as error:
            other = self._function(error)
            if not isinstance(other, BaseException):
                raise TypeError(
                    f"map_err's function must return an exception, not {other!r}; or_else gives an item"
                ) from error
            if other is error:
                raise
            raise other from error

    def size_hint(self) -> tuple[int, int | None]:
        return self._source.size_hint()  # type: ignore[no-any-return]
