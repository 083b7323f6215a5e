"""The ways in: ``run`` and ``@main``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..core.current import current
from ..core.foreign import running_loop
from ..core.future import close_coroutine
from ..errors import EnterError
from .runtime import Runtime


def run(main: Any, **options: Any) -> Any:
    """Makes a runtime, drives ``main`` in it, closes it. The usual way into a program.

    Args:
        main: a coroutine (or any future), or an ``async def`` function that takes no arguments.
        options: those of ``Runtime``.

    Returns main's value, raises what it raises; ``KeyboardInterrupt`` after Ctrl-C. The tasks that main left
    behind are cancelled and unwound. Raises ``EnterError`` inside a running runtime.

    >>> import mezame
    >>> async def main():
    ...     await mezame.sleep(0.001)
    ...     return "done"
    >>> mezame.run(main())
    'done'

    Source of the semantics: ``tokio::main``, ``asyncio.run``.
    """
    future = main() if callable(main) and not hasattr(main, "__await__") else main
    if running_loop() is not None:
        close_coroutine(future)
        raise RuntimeError(
            "an asyncio loop is running on this thread, and run() would stop it: await mezame's futures there "
            "directly, or call run() in another thread"
        )
    if current().scheduler is not None:
        close_coroutine(future)
        raise EnterError(
            "run() inside a running runtime would stop its thread: use await, or mezame.spawn; "
            "from a sync function spawn_blocking gets off this thread"
        )
    try:
        runtime = Runtime(**options)
    except BaseException:
        close_coroutine(future)
        raise
    with runtime:
        return runtime.block_on(future)


def main(function: Any = None, /, **options: Any) -> Any:
    """Decorator: an ``async def`` function becomes a plain one that runs in a runtime of its own.

    Args:
        options: those of ``Runtime``: ``@mezame.main(watchdog=0.1)``.

    >>> import mezame
    >>> @mezame.main
    ... async def add(a, b):
    ...     return a + b
    >>> add(2, 3)
    5

    Source of the semantics: ``tokio::main``.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def sync(*args: Any, **kwargs: Any) -> Any:
            return run(function(*args, **kwargs), **options)

        return sync

    return decorate if function is None else decorate(function)
