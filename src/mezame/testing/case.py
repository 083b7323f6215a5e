"""``@test``: an ``async def`` test becomes a plain one, on a fresh runtime."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..runtime.entry import run


def test(function: Any = None, /, **options: Any) -> Any:
    """Runs an ``async def`` test on a fresh current-thread runtime.

    Args:
        options: those of ``Runtime``: ``@mezame.testing.test(start_paused=True)``.

    >>> import mezame.testing
    >>> @mezame.testing.test(start_paused=True)
    ... async def an_hour_passes():
    ...     await mezame.sleep(3600)
    >>> an_hour_passes()

    Source of the semantics: ``tokio::test``.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def sync(*args: Any, **kwargs: Any) -> Any:
            return run(function(*args, **kwargs), **options)

        return sync

    return decorate if function is None else decorate(function)


test.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect the decorator itself
