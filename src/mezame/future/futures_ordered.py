"""FuturesOrdered: many futures in one task, all running; their values in the order in which they were pushed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.context import Context
from ..core.given import make_each
from .ordered_members import OrderedMembers
from .poll_next import PollNext


class FuturesOrdered(PollNext):
    """As ``FuturesUnordered``, but the values come in the order of ``push_back``, however they complete.

    >>> import mezame
    >>> async def work(n):
    ...     await mezame.sleep(n / 1000)
    ...     return n
    >>> async def main():
    ...     return [n async for n in mezame.future.FuturesOrdered(work(n) for n in (3, 1, 2))]
    >>> mezame.run(main(), start_paused=True)
    [3, 1, 2]

    Source of the semantics: ``futures::stream::FuturesOrdered``.
    """

    def __init__(self, futures: Iterable[Any] = ()) -> None:
        self._members = OrderedMembers()
        make_each(self.push_back, futures)

    def push_back(self, future: Any) -> None:
        """Adds a future whose value comes last."""
        self._members.push(future)

    push = push_back

    def push_front(self, future: Any) -> None:
        """Adds a future whose value comes next."""
        self._members.push_front(future)

    def poll_next(self, cx: Context) -> Any:
        """``Poll.Ready(value)``, ``Poll.Ready(END)`` if there is no member, or Pending."""
        return self._members.poll_next(cx)

    def clear(self) -> None:
        """Drops all members and the values that were not taken; owned members are closed at once."""
        self._members.clear()

    async def aclose(self) -> None:
        """``clear``, with owned members cancelled and driven until they have unwound."""
        await self._members.aclose()

    async def __aenter__(self) -> FuturesOrdered:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        await self.aclose()

    def is_empty(self) -> bool:
        """True if there is no member and no value to be taken."""
        return len(self) == 0

    def __len__(self) -> int:
        """How many values are still to come."""
        return len(self._members)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<FuturesOrdered of {len(self)} futures>"
