"""Permits: the counter of a semaphore and the queue of those who wait for it: its state machine, without futures.

    free permits  _permits >= 0        waiting acquires, oldest first, each with what it still _needs

Rules (strict FIFO, as in tokio):

1. Whoever comes while somebody waits, waits behind. So a small request never overtakes a large one.
2. Released permits go to the oldest waiter until it has all that it needs (it gathers), then to the next.
3. A waiter that is dropped gives back what it gathered, to the next waiter or to ``_permits``. That holds also
   for one that was given all and was dropped before it was polled again: no permit is lost.
4. ``close`` wakes everybody with ``AcquireError``, also one who was given all and was not polled since; what they had
   gathered is free again. Permits that are out stay valid.

By 1 and 2 nothing is free while somebody waits, so whoever finds enough free permits may take them.

    acquire                                     release
    ------------------------------------        ------------------------------------------
    lock; enough and nobody waits? take         lock; hand to the waiters from the oldest on;
          else join the list; unlock                  collect the wakers; unlock; wake
"""

from __future__ import annotations

from typing import Any

from ..core.guard import Guard
from ..core.waitlist import Place, WaitList, as_place
from ..core.waker import Waker, wake_all


class Permits(Guard):
    """See the rules above. ``Semaphore`` is its public face."""

    __slots__ = ("_closed", "_permits", "_waiters")

    def _start_permits(self, permits: int) -> None:
        self._permits = permits
        self._closed = False
        self._waiters = WaitList()

    def _try_take(self, permits: int) -> int:
        """1: taken; 0: not enough, or somebody waits; -1: closed."""
        self._lock()
        answer = 0
        if self._closed:
            answer = -1
        elif self._permits >= permits:  # while somebody waits there are none
            self._permits = self._permits - permits  # (compiled, ``-=`` would count references to self)
            answer = 1
        self._unlock()
        return answer

    def _release(self, permits: int) -> None:
        """Hands permits to the waiters, oldest first; the rest is free."""
        self._lock()
        alone = self._waiters._length == 0
        if alone:
            self._permits = self._permits + permits
        self._unlock()
        if not alone:
            self._release_to(permits)

    def _release_to(self, permits: int) -> None:
        """``_release`` where somebody waits, or did a moment ago."""
        wakers: list[Waker] = []
        self._lock()
        self._hand_out(permits, wakers)
        self._unlock()
        if wakers:
            wake_all(wakers)

    def _hand_out(self, permits: int, wakers: list[Waker]) -> None:
        """Under the guard."""
        while permits > 0 and self._waiters._length > 0:
            place = as_place(self._waiters._head)
            given = permits if permits < place._needs else place._needs
            place._needs -= given
            permits -= given
            if place._needs > 0:
                break
            self._waiters._pop()
            place._give_waker(wakers)
        self._permits += permits

    def _pool(self) -> int:
        """Under the guard: takes out what is free and what the oldest waiter has gathered."""
        found = self._permits
        self._permits = 0
        if self._waiters._length > 0:
            first = as_place(self._waiters._head)
            found += first._wanted - first._needs
            first._needs = first._wanted
        return found  # type: ignore[no-any-return]

    def _try_first(self, permits: int) -> bool:
        """``_try_take`` ahead of the waiters: for one who may not wait behind them (a reader that upgrades)."""
        wakers: list[Waker] = []
        self._lock()
        found = self._pool()
        enough = found >= permits
        if enough:
            found -= permits
        self._hand_out(found, wakers)
        self._unlock()
        if wakers:
            wake_all(wakers)
        return enough

    def _join_first(self, place: Place, waker: Waker) -> bool:
        """``place`` gets its permits ahead of the waiters (True), or waits as the first of them."""
        wakers: list[Waker] = []
        others: list[Any] = []
        self._lock()
        found = self._pool()
        given = found if found < place._needs else place._needs
        place._needs -= given
        served = place._needs == 0
        if served:
            place._needs = place._wanted  # they are the caller's
        else:
            while self._waiters._length > 0:
                others.append(self._waiters._pop())
            place._park_in(self._waiters, waker)
            for other in others:
                self._waiters._append(other)
        self._hand_out(found - given, wakers)
        self._unlock()
        if wakers:
            wake_all(wakers)
        return served  # type: ignore[no-any-return]

    def _give_up(self, place: Place) -> None:
        """The future of ``place`` is dropped while it waits, or before it took what it was given."""
        wakers: list[Waker] = []
        self._lock()
        self._waiters._remove(place)
        gathered = place._wanted - place._needs
        place._needs = place._wanted
        parked = place._parked
        place._parked = None
        self._hand_out(gathered, wakers)
        self._unlock()
        parked = None
        if wakers:
            wake_all(wakers)

    def close(self) -> None:
        """Every waiter raises ``AcquireError``, and so do later acquires; permits that are out stay valid. Idempotent.

        What the waiters had gathered is free again.
        """
        wakers: list[Waker] = []
        self._lock()
        self._closed = True
        while self._waiters._length > 0:
            place = as_place(self._waiters._pop())
            self._permits += place._wanted - place._needs
            place._needs = place._wanted
            place._give_waker(wakers)
        self._unlock()
        wake_all(wakers)
