"""Consuming: what the consumers of a stream have in common, as coroutines around ``Each``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .each import Each

NOTHING: Any = object()


async def every_item(stream: Any, function: Callable[[Any], Any]) -> None:
    """``function(item)`` for each. It owns the stream: closes it if it does not come to the end."""
    try:
        await Each(stream, function, stops=False)
    except BaseException:
        await stream.aclose()
        raise


async def first_that(stream: Any, look: Callable[[Any], Any], default: Any) -> Any:
    """The first ``look(item)`` that is not NOTHING (what follows is left in the stream); else ``default``."""
    found = default

    def step(item: Any) -> bool:
        nonlocal found
        value = look(item)
        if value is NOTHING:
            return False
        found = value
        return True

    await Each(stream, step)
    return found
