"""Given: the futures of a call that refuses them. The coroutines are closed: they are the call's, and will not run.

Otherwise Python says of each that it was never awaited, beside the error that tells what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .future import close_coroutine

T = TypeVar("T")


def make_each(make: Callable[[Any], T], given: Iterable[Any]) -> list[T]:
    """``make`` of each of ``given``, which is read to its end first. If one is refused, or the reading fails, the
    coroutines among them are closed."""
    batch: list[Any] = []
    try:
        for future in given:
            batch.append(future)
        return [make(future) for future in batch]
    except BaseException:
        for future in batch:
            close_coroutine(future)
        raise
