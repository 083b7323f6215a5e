"""TimedMethods: adapters with a clock. They need a runtime with timers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..stream import Stream
    from ..timed import ChunksTimeout


class TimedMethods:
    """Mix-in of ``Stream``. Durations are seconds (float) or timedeltas, with the resolution of timers, 1 ms."""

    __slots__ = ()

    def timeout(self, duration: Any) -> Stream:
        """The same items; ``next()`` raises ``mezame.time.Elapsed`` when none came for ``duration``, once for each gap.

        The clock starts now, and again at each item. The stream stays usable: after the ``Elapsed`` it waits without
        a limit for the next item.

        >>> import mezame
        >>> async def main():
        ...     slow = mezame.stream.pending().timeout(1)
        ...     try:
        ...         await slow.next()
        ...     except TimeoutError as error:
        ...         return str(error)
        >>> mezame.run(main(), start_paused=True)
        'no item came in time; the stream goes on'

        Source of the semantics: ``tokio_stream::StreamExt::timeout``.
        """
        from ..timed import Timeout

        return Timeout(self, duration)

    def timeout_repeating(self, interval: Any) -> Stream:
        """As ``timeout``, but ``Elapsed`` is raised again at each tick until an item comes, which resets the interval.

        Args:
            interval: an ``Interval``, or seconds: its period, the first tick one period from now.

        Source of the semantics: ``tokio_stream::StreamExt::timeout_repeating``.
        """
        from ..timed import TimeoutRepeating

        return TimeoutRepeating(self, interval)

    def throttle(self, duration: Any) -> Stream:
        """The same items, the first at once, each later one at least ``duration`` after the one before.

        Source of the semantics: ``tokio_stream::StreamExt::throttle``.
        """
        from ..timed import Throttle

        return Throttle(self, duration)

    def chunks_timeout(self, size: int, duration: Any) -> ChunksTimeout:
        """Lists of ``size`` items, or of what came within ``duration`` after the first of the list; never empty.

        ``into_remainder()`` takes out what was gathered for the next list.

        Source of the semantics: ``tokio_stream::StreamExt::chunks_timeout``.
        """
        from ..timed import ChunksTimeout

        return ChunksTimeout(self, size, duration)

    def delay(self, duration: Any) -> Stream:
        """The same items; the stream is looked at ``duration`` from now. Source: ``async_std``."""
        from ..timed import Delay

        return Delay(self, duration)
