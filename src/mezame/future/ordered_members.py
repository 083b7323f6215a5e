"""OrderedMembers: Members whose values come in the order in which they were pushed, however they complete.

A member's value waits in ``_done``, under the member's number, until it is the turn of that number, ``_first``. A
``KeyboardInterrupt`` does not wait: it is raised at once, and None there says so.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, Ready, make_ready
from .members import Members

_NOBODY = -(1 << 62)  # no member's number


class OrderedMembers(Members):
    """The set of ``FuturesOrdered``."""

    __slots__ = ("_done", "_first", "_last")

    def __init__(self) -> None:
        Members.__init__(self)
        self._done: dict[int, tuple[Any, BaseException | None] | None] = {}
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
        self._add(given, owned)._number = number

    def poll_next(self, cx: Context) -> Any:
        while self._first not in self._done:
            value = failure = None
            self._completed = _NOBODY
            try:
                answer = Members.poll_next(self, cx)
                if answer is PENDING:
                    return PENDING
                ready: Ready = answer
                value = ready.value
                if self._completed == _NOBODY:  # the end
                    return ready
            except (KeyboardInterrupt, SystemExit):
                if self._completed != _NOBODY:
                    self._done[self._completed] = None
                    self._skip()
                raise
            except BaseException as error:
                if self._completed == _NOBODY:
                    raise
                failure = error
            self._done[self._completed] = (value, failure)
        value, failure = self._done.pop(self._first)  # type: ignore[misc]
        self._first += 1
        self._skip()
        if failure is not None:
            try:
                raise failure
            finally:
                del failure  # it refers to this frame, once it has passed through: that would be a cycle
        return make_ready(value)

    def _skip(self) -> None:
        """Passes over the numbers whose turn it is and that have nothing to say any more."""
        while self._done.get(self._first, self) is None:
            del self._done[self._first]
            self._first += 1

    def take(self) -> list[Any]:
        """Drops all members, and the values that were not taken."""
        self._first = self._last = 0
        self._done.clear()
        return Members.take(self)

    def __len__(self) -> int:
        return Members.__len__(self) + len(self._done)
