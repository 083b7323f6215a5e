"""Durations: float seconds or ``datetime.timedelta``, as nanoseconds inside."""

from __future__ import annotations

import math
from typing import Any

from ..core.clock import nanoseconds

LAST = 9e9  # seconds: the last moment whose nanoseconds fit into 64 bits, with a margin; 285 years

FAR_NS = 30 * 365 * 86_400 * 1_000_000_000  # about 30 years: what is longer, or infinite, becomes this


def deadline_ns(deadline: Any, what: str = "a deadline") -> int:
    """Nanoseconds of an ``Instant`` (seconds on the runtime's clock), never earlier; what is below 0 is 0, infinity 285
    years. An ``Instant`` of the clock gives the very reading it was made of, within the first 26 days of the system.

    Raises ``ValueError`` for NaN and ``TypeError`` for what is not a number, naming ``what``.
    """
    try:
        seconds = float(deadline)
    except (TypeError, ValueError):
        raise TypeError(f"{what} is an Instant (see mezame.time.now), not {deadline!r}") from None
    if math.isnan(seconds):
        raise ValueError(f"{what} must not be NaN")
    return nanoseconds(max(0.0, min(seconds, LAST)))


def to_ns(duration: Any, what: str = "a duration") -> int:
    """Nanoseconds of ``duration``, never less: negative is 0, overlong about 30 years.

    Raises ``ValueError`` for NaN and ``TypeError`` for what is not a number, naming ``what``.
    """
    try:
        total_seconds = getattr(duration, "total_seconds", None)  # a timedelta, without importing datetime
        seconds = float(duration) if total_seconds is None else float(total_seconds())
    except (TypeError, ValueError):
        raise TypeError(f"{what} is a number of seconds or a timedelta, not {duration!r}") from None
    if math.isnan(seconds):
        raise ValueError(f"{what} must not be NaN")
    if seconds <= 0.0:
        return 0
    return min(nanoseconds(seconds), FAR_NS) if seconds < LAST else FAR_NS
