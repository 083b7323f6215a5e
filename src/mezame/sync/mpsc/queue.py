"""Queue: what the ends of one mpsc channel share: the buffer, its slots, the counts, and who waits.

One guard over all of it. A slot is always in exactly one of three places:

    capacity = free slots + buffered messages + permits       (an unbounded channel: a capacity out of reach)

A *permit* is a slot that somebody has taken and not filled: a ``Permit`` that is out, or what a waiting sender has
been given. Rules:

1. While somebody waits there is no free slot. So whoever comes later finds none, and the queue is FIFO.
2. A slot that comes free goes to the oldest waiting sender until it has all that it needs (it gathers), then to the
   next. What a sender that is dropped had gathered or been given goes on to the next in the same way.
3. The end: ``recv`` gives None when no message is left, no permit is out, and either every sender was closed or the
   receiver was. So after ``close`` what was sent, and what permits will send, still arrives.
4. ``close`` fails the waiting senders; what they had gathered is free again at once. One that had been given its slot
   and was not polled since fails too, and frees it then.
5. When the receiver is dropped the buffer goes with it; what a permit sends later is dropped as well.
6. One task receives. Where the waker of another task is, a recv that has to wait puts its own, and wakes that other: it
   is not known if anybody still waits there (``select`` drops a future that lost without a word). If somebody does, it
   is polled now, and takes the place back, for its ticket is older; so the younger is woken, polled, and raises:

       A  waits (2)                        evicted, woken: polls; 2 is older, waits
       B               waits (3), wakes A                      evicted, woken: polls; 3 is younger, raises

   A recv draws its ticket when it first waits, and keeps it; whoever polls it has the latest waker. ``poll_recv`` has
   no future to keep one: ANYONE is older than all, and of several the latest poll is woken.
"""

from __future__ import annotations

from typing import Any

from ...core.waitlist import Place, WaitList, as_place
from ...core.waker import Waker, wake_all
from ..closed import Closable
from ..ring import Ring

NOTHING = object()  # what _take answers when there is no message,
OVER = object()  # and when there will be none
_NOTHING, _OVER = NOTHING, OVER

ANYONE = 1  # the ticket of poll_recv
UNBOUNDED = (1 << 61) - 1  # slots; also the largest capacity, as in tokio


