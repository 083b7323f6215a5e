"""Two streams as one, items as they come: merge, select, select_with_strategy, or_, race.

They differ in who is asked first at a poll.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.poll import PENDING, Ready, make_ready
from ..future.end import END
from .callables import callable_for
from .chain import sum_of
from .ending import close_all, drop_all
from .into_stream import stream as to_stream
from .stream import Stream

_END: Any = END  # as a C variable
_random = random.Random()


def generator() -> random.Random:
    """The random numbers of the current runtime (a seeded one, if it has a seed), or our own."""
    return getattr(current().handle, "rng", None) or _random


class Two(Stream):
    """Base: ``_left_first()`` says who is asked first. A side that has ended is None."""

    __slots__ = ("_left", "_right")

    def __init__(self, left: Any, right: Any) -> None:
        self._left = to_stream(left)
        self._right = to_stream(right)

    def _left_first(self) -> bool:
        """Asked once a poll."""
        raise TypeError(f"{type(self).__name__} must define _left_first()")

    def poll_next(self, cx: Context) -> Any:
        if self._left_first():
            answer = self._poll_left(cx)
            if answer is None:
                answer = self._poll_right(cx)
        else:
            answer = self._poll_right(cx)
            if answer is None:
                answer = self._poll_left(cx)
        if answer is not None:
            return answer
        return make_ready(_END) if self._left is None and self._right is None else PENDING

    def _poll_left(self, cx: Context) -> Any:
        """An item, or None."""
        if self._left is not None:
            answer = self._left.poll_next(cx)
            if answer is not PENDING:
                ready: Ready = answer
                if ready.value is not _END:
                    return ready
                self._left = None
        return None

    def _poll_right(self, cx: Context) -> Any:
        if self._right is not None:
            answer = self._right.poll_next(cx)
            if answer is not PENDING:
                ready: Ready = answer
                if ready.value is not _END:
                    return ready
                self._right = None
        return None

    def size_hint(self) -> tuple[int, int | None]:
        sides = [side for side in (self._left, self._right) if side is not None]
        if not sides:
            return 0, 0
        return sides[0].size_hint() if len(sides) == 1 else sum_of(*sides)

    def drop(self) -> None:
        drop_all(self._left, self._right)

    def aclose(self) -> Coroutine[Any, Any, None]:
        """As that of every stream."""
        return close_all(self._left, self._right)


class Merge(Two):
    """The stream of ``Stream.merge`` and ``select``: the sides take turns."""

    __slots__ = ("_turn",)

    def __init__(self, left: Any, right: Any) -> None:
        super().__init__(left, right)
        self._turn = False

    def _left_first(self) -> bool:
        self._turn = not self._turn
        return self._turn


class Or(Two):
    """The stream of ``Stream.or_``."""

    __slots__ = ()

    def _left_first(self) -> bool:
        return True


class Race(Two):
    """The stream of ``Stream.race``."""

    __slots__ = ()

    def _left_first(self) -> bool:
        return generator().random() < 0.5


class PollNext(Enum):
    """A side of ``select_with_strategy``. Source of the semantics: ``futures::stream::PollNext``."""

    LEFT = "left"
    """The first stream."""
    RIGHT = "right"
    """The second stream."""

    def other(self) -> PollNext:
        """The other side."""
        return PollNext.RIGHT if self is PollNext.LEFT else PollNext.LEFT


class SelectWithStrategy(Two):
    """The stream of ``select_with_strategy``."""

    __slots__ = ("_which",)

    def __init__(self, left: Any, right: Any, which: Callable[[], PollNext]) -> None:
        super().__init__(left, right)
        self._which = callable_for("select_with_strategy", which)

    def _left_first(self) -> bool:
        side = self._which()
        if not isinstance(side, PollNext):
            raise TypeError(f"the strategy must return PollNext.LEFT or PollNext.RIGHT, not {side!r}")
        return side is PollNext.LEFT


def select(left: Any, right: Any) -> Merge:
    """The items of two streams as they come; the two take turns in being asked first. Ends when both have ended.

    >>> import mezame
    >>> mezame.run(mezame.stream.select([1, 3], [2, 4]).collect())
    [1, 2, 3, 4]

    Source of the semantics: ``futures::stream::select``.
    """
    return Merge(left, right)


def select_with_strategy(left: Any, right: Any, which: Callable[[], PollNext]) -> SelectWithStrategy:
    """``select`` with ``which()`` to say who is asked first at each poll: ``PollNext.LEFT`` or ``PollNext.RIGHT``.

    >>> import mezame
    >>> from mezame.stream import PollNext, select_with_strategy
    >>> mezame.run(select_with_strategy([1, 2], [3, 4], lambda: PollNext.RIGHT).collect())
    [3, 4, 1, 2]

    Source of the semantics: ``futures::stream::select_with_strategy``.
    """
    return SelectWithStrategy(left, right, which)
