"""spawn_blocking: a call that would block its thread, on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.current import current
from ..core.task import Task


def spawn_blocking(function: Callable[..., Any], *args: Any, name: str | None = None, **kwargs: Any) -> Task:
    """Runs ``function(*args, **kwargs)`` on the runtime's pool of blocking threads.

    Args:
        function: a plain function; it runs in a copy of the caller's contextvars.
        name: shown in reports; default the function's name.

    Returns a ``Task``: await it for the result. ``abort`` has an effect only before the function starts;
    cancelling the await leaves the call running. Raises ``RuntimeError`` outside of a runtime.

    >>> import mezame, time
    >>> async def main():
    ...     return await mezame.spawn_blocking(sum, [1, 2, 3])
    >>> mezame.run(main())
    6

    Source of the semantics: ``tokio::task::spawn_blocking``.
    """
    handle = current().handle
    if handle is None:
        raise RuntimeError("spawn_blocking needs a runtime: call it inside mezame.run, or Runtime.spawn_blocking")
    return handle.spawn_blocking(function, *args, name=name, **kwargs)
