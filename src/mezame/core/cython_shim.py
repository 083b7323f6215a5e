"""What a hot module sees as ``cython`` when it runs interpreted and Cython is not installed.

The compiler replaces ``import cython`` by its own; only the names below are used in the sources.
"""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")

compiled = False
NULL = None


def cast(kind: object, value: T) -> T:
    """``value``, which the compiler takes for a ``kind`` unchecked."""
    return value

