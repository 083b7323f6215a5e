"""OrderedMembers: Members whose values come in the order in which they were pushed, however they complete.

A member's value waits in ``_done``, under the member's number, until it is the turn of that number, ``_first``.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, Poll, Ready, make_ready
from ..core.wrapper import Wrapper
from .end import END
from .members import Members

_END: Any = END  # as a C variable


class Numbered(Wrapper):
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


class OrderedMembers(Members):
    """The set of ``FuturesOrdered``."""

    __slots__ = ("_done", "_first", "_last")

    def __init__(self) -> None:
        Members.__init__(self)
        self._done: dict[int, tuple[Any, BaseException | None]] = {}
        self._first = 0  # the number whose turn it is
        self._last = 0  # the number of the next push

    def push(self, given: Any, owned: bool = False) -> None:
        """Adds a future whose value comes last."""
        self._put(self._last, given, owned)
        self._last += 1

    def push_front(self, given: Any) -> None:
        """Adds a future whose value comes next."""
        self._put(self._first - 1, given, False)
        self._first -= 1

    def _put(self, number: int, given: Any, owned: bool) -> None:
        numbered = Numbered(number, given)
        Members.push(self, numbered, owned or numbered._future is not given)  # ours to end if its inside is

    def poll_next(self, cx: Context) -> Any:
        while self._first not in self._done:
            answer = Members.poll_next(self, cx)
            if answer is PENDING:
                return PENDING
            ready: Ready = answer
            if ready.value is _END:
                return ready
            number, value, error = ready.value
            self._done[number] = (value, error)
        value, error = self._done.pop(self._first)
        self._first += 1
        if error is not None:
            raise error
        return make_ready(value)

    def take(self) -> list[Any]:
        """Drops all members, and the values that were not taken."""
        self._first = self._last = 0
        self._done.clear()
        return Members.take(self)

    def __len__(self) -> int:
        return Members.__len__(self) + len(self._done)
