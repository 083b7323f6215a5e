"""Instant: a moment on the runtime's clock, in seconds; a float that subtracts to a duration."""

from __future__ import annotations

from typing import Any

from ..core.clock import monotonic_ns
from ..core.current import current
from .duration import to_ns


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
        return max(0.0, self - earlier)

    saturating_duration_since = duration_since

    def checked_duration_since(self, earlier: float) -> float | None:
        """Seconds from ``earlier`` to this; None if that is later."""
        return self - earlier if self >= earlier else None

    def checked_add(self, duration: Any) -> Instant:
        """The moment ``duration`` later."""
        return Instant(self + to_ns(duration) / 1e9)

    def checked_sub(self, duration: Any) -> Instant:
        """The moment ``duration`` earlier."""
        return Instant(self - to_ns(duration) / 1e9)

    def __repr__(self) -> str:
        return f"Instant({float(self):.6f})"


def now() -> Instant:
    """``Instant.now()``."""
    return Instant.now()
