"""Instant: a moment on the runtime's clock, in seconds; a float; the difference of two is a duration."""

from __future__ import annotations

import math
from typing import Any

from ..core.clock import monotonic_ns
from ..core.current import current
from .duration import LAST, to_ns


def now_ns() -> int:
    """The clock of the runtime of this thread, or the system's."""
    timers = current().timers
    return timers.clock.now_ns() if timers is not None else monotonic_ns()


class Instant(float):
    """A moment on the runtime's clock, which a test may pause and advance.

    >>> import mezame
    >>> start = mezame.time.Instant.now()
    >>> start.elapsed() >= 0, start.checked_add(1.5) - start
    (True, 1.5)

    ``instant + seconds`` and ``instant - seconds`` (or a ``timedelta``) are Instants; ``instant - instant`` is the
    seconds between the two, below 0 if the second is later. A result that is NaN raises ``ValueError``.

    Source of the semantics: ``tokio::time::Instant``.
    """

    __slots__ = ()

    @staticmethod
    def now() -> Instant:
        """The present moment."""
        return Instant(now_ns() / 1e9)

    def elapsed(self) -> float:
        """Seconds since; 0 if the moment is still to come."""
        return max(0.0, now_ns() / 1e9 - self)

    def duration_since(self, earlier: float) -> float:
        """Seconds from ``earlier`` to this; 0 if that is later."""
        return max(0.0, float(self) - earlier)

    saturating_duration_since = duration_since

    def checked_duration_since(self, earlier: float) -> float | None:
        """Seconds from ``earlier`` to this; None if that is later."""
        return float(self) - earlier if self >= earlier else None

    def checked_add(self, duration: Any) -> Instant | None:
        """The moment ``duration`` (seconds or timedelta) later; None if the clock cannot tell that moment."""
        later = Instant(self + to_ns(duration) / 1e9)
        return later if later <= LAST else None

    def checked_sub(self, duration: Any) -> Instant | None:
        """The moment ``duration`` earlier; None if that is before the clock began."""
        earlier = Instant(self - to_ns(duration) / 1e9)
        return earlier if earlier >= 0 else None

    @staticmethod
    def from_std(seconds: float) -> Instant:
        """The ``Instant`` of a reading of ``time.monotonic()``, on a clock that was never paused."""
        return Instant(seconds)

    def into_std(self) -> float:
        """The plain float: comparable to ``time.monotonic()`` on a clock that was never paused."""
        return float(self)

    def __add__(self, duration: Any) -> Any:
        return _moved(self, duration, 1)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Instant):
            return _not_nan(float(self) - float(other), self, other)
        return _moved(self, other, -1)

    def __repr__(self) -> str:
        return f"Instant({float(self):.6f})"


def _moved(instant: Instant, duration: Any, sign: int) -> Any:
    total_seconds = getattr(duration, "total_seconds", None)  # a timedelta, as in ``to_ns``
    seconds = duration if total_seconds is None else total_seconds()
    if not isinstance(seconds, (int, float)):
        return NotImplemented
    return Instant(_not_nan(float(instant) + sign * seconds, instant, duration))


def _not_nan(seconds: float, instant: Instant, other: Any) -> float:
    if math.isnan(seconds):
        raise ValueError(f"{instant!r} and {other!r} make no moment and no duration: the result is NaN")
    return seconds


def now() -> Instant:
    """``Instant.now()``."""
    return Instant.now()
