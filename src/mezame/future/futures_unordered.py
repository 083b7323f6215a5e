"""FuturesUnordered: many futures in one task; their values in the order in which they complete.

Each member has a waker of its own, which puts it on the list of the woken and wakes the task: so a poll looks only
at members that can go on, and its cost does not depend on how many wait.

    member's leaf: wake -> queued? no: append to ``woken`` -> outer.wake()
    poll_next:     outer.register -> for each woken: queued = False, poll it     (the flag under a lock)

A member that is woken after ``queued = False`` is appended again; woken before, its poll sees the reason.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from ..core.atomic_waker import AtomicWaker
from ..core.context import Context
from ..core.future import Future, into_future, poll_fn
from ..core.poll import PENDING, Poll
from ..core.report import report_exception
from ..core.waker import Waker
from .end import END
from .unwind import unwind

SELF_WAKES = 2  # members that woke themselves while they were polled; then the task lets others run


class _Woken:
    """What the wakers of the members share. It does not refer to the collection, which may go before them."""

    __slots__ = ("lock", "members", "outer")

    def __init__(self) -> None:
        self.lock = threading.RLock()  # of all ``queued`` flags; a finaliser may wake at any point of ours
        self.members: deque[_Member] = deque()
        self.outer = AtomicWaker()

    def next_member(self) -> _Member | None:
        """The member that was woken first; from now on a wake queues it again."""
        with self.lock:
            if not self.members:
                return None
            member = self.members.popleft()
            member.queued = False
            return member


class _Member:
    """One future. ``future`` is None once it completed or was dropped."""

    __slots__ = ("cx", "future", "owned", "queued", "woken")

    def __init__(self, given: Any, woken: _Woken) -> None:
        self.future = into_future(given)
        self.owned = self.future is not given
        self.woken = woken
        self.queued = True
        self.cx: Context | None = Context(Waker.from_callable(self.wake))

    def wake(self) -> None:
        with self.woken.lock:
            if self.queued or self.future is None:
                return
            self.queued = True
            self.woken.members.append(self)
        self.woken.outer.wake()

    def release(self) -> Any:
        """Cuts the member off from its future, which is returned; wakers that a leaf still keeps do nothing."""
        future, self.future = self.future, None
        self.cx = None
        return future


class FuturesUnordered:
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
        self._woken = _Woken()
        self._members: dict[_Member, None] = {}
        for future in futures:
            self.push(future)

    def push(self, future: Any) -> None:
        """Adds a future. It is polled at the next poll of the set, and wakes who waits for the set."""
        member = _Member(future, self._woken)
        self._members[member] = None
        self._woken.members.append(member)
        self._woken.outer.wake()

    def poll_next(self, cx: Context) -> Any:
        """``Poll.Ready(value)``, ``Poll.Ready(END)`` if there is no member, or Pending."""
        woken = self._woken
        woken.outer.register(cx.waker)
        round_ = len(self._members)
        polled = self_wakes = 0
        while True:
            member = woken.next_member()
            if member is None:
                return PENDING if self._members else Poll.Ready(END)
            future = member.future
            if future is None:
                continue
            try:
                answer = future.poll(member.cx)
            except BaseException:
                self._discard(member)
                raise
            if answer is not PENDING:
                self._discard(member)
                return answer
            polled += 1
            self_wakes += member.queued
            if polled >= round_ or self_wakes >= SELF_WAKES:
                if woken.members:
                    cx.waker.wake()
                return PENDING

    def _discard(self, member: _Member) -> None:
        self._members.pop(member, None)
        member.release()

    async def next(self, default: Any = None) -> Any:
        """The next value; ``default`` if there is no member. Raises what the member raises. Cancel safe."""
        value = await poll_fn(self.poll_next)
        return default if value is END else value

    def __aiter__(self) -> FuturesUnordered:
        return self

    async def __anext__(self) -> Any:
        value = await poll_fn(self.poll_next)
        if value is END:
            raise StopAsyncIteration
        return value

    def clear(self) -> None:
        """Drops all members: owned ones are closed at once (``aclose`` lets their ``finally`` blocks await).

        All are closed; the first error of a closing is raised at the end.
        """
        members = list(self._members)
        self._members.clear()
        self._woken.members.clear()
        first: BaseException | None = None
        for member in members:
            future = member.release()
            if member.owned and future is not None:
                try:
                    future.close()
                except BaseException as error:
                    first = first or error
        self._woken.outer.wake()  # whoever waits learns that it is empty
        if first is not None:
            raise first

    async def aclose(self) -> None:
        """Drops all members: owned ones are cancelled and driven until they have unwound; the first error is raised."""
        members = list(self._members)
        self._members.clear()
        self._woken.members.clear()
        first: BaseException | None = None
        for member in members:
            future = member.release()
            if member.owned and future is not None:
                try:
                    await unwind(future)
                except BaseException as error:
                    first = first or error
        self._woken.outer.wake()
        if first is not None:
            raise first

    async def __aenter__(self) -> FuturesUnordered:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        await self.aclose()

    def is_empty(self) -> bool:
        """True if there is no member."""
        return not self._members

    def __len__(self) -> int:
        """How many members have not completed."""
        return len(self._members)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Future]:
        """The futures that have not completed, as they were pushed (coroutines as the Futures made of them)."""
        return iter([member.future for member in self._members if member.future is not None])

    def __del__(self) -> None:
        if hasattr(self, "_members"):
            try:
                self.clear()
            except BaseException as error:
                report_exception(f"a member of {self!r} failed while it was dropped", error)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} futures>"
