"""FuturesOrdered: many futures in one task, all running; their values in the order in which they were pushed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, Poll
from ..core.wrapper import Wrapper
from .end import END
from .members import Members
from .poll_next import PollNext


class _Numbered(Wrapper):
    """A member: awaits to (number, value, error). Being unwound it raises, as the future inside does."""

    __slots__ = ("_number", "_unwinding")

    def __init__(self, number: int, future: Any) -> None:
        super().__init__(future)
        self._number = number
        self._unwinding = False

    def cancel(self, error: BaseException | None = None) -> bool:
        self._unwinding = True
        return super().cancel(error)

    def poll(self, cx: Context) -> Any:
        try:
            answer = self._future.poll(cx)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            if self._unwinding:
                raise
            return Poll.Ready((self._number, None, error))
        return answer if answer is PENDING else Poll.Ready((self._number, answer.value, None))


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
        self._running = Members()
        self._done: dict[int, tuple[Any, BaseException | None]] = {}
        self._first = 0  # the number whose turn it is
        self._last = 0  # the number of the next push_back
        for future in futures:
            self.push_back(future)

    def _push(self, number: int, future: Any, owned: bool = False) -> None:
        numbered = _Numbered(number, future)
        self._running.push(numbered, owned or numbered._future is not future)  # ours to end if its inside is

    def _push_owned(self, future: Any) -> None:
        """``push_back`` of a future that is closed when the set is dropped."""
        self._push(self._last, future, True)
        self._last += 1

    def push_back(self, future: Any) -> None:
        """Adds a future whose value comes last."""
        self._push(self._last, future)
        self._last += 1

    push = push_back

    def push_front(self, future: Any) -> None:
        """Adds a future whose value comes next."""
        self._push(self._first - 1, future)
        self._first -= 1

    def poll_next(self, cx: Context) -> Any:
        """``Poll.Ready(value)``, ``Poll.Ready(END)`` if there is no member, or Pending."""
        while self._first not in self._done:
            answer = self._running.poll_next(cx)
            if answer is PENDING or answer.value is END:
                return answer
            number, value, error = answer.value
            self._done[number] = (value, error)
        value, error = self._done.pop(self._first)
        self._first += 1
        if error is not None:
            raise error
        return Poll.Ready(value)

    def clear(self) -> None:
        """Drops all members and the values that were not taken; owned members are closed at once."""
        self._first = self._last = 0
        self._done.clear()
        self._running.clear()

    async def aclose(self) -> None:
        """``clear``, with owned members cancelled and driven until they have unwound."""
        self._first = self._last = 0
        self._done.clear()
        await self._running.aclose()

    async def __aenter__(self) -> FuturesOrdered:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        await self.aclose()

    def is_empty(self) -> bool:
        """True if there is no member and no value to be taken."""
        return len(self) == 0

    def __len__(self) -> int:
        """How many values are still to come."""
        return len(self._running) + len(self._done)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<FuturesOrdered of {len(self)} futures>"
