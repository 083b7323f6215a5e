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


_NOISE = 9e-16  # of a float, relative: four times what one operation may be off


def monotonic_ns() -> int:
    """The monotonic clock of the system, in nanoseconds."""
    if cython.compiled:
        return clock_now()  # type: ignore  # noqa: F821 - C, from the .pxd
    return time.monotonic_ns()


def nanoseconds(seconds: float) -> int:
    """Nanoseconds of ``seconds``, which is from 0 to 9e9: the least number that is not below it.

    But a float is not exact: what is above a whole number of nanoseconds by no more than the noise of a few
    operations (8.2, 0.1 + 0.2, the difference of two moments) means that number, and a tick more would be wrong. So a
    deadline is not early as far as a float can tell, and not late by a nanosecond.
    """
    if cython.compiled:
        whole = cython.cast("long long", seconds * 1e9 + 0.5)
    else:
        whole = int(seconds * 1e9 + 0.5)  # the nearest
    if whole / 1e9 < seconds - seconds * _NOISE:
        whole += 1
    return whole


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
