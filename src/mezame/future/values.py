"""Futures of little: one that fails, one that asks a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import Poll

_AFTER = "was polled after it completed: make a new one"


class Failed(Future):
    """The future of ``failed``."""

    __slots__ = ("_error",)

    def __init__(self, error: BaseException) -> None:
        self._error: BaseException | None = error

    def poll(self, cx: Context) -> Any:
        error, self._error = self._error, None
        if error is None:
            raise RuntimeError(f"failed() {_AFTER}")
        raise error


def failed(error: BaseException) -> Future:
    """A future that fails with ``error`` at its first poll. Cancel safe. Raises ``TypeError`` for what is no exception.

    >>> import mezame
    >>> try:
    ...     mezame.block_on(mezame.future.failed(ValueError("no")))
    ... except ValueError as error:
    ...     print(error)
    no

    Source of the semantics: ``futures::future::err``.
    """
    if not isinstance(error, BaseException):
        raise TypeError(f"failed() needs an exception to raise, not {error!r}")
    return Failed(error)


class Lazy(Future):
    """The future of ``lazy``."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[Context], Any]) -> None:
        self._function: Callable[[Context], Any] | None = function

    def poll(self, cx: Context) -> Any:
        function, self._function = self._function, None
        if function is None:
            raise RuntimeError(f"lazy() {_AFTER}")
        return Poll.Ready(function(cx))


def lazy(function: Callable[[Context], Any]) -> Future:
    """A future whose value is ``function(cx)``, called at its first poll and not before.

    >>> import mezame
    >>> mezame.block_on(mezame.future.lazy(lambda cx: 42))
    42

    Source of the semantics: ``futures::future::lazy``.
    """
    if not callable(function):
        raise TypeError(f"lazy() needs a function that takes a Context, not {function!r}")
    return Lazy(function)
