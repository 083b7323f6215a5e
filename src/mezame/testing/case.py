"""``@test``: an ``async def`` test becomes a plain one, on a fresh runtime."""

from __future__ import annotations

from typing import Any

from ..runtime.entry import main


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

    return main(function, **options)


test.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect the decorator itself
