"""Chaining without ``async def``: the futures of ``Future.map``, ``then``, ``inspect``, ``map_err``, ``or_else``.

All are lazy: nothing runs before the first poll. Only an ``Exception`` counts as a failure to handle; a cancellation
passes through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .context import Context
from .future import Future, into_future
from .poll import PENDING
from .wrapper import Wrapper

METHODS: dict[str, Any] = {}
"""Methods of ``Future`` whose parts live in higher layers, which this one must not know: those put them in here."""


def checked(function: Any, what: str) -> Any:
    """``function``, or ``TypeError`` if it cannot be called."""
    if not callable(function):
        raise TypeError(f"{what} needs a function, not {function!r}")
    return function


class Map(Wrapper):
    """The value, through a function."""

    __slots__ = ("_function",)

    def __init__(self, future: Any, function: Callable[[Any], Any]) -> None:
        super().__init__(future)
        self._function = checked(function, "map")

    def _answer(self, value: Any) -> Any:
        return self._function(value)


class Inspect(Wrapper):
    """The value, shown to a function on its way."""

    __slots__ = ("_function",)

    def __init__(self, future: Any, function: Callable[[Any], Any]) -> None:
        super().__init__(future)
        self._function = checked(function, "inspect")

    def _answer(self, value: Any) -> Any:
        self._function(value)
        return value


class MapErr(Wrapper):
    """The failure, through a function that gives the exception to raise in its place."""

    __slots__ = ("_function",)

    def __init__(self, future: Any, function: Callable[[Exception], BaseException]) -> None:
        super().__init__(future)
        self._function = checked(function, "map_err")

    def _failed(self, error: Exception) -> Any:
        other = self._function(error)
        if not isinstance(other, BaseException):
            raise TypeError(f"map_err's function must return an exception, not {other!r}; or_else gives a value")
        if other is error:
            raise error
        raise other from error


class Then(Wrapper):
    """One future, then the one that a function makes of its value. ``_future`` is the one whose turn it is."""

    __slots__ = ("_function",)

    def __init__(self, future: Any, function: Callable[[Any], Any]) -> None:
        super().__init__(future)
        self._function: Any = checked(function, "then")

    def poll(self, cx: Context) -> Any:
        if self._function is not None:
            answer = self._future.poll(cx)
            if answer is PENDING:
                return PENDING
            function, self._function = self._function, None
            self._future = into_future(function(answer.value))
        return super().poll(cx)


class OrElse(Wrapper):
    """One future, and if it fails the one that a function makes of its exception."""

    __slots__ = ("_function",)

    def __init__(self, future: Any, function: Callable[[Exception], Any]) -> None:
        super().__init__(future)
        self._function: Any = checked(function, "or_else")

    def poll(self, cx: Context) -> Any:
        function = self._function
        if function is None:
            return super().poll(cx)
        try:
            answer = self._future.poll(cx)
        except Exception as error:
            self._function = None
            self._future = into_future(function(error))
            return super().poll(cx)
        if answer is not PENDING:
            self._function = None
            self._done = True
        return answer


class IntoStream:
    """A future as an async iterator of one item."""

    __slots__ = ("_future",)

    def __init__(self, future: Future) -> None:
        self._future: Future | None = future

    def __aiter__(self) -> IntoStream:
        return self

    async def __anext__(self) -> Any:
        future = self._future
        if future is None:
            raise StopAsyncIteration
        value = await future
        self._future = None
        return value

    async def aclose(self) -> None:
        """Drops the future if it has not completed."""
        future, self._future = self._future, None
        if future is not None:
            future.close()
