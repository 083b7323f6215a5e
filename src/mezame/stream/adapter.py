"""Adapter: a stream around another, its source: what all adapters have in common."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from .ending import close_all
from .stream import Stream


class Adapter(Stream):
    """Base class: a subclass defines ``poll_next``. Dropping an adapter with ``drop`` or ``aclose`` ends its source."""

    __slots__ = ("_source",)

    def __init__(self, source: Any) -> None:
        self._source = source

    def drop(self) -> None:
        self._source.drop()

    def aclose(self) -> Coroutine[Any, Any, None]:
        """As that of every stream. (No ``async def``: in a compiled module that makes coroutines of another type.)"""
        return close_all(self._source)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._source!r}>"


def at_most(high: int | None) -> tuple[int, int | None]:
    """The size hint of what keeps some of its source's items."""
    return 0, high


def count_of(what: str, count: Any, least: int = 0) -> int:
    """``count``, or an error naming it if it is no int from ``least`` on."""
    if not isinstance(count, int) or isinstance(count, bool):
        raise TypeError(f"{what} needs a number (int), not {count!r}")
    if count < least:
        raise ValueError(f"{what} needs a number from {least} on, not {count!r}")
    return count


def limit_of(what: str, limit: Any) -> int | None:
    """A limit of concurrency: None and 0 are no limit (None)."""
    if limit is None:
        return None
    return count_of(what, limit) or None
