"""Durations: float seconds or ``datetime.timedelta``, as nanoseconds inside."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

FAR_NS = 30 * 365 * 86_400 * 1_000_000_000  # about 30 years: what is longer, or infinite, becomes this


def to_ns(duration: Any, what: str = "a duration") -> int:
    """Nanoseconds of ``duration``: negative is 0, overlong about 30 years.

    Raises ``ValueError`` for NaN and ``TypeError`` for what is not a number, naming ``what``.
    """
    if isinstance(duration, timedelta):
        duration = duration.total_seconds()
    try:
        seconds = float(duration)
    except (TypeError, ValueError):
        raise TypeError(f"{what} is a number of seconds or a timedelta, not {duration!r}") from None
    if math.isnan(seconds):
        raise ValueError(f"{what} must not be NaN")
    if seconds <= 0.0:
        return 0
    return min(int(seconds * 1e9), FAR_NS) if seconds < 1e12 else FAR_NS
