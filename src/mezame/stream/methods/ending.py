"""EndingMethods: how a stream ends before its end."""

from __future__ import annotations

from typing import Any

from ...future.end import END


class EndingMethods:
    """Mix-in of ``Stream``."""

    __slots__ = ()

    END = END
    """What ``poll_next`` answers at the end: ``Poll.Ready(Stream.END)``. The same as ``mezame.stream.END``."""

    def drop(self) -> None:
        """Ends the stream and its sources at once. Idempotent.

        What it began is closed: a coroutine or generator whose ``finally`` blocks await goes on, as a task of the
        current runtime, until it has unwound. ``aclose`` waits for that. (A stream has no ``close()``: that is what
        sinks and channels have.)
        """

    async def aclose(self) -> None:
        """``drop``, and waits until all that the stream began has unwound; raises what that raises."""
        self.drop()

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        await self.aclose()
