"""What a hot module sees as ``cython`` when it runs interpreted and Cython is not installed.

The compiler replaces ``import cython`` by its own; only the names below are used in the sources.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

compiled = False
NULL = None


def cast(kind: object, value: T) -> T:
    """``value``, which the compiler takes for a ``kind`` unchecked."""
    return value


def binding(wanted: bool) -> Callable[[T], T]:
    """Compiled, ``@binding(False)`` makes a method as those of the builtin types, which the interpreter calls directly.

    It has no annotations then; so it is for what is called once per message or lock.
    """
    del wanted
    return lambda function: function
