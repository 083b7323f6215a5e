"""Wakers and contexts for polling by hand: one that counts, one that does nothing, one that must not be woken."""

from __future__ import annotations

import functools

from ..core.context import Context
from ..core.waker import NOOP, Waker


class AwokenCount:
    """How often the waker of ``count_waker`` was woken: compare it with a number."""

    __slots__ = ("_wakes",)

    def __init__(self) -> None:
        self._wakes: list[None] = []  # one for each wake: append is atomic, from any thread

    def get(self) -> int:
        """The number."""
        return len(self._wakes)

    def __int__(self) -> int:
        return len(self._wakes)

    __index__ = __int__

    def __eq__(self, other: object) -> bool:
        return len(self._wakes) == (len(other._wakes) if isinstance(other, AwokenCount) else other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"AwokenCount({len(self._wakes)})"


def count_waker() -> tuple[Waker, AwokenCount]:
    """A waker, and the number of its wakes so far. From any thread.

    >>> import mezame
    >>> from mezame.testing import count_waker
    >>> waker, count = count_waker()
    >>> waker.wake(); waker.wake()
    >>> count
    AwokenCount(2)
    >>> mezame.pending().poll(mezame.Context.from_waker(waker)), count == 2
    (Poll.Pending, True)

    Source of the semantics: ``futures_test::task::new_count_waker``.
    """
    count = AwokenCount()
    return Waker.from_callable(functools.partial(count._wakes.append, None)), count


class PanicWaker(Waker):
    """The waker of ``panic_context``."""

    __slots__ = ()

    def wake(self) -> None:
        """Raises ``AssertionError``."""
        raise AssertionError("a waker was woken that must not be")


def noop_context() -> Context:
    """A context whose waker does nothing, for a single poll.

    >>> import mezame
    >>> mezame.ready(1).poll(mezame.testing.noop_context())
    Poll.Ready(1)

    Source of the semantics: ``futures_test::task::noop_context``.
    """
    return Context.from_waker(NOOP)


def panic_context() -> Context:
    """A context whose waker raises ``AssertionError`` in the caller of ``wake``: nothing may wake it.

    Source of the semantics: ``futures_test::task::panic_context``.
    """
    return Context.from_waker(PanicWaker())
