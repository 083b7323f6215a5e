"""callable_for: the check of a function that was given."""

from __future__ import annotations

from typing import Any


def callable_for(what: str, function: Any) -> Any:
    """``function``, or ``TypeError`` naming it if it cannot be called."""
    if not callable(function):
        raise TypeError(f"{what} needs a function, not {function!r}")
    return function
