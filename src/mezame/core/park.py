"""Park: how a loop with nothing to poll puts its thread to sleep, and how others end that sleep.

``unpark`` is sticky: one that comes before ``park`` makes that ``park`` return at once. So "I looked, there
was nothing" and "I sleep" need no lock between them. The I/O driver is one implementation; ``Parker`` is the
one for a loop without drivers.
"""

from __future__ import annotations

import threading

from .guard import Guard

FOREVER = -1


class Park(Guard):
    """The seam between a loop and whatever it sleeps in."""

    __slots__ = ()

    def park(self, timeout_ns: int) -> None:
        """Sleeps until unparked, an event, or ``timeout_ns`` passed (0: only looks; -1: no limit)."""
        raise TypeError(f"{type(self).__name__} must define park()")

    def unpark(self) -> None:
        """Ends the current or the next ``park``. From any thread."""
        raise TypeError(f"{type(self).__name__} must define unpark()")


class Parker(Park):
    """Parks a thread with nothing but a condition variable."""

    __slots__ = ("_condition", "_token")

    def __init__(self) -> None:
        self._condition = threading.Condition()  # re-entrant: a signal handler may unpark us in ``park``
        self._token = False

    def park(self, timeout_ns: int) -> None:
        with self._condition:
            if not self._token and timeout_ns != 0:
                self._condition.wait(None if timeout_ns < 0 else timeout_ns / 1e9)
            self._token = False

    def unpark(self) -> None:
        with self._condition:
            self._token = True
            self._condition.notify()
