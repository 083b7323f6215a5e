"""Iter: the stream of a plain iterable."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.poll import PENDING, make_ready
from ..future.end import END
from .stream import Stream

_END: Any = END  # as a C variable


class Iter(Stream):
    """The stream of ``iter``."""

    __slots__ = ("_iterator",)

    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator

    def poll_next(self, cx: Context) -> Any:
        if self._iterator is None:
            return make_ready(_END)
        if not current()._take_budget(cx):
            return PENDING
        for item in self._iterator:
            return make_ready(item)
        self._iterator = None
        return make_ready(_END)

    def size_hint(self) -> tuple[int, int | None]:
        if self._iterator is None:
            return 0, 0
        hint = getattr(self._iterator, "__length_hint__", None)
        if hint is None:
            return 0, None
        count = hint()
        return (0, None) if count is NotImplemented else (count, count)

    def drop(self) -> None:
        self._iterator = None


def iter(iterable: Iterable[Any]) -> Iter:
    """A stream of the items of a plain iterable, each of which is there at once. Takes a unit of the budget an item.

    Raises ``TypeError`` for what is not iterable (``from_aiter`` takes async iterators).

    >>> import mezame
    >>> mezame.run(mezame.stream.iter("abc").collect())
    ['a', 'b', 'c']

    Source of the semantics: ``tokio_stream::iter``.
    """
    if not hasattr(iterable, "__iter__") and not hasattr(iterable, "__getitem__"):
        hint = "; use from_aiter" if hasattr(iterable, "__aiter__") else ""
        raise TypeError(f"iter needs an iterable, not {iterable!r}{hint}")
    return Iter(_iterator(iterable))


def _iterator(iterable: Iterable[Any]) -> Any:
    return iterable.__iter__() if hasattr(iterable, "__iter__") else (item for item in iterable)
