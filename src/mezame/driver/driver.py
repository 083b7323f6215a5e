"""Driver: what a runtime's thread sleeps in: I/O and timers behind one ``Park``.

One turn, in this order (``semantics.md`` 10): wait for I/O, at most until the next timer; hand the events to
their sources; fire the timers that are due. All of it only calls wakers: no user code runs here.

Waking a parked driver from another thread is one write to an eventfd, and at most one per sleep:

    AWAKE --park--> PARKED --event, timeout, unpark--> AWAKE
      |                |
      +----unpark----> NOTIFIED --park: does not sleep--> AWAKE

    park                                          unpark
    ------------------------------------------    ----------------------------------------
    lock; NOTIFIED? -> AWAKE, timeout 0           lock; before = state; state = NOTIFIED
          else       -> PARKED                    unlock; before was PARKED? -> poller.notify
    unlock; wait
    lock; AWAKE; unlock

Whoever comes first is seen by the other, so no wake is lost between "nothing to do" and "asleep".

With a paused clock an idle driver looks at its I/O without waiting, and if nothing came of it jumps to the next
timer; not while a ``spawn_blocking`` job runs, and not if somebody unparked it.
"""

from __future__ import annotations

from typing import Any

from ..core.clock import Clock
from ..core.park import Park, Parker
from .poller import Poller
from .readiness import Source

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

_AWAKE = 0
_PARKED = 1
_NOTIFIED = 2


class Driver(Park):
    """I/O and timers of one runtime.

    Args:
        clock: the runtime's clock.
        poller: an ``EpollPoller`` or ``SelectPoller``; None: no I/O.
        timers: a ``Timers``; None: no timers.
    """

    __slots__ = ("_blocking", "_clock", "_nested", "_poller", "_state", "_timers", "closed")

    def __init__(self, clock: Clock, poller: Any, timers: Any) -> None:
        self._clock = clock
        self._poller = Bare() if poller is None else poller
        self._timers = timers
        self._state = _AWAKE
        self._blocking = 0
        self._nested = False
        self.closed = False

    @property
    def poller(self) -> Any:
        """What waits for I/O."""
        return self._poller

    @property
    def timers(self) -> Any:
        """The timers, or None."""
        return self._timers

    @property
    def clock(self) -> Clock:
        """The clock."""
        return self._clock  # type: ignore[no-any-return]

    @cython.nonecheck(False)
    def park(self, timeout_ns: int) -> None:
        self._lock()
        if self._state == _NOTIFIED or timeout_ns == 0:
            # Whoever notified us queued something before: the loop looks there when we return.
            self._state = _AWAKE
            timeout_ns = 0
        else:
            self._state = _PARKED
        self._unlock()
        timers = self._timers
        if timeout_ns == 0:
            self._poller.wait(0)
        elif timers is not None and self._clock.is_paused() and self._blocking == 0:
            self._jump()
        else:
            if timers is not None:
                timeout_ns = self._until_timer(timeout_ns)
            try:
                self._poller.wait(timeout_ns)
            finally:
                self._awake()
        if timers is not None:
            timers.fire_due()

    @cython.nonecheck(False)
    def _until_timer(self, timeout_ns: int) -> int:
        """The sleep, cut short by the next timer; the timers know from here on until when we sleep."""
        deadline: int = self._timers.begin_park()
        if deadline < 0:
            return timeout_ns
        left = deadline - self._clock.now_ns()
        if left < 0:
            left = 0
        return left if timeout_ns < 0 or left < timeout_ns else timeout_ns

    @cython.nonecheck(False)
    def _awake(self) -> None:
        self._lock()
        self._state = _AWAKE
        self._unlock()
        if self._timers is not None:
            self._timers.end_park()

    def _jump(self) -> None:
        """Idle with a paused clock: I/O without waiting, then on to the next timer, if nothing came of it."""
        deadline: int = self._timers.begin_park()
        events = self._poller.wait(0)
        self._lock()
        undisturbed = self._state == _PARKED and events == 0
        self._unlock()
        try:
            if undisturbed and deadline >= 0:
                left = deadline - self._clock.now_ns()
                if left > 0:
                    self._clock.advance_ns(left)
            elif undisturbed:  # no timer to jump to: only I/O or a wake can go on from here
                self._poller.wait(-1)
        finally:
            self._awake()

    def unpark(self) -> None:
        self._lock()
        before = self._state
        self._state = _NOTIFIED
        self._unlock()
        if before == _PARKED or (self._nested and before == _AWAKE):
            self._poller.notify()

    # --- inside of another loop: see runtime/nested.py --------------------------------------------------------

    def nest(self) -> int:
        """The descriptor that the loop around us waits for; from now on ``unpark`` makes it readable.

        At first it is readable: who unparked before that was not told to the poller, and will not be told again.
        """
        fd: int = self._poller.nest()
        self._lock()
        first = not self._nested
        self._nested = True
        self._unlock()
        if first:
            self._poller.notify()
        return fd

    def begin_rest(self) -> int:
        """The loop around us is going to sleep: nanoseconds until the next timer, -1 without one.

        A timer that another thread registers from here on unparks if it is earlier.
        """
        if self._timers is None:
            return -1
        deadline: int = self._timers.begin_park()
        return -1 if deadline < 0 else max(0, deadline - self._clock.now_ns())

    def end_rest(self) -> None:
        """It is awake."""
        if self._timers is not None:
            self._timers.end_park()

    def blocking_job(self, change: int) -> None:
        """A ``spawn_blocking`` job started (+1) or ended (-1): a paused clock stands still meanwhile."""
        self._lock()
        self._blocking += change
        self._unlock()
        if change < 0:
            self.unpark()

    def forsake(self) -> None:
        """In the child of a fork: see ``Poller.forsake``. Nobody who waits here is woken."""
        self.closed = True
        self._poller.forsake()

    def shutdown(self) -> None:
        """Wakes every waiter with an error and closes the descriptors. Idempotent."""
        if self.closed:
            return
        self.closed = True
        for source in self._poller.sources():
            source.shutdown()
        if self._timers is not None:
            self._timers.shutdown()
        self._poller.close()


class Bare(Poller):
    """The poller of a runtime without I/O: sleeps, and is notified."""

    name = "none"
    needs_rearm = False

    def __init__(self) -> None:
        self._start_counts()
        self._parker = Parker()
        self.waits = 0

    def wait(self, timeout_ns: int) -> int:
        """Sleeps; there are no events."""
        self._parker.park(timeout_ns)
        return 0

    def notify(self) -> None:
        """Ends the sleep."""
        self._parker.unpark()

    def watch(self, sock: Any, on_signal: Any = None) -> None:
        """Signals interrupt the sleep by themselves."""

    def unwatch(self, sock: Any) -> None:
        """See ``watch``."""

    def sources(self) -> list[Source]:
        """None."""
        return []

    def close(self) -> None:
        """Nothing to close."""