class Queue(Closable):
    """See the rules above."""

    __slots__ = (
        "_buffer", "_capacity", "_closed", "_free", "_gone", "_owner", "_permits", "_receiver", "_senders", "_ticket",
        "_waiters", "_weak",
    )  # fmt: skip

    def __init__(self, capacity: int) -> None:
        self._closers = None
        self._buffer = Ring()
        self._capacity = capacity
        self._free = capacity
        self._permits = 0
        self._senders = 1
        self._weak = 0
        self._closed = False  # no new sends
        self._gone = False  # the receiver was dropped
        self._receiver = None  # the waker of the recv that waits
        self._owner = 0  # its ticket
        self._ticket = ANYONE  # the last that was given out
        self._waiters = WaitList()

    def _is_gone(self) -> bool:
        return self._closed  # type: ignore[no-any-return]

    def _is_over(self) -> bool:
        """Under the guard: nothing more can be received."""
        return self._buffer._length == 0 and self._permits == 0 and (self._closed or self._senders == 0)

    # --- slots --------------------------------------------------------------------------------------------

    def _offer(self, value: Any) -> int:
        """Puts a message into a free slot. 1: it is in; 0: full, or somebody waits; -1: closed."""
        waker = None
        answer = 0
        self._lock()
        if self._closed:
            answer = -1
        elif self._free > 0:
            self._free = self._free - 1  # (compiled, ``-=`` would count references to self)
            self._buffer._push(value)
            waker = self._receiver
            self._receiver = None
            answer = 1
        self._unlock()
        if waker is not None:
            waker.wake()
        return answer

    def _claim(self, count: int) -> int:
        """Makes ``count`` free slots permits. 1: done; 0: there are not enough; -1: closed."""
        answer = 0
        self._lock()
        if self._closed:
            answer = -1
        elif self._free >= count:
            self._free -= count
            self._permits += count
            answer = 1
        self._unlock()
        return answer

    def _push(self, value: Any) -> None:
        """A permit becomes a message."""
        waker = None
        self._lock()
        self._permits -= 1
        if self._gone:
            self._free += 1
        else:
            self._buffer._push(value)
            waker = self._receiver
            self._receiver = None
        self._unlock()
        if waker is not None:
            waker.wake()

    def _unclaim(self, count: int) -> None:
        """Permits go back unused: their slots are free, and that may be the end of the channel."""
        wakers: list[Waker] = []
        self._lock()
        self._permits -= count
        self._hand_out(count, wakers)
        if self._receiver is not None and self._is_over():
            wakers.append(self._receiver)
            self._receiver = None
        self._unlock()
        if wakers:
            wake_all(wakers)

    def _hand_out(self, count: int, wakers: list[Waker]) -> None:
        """Under the guard: slots that came free go to the waiting senders, oldest first; the rest is free."""
        while count > 0 and self._waiters._length > 0:
            place = as_place(self._waiters._head)
            given = count if count < place._needs else place._needs
            place._needs -= given
            self._permits += given
            count -= given
            if place._needs > 0:
                break
            self._waiters._pop()
            place._give_waker(wakers)
        self._free += count

    def _hand_out_one(self) -> Any:
        """``_hand_out`` of one slot, where somebody waits: the waker of the sender that it may have served, or None."""
        place = as_place(self._waiters._head)
        place._needs -= 1
        self._permits += 1
        if place._needs > 0:
            return None
        self._waiters._pop()
        waker = place._parked
        place._parked = None
        return waker

    def _give_up(self, place: Place) -> None:
        """A sender that waits is dropped: its place goes, and what it gathered goes to the next."""
        self._lock()
        self._waiters._remove(place)
        gathered = place._wanted - place._needs
        place._needs = place._wanted
        old = place._parked
        place._parked = None
        self._unlock()
        old = None
        if gathered > 0:
            self._unclaim(gathered)

    # --- the receiver -------------------------------------------------------------------------------------

    def _take(self) -> Any:
        """The oldest message; NOTHING if there is none yet, OVER if there will be none."""
        waker = None
        self._lock()
        if self._buffer._length > 0:
            value = self._buffer._pop()
            if self._waiters._length == 0:
                self._free = self._free + 1
            else:
                waker = self._hand_out_one()
        elif self._is_over():
            value = _OVER
        else:
            value = _NOTHING
        self._unlock()
        if waker is not None:
            waker.wake()
        return value

    def _park_receiver(self, waker: Waker, ticket: int) -> int:
        """Keeps ``waker`` for the next message. 0: there is something to take, or the end; look again.

        Else the ticket of the recv, which has 0 at its first poll; -1: another task waits, see rule 6.
        """
        old = None
        answer: int = 0
        evicts = False
        self._lock()
        if self._buffer._length == 0 and not self._is_over():
            old = self._receiver
            evicts = old is not None and old is not waker and ticket != self._owner
            if evicts and ticket > self._owner:
                evicts = False
                answer = -1
            else:
                if ticket == 0:
                    self._ticket = self._ticket + 1
                    ticket = self._ticket
                self._receiver = waker
                self._owner = ticket
                answer = ticket
        self._unlock()
        if evicts and old is not None:
            old.wake()
        old = None
        return answer

    def _take_many(self, into: list[Any], limit: int) -> int:
        """Takes up to ``limit`` messages into ``into``. 1: some; -1: the end; 0: none yet."""
        wakers: list[Waker] = []
        taken = 0
        answer = 0
        self._lock()
        while taken < limit and self._buffer._length > 0:
            into.append(self._buffer._pop())
            taken += 1
        if taken:
            self._hand_out(taken, wakers)
            answer = 1
        elif self._is_over():
            answer = -1
        self._unlock()
        if wakers:
            wake_all(wakers)
        return answer

    def _forget_receiver(self, ticket: int) -> None:
        """The recv that got ``ticket`` is dropped; a later one's waker stays."""
        old = None
        self._lock()
        if self._owner == ticket:
            old = self._receiver
            self._receiver = None
        self._unlock()
        old = None

    def _shut(self, drop: bool) -> None:
        """The receiver closes (and, dropped, throws the buffer away)."""
        wakers: list[Waker] = []
        dropped: list[Any] = []
        self._lock()
        self._closed = True
        while self._waiters._length > 0:
            place = as_place(self._waiters._pop())
            gathered = place._wanted - place._needs
            place._needs = place._wanted
            self._permits -= gathered
            self._free += gathered
            place._give_waker(wakers)
        self._take_closers(wakers)
        if self._receiver is not None:
            wakers.append(self._receiver)
            self._receiver = None
        if drop:
            self._gone = True
            while self._buffer._length > 0:
                dropped.append(self._buffer._pop())  # let go after the unlock
            self._free += len(dropped)
        self._unlock()
        dropped.clear()
        if wakers:
            wake_all(wakers)

    # --- the senders --------------------------------------------------------------------------------------

    def _add_sender(self) -> bool:
        """One more sender; False if there was none left (``WeakSender.upgrade``)."""
        self._lock()
        alive = self._senders > 0
        if alive:
            self._senders += 1
        self._unlock()
        return alive

    def _drop_sender(self) -> None:
        waker = None
        self._lock()
        self._senders -= 1
        if self._senders == 0 and self._is_over():
            waker = self._receiver
            self._receiver = None
        self._unlock()
        if waker is not None:
            waker.wake()

    def _count_weak(self, change: int) -> None:
        self._lock()
        self._weak += change
        self._unlock()
