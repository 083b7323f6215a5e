"""Clock: what time it is for a runtime. The first of the four seams: tests pause and advance it.

Times are integers of nanoseconds on the monotonic clock; the public API speaks float seconds.
"""

from __future__ import annotations

import time

from .guard import Guard

try:
    import cython
except ImportError:
    from . import cython_shim as cython


def monotonic_ns() -> int:
    """The monotonic clock of the system, in nanoseconds."""
    if cython.compiled:
        return clock_now()  # type: ignore  # noqa: F821 - C, from the .pxd
    return time.monotonic_ns()


class Clock(Guard):
    """The clock of one runtime: the system's, or standing still until it is advanced.

    ``offset`` is what was jumped over while paused: after ``resume`` time goes on from where it stood.
    """

    __slots__ = ("_frozen", "_offset", "_paused")

    def __init__(self) -> None:
        self._paused = False
        self._frozen = 0
        self._offset = 0

    def now_ns(self) -> int:
        """Nanoseconds; never goes back."""
        if not self._paused:
            return monotonic_ns() + self._offset
        self._lock()
        now = self._frozen
        self._unlock()
        return now

    def is_paused(self) -> bool:
        """True between ``pause`` and ``resume``."""
        return self._paused

    def pause(self) -> None:
        """Stops the clock. Raises ``RuntimeError`` if it is paused already."""
        if self._paused:
            raise RuntimeError("the clock is already paused")
        self._frozen = self.now_ns()
        self._paused = True

    def resume(self) -> None:
        """Lets real time go on from now. Raises ``RuntimeError`` if it is not paused."""
        if not self._paused:
            raise RuntimeError("the clock is not paused: call mezame.time.pause() first")
        self._offset = self._frozen - monotonic_ns()
        self._paused = False

    def advance_ns(self, ns: int) -> None:
        """Moves a paused clock on. Raises ``RuntimeError`` if it is not paused."""
        if not self._paused:
            raise RuntimeError("only a paused clock can be advanced: call mezame.time.pause() first")
        self._lock()
        self._frozen += ns
        self._unlock()
