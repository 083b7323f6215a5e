"""Queue: what the ends of one mpmc channel share: the buffer, its slots, and who waits on either side.

One guard over all. Both sides wait first in, first out, and what they wait for is counted, not carried:

    slots:     capacity = free + buffered messages + slots given to senders that were not polled since
    messages:  buffered = unclaimed + claims given to receivers that were not polled since

1. While a sender waits there is no free slot; while a receiver waits there is no unclaimed message. So nobody
   overtakes, and ``try_send`` and ``try_recv`` find nothing then.
2. A slot (a claim) that was given to a future which is dropped goes to the next one that waits.
3. ``close``, by either side, or the end of the last sender or of the last receiver, ends the channel: sends fail, also
   one that was given a slot; what is buffered can still be received, then the end comes.
4. With the last receiver the buffer goes.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from ...core.future import Future
from ...core.guard import Guard
from ...core.waitlist import Place, WaitList, as_place, make_place
from ...core.waker import Waker, wake_all

UNBOUNDED = (1 << 61) - 1  # slots


class Turn(Future):
    """A future that waits for a slot, or for a message. It has a ``_place`` as soon as it had to wait."""

    __slots__ = ("_done", "_place")

    def _start_turn(self) -> None:
        self._place: Any = None
        self._done = True  # until it is whole: if its end was left there is nothing to drop

    def _get_place(self) -> Any:
        """Its place, which ``_needs`` 1 until its turn comes. Called before the guard is taken."""
        if self._place is None:
            self._place = make_place(1)
        return self._place


class Queue(Guard):
    """See the rules above."""

    __slots__ = (
        "_buffer", "_capacity", "_claims", "_closed", "_free", "_receivers", "_receiving", "_senders", "_sending",
    )  # fmt: skip

    def __init__(self, capacity: int) -> None:
        self._buffer = deque()
        self._capacity = capacity
        self._free = capacity
        self._claims = 0
        self._closed = False
        self._senders = 1
        self._receivers = 1
        self._sending = WaitList()
        self._receiving = WaitList()

    def _next_turn(self, waiters: WaitList, wakers: list[Waker]) -> bool:
        """Under the guard: the oldest of ``waiters`` gets its turn. False: nobody waits."""
        if waiters._length == 0:
            return False
        place = as_place(waiters._pop())
        place._needs = 0
        place._give_waker(wakers)
        return True

    def _add(self, value: Any, wakers: list[Waker]) -> None:
        """Under the guard: a message comes in, with a slot that was taken for it."""
        self._buffer.append(value)
        if self._next_turn(self._receiving, wakers):
            self._claims += 1

    def _free_slot(self, wakers: list[Waker]) -> None:
        """Under the guard: one slot is not used any more."""
        self._free += 1
        while self._free > 0 and self._next_turn(self._sending, wakers):
            self._free -= 1

    def _offer(self, value: Any) -> int:
        """1: sent; 0: full, or somebody waits; -1: closed."""
        wakers: list[Waker] = []
        answer = 0
        self._lock()
        if self._closed:
            answer = -1
        elif self._free > 0:
            self._free -= 1
            self._add(value, wakers)
            answer = 1
        self._unlock()
        if wakers:
            wake_all(wakers)
        return answer

    def _force(self, value: Any, evicted: list[Any]) -> int:
        """As ``_offer``; if there is no slot the oldest message makes room, and goes into ``evicted``."""
        wakers: list[Waker] = []
        answer = 1
        self._lock()
        if self._closed:
            answer = -1
        elif self._free <= 0 and self._buffer:
            evicted.append(self._buffer.popleft())
            self._buffer.append(value)  # as many messages, as many claims as before
        else:
            self._free -= 1
            self._add(value, wakers)
        self._unlock()
        if wakers:
            wake_all(wakers)
        return answer

    def _take(self, into: list[Any]) -> int:
        """1: a message is in ``into``; 0: none, or somebody waits; -1: the end."""
        wakers: list[Waker] = []
        answer = 0
        self._lock()
        if len(self._buffer) > self._claims:
            into.append(self._buffer.popleft())
            self._free_slot(wakers)
            answer = 1
        elif self._closed:
            answer = -1
        self._unlock()
        if wakers:
            wake_all(wakers)
        return answer

    def _poll_send(self, place: Place, value: Any, waker: Waker) -> int:
        """1: sent; 0: ``place`` is in the queue; -1: closed."""
        wakers: list[Waker] = []
        answer = 1
        self._lock()
        old = place._parked
        given = place._needs == 0
        if given:
            place._needs = 1  # it is used here: a close() at the same time must not give it on
        if self._closed:
            answer = -1
            if given:
                self._free_slot(wakers)
        elif given:
            self._add(value, wakers)
        elif place._owner is None and self._free > 0:
            self._free -= 1
            self._add(value, wakers)
        else:
            place._park_in(self._sending, waker)
            answer = 0
        self._unlock()
        old = None
        if wakers:
            wake_all(wakers)
        return answer

    def _poll_recv(self, place: Place, into: list[Any], waker: Waker) -> int:
        """1: a message is in ``into``; 0: ``place`` is in the queue; -1: the end."""
        wakers: list[Waker] = []
        answer = 1
        self._lock()
        old = place._parked
        given = place._needs == 0
        place._needs = 1
        if given and self._claims > 0:
            self._claims -= 1
            into.append(self._buffer.popleft())
            self._free_slot(wakers)
        elif place._owner is None and len(self._buffer) > self._claims:
            into.append(self._buffer.popleft())
            self._free_slot(wakers)
        elif self._closed:
            answer = -1
        else:
            place._park_in(self._receiving, waker)
            answer = 0
        self._unlock()
        old = None
        if wakers:
            wake_all(wakers)
        return answer

    def _drop(self, place: Place, sending: bool) -> None:
        """The future of ``place`` is dropped: it leaves the queue, and what it was given goes to the next."""
        wakers: list[Waker] = []
        self._lock()
        given = place._needs == 0
        place._needs = 1
        old = place._parked
        place._parked = None
        if sending:
            self._sending._remove(place)
            if given:
                self._free_slot(wakers)
        else:
            self._receiving._remove(place)
            if given and self._claims > 0 and not self._next_turn(self._receiving, wakers):
                self._claims -= 1
        self._unlock()
        old = None
        if wakers:
            wake_all(wakers)

    def _close(self) -> bool:
        """Ends the channel. False: it had ended before."""
        wakers: list[Waker] = []
        self._lock()
        closing = not self._closed
        self._closed = True
        self._sending._take_wakers(wakers)
        self._receiving._take_wakers(wakers)
        self._unlock()
        wake_all(wakers)
        return closing

    def _count(self, sending: bool, change: int) -> int:
        """One end more or less; how many are left."""
        dropped: list[Any] = []
        self._lock()
        if sending:
            self._senders += change
            left = self._senders
        else:
            self._receivers += change
            left = self._receivers
            if left == 0:
                dropped.extend(self._buffer)  # let go after the unlock
                self._buffer.clear()
                self._free += len(dropped)
                self._claims = 0
        self._unlock()
        dropped.clear()
        if left == 0:
            self._close()
        return left  # type: ignore[no-any-return]

    def _revive(self, sending: bool) -> bool:
        """One end more, unless the channel ended or has none of its kind (``upgrade``)."""
        self._lock()
        count = self._senders if sending else self._receivers
        alive = count > 0 and not self._closed
        if alive:
            if sending:
                self._senders += 1
            else:
                self._receivers += 1
        self._unlock()
        return alive
