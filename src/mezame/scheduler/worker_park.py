"""WorkerPark: how a worker sleeps: in the driver if that is free, else on a semaphore of its own.

One worker at a time is in the driver (``DriverSeat``); the others wait on their semaphores. The state word, under
the guard:

    EMPTY --park--> ON_SEMAPHORE --unpark--> NOTIFIED --> EMPTY (park returns)
      |    \\------> IN_DRIVER ----unpark, event, timer---^
      +--unpark--> NOTIFIED --park--> EMPTY (does not sleep)

``unpark`` is sticky, as in ``core/park.py``: one that comes before ``park`` makes it return at once. It sees the state
under the guard, and knows so whom to wake: the semaphore, or the driver, which is sticky itself. Between the state
IN_DRIVER and the sleep in it nothing is lost for that reason.
"""

from __future__ import annotations

from threading import Lock

from ..core.guard import Guard
from ..core.park import Park

_EMPTY = 0
_ON_SEMAPHORE = 1
_IN_DRIVER = 2
_NOTIFIED = 3


class DriverSeat(Guard):
    """The right to be in the driver, which one worker has at a time."""

    __slots__ = ("_driver", "_taken")

    def __init__(self, driver: Park) -> None:
        self._driver = driver
        self._taken = False

    def _take(self) -> bool:
        self._lock()
        free = not self._taken
        self._taken = True
        self._unlock()
        return free

    def _leave(self) -> None:
        self._lock()
        self._taken = False
        self._unlock()

    def _look(self) -> bool:
        """A turn of the driver without sleeping, if the seat is free. False: another worker sits there."""
        if not self._take():
            return False
        try:
            self._driver.park(0)
        finally:
            self._leave()
        return True


class WorkerPark(Guard):
    """The parker of one worker."""

    __slots__ = ("_seat", "_semaphore", "_state")

    def __init__(self, seat: DriverSeat) -> None:
        self._seat = seat
        self._state = _EMPTY
        self._semaphore = Lock()
        self._semaphore.acquire()

    def _park(self) -> None:
        """Sleeps until unparked, or (in the driver) until something happened there."""
        if self._seat._take():
            try:
                if self._enter(_IN_DRIVER):
                    self._seat._driver.park(-1)
            finally:
                self._to_empty()
                self._seat._leave()
        elif self._enter(_ON_SEMAPHORE):
            self._semaphore.acquire()
            self._to_empty()

    def _enter(self, state: int) -> bool:
        """EMPTY -> ``state``. False: there was a notification, which is taken."""
        self._lock()
        empty = self._state == _EMPTY
        self._state = state if empty else _EMPTY
        self._unlock()
        return empty

    def _to_empty(self) -> None:
        self._lock()
        self._state = _EMPTY
        self._unlock()

    def _unpark(self) -> None:
        """Ends the current or the next ``_park``. Any thread."""
        self._lock()
        before = self._state
        self._state = _NOTIFIED
        self._unlock()
        if before == _ON_SEMAPHORE:
            self._semaphore.release()
        elif before == _IN_DRIVER:
            self._seat._driver.unpark()
