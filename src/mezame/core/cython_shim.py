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



def nonecheck(_: bool) -> Callable[[T], T]:
    """A decorator: whether the compiler checks what it takes attributes of for None. Interpreted, Python does."""
    return lambda function: function


def boundscheck(_: bool) -> Callable[[T], T]:
    """A decorator: whether the compiler checks an index. Interpreted, Python does."""
    return lambda function: function


def wraparound(_: bool) -> Callable[[T], T]:
    """A decorator: whether the compiler takes an index below 0 as one from the end. Interpreted, it is."""
    return lambda function: function
