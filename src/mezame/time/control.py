"""The clock in the hands of a test: pause, resume, advance."""

from __future__ import annotations

from typing import Any

from ..core.clock import Clock
from ..core.coop import yield_now
from ..core.current import current
from .duration import to_ns


def _clock() -> Clock:
    timers = current().timers
    if timers is None:
        raise RuntimeError("there is no runtime with timers on this thread: call this inside mezame.run(main())")
    return timers.clock


def pause() -> None:
    """Stops the runtime's clock. When everything is idle it jumps to the next timer at once.

    Raises ``RuntimeError`` if it is paused already, and in a multi-thread runtime.

    >>> import mezame
    >>> async def main():
    ...     mezame.time.pause()
    ...     start = mezame.time.now()
    ...     await mezame.sleep(3600)        # an hour, in no time
    ...     return round(mezame.time.now() - start)
    >>> mezame.run(main())
    3600

    Source of the semantics: ``tokio::time::pause``.
    """
    clock = _clock()
    handle = current().handle
    if handle is not None and handle.runtime_flavor().value != "current_thread":
        raise RuntimeError(
            "pausing the clock needs a current_thread runtime: with several workers nobody knows that all are idle"
        )
    clock.pause()


def resume() -> None:
    """Lets real time go on from now. Raises ``RuntimeError`` if the clock is not paused."""
    _clock().resume()


async def advance(duration: Any) -> None:
    """Moves a paused clock on by ``duration`` seconds, then yields once.

    The timers that were passed fire in any order, and need not have run when this returns. Raises
    ``RuntimeError`` if the clock is not paused. Source of the semantics: ``tokio::time::advance``.
    """
    _clock().advance_ns(to_ns(duration))
    await yield_now()
