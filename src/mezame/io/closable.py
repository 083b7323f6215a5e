"""Closable: what all byte streams have in common: ``close()``, and ``async with``, which calls it."""

from __future__ import annotations

from typing import Any


class Closable:
    """``close()`` is synchronous and idempotent on every stream; ``async with`` closes."""

    __slots__ = ()

    def close(self) -> None:
        """Gives up what the stream holds, at once: what a buffer has not written is lost. Idempotent."""

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()
