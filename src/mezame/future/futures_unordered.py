"""FuturesUnordered: many futures in one task; their values in the order in which they complete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.given import make_each
from .members import Members
from .poll_next import PollNext


class FuturesUnordered(PollNext):
    """A set of futures that runs them all in the task that awaits it; an async iterator of their values.

    Args:
        futures: coroutines (owned: ended when the set is cleared or dropped) or Futures (borrowed).

    It polls only what was woken, and gives way after a full round or when two members wake themselves over and
    over. ``push`` also while iterating; when it is empty the iteration ends, and goes on after the next ``push``. A
    failing member raises out of ``next`` and the set stays usable. One task at a time may await it. For futures that
    should run by themselves, use tasks in a ``JoinSet``.

    >>> import mezame
    >>> async def work(n):
    ...     await mezame.sleep(n / 1000)
    ...     return n
    >>> async def main():
    ...     return [n async for n in mezame.future.FuturesUnordered(work(n) for n in (3, 1, 2))]
    >>> mezame.run(main(), start_paused=True)
    [1, 2, 3]

    Source of the semantics: ``futures::stream::FuturesUnordered``.
    """

    def __init__(self, futures: Iterable[Any] = ()) -> None:
        self._members = Members()
        make_each(self.push, futures)

    def push(self, future: Any) -> None:
        """Adds a future. It is polled at the next poll of the set, and wakes who waits for the set."""
        self._members.push(future)

    def poll_next(self, cx: Context) -> Any:
        """``Poll.Ready(value)``, ``Poll.Ready(END)`` if there is no member, or Pending."""
        return self._members.poll_next(cx)

    def clear(self) -> None:
        """Drops all members: owned ones are closed at once (``aclose`` lets their ``finally`` blocks await).

        All are closed; the first error of a closing is raised at the end.
        """
        self._members.clear()

    async def aclose(self) -> None:
        """Drops all members: owned ones are cancelled and driven until they have unwound; the first error is raised."""
        await self._members.aclose()

    async def __aenter__(self) -> FuturesUnordered:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        await self.aclose()

    def is_empty(self) -> bool:
        """True if there is no member."""
        return len(self._members) == 0

    def __len__(self) -> int:
        """How many members have not completed."""
        return len(self._members)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Future]:
        """The futures that have not completed, as they were pushed (coroutines as the Futures made of them)."""
        return iter(self._members.futures())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} futures>"
