"""Park: how a loop with nothing to poll puts its thread to sleep, and how others end that sleep.

``unpark`` is sticky: one that comes before ``park`` makes that ``park`` return at once. So "I looked, there
was nothing" and "I sleep" need no lock between them. The I/O driver is one implementation; ``Parker`` is the
one for a loop without drivers.
"""

from __future__ import annotations

from threading import TIMEOUT_MAX, Lock

from .guard import Guard

try:
    import cython
except ImportError:
    from . import cython_shim as cython

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
    """Parks a thread with nothing but a lock, used as a binary semaphore: it is free while there is a token.

    Each of the two has one step that counts, in C. A signal handler that unparks runs before the step of ``park``,
    which finds the token then, or during it, and ends it. (Between the look at a flag and the sleep on a condition
    variable it would be lost: there the handler would notify nobody.)

    Whoever finds the lock free adds nothing. If the sleeper has just taken the token, and the lock does not show it
    yet, the sleeper has still to look for what that ``unpark`` is about. With the GIL off this needs an order: the
    guard is between the sleeper's token and its look, and around the look at the lock. Whose turn at it comes first
    is seen by the other: the sleeper finds the work, or ``unpark`` finds the lock taken.
    """

    __slots__ = ("_semaphore",)

    def __init__(self) -> None:
        self._semaphore = Lock()
        self._semaphore.acquire()

    def park(self, timeout_ns: int) -> None:
        if timeout_ns == 0:
            self._semaphore.acquire(False)
        elif timeout_ns < 0:
            self._semaphore.acquire()
        else:
            self._semaphore.acquire(True, min(timeout_ns / 1e9, TIMEOUT_MAX))
        if cython.compiled:
            self._lock()
            self._unlock()
            PyErr_CheckSignals()  # type: ignore  # noqa: F821 - C, from the .pxd; we may be unparked for just that

    def unpark(self) -> None:
        if self._is_taken():
            try:
                self._semaphore.release()
            except RuntimeError:  # another thread was faster
                pass

    def _is_taken(self) -> bool:
        if not cython.compiled:  # the guard of the work, which is one for all, gives the order
            return self._semaphore.locked()
        self._lock()
        taken = self._semaphore.locked()
        self._unlock()
        return taken
