"""Timers: the clock and the wheel together: who waits for which moment, and their wakers.

A deadline in nanoseconds becomes a tick of 1 ms, rounded up, so no timer is early. An entry's life:

    NEW --register--> WAITING --fire--> FIRED         wakers are taken under the guard, woken after it
     ^                   |
     +----deregister-----+

A sleep that another thread registers while the driver is parked for longer unparks it:

    register                                       driver
    -----------------------------------------      --------------------------------------------
    lock; insert; parked and earlier than the      begin_park: lock; the next deadline;
    sleep's end? unlock; unpark                        note "parked until then"; unlock; sleep

Whichever comes first, the sleep ends in time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.clock import Clock
from ..core.guard import Guard
from ..core.waker import Waker, wake_all
from ..errors import TimerError
from .wheel import TimerEntry, TimerWheel

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

_NEW = 0
_WAITING = 1
_FIRED = 2
_CLOSED = 3

_TICK_NS = 1_000_000
_BATCH = 256  # entries taken per guarded block: a million due timers must not hold the guard for long
FAR = 30 * 365 * 86_400 * 1_000_000_000  # ns: what an overlong duration becomes, about 30 years


class Timers(Guard):
    """The timers of one runtime.

    Args:
        clock: what time it is.

    ``unpark`` is called when a sleep that is registered by another thread ends before the driver's.
    """

    __slots__ = ("_closed", "_origin", "_parked", "_parked_until", "_wheel", "clock", "unpark")

    def __init__(self, clock: Clock, unpark: Callable[[], Any] | None = None) -> None:
        self.clock = clock
        self.unpark = unpark
        self._wheel = TimerWheel()
        self._origin = clock.now_ns()
        self._parked = False
        self._parked_until = -1
        self._closed = False

    def register(self, entry: TimerEntry, deadline_ns: int, waker: Waker) -> bool:
        """Has ``waker`` woken at ``deadline_ns``. False: that moment has passed, nothing is registered.

        Again for an entry that is in: the waker (and the deadline) are replaced. Raises
        ``TimerError`` when the runtime has been closed.
        """
        tick = (deadline_ns - self._origin + _TICK_NS - 1) // _TICK_NS
        early = False
        self._lock()
        closed = self._closed
        waiting = False
        if not closed:
            if entry._slot >= 0 and entry.tick != tick:
                self._wheel.remove(entry)
            old = entry._timer_waker
            entry._timer_waker = waker
            waiting = entry._slot >= 0 or self._wheel.insert(entry, tick)
            entry._timer_state = _WAITING if waiting else _FIRED
            if not waiting:
                entry._timer_waker = None  # not the last reference: it is our argument
            early = self._parked and (self._parked_until < 0 or tick < self._parked_until)
        self._unlock()
        old = None
        if closed:
            raise closed_error()
        if early and self.unpark is not None:
            self.unpark()
        return waiting

    def deregister(self, entry: TimerEntry) -> Waker | None:
        """Forgets the entry, whatever its state; it may be registered again. Returns the waker that it had."""
        self._lock()
        self._wheel.remove(entry)
        waker = entry._timer_waker
        entry._timer_waker = None
        entry._timer_state = _NEW
        self._unlock()
        return waker

    def has_fired(self, entry: TimerEntry) -> bool:
        """True once the entry's moment came. Raises ``TimerError`` if the runtime went before."""
        self._lock()
        state = entry._timer_state
        self._unlock()
        if state == _CLOSED:
            raise closed_error()
        return state == _FIRED

    def next_deadline_ns(self) -> int:
        """When there is something to do next, or -1."""
        self._lock()
        tick = self._wheel.next_tick()
        self._unlock()
        return -1 if tick < 0 else self._origin + tick * _TICK_NS

    @cython.nonecheck(False)
    def begin_park(self) -> int:
        """The driver is going to sleep until the returned moment (-1: no timer)."""
        self._lock()
        tick = self._wheel.next_tick()
        self._parked = True
        self._parked_until = tick
        self._unlock()
        return -1 if tick < 0 else self._origin + tick * _TICK_NS

    def end_park(self) -> None:
        """The driver is awake."""
        self._lock()
        self._parked = False
        self._unlock()

    @cython.nonecheck(False)
    def fire_due(self) -> int:
        """Wakes whoever waits for a moment that has come; how many they were."""
        self._lock()
        count = self._wheel._count
        self._unlock()
        if count == 0:
            return 0
        return self.fire(self.clock.now_ns())

    def fire(self, now_ns: int) -> int:
        """Wakes whoever waits for a moment up to ``now_ns``; how many they were."""
        now = (now_ns - self._origin) // _TICK_NS
        total = 0
        more = True
        while more:
            fired: list[TimerEntry] = []
            wakers: list[Waker] = []
            self._lock()
            more = self._wheel.advance(now, fired, _BATCH)
            self._collect(fired, wakers, _FIRED)
            self._unlock()
            total += len(fired)
            wake_all(wakers)
        return total

    def _collect(self, fired: list[TimerEntry], wakers: list[Waker], state: int) -> None:
        """Under the guard."""
        for item in fired:
            entry: TimerEntry = item
            entry._timer_state = state
            if entry._timer_waker is not None:
                wakers.append(entry._timer_waker)
                entry._timer_waker = None

    def __len__(self) -> int:
        """How many timers are pending."""
        return self._wheel._count  # type: ignore[no-any-return]

    def shutdown(self) -> None:
        """The runtime goes: pending timers are woken and raise, and so does every later registration."""
        more = True
        while more:
            fired: list[TimerEntry] = []
            wakers: list[Waker] = []
            self._lock()
            self._closed = True
            more = self._wheel.drain(fired, _BATCH)
            self._collect(fired, wakers, _CLOSED)
            self._unlock()
            wake_all(wakers)


def closed_error() -> TimerError:
    """What a timer of a closed runtime raises."""
    return TimerError("the runtime of this timer was closed: make a new one in a running runtime")
