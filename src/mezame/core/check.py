"""Checks of what people give as options: whole numbers, seconds, functions.

A bad one is refused where it is given, in one form, with the option's name and its value: ``TypeError`` for what is of
another kind, ``ValueError`` for a number out of range. Without this it would show later and elsewhere: in a thread that
dies, or as an ``OverflowError`` of the compiled modules alone.
"""

from __future__ import annotations

import threading
from operator import index
from typing import Any

C_INT = (1 << 31) - 1  # the largest number that the compiled modules keep in an ``int``

# Seconds: what is longer, or infinite, is no limit. 30 years; the system's locks may not take so many.
FOREVER = min(30 * 365 * 86_400.0, threading.TIMEOUT_MAX)


def check_int(name: str, value: Any, least: int, most: int | None = None) -> int:
    """``value`` as an int from ``least`` to ``most`` (None: no limit); whatever has ``__index__``, but no bool."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an int, not {value!r}")
    number = index(value)
    if number < least or (most is not None and number > most):
        allowed = f"at least {least}" if most is None else f"from {least} to {_short(most)}"
        raise ValueError(f"{name} must be {allowed}, not {value!r}")
    return number


def _short(number: int) -> str:
    """The largest ones are at or just below a power of two: nobody reads all their digits."""
    bits = (number + 2).bit_length() - 1
    below = (1 << bits) - number
    if bits <= 20 or below < 0:
        return str(number)
    return f"2**{bits} - {below}" if below else f"2**{bits}"


def check_seconds(name: str, value: Any, *, above_zero: bool = False) -> float:
    """``value`` as a number of seconds from 0 on (``above_zero``: not 0); infinity is one, NaN is not."""
    range_ = "above 0" if above_zero else "from 0 on"
    if isinstance(value, bool) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        raise TypeError(f"{name} must be a number of seconds {range_}, not {value!r}")
    try:
        seconds = float(value)
    except OverflowError:  # an int beyond all floats
        seconds = float("inf") if value > 0 else float("-inf")
    if not (seconds > 0 if above_zero else seconds >= 0):
        raise ValueError(f"{name} must be a number of seconds {range_}, not {value!r}")
    return seconds


def check_time_limit(name: str, value: Any) -> float | None:
    """``value`` as a limit in seconds from 0 on; None, infinity and what is over 30 years are no limit: None."""
    seconds = FOREVER if value is None else check_seconds(name, value)
    return seconds if seconds < FOREVER else None


def check_callables(**given: Any) -> None:
    """Each is None or can be called."""
    for name, value in given.items():
        if value is not None and not callable(value):
            raise TypeError(f"{name} must be a function or None, not {value!r}")
